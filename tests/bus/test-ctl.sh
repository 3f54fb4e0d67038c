#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# fwslotctl on a private bus with the real daemon: every verb, as text and as JSON; wrong words; no bus, no
# daemon, no right; a narrow terminal; completion.  The devices are folders that no kernel writes: updates
# that go through are in the suites of the virtual machine.
set -u
cd "$(dirname "$0")/../.." || exit 125
# shellcheck source=bus.sh
. tests/bus/bus.sh
# shellcheck source=../bundles.sh
. tests/bundles.sh
export LC_ALL=C.UTF-8 TZ=UTC
PATH=$build:$PATH
slot=$work/sys/devices/test/fwslot/fwslot0/fwslot0.0

# exits STATUS PATTERN WHAT COMMAND...: it ends so, and what it says on standard error matches.
exits() {
	local expected=$1 pattern=$2 what=$3 status=0
	shift 3
	"$@" >"$work/out" 2>"$work/err" || status=$?
	is "$status" "$expected" "$what"
	ok "... and says so" grep -qE "$pattern" "$work/err" || cat "$work/err"
}

misuse_it() {
	exits 2 'a verb is needed' "no verb" fwslotctl
	exits 2 'no verb "upgrade"' "an unknown verb" fwslotctl upgrade
	exits 2 '"--frob" is no option' "an unknown option" fwslotctl list --frob
	exits 2 'no option of this verb' "another verb's option" fwslotctl list --limit=3
	exits 2 'from 1 to 1000' "a limit that is none" fwslotctl history --limit=0
	exits 2 'needs a value' "a limit without a value" fwslotctl history --limit
	exits 2 'Something is missing' "too few arguments" fwslotctl show
	exits 2 '"sim0" is too much' "too many arguments" fwslotctl list sim0
	is "$(fwslotctl --version)" "fwslotctl $(sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' dkms.conf)" "its version"
}

# What the doctor found of CHECK.
finding() {
	fwslotctl doctor --json | jq -r ".[] | select(.check == \"$1\").finding"
}

work_without() {
	exits 3 'system bus cannot be reached.*doctor' "without a bus" \
		env DBUS_SYSTEM_BUS_ADDRESS="unix:path=$work/nothing" fwslotctl list
	is "$(DBUS_SYSTEM_BUS_ADDRESS=unix:path=$work/nothing finding system-bus)" missing "the doctor sees it"
	start_bus
	exits 3 'not installed or cannot be started.*doctor' "without a daemon" fwslotctl list
	is "$(finding system-bus),$(finding installed),$(finding answers)" ok,missing,unknown "the doctor sees it"
	exits 3 'not installed' "a list in JSON has an error in JSON, too" fwslotctl list --json
	is "$(jq -r .error "$work/out")" org.freedesktop.DBus.Error.ServiceUnknown "by its name"
	ok "the doctor ends with 1" eval '! fwslotctl doctor >/dev/null'
}

show_devices() {
	is "$(fwslotctl list)" "No device is attached that fwslot knows. \"fwslotctl doctor\" looks whether something is missing." \
		"no device: a sentence"
	is "$(fwslotctl list --json | jq -c .)" '[]' "... or an empty list"
	add_device 0 1
	add_device 1 2
	stop_daemon
	start_daemon
	is "$(fwslotctl list | awk -F '  +' '{ print $1 "|" $2 "|" $3 "|" $5 }')" "DEVICE|NAME|VERSION|STATE
sim0|Test device 0|1.0.0|up-to-date
sim1|Test device 1|1.0.0|up-to-date" "list"
	is "$(fwslotctl list --json | jq -c '.[1] | [.id, .version, .state, .path]')" \
		'["sim1","1.0.0","up-to-date","/org/fwslot1/device/sim1"]' "in JSON"
	is "$(fwslotctl show sim1 | grep -c -e 'Version: 1.0.0' -e 'Serial number: test-0001' -e '^   [01]  slot-[01]')" 4 "show"
	is "$(fwslotctl show sim1 --json | jq -c '[.Id, .BootLimit, (.Slots | length), .Slots[0].State]')" \
		'["sim1",3,2,"confirmed"]' "in JSON"
	exits 1 'no device "sim9"; "fwslotctl list"' "a device that is not there" fwslotctl show sim9
	exits 2 'no number of a job' "a job that is no number" fwslotctl cancel first
	exits 2 'no number of a backup' "a backup that is no number" fwslotctl restore sim0 first
	is "$(fwslotctl jobs)" "Nothing is being done, and nothing was lately." "no jobs"
	is "$(fwslotctl history)" "Nothing has happened yet." "no history"
	ok "no updates" eval 'fwslotctl updates | grep -q "^Nothing is offered"'
	ok "nor after asking nobody" eval 'fwslotctl refresh | grep -q "^Nothing is offered"'
	exits 1 'no update source "acme"' "a source that is not there" fwslotctl refresh acme
	ok "no sources" eval 'fwslotctl remotes | grep -q "^No update source has a server"'
	exits 1 'offer' "nothing is offered, so nothing is installed" fwslotctl install sim0
	exits 2 'stale is for files' "what is offered is fresh" fwslotctl install --stale sim0
	exits 2 'downgrade is for files' "nor anything older" fwslotctl install --downgrade sim0
	ok "no backups" eval 'fwslotctl backups | grep -q "^No firmware has been saved yet"'
}

# An update that begins and is not finished by any kernel.
update_one() {
	head -c 4096 /dev/urandom >"$slot/data"
	cp "$slot/data" "$work/old"
	make_vendor acme && trust_vendor acme "$work/etc" && add_release acme 1.1.0 11 &&
		bundle acme "$work/new.fwb" || bail "no update"
	echo nonsense >"$work/bad.fwb"
	exits 1 'ends after 9 bytes' "a file that is none: the daemon's sentence" fwslotctl install sim0 "$work/bad.fwb"
	exits 1 'cannot be opened: No such file' "a file that is not there" fwslotctl install sim0 "$work/none.fwb"
	exits 1 'no device "sim9"' "for a device that is not there" fwslotctl install sim9 "$work/new.fwb"
	fwslotctl watch >"$work/watched" &
	watcher=$!
	children+=("$watcher")
	fwslotctl watch --json >"$work/watched.json" &
	children+=("$!")
	within 30 sees_a_watcher
	is "$(fwslotctl install --no-wait --json sim0 "$work/new.fwb" | jq -r .path)" /org/fwslot1/job/_2 "an update begins"
	ok "and writes" within 30 is_writing
	is "$(fwslotctl jobs --json | jq -c '.[-1] | [.id, .type, .device, .phase]')" '[2,"install","sim0","writing"]' "jobs"
	is "$(fwslotctl history --json --limit=1 sim0 | jq -c '.[0] | [.device, .action, .to, .result]')" \
		'["sim0","install","1.1.0","writing"]' "history"
	is "$(fwslotctl history --limit=2 | wc -l)" 3 "as many rows as asked for"
	ok "who follows it sees the phase" eval "timeout 2 fwslotctl install sim1 '$work/new.fwb' | grep -qx writing"
	exits 1 'cannot be cancelled' "what is being written goes on" fwslotctl cancel 2
	ok "watch tells in words" grep -qE 'job 2: .*Phase=writing' "$work/watched"
	ok "and that it began" grep -qE 'sim0: job 2 \(install\) begins' "$work/watched"
	is "$(jq -r 'select(.signal == "JobNew").body[2]' "$work/watched.json" | head -n 1)" sim0 "or in JSON, a line each"
}

# The watcher has asked for the signals: it is connected, and told of a change.
sees_a_watcher() {
	change_device 1 serial "test-0001"
	put "$work/sys/devices/test/fwslot/fwslot1/boot" total "$((++boots_seen + 1))"
	change_device 1
	[ -s "$work/watched" ] && [ -s "$work/watched.json" ]
}
boots_seen=0

is_writing() {
	[ "$(fwslotctl jobs --json | jq -r '.[-1].phase')" = writing ]
}

keep_backups() {
	is "$(fwslotctl backups --json sim0 | jq -c '.[0] | [.id, .version, .size, .state]')" '[1,"1.0.0",4096,"good"]' \
		"what it held is saved"
	ok "and can be exported" fwslotctl export-backup 1 "$work/exported"
	ok "byte for byte" cmp "$work/exported" "$work/old"
	exits 1 'File exists' "not over a file that is there" fwslotctl export-backup 1 "$work/exported"
	exits 1 'no backup 7' "a backup that is not there" fwslotctl export-backup 7 "$work/nothing"
	ok "leaves no file" test ! -e "$work/nothing"
	exits 1 'no backup 7' "nor is it restored" fwslotctl restore sim0 7
}

# On a terminal: columns give way, colour is used, a bar is drawn.
use_a_terminal() {
	script -qec "stty cols 50; TERM=xterm NO_COLOR= fwslotctl list" /dev/null </dev/null >"$work/terminal"
	ok "a narrow terminal: the names give way" grep -q $'Test d.*…' "$work/terminal"
	is "$(tr -d '\r' <"$work/terminal" | sed 's/\x1b\[[0-9;]*m//g' | wc -L)" 50 "and lines fit"
	ok "states have colours" grep -q $'\033\[3[23]m' "$work/terminal"
	script -qec "stty cols 80; TERM=xterm NO_COLOR=1 fwslotctl list" /dev/null </dev/null >"$work/terminal"
	not_ok "but for NO_COLOR" grep -q $'\033' "$work/terminal"
	put "$work/sys/devices/test/fwslot/fwslot0" name $'Te\033[2Jst'
	stop_daemon
	start_daemon
	not_ok "no device can command the terminal" eval "fwslotctl list | grep -q \$'\033'"
}

refuse_strangers() {
	start_polkit
	exits 4 'You may not do that|This needs a password' "who may not is told" \
		as_nobody "$build/fwslotctl" revert sim1 </dev/null
	ok "but may look" as_nobody "$build/fwslotctl" list
	is "$(finding polkit)" ok "the doctor finds polkit"
}

complete_words() { # WORD...
	# shellcheck source=../../daemon/data/fwslotctl.bash
	. daemon/data/fwslotctl.bash
	COMP_WORDS=(fwslotctl "$@")
	COMP_CWORD=$#
	_fwslotctl
	echo "${COMPREPLY[*]}"
}

misuse_it
work_without
start_daemon
show_devices
update_one
keep_backups
use_a_terminal
is "$(complete_words expo)" export-backup "bash completes verbs"
is "$(complete_words install --no-wai)" --no-wait "options"
is "$(complete_words show si)" "sim0 sim1" "and devices"
refuse_strangers
finish
