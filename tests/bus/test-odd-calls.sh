#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Every method of every object with odd arguments, by an ordinary user: each is answered, the daemon goes on, and nothing
# has changed. The methods are those that the daemon tells, so a new one is tried without a word here.
set -u
cd "$(dirname "$0")/../.." || exit 125
# shellcheck source=bus.sh
. tests/bus/bus.sh

everything() { # that could have been changed
	call ListDevices t 0
	call ListJobs t 0
	call GetHistory sut '' 0 0
	call ListBackups st '' 0
	property /org/fwslot1 Manager DefaultPolicy
	property /org/fwslot1/device/sim0 Device Policy
}

start_bus
start_polkit
polkit_allow
add_device 0
start_daemon
within 60 eval '[ "$(property /org/fwslot1/device/sim0 Device State)" = up-to-date ]' || bail "no device"
before=$(everything)
as_nobody /usr/bin/python3 - <tests/bus/odd-calls.py >"$work/odd" 2>&1
is $? 0 "every call is answered" || cat "$work/odd"
ok "and there were many ($(tail -n 1 "$work/odd"))" test "$(tail -n 1 "$work/odd")" -gt 400
ok "the daemon is the same as before" kill -0 "$daemon_pid"
is "$(everything)" "$before" "and nothing has changed"
# What was begun without polkit's answer would begin now.
polkit_allow org.fwslot1.set-policy
ok "it still does what it may" as_nobody gdbus call --system --dest org.fwslot1 --object-path /org/fwslot1 \
	--method org.fwslot1.Manager.SetPolicy sim0 never 0
is "$(property /org/fwslot1/device/sim0 Device Policy)" never "for who may"
finish
