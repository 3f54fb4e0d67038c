# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# tap.sh: sourced by test suites written for the shell.  The same protocol as tap.h:
# "ok N - what", "not ok N - what", a plan at the end.  A suite ends with "finish";
# one that does not is reported as crashed.  A failed check does not end the suite.

tap_done=0
tap_failed=0

# report STATUS WHAT: the one place that prints results.
report() {
	tap_done=$((tap_done + 1))
	if [ "$1" = 0 ]; then
		echo "ok $tap_done - $2"
	else
		tap_failed=$((tap_failed + 1))
		echo "not ok $tap_done - $2"
		echo "# at ${BASH_SOURCE[2]##*/}:${BASH_LINENO[1]}"
	fi
	return "$1"
}

# Each line of TEXT as a comment, so that it is not taken for a result; the last 40.
note() {
	tail -n 40 <<<"$*" | sed 's/^/# /'
}

# ok WHAT COMMAND...: passes when the command succeeds; its output is shown otherwise.
ok() {
	local what=$1 output status=0
	shift
	output=$("$@" 2>&1) || status=1
	report "$status" "$what" || note "$* said: $output"
}

# not_ok WHAT COMMAND...: passes when the command fails.
not_ok() {
	local what=$1 output status=1
	shift
	output=$("$@" 2>&1) || status=0
	report "$status" "$what" || note "$* succeeded: $output"
}

# is GOT EXPECTED WHAT: passes when both strings are the same.
is() {
	local status=0
	[ "$1" = "$2" ] || status=1
	report "$status" "$3" || note "     got: $1"$'\n'"expected: $2"
}

# like GOT PATTERN WHAT: passes when the extended regular expression matches.
like() {
	local status=0
	[[ $1 =~ $2 ]] || status=1
	report "$status" "$3" || note "     got: $1"$'\n'"expected: $2"
}

# refused PATTERN WHAT COMMAND...: passes when the command fails and what it says
# matches: a refusal must be the right one.
refused() {
	local pattern=$1 what=$2 output status=0
	shift 2
	if output=$("$@" 2>&1) || ! [[ $output =~ $pattern ]]; then
		status=1
	fi
	report "$status" "$what" || note "$* said: $output"$'\n'"expected a failure with: $pattern"
}

# pause SECONDS: as sleep, but no program is started for it: in an emulated machine that takes
# longer than what is waited for.
pause() {
	[ -n "${tap_never:-}" ] || exec {tap_never}<> <(:)
	read -r -t "$1" -u "$tap_never" || :
}

# within SECONDS COMMAND...: waits until the command succeeds; for states that come by
# themselves and have no event a shell could wait for.
within() {
	local deadline=$((SECONDS + $1))
	shift
	until "$@" >/dev/null 2>&1; do
		[ "$SECONDS" -lt "$deadline" ] || return 1
		pause 0.1
	done
}

# skip WHAT WHY: a check that cannot be made here; counted apart.
skip() {
	tap_done=$((tap_done + 1))
	echo "ok $tap_done - $1 # SKIP $2"
}

# bail WHY: nothing further makes sense.
bail() {
	echo "Bail out! $*"
	exit 99
}

finish() {
	echo "1..$tap_done"
	[ "$tap_failed" = 0 ] && [ "$tap_done" -gt 0 ]
	exit
}
