# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Completion of fwslotctl in bash: verbs and options from its help, devices and backups from the daemon.

_fwslotctl_verbs() {
	fwslotctl --help 2>/dev/null | sed -n 's/^  \([a-z][a-z-]*\)  .*/\1/p'
}

_fwslotctl_options() { # VERB
	fwslotctl "$1" --help 2>/dev/null | grep -o -e '--[a-z-]*=\?'
	echo --json
}

_fwslotctl() {
	local word=${COMP_WORDS[COMP_CWORD]} verb=${COMP_WORDS[1]:-} words=
	COMPREPLY=()
	if [ "$COMP_CWORD" = 1 ]; then
		words=$(_fwslotctl_verbs)
	elif [[ $word == -* ]]; then
		words=$(_fwslotctl_options "$verb")
	else
		case $verb in
		show | revert | confirm | history | backups | restore | install | approve | postpone | dismiss | policy | pin | unpin | skip | unskip | explain)
			words=$(fwslotctl list 2>/dev/null | awk 'NR > 1 { print $1 }')
			;;
		cancel) words=$(fwslotctl jobs 2>/dev/null | awk 'NR > 1 { print $1 }') ;;
		export-backup) words=$(fwslotctl backups 2>/dev/null | awk 'NR > 1 { print $1 }') ;;
		esac
		case $verb,$COMP_CWORD in
		policy,[3-9]) words='ask automatic security never default' ;;
		postpone,[3-9]) words='tonight tomorrow 3d' ;;
		install,[3-9] | export-backup,[3-9])
			mapfile -t COMPREPLY < <(compgen -f -- "$word")
			return
			;;
		esac
	fi
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
}

complete -o filenames -F _fwslotctl fwslotctl
