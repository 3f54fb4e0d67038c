# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The one-liners of README.md, taken from it and run as printed, in their order, on a
# device that is made ready for each.  A line that is added there needs a row here.  Then the same by
# fwslotctl, which follows each job to its end.
# kernels: 6.12
# timeout: 900
. tests/tap.sh
. tests/client.sh
build=$(realpath "$BUILD")
work=$(mktemp -d)
. tests/bundles.sh

mapfile -t lines < <(
	sed -n '/^<!-- one-liners/,/^```$/p' README.md | grep -vE '^(<!--|```|#)'
)
is "${#lines[@]}" 12 "README has twelve one-liners"

is_state() {
	[ "$(property /org/fwslot1/device/sim0 Device State)" = "$1" ]
}

is_version() {
	[ "$(property /org/fwslot1/device/sim0 Device Version)" = "$1" ]
}

job_ended() { # NUMBER
	[ -n "$(property "/org/fwslot1/job/_$1" Job Result)" ]
}

make_vendor acme && trust_vendor acme /etc/fwslot && add_release acme 1.1.0 11 &&
	bundle acme "$work/firmware.fwb" || bail "cannot make a signed file"
modprobe fwslot_sim || bail "cannot load the simulated device"
within 90 is_version 1.0.0 || bail "the device is not on the bus"

# number of the one-liner | what its output must match | what must be true afterwards
n=0
expect() { # PATTERN WHAT [CONDITION...]
	local line=${lines[n]} said status=0 pattern=$1 what=$2
	shift 2
	n=$((n + 1))
	# watching goes on until somebody ends it
	[[ $line != *monitor* ]] || line="timeout 3 $line; [ \$? = 124 ]"
	said=$(cd "$work" && eval "$line" 2>&1) || status=$?
	is "$status" 0 "one-liner $n, $what, succeeds"
	like "$said" "$pattern" "and prints it"
	[ $# = 0 ] || ok "and then $*" within 90 "$@"
}

expect '^a\(sssssto\) 1 "sim0" "Simulated device 0" "1\.0\.0" "" "up-to-date" 0 "/org' "the devices"
expect $'^sim0\tSimulated device 0\t1\\.0\\.0\t\tup-to-date\t0\t/org' "the devices as a table"
expect $'^s "up-to-date"\ns "1\\.0\\.0"\nu 3$' "one device"
expect 'Version +property +s +"1\.0\.0"' "everything about it"
expect 'owned by' "what happens"
expect "^\(uint64 1, objectpath '/org/fwslot1/job/_1'\)$" "an installation" is_state on-trial
expect '^a\(tsssuo\) 1 1 "install" "sim0" "trial" ' "the jobs"
expect $'^s "trial"\nu [0-9]+\ns ""\ns ""$' "one job"
expect '^$' "keeping what is on trial" is_state up-to-date
ok "the new version was kept" is_version 1.1.0
expect '^to 2 "/org/fwslot1/job/_2"$' "going back" job_ended 2
ok "the old version runs again" within 90 is_version 1.0.0
expect '^to 3 "/org/fwslot1/job/_3"$' "an installation by name" is_state on-trial
ok "the new version runs" is_version 1.1.0
expect $'sim0\tinstall\t1\\.0\\.0\t1\\.1\\.0\tdone\t0' "its history"

# --- by fwslotctl -------------------------------------------------------------------------------

# ends STATUS PATTERN WHAT COMMAND...: it ends so and prints that.
ends() {
	local expected=$1 pattern=$2 what=$3 said status=0
	shift 3
	said=$(timeout 300 "$@" 2>&1) || status=$?
	is "$status" "$expected" "fwslotctl: $what ends with $expected"
	like "$said" "$pattern" "and prints it"
}

make_image 1.2.0 --behaviour boot-loops && add_image acme "$work/1.2.0.img" 1.2.0 12 &&
	bundle acme "$work/bad.fwb" && add_release acme 1.3.0 13 && bundle acme "$work/good.fwb" ||
	bail "cannot make more signed files"
ends 0 'sim0 +Simulated device 0 +1\.1\.0 +- +on-trial' "list" fwslotctl list
ends 0 'The firmware that sim0 runs is kept' "confirm" fwslotctl confirm sim0
ends 0 'Done: version 1\.0\.0 runs again\.$' "revert" fwslotctl revert sim0
ends 5 'taken back, and version 1\.0\.0 runs again' "an update that boot-loops" fwslotctl install sim0 "$work/bad.fwb"
fwslotctl install sim0 "$work/good.fwb" >"$work/installed" 2>&1 &
ok "an update is on trial" within 60 is_state on-trial
fwslotctl confirm sim0 >/dev/null
wait $!
is $? 0 "who followed it is told that it is kept"
like "$(cat "$work/installed")" $'writing\n.*Done: version 1\\.3\\.0 runs\\.$' "and what happened"
ends 0 'sim0 +install +1\.0\.0 +1\.3\.0 +done' "history" fwslotctl history sim0
ends 0 'Serial number: .*SLOT +LABEL' "show" fwslotctl show sim0
ends 0 'ok +A device is attached' "the doctor" fwslotctl doctor
finish
