#compdef fwslotctl
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Completion of fwslotctl in zsh: verbs and options from its help, devices and backups from the daemon.

_fwslotctl_first_words() { # VERB: the first column of its table
	fwslotctl $1 2>/dev/null | awk 'NR > 1 { print $1 }'
}

_fwslotctl() {
	local -a verbs options
	if (( CURRENT == 2 )); then
		verbs=(${(f)"$(fwslotctl --help 2>/dev/null | sed -n 's/^  \([a-z][a-z-]*\)  *\(.*\)/\1:\2/p')"})
		_describe verb verbs
		return
	fi
	if [[ $words[CURRENT] == -* ]]; then
		options=(--json ${(f)"$(fwslotctl $words[2] --help 2>/dev/null | grep -o -e '--[a-z-]*=\{0,1\}')"})
		compadd -- $options
		return
	fi
	case $words[2] in
	install | export-backup)
		if (( CURRENT > 3 )); then
			_files
			return
		fi
		;;
	esac
	case $words[2] in
	policy | postpone)
		if (( CURRENT > 3 )); then
			[[ $words[2] == policy ]] && compadd -- ask automatic security never default ||
				compadd -- tonight tomorrow 3d
			return
		fi
		;;
	esac
	case $words[2] in
	show | install | revert | confirm | history | backups | restore | approve | postpone | dismiss | policy | pin | unpin | skip | unskip | explain) compadd -- $(_fwslotctl_first_words list) ;;
	cancel) compadd -- $(_fwslotctl_first_words jobs) ;;
	export-backup) compadd -- $(_fwslotctl_first_words backups) ;;
	esac
}

_fwslotctl "$@"
