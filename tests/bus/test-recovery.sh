#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# A daemon whose state folder cannot be used: it shows devices, refuses changes, and ends as systemd
# expects it when the folder is in order again.
set -u
cd "$(dirname "$0")/../.." || exit 125
# shellcheck source=bus.sh
. tests/bus/bus.sh

device=/org/fwslot1/device/sim0

go_back() {
	busctl call org.fwslot1 $device org.fwslot1.Device Revert t 0
}

add_device 0
start_bus
mkdir "$work/state/fwslot.db" || bail "nothing can be put in the way of the database"
start_daemon
ok "without its database it shows the device" within 60 busctl get-property org.fwslot1 $device org.fwslot1.Device Id
like "$(go_back 2>&1)" "state folder .* cannot be written" "and refuses a change"
like "$(cat "$work/daemon.log")" "fwslot.db cannot be opened .*: until it can, devices are shown" "the log says why"
rmdir "$work/state/fwslot.db"
wait "$daemon_pid"
is $? 75 "when the folder is in order it ends, to be started anew"
like "$(cat "$work/daemon.log")" "can be written again" "and says so"
start_daemon
ok "then it shows the device" within 60 busctl get-property org.fwslot1 $device org.fwslot1.Device Id
like "$(go_back 2>&1)" "to go back to" "and takes requests: there is only nothing to go back to"
stop_daemon
finish
