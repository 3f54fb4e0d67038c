# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# tell.sh: sourced by story.sh.  Sentences, commands with what they really print, and
# expectations.  A story in which one expectation fails ends with "demo: FAILED".

said=''        # what the last shown command printed
told_wrong=0   # expectations that were not met
told_right=0

chapter() {
	printf '\n== %s\n' "$*"
}

tell() {
	printf '\n%s\n' "$*" | fmt -w 88
}

# show COMMAND: the line as a person would type it, then its output.
show() {
	printf '  $ %s\n' "$1"
	said=$(eval "$1" 2>&1) || :
	[ -z "$said" ] || sed 's/^/    /' <<<"$said"
}

# expect PATTERN: what the last command printed must match (extended regular expression).
expect() {
	local pattern
	for pattern; do
		if [[ $said =~ $pattern ]]; then
			told_right=$((told_right + 1))
		else
			told_wrong=$((told_wrong + 1))
			printf '  !! expected here: %s\n' "$pattern"
		fi
	done
}

# await SECONDS COMMAND...: until the command succeeds; a story that waits in vain ends.
await() {
	local deadline=$((SECONDS + $1))
	shift
	until "$@"; do
		if [ "$SECONDS" -ge "$deadline" ]; then
			told_wrong=$((told_wrong + 1))
			printf '  !! waited in vain for: %s\n' "$*"
			the_end
		fi
		sleep 0.1
	done
}

the_end() {
	echo
	if [ "$told_wrong" != 0 ] || [ "$told_right" = 0 ]; then
		echo "demo: FAILED ($told_wrong of $((told_wrong + told_right)) expectations were not met)"
		journalctl -b -u fwslotd --no-pager -n 40 || :
		exit 1
	fi
	echo "($told_right things the system said were checked.)"
	echo "demo: ok"
	exit 0
}
