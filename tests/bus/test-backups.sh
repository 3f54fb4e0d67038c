#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Backups on the bus: a device with one slot is updated, so that there is one; it is listed, exported and
# restored, and every way in which that is refused.  The device is a folder: what is written to its slot
# is a plain file, and no kernel writes it, so no job gets further than that.
set -u
cd "$(dirname "$0")/../.." || exit 125
# shellcheck source=bus.sh
. tests/bus/bus.sh
# shellcheck source=../bundles.sh
. tests/bundles.sh

invalid=org.freedesktop.DBus.Error.InvalidArgs
error=org.fwslot1.Error
slot=$work/sys/devices/test/fwslot/fwslot0/fwslot0.0

one_backup() {
	[ "$(call ListBackups st sim0 0 | jq '.data[0] | length')" = 1 ]
}

refuse_without() {
	is "$(call ListBackups st '' 0 | jq -c '.data[0]')" '[]' "ListBackups is empty, not an error"
	is "$(error_of gcall ListBackups sim0 1)" $invalid "a flag nobody knows"
	is "$(error_of gcall ListBackups "$(printf '%0100d' 0)" 0)" $invalid "an endless device name"
	is "$(error_of gcall Restore sim9 1 0)" $error.NoSuchDevice "Restore of a device that is not there"
	is "$(error_of gcall Restore sim0 1 0)" $error.NoSuchBackup "of a backup that is not there"
	is "$(error_of gcall Restore sim0 1 2)" $invalid "with a flag nobody knows"
	is "$(error_of gcall ExportBackup 1 3 0 3>"$work/out")" $error.NoSuchBackup "ExportBackup of none"
	is "$(error_of gcall Revert sim0 0)" $error.NoRevertSlot "Revert without any"
}

# What the slot holds becomes a backup when an update begins.
make_one() {
	head -c 4096 /dev/urandom >"$slot/data"
	cp "$slot/data" "$work/old"
	make_vendor acme && trust_vendor acme "$work/etc" && add_release acme 1.1.0 11 &&
		bundle acme "$work/new.fwb" || bail "no update"
	ok "an update begins without any flag" gcall InstallFile sim0 0 0 '{}' <"$work/new.fwb"
	ok "and saves what the slot held" within 20 one_backup
	is "$(call ListBackups st sim0 0 | jq -c '.data[0][0] | [.[1], .[2], .[3], .[5], .[7]]')" \
		'["sim0",0,"1.0.0",4096,"good"]' "as the list says"
	is "$(call ListBackups st sim1 0 | jq -c '.data[0]')" '[]' "of that device alone"
	id=$(call ListBackups st sim0 0 | jq '.data[0][0][0]')
	is "$(error_of gcall Restore sim0 "$id" 0)" $error.Busy "one job at a time"
}

export_it() {
	ok "it is exported" gcall ExportBackup "$id" 3 0 3>"$work/out"
	ok "byte for byte" cmp "$work/out" "$work/old"
	is "$(error_of gcall ExportBackup "$id" 3 0 3< <(sleep 9))" $error.NotRegularFile "not to a pipe"
	is "$(error_of gcall ExportBackup "$id" 3 0 3<"$work/old")" $invalid "not to a file that is open for reading"
	is "$(error_of gcall ExportBackup "$id" 3 0 3>/dev/full)" $error.NotRegularFile "nor to a device"
	is "$(error_of gcall ExportBackup "$id" 3 1 3>"$work/out")" $invalid "nor with a flag nobody knows"
}

find_damage() {
	local file
	file=$(echo "$work"/state/backup/*.zst)
	printf 'damage' | dd of="$file" bs=1 seek=200 conv=notrunc status=none
	is "$(error_of gcall ExportBackup "$id" 3 0 3>"$work/out")" $error.BackupDamaged "a damaged one is found"
	is "$(call ListBackups st sim0 0 | jq -r '.data[0][0][7]')" damaged "and listed as such"
	is "$(error_of gcall ExportBackup "$id" 3 0 3>"$work/out")" $error.BackupDamaged "and not tried again"
}

start_bus
add_device 0 1
start_daemon
refuse_without
make_one
export_it
find_damage
finish
