#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Versions that are pinned or skipped: what is offered, what is refused and how it is said, for updates of a real
# server and for files, across a restart of the daemon.  And until when the vendor supports a device at all.
set -u
cd "$(dirname "$0")/../.." || exit 125
# shellcheck source=bus.sh
. tests/bus/bus.sh
# shellcheck source=../bundles.sh
. tests/bundles.sh
# shellcheck source=remote.sh
. tests/bus/remote.sh

invalid=org.freedesktop.DBus.Error.InvalidArgs
denied=org.freedesktop.DBus.Error.AccessDenied
error=org.fwslot1.Error
device=/org/fwslot1/device/sim0
export LC_ALL=C.UTF-8

offered() { # the version, "" = none
	call ListUpdates t 0 | jq -r '.data[0][0][1] // ""'
}
offered_is() { [ "$(offered)" = "$1" ]; }

rules() { # PINNED SKIPPED,... as the device's object says
	busctl --system -j get-property org.fwslot1 $device org.fwslot1.Device PinnedVersion SkippedVersions |
		jq -rs '"\(.[0].data) \(.[1].data | join(","))"'
}

verdict() { # RULE: what Explain says of it
	call Explain st sim0 0 | jq -r --arg rule "$1" '.data[0][] | select(.[1] == $rule) | "\(.[2]) \(.[4])"'
}

start_bus
start_polkit
start_server
start_fetch
make_vendor acme && trust_vendor acme "$work/etc" && add_release acme 1.0.0 10 && add_release acme 1.1.0 11 &&
	add_release acme 1.2.0 12 && bundle acme "$work/acme.fwb" && publish || bail "no vendor"
printf '%s\n' '[Window]' 'Window=never' >"$work/etc/fwslotd.conf"
add_device 0
start_daemon
conf RefreshIntervalSec=30d
ok "the newest version is offered" within 60 offered_is 1.2.0
is "$(rules)" " " "nothing is pinned or skipped"

# --- who may, and what makes no sense ---------------------------------------------------------

polkit_allow
for call in "Pin sim0 1.1.0 0" "Unpin sim0 0" "Skip sim0 1.1.0 0" "Unskip sim0 1.1.0 0"; do
	# shellcheck disable=SC2086
	is "$(error_of as_nobody gdbus call --system --dest org.fwslot1 --object-path /org/fwslot1 \
		--method org.fwslot1.Manager.$call)" $denied "polkit is asked about ${call%% *}"
done
is "$(error_of gcall Pin sim9 1.1.0 0)" $error.NoSuchDevice "nothing is pinned that is not there"
is "$(error_of gcall Pin sim0 1.1.0 1)" $invalid "nor with a flag nobody knows"
is "$(error_of gcall Pin sim0 'not a version' 0)" $invalid "nor to what can be no version"
is "$(error_of gcall Skip sim0 "$(printf '%064d' 0)" 0)" $invalid "nor is skipped what is too long for one"
is "$(error_of gcall Unskip sim9 '' 0)" $error.NoSuchDevice "nothing is taken back of nobody"
is "$(rules)" " " "and nothing was changed"

# --- skipped ----------------------------------------------------------------------------------

ok "what is offered is skipped" gcall Skip sim0 '' 0
is "$(offered)|$(rules)" "| 1.2.0" "and not offered any more"
is "$(property $device Device State) $(property /org/fwslot1 Manager NPending)" "up-to-date 0" "nobody is asked about it"
is "$(verdict skipped)" "false 1.2.0" "the rule is explained"
is "$(error_of gcall Install sim0 1.2.0 0)" $error.Skipped "who installs it by name is refused"
is "$(error_of gcall Approve sim0 1.2.0 0)" $error.Skipped "who approves it as well"
like "$("$build/fwslotctl" install sim0 1.2.0 2>&1)" 'fwslotctl unskip sim0 1.2.0' "and is told what to do"
is "$(error_of gcall Skip sim0 '' 0)" $error.NoSuchUpdate "nothing more is offered to be skipped"
ok "it is taken back" gcall Unskip sim0 1.2.0 0
is "$(offered)|$(rules)" "1.2.0| " "and offered at once"
for i in $(seq 16); do
	gcall Skip sim0 "0.$i" 0 >/dev/null || bail "cannot skip 0.$i"
done
is "$(error_of gcall Skip sim0 0.17 0)" $error.LimitReached "there is a limit"
ok "what is skipped already needs no room" gcall Skip sim0 0.16 0
ok "all are taken back" gcall Unskip sim0 '' 0
is "$(rules)" " " "and gone"

# --- pinned -----------------------------------------------------------------------------------

ok "pinned to what runs" gcall Pin sim0 '' 0
is "$(rules)" "1.0.0 " "the device says so"
ok "nothing is offered" within 60 offered_is ""
is "$(verdict pinned | sed 's/^[a-z]* //')" "1.0.0" "Explain says why"
is "$(error_of gcall Install sim0 1.1.0 0)" $error.Pinned "another version is refused"
is "$(error_of gcall Install sim0 '' 2)" $error.Pinned "also without its name, and with force"
is "$(error_of gcall Approve sim0 1.2.0 0)" $error.Pinned "and not approved"
like "$("$build/fwslotctl" install sim0 1.1.0 2>&1)" 'pinned to version 1.0.0.*fwslotctl unpin sim0' "in words that help"
is "$(error_of gcall Skip sim0 1.0.0 0)" $invalid "what is pinned cannot be skipped"
cp "$work/acme.fwb" "$work/state/import/acme.fwb"
is "$(error_of gcall InstallImported sim0 acme.fwb 0)" $error.Pinned "a file with another version is refused"
stop_daemon
start_daemon
is "$(rules)" "1.0.0 " "a pin outlives the daemon"
is "$("$build/fwslotctl" pin sim0 1.1.0)" "Pinned: no other version is installed or offered." "fwslotctl pin"
ok "a newer version than the one that runs is offered to who is pinned to it" within 60 offered_is 1.1.0
is "$(verdict first) $(rules)" "true  1.1.0 " "it, and no other"
like "$("$build/fwslotctl" show sim0)" 'Pinned to: 1.1.0' "fwslotctl show tells it"
ok "a pin to what is skipped" gcall Skip sim0 1.2.0 0
ok "takes the place of that" busctl --system call org.fwslot1 $device org.fwslot1.Device Pin st 1.2.0 0
is "$(rules)" "1.2.0 " "and of the pin before"
ok "which is offered" within 60 offered_is 1.2.0
is "$("$build/fwslotctl" unpin sim0; "$build/fwslotctl" skip sim0 1.2.0; "$build/fwslotctl" unskip --json sim0; rules)" \
	"$(printf '%s\n' 'Not pinned: update sources are asked anew.' 'Skipped: that version is not installed or offered.' ' ')" \
	"fwslotctl unpin, skip, unskip"
ok "all is as it was" within 60 offered_is 1.2.0
is "$(call GetHistory sut sim0 4 0 | jq -r '[.data[0][] | .[2] + " " + .[5]] | join(", ")')" \
	"unskip all, skip 1.2.0, unpin all, pin 1.2.0" "history tells who ruled what"

# An approval does not outlive what forbids it, and is good again afterwards.
ok "an approved version" gcall Approve sim0 1.2.0 0
ok "is pinned away" gcall Pin sim0 1.0.0 0
printf '%s\n' '[Window]' 'Window=always' >"$work/etc/fwslotd.conf"
kill -HUP "$daemon_pid"
is "$(call ListJobs t 0 | jq '[.data[0][] | select(.[3] != "failed")] | length')" 0 "and not begun when the window opens"
is "$(property $device Device NotBeforeUSec)" 0 "nor waited for"
ok "unpinned" gcall Unpin sim0 0
ok "it begins" within 60 cmp "$work/1.2.0.img" "$work/sys/devices/test/fwslot/fwslot0/fwslot0.1/data"

# --- the end of support -----------------------------------------------------------------------

support() {
	busctl --system -j get-property org.fwslot1 $device org.fwslot1.Device SupportEndsUSec SupportState |
		jq -rs '"\(.[0].data) \(.[1].data)"'
}
supported_is() { # COUNTER DAY STATE: the vendor says so with a release, and then the device
	add_image acme "$work/1.2.0.img" "1.$1.0" "$1" --support-ends "$2" && publish && gcall Refresh acme 0 &&
		[ "$(support)" = "$(date -u -d "$2 1 day" +%s)000000 $3" ]
}
is "$(support)" "0 unknown" "the vendor does not say how long he supports the device"
near=$(date -u -d '30 days' +%F)
ok "then he does" supported_is 13 2099-12-31 supported
like "$("$build/fwslotctl" show sim0)" 'supports it until 2099-12-31' "fwslotctl show tells it"
ok "soon it ends" supported_is 14 "$near" ending
like "$("$build/fwslotctl" list)" "sim0: The vendor's support ends on $near, in (29|30) days" "fwslotctl list warns"
ok "and has ended" supported_is 15 2020-02-29 ended
like "$("$build/fwslotctl" show sim0)" 'support ended on 2020-02-29: no more updates' "fwslotctl show is clear"
is "$("$build/fwslotctl" list --json | jq -r '.[0].support_state')" ended "and in JSON"
refused 'YYYY-MM-DD, not "soon"' "fwslot-repo takes days only" "$build/fwslot-repo" add -C "$work/acme" \
	--hardware-id fwslot/sim --version 9 --counter 99 --support-ends soon "$work/1.2.0.img"
ok "a device for which there is no release" gcall Pin sim0 1.0.0 0
ok "is asked about" gcall Refresh acme 0
is "$(verdict release | cut -d' ' -f1) $(support | cut -d' ' -f2)" "false ended" "and its support is known as well"
finish
