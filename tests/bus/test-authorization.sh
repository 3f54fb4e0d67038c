#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Who may do what: the polkit action of each method, what polkit is told, and what happens when it
# says no, hangs, or is not there.  A request that polkit let through is recognized by the engine's own
# refusal ("not on trial").  The real polkit with our policy file is in tests/vm/suite-daemon.sh.
set -u
cd "$(dirname "$0")/../.." || exit 125
# shellcheck source=bus.sh
. tests/bus/bus.sh
[ "$(id -u)" = 0 ] || bail "needs root, to call as somebody else"

denied=org.freedesktop.DBus.Error.AccessDenied

nobody() { # METHOD [ARGUMENT...]
	as_nobody gdbus call --system --dest org.fwslot1 --object-path /org/fwslot1 \
		--method "org.fwslot1.Manager.$1" -- "${@:2}"
}

install_from_stdin() { # FLAGS
	nobody InstallFile sim0 0 "$1" '{}' <"$work/bundle"
}

# asks ACTION WHAT METHOD [ARGUMENT...]: refused without that action, even with all others allowed;
# let through to the engine with it alone.
all_actions='install-file install-stale-file revert confirm downgrade export-backup cancel-own cancel-foreign'
asks() {
	local action=$1 what=$2 others=() other
	shift 2
	for other in $all_actions; do
		[ "$other" = "$action" ] || others+=("org.fwslot1.$other")
	done
	polkit_allow "${others[@]}"
	is "$(error_of "$@")" $denied "$what is refused without $action"
	polkit_allow "org.fwslot1.$action"
	isnt_denied "$(error_of "$@")" "$what is let through with $action alone"
}

isnt_denied() { # ERROR WHAT
	local status=0
	case $1 in org.fwslot1.Error.*) ;; *) status=1 ;; esac
	report $status "$2" || note "got: $1"
}

each_action() {
	asks downgrade "Revert of firmware that is good" nobody Revert sim0 0
	asks install-file "InstallFile" install_from_stdin 0
	asks downgrade "InstallFile with flag 4" install_from_stdin 4
	asks install-stale-file "InstallFile with flag 16" install_from_stdin 16
	asks install-file "InstallImported" nobody InstallImported sim0 none.fwb 0
	asks confirm "Confirm" nobody Confirm sim0 0
	asks revert "Revert after a failed update" nobody Revert sim0 0
	polkit_allow
	ok "lists ask nobody" nobody ListDevices 0
	ok "history asks nobody" nobody GetHistory '' 0 0
	is "$(error_of gcall Confirm sim0 0)" org.fwslot1.Error.NotOnTrial "root needs no polkit"
	is "$(error_of nobody Confirm sim7 0)" org.fwslot1.Error.NoSuchDevice "a wrong device is said before polkit is asked"
	is "$(error_of nobody Confirm sim0 1)" org.freedesktop.DBus.Error.InvalidArgs "and so is a wrong flag"
	is "$(error_of nobody CancelJob 5 0)" org.fwslot1.Error.NoSuchJob "and a wrong job"
}

tell_details() {
	local told
	nobody Confirm sim0 0 >/dev/null 2>&1
	told=$(grep 'CheckAuthorization.*org.fwslot1.confirm' "$work/polkit.log" | tail -n 1)
	like "$told" 'system-bus-name' "polkit is told who calls"
	like "$told" '"device": "sim0"' "and the device"
	like "$told" '"device-name": "Test device 0"' "and its name"
	like "$told" '"current-version": "1.0.0"' "and its version"
}

mock() {
	busctl --system call org.freedesktop.PolicyKit1 /org/freedesktop/PolicyKit1/Authority \
		org.freedesktop.DBus.Mock "$@" >/dev/null
}

# One caller with many requests at a time: prints the name of each answer's error, in order of arrival.
many_at_once() { # COUNT
	as_nobody /usr/bin/python3 - "$1" <<-'PYTHON'
		import sys, dbus, dbus.mainloop.glib
		from gi.repository import GLib
		dbus.mainloop.glib.DBusGMainLoop(set_as_default=True)
		bus, loop, left = dbus.SystemBus(), GLib.MainLoop(), int(sys.argv[1])
		manager = dbus.Interface(bus.get_object("org.fwslot1", "/org/fwslot1", introspect=False), "org.fwslot1.Manager")
		def answer(error=None):
		    global left
		    print(error.get_dbus_name() if error else "ok", flush=True)
		    left -= 1
		    if not left:
		        loop.quit()
		for _ in range(left):
		    manager.Confirm("sim0", dbus.UInt64(0), reply_handler=answer, error_handler=answer, timeout=60)
		GLib.timeout_add_seconds(60, loop.quit)
		loop.run()
	PYTHON
}

# Room for eight; the ninth and tenth are refused at once, while the loop goes on for others.
limit_waiting() {
	mock SimulateHang b true
	polkit_allow org.fwslot1.confirm
	many_at_once 10 >"$work/answers" &
	children+=("$!")
	ok "a caller may have only so many requests waiting" within 60 \
		sh -c "[ \$(grep -c LimitsExceeded '$work/answers') = 2 ]"
	ok "others are served meanwhile" nobody ListDevices 0
	is "$(grep -c NotOnTrial "$work/answers")" 0 "the others wait"
	mock SimulateHang b false
	mock ReleaseHangingCalls
	ok "and are served when polkit answers" within 60 sh -c "[ \$(grep -c NotOnTrial '$work/answers') = 8 ]"
}

# The caller leaves, its device vanishes: the waiting request must not be acted on, nor be kept.
lose_the_caller() {
	local caller
	mock SimulateHang b true
	many_at_once 8 >"$work/answers" &
	caller=$!
	children+=("$caller")
	within 60 sh -c "[ \$(busctl --system -j call org.freedesktop.PolicyKit1 /org/freedesktop/PolicyKit1/Authority org.freedesktop.DBus.Mock HaveHangingCalls | jq '.data[0]') = true ]"
	kill "$caller" 2>/dev/null
	pkill -P "$caller" 2>/dev/null
	wait "$caller" 2>/dev/null
	nobody Confirm sim0 0 >"$work/late" 2>&1 &
	children+=("$!")
	sleep 0.3
	remove_device 0
	mock SimulateHang b false
	mock ReleaseHangingCalls
	ok "a device that went while polkit was asked is no longer found" within 60 \
		grep -q 'NoSuchDevice\|ModuleMissing' "$work/late"
	add_device 0
	within 60 property /org/fwslot1/device/sim0 Device Id
	ok "the daemon lives" call ListDevices t 0
}

without_polkit() {
	kill "$polkit_pid"
	wait "$polkit_pid" 2>/dev/null
	is "$(error_of nobody Confirm sim0 0)" $denied "without polkit others are refused"
	refused 'only root' "and told why" nobody Confirm sim0 0
	is "$(error_of gcall Confirm sim0 0)" org.fwslot1.Error.NotOnTrial "while root goes on"
}

start_bus
add_device 0
echo "no bundle" >"$work/bundle"
chmod 0644 "$work/bundle"
start_polkit
start_daemon
each_action
tell_details
limit_waiting
lose_the_caller
without_polkit
finish
