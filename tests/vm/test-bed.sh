# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The bed itself: that what goes wrong in a machine is seen outside it.  A suite that
# runs in a machine cannot pass because nobody noticed its end.
. tests/tap.sh
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# run_status EXPECTED WHAT OPTION... -- COMMAND...
run_status() {
	local expected=$1 what=$2 status=0
	shift 2
	tests/vm/run --snapshot --dir "$work" "$@" >"$work/out" 2>"$work/err" || status=$?
	is "$status" "$expected" "$what"
}

run_status 0 "a command that succeeds gives 0" -- \
	bash -c 'systemctl is-system-running; echo "two  words" >file; uname -r'
is "$(head -n 1 "$work/out")" running "the system is complete and nothing in it failed"
is "$(cat "$work/file")" "two  words" "a file written in the machine is on the host"
is "$(tail -n 1 "$work/out")" "$(tests/vm/kernel --version 6.1)" "it runs the kernel asked for"
run_status 7 "the command's own status comes back" -- bash -c 'exit 7'
run_status 98 "a warning in the kernel log is noticed" --check -- \
	bash -c 'echo "WARNING: made by a test" >/dev/kmsg'
like "$(cat "$work/err")" "WARNING: made by a test" "and shown"
run_status 125 "a machine that dies is noticed" -- bash -c 'echo c >/proc/sysrq-trigger; sleep 60'
like "$(cat "$work/err")" "sysrq triggered crash" "and the end of its console shown"
run_status 124 "a command that hangs is ended" --timeout 20 -- sleep 600
is "$(pgrep -f "path=$work" || :)" "" "no emulator is left behind"

mkdir -p "$work/overlay/etc/sysctl.d" "$work/overlay/lib/bed-test"
echo 'kernel.panic = 7' >"$work/overlay/etc/sysctl.d/bed.conf"
echo hello >"$work/overlay/lib/bed-test/file"
run_status 0 "a machine starts with an overlay" --overlay "$work/overlay" -- \
	bash -c 'cat /proc/sys/kernel/panic /usr/lib/bed-test/file'
is "$(tr '\n' ' ' <"$work/out")" "7 hello " "the overlay was there when systemd started"
finish
