#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The objects on the bus: devices that are there, come, change and go; introspection; flags and odd
# arguments; two daemons; the bus going away.  Jobs are in test-requests.sh.
set -u
cd "$(dirname "$0")/../.." || exit 125
# shellcheck source=bus.sh
. tests/bus/bus.sh

# Members, arguments and annotations of the fwslot interfaces in an introspection text, sorted; the
# order of members and the white space are nobody's business.
members() {
	/usr/bin/python3 -c '
import sys, xml.etree.ElementTree as tree
for interface in tree.fromstring(sys.stdin.read()).iter("interface"):
    name = interface.get("name")
    if not name.startswith("org.fwslot1"):
        continue
    rows = []
    for member in interface:
        parts = [member.tag, member.get("name"), member.get("type", ""), member.get("access", "")]
        parts += ["%s:%s:%s" % (a.get("direction", "out"), a.get("type"), a.get("name")) for a in member.iter("arg")]
        changes = [a.get("value") for a in member.iter("annotation") if a.get("name").endswith("EmitsChangedSignal")]
        parts += changes or (["true"] if member.tag == "property" else [])
        rows.append(" ".join(parts))
    print("\n".join(name + " " + row for row in sorted(rows)))
'
}

compare_introspection() {
	local kind interface
	while read -r kind interface; do
		is "$("$build/fwslotd" --bus-introspect="$kind" | members)" \
			"$(members <"daemon/data/interfaces/org.fwslot1.$interface.xml")" \
			"$interface is what its XML says"
	done <<-KINDS
		/org/fwslot1 Manager
		/org/fwslot1/device/ID Device
		/org/fwslot1/device/ID/slot/_0 Slot
		/org/fwslot1/job/_1 Job
		/org/fwslot1/update/ID Update
	KINDS
	not_ok "an object that never is cannot be introspected" "$build/fwslotd" --bus-introspect=/org/other
	is "$(busctl --system introspect --xml-interface org.fwslot1 /org/fwslot1/device/sim0 | members)" \
		"$(members <"daemon/data/interfaces/org.fwslot1.Device.xml")" "a running daemon says the same"
}

read_values() {
	is "$(call ListDevices t 0 | jq -c '.data[0][0]')" \
		'["sim0","Test device 0","1.0.0","","up-to-date",0,"/org/fwslot1/device/sim0"]' "ListDevices"
	is "$(call ListJobs t 0 | jq -c '.data[0]')" '[]' "ListJobs is empty, not an error"
	is "$(call GetHistory sut '' 0 0 | jq -c '.data[0]')" '[]' "GetHistory is empty, not an error"
	is "$(property /org/fwslot1/device/sim0 Device HardwareId)" fwslot/sim "Device.HardwareId"
	is "$(property /org/fwslot1/device/sim0 Device ActiveSlot)" 0 "Device.ActiveSlot"
	is "$(property /org/fwslot1/device/sim0 Device BootAttemptsLeft)" 3 "Device.BootAttemptsLeft"
	is "$(property /org/fwslot1/device/sim0 Device Slots | jq -c .)" \
		'["/org/fwslot1/device/sim0/slot/_0","/org/fwslot1/device/sim0/slot/_1"]' "Device.Slots"
	is "$(property /org/fwslot1/device/sim0/slot/_0 Slot State)" confirmed "Slot.State"
	is "$(property /org/fwslot1/device/sim0/slot/_1 Slot Size)" 1048576 "Slot.Size"
	is "$(busctl --system -j call org.fwslot1 /org/fwslot1 org.freedesktop.DBus.ObjectManager \
		GetManagedObjects | jq -c '.data[0] | keys')" \
		'["/org/fwslot1/device/sim0","/org/fwslot1/device/sim0/slot/_0","/org/fwslot1/device/sim0/slot/_1"]' \
		"GetManagedObjects"
	is "$(property /org/fwslot1 Manager Version)" "$("$build/fwslotd" --version | cut -d' ' -f2)" \
		"Manager.Version is the program's"
}

# Signals as one line each: member and object.
listen() {
	gdbus monitor --system --dest org.fwslot1 >"$work/signals" 2>&1 &
	monitor_pid=$!
	children+=("$monitor_pid")
	within 60 grep -q 'is owned by' "$work/signals"
}

hear_changes() {
	listen
	change_device 0 boot/attempts_left 1 boot/attempts 2
	ok "PropertiesChanged names what changed" within 60 \
		grep -q "device/sim0: .*PropertiesChanged .*'BootAttempts': <uint32 2>.*'BootAttemptsLeft': <uint32 1>" \
		"$work/signals"
	not_ok "and nothing that did not" grep -q "'BootState'" "$work/signals"
	change_device 0 fwslot0.1/state partial
	ok "a slot's change is its own" within 60 \
		grep -q "slot/_1: .*PropertiesChanged .*'State': <'partial'>" "$work/signals"
	add_device 1
	ok "a device that comes is announced" within 60 grep -q "InterfacesAdded .*device/sim1'" "$work/signals"
	ok "with its slots" within 60 grep -q "InterfacesAdded .*device/sim1/slot/_1'" "$work/signals"
	is "$(call ListDevices t 0 | jq -c '[.data[0][][0]]')" '["sim0","sim1"]' "and listed"
	remove_device 1
	ok "a device that goes is announced" within 60 \
		grep -q "InterfacesRemoved .*device/sim1', .*org.fwslot1.Device" "$work/signals"
	is "$(error_of gdbus call --system -d org.fwslot1 -o /org/fwslot1/device/sim1 \
		-m org.freedesktop.DBus.Properties.Get org.fwslot1.Device Id)" \
		org.freedesktop.DBus.Error.UnknownObject "and its object is gone"
	add_device 1
	ok "it has its old name when it comes back" within 60 property /org/fwslot1/device/sim1 Device Id
	remove_device 1
	kill "$monitor_pid"
}

refuse_oddities() {
	local invalid=org.freedesktop.DBus.Error.InvalidArgs path
	is "$(error_of gcall ListDevices 1)" $invalid "ListDevices with an unknown flag"
	is "$(error_of gcall ListJobs 9223372036854775808)" $invalid "ListJobs with an unknown flag"
	is "$(error_of gcall GetHistory '' 0 4)" $invalid "GetHistory with an unknown flag"
	is "$(error_of gcall GetHistory '' 1001 0)" $invalid "GetHistory beyond its limit"
	is "$(error_of gcall GetHistory "$(printf '%0100d' 0)" 0 0)" $invalid "GetHistory of an endless device name"
	is "$(gcall GetHistory nothing 5 0)" '(@a(tsssssus) [],)' "GetHistory of an unknown device is empty"
	refused 'Unknown method' "a method nobody has" call Explode t 0
	refused '(Invalid|Unexpected|Too few)' "a call without its arguments" call ListDevices
	refused 'read-only|Property .* is not writable|Access denied|AccessDenied' "properties cannot be written" \
		busctl --system set-property org.fwslot1 /org/fwslot1/device/sim0 org.fwslot1.Device Version s 9
	for path in /org/fwslot1/device /org/fwslot1/device/sim0/slot /org/fwslot1/device/sim0/slot/_2 \
		/org/fwslot1/device/sim0/slot/_00 /org/fwslot1/device/sim0/slot/0 /org/fwslot1/device/sim \
		/org/fwslot1/device/sim00 /org/fwslot1/job/_1 /org/fwslot1/job/_18446744073709551616; do
		not_ok "no object at $path" busctl --system get-property org.fwslot1 "$path" org.fwslot1.Device Id
	done
}

control_log() {
	is "$(busctl --system -j get-property org.fwslot1 /org/freedesktop/LogControl1 \
		org.freedesktop.LogControl1 LogLevel | jq -r .data)" info "the log level"
	ok "may be set by root" busctl --system set-property org.fwslot1 /org/freedesktop/LogControl1 \
		org.freedesktop.LogControl1 LogLevel s debug
	not_ok "to no word that is none" busctl --system set-property org.fwslot1 \
		/org/freedesktop/LogControl1 org.freedesktop.LogControl1 LogLevel s loud
	if [ "$(id -u)" = 0 ]; then
		not_ok "not by others" as_nobody busctl --system set-property org.fwslot1 \
			/org/freedesktop/LogControl1 org.freedesktop.LogControl1 LogLevel s err
	else
		skip "not by others" "needs root to become somebody else"
	fi
}

refuse_a_second() {
	local status=0
	"$build/fwslotd" >"$work/second.log" 2>&1 || status=$?
	is "$status" 1 "a second daemon ends"
	like "$(cat "$work/second.log")" 'Another fwslotd' "and says why"
	ok "the first goes on" call ListDevices t 0
}

end_in_order() {
	stop_daemon
	is $? 0 "SIGTERM ends it in order"
	start_daemon
	is "$(call ListDevices t 0 | jq -c '[.data[0][][0]]')" '["sim0"]' "it starts again and sees the same device"
	kill "$bus_pid"
	ok "without a bus it ends" within 60 sh -c "! kill -0 $daemon_pid 2>/dev/null"
	wait "$daemon_pid" && false
	is $? 1 "and says so with its exit status"
}

answer_without_a_bus() {
	like "$("$build/fwslotd" --help)" 'Usage: fwslotd' "--help"
	like "$("$build/fwslotd" --rules)" $'\nqueued\t' "--rules prints the table"
	refused 'takes no arguments' "an argument is refused" "$build/fwslotd" now
	refused 'unrecognized option' "an unknown option is refused" "$build/fwslotd" --fast
	DBUS_SYSTEM_BUS_ADDRESS=unix:path=$work/none refused 'Cannot own org.fwslot1' "no bus is said" \
		"$build/fwslotd"
}

answer_without_a_bus
start_bus
add_device 0
start_daemon
compare_introspection
read_values
hear_changes
refuse_oddities
control_log
refuse_a_second
end_in_order
finish
