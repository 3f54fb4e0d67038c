#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The whole system: real kernel module, udev, systemd, message bus, polkit, the installed daemon with
# its hardened unit, files signed by fwslot-repo.  One device lives through updates that are good,
# bad, refused, taken back and interrupted.
# kernels: 6.1
# timeout: 900
set -u
# shellcheck source=daemon.sh
. "$(dirname "$0")/daemon.sh"

# --- the vendor ---------------------------------------------------------------------------

make_bundles() {
	make_vendor acme && trust_vendor acme /etc/fwslot &&
		new_release 1.1.0 11 --floor 10 --note en='Fixes the display.' &&
		make_image 1.2.0 --behaviour boot-loops && add_image acme "$work/1.2.0.img" 1.2.0 12 &&
		bundle acme "$work/1.2.0.fwb" &&
		new_release 1.3.0 13 && new_release 1.4.0 14 &&
		make_vendor stranger && add_release stranger 1.5.0 15 && bundle stranger "$work/stranger.fwb" &&
		make_vendor older && trust_vendor older /etc/fwslot && add_release older 1.0.5 10 &&
		bundle older "$work/older.fwb" &&
		make_vendor ancient && trust_vendor ancient /etc/fwslot && add_release ancient 0.5.0 5 &&
		bundle ancient "$work/ancient.fwb" &&
		make_vendor elsewhere && trust_vendor elsewhere /etc/fwslot && make_image 7.0.0 &&
		"$build/fwslot-repo" add -C "$work/elsewhere" --hardware-id fwslot/other --version 7.0.0 \
			--counter 70 "$work/7.0.0.img" >/dev/null && bundle elsewhere "$work/elsewhere.fwb" &&
		make_vendor late && trust_vendor late /etc/fwslot && add_release late 1.5.0 15 &&
		SOURCE_DATE_EPOCH=$(($(date +%s) - 30 * 24 * 3600)) bundle late "$work/expired.fwb" &&
		make_vendor big && trust_vendor big /etc/fwslot && make_image 9.0.0 --size 2097152 &&
		add_image big "$work/9.0.0.img" 9.0.0 90 && bundle big "$work/big.fwb"
}

spoil_bundles() {
	repack "$work/1.4.0.fwb" "$work/signature.fwb" spoil_signature
	repack "$work/1.4.0.fwb" "$work/unsigned.fwb" spoil_unsigned
	repack "$work/1.3.0.fwb" "$work/payload.fwb" spoil_payload
	head -c 20000 "$work/1.4.0.fwb" >"$work/truncated.fwb"
}

# --- the system ----------------------------------------------------------------------------

# Which files of the device group fwslot may write, below its folder.
writable_files() {
	find "$(realpath $sysfs)" -type f -group fwslot -perm -g=w -printf '%P\n' | sort | tr '\n' ' '
}

# udev says that it knows a slot before it runs programs for it; one that takes long for the last slot
# must not let the daemon meet files that are not its own yet.
slow_udev() {
	mkdir -p /run/udev/rules.d
	echo 'ACTION=="add", SUBSYSTEM=="fwslot", KERNEL=="fwslot0.1", RUN+="/bin/sleep 20"' \
		>/run/udev/rules.d/69-slow.rules
	udevadm control --reload
}

appear() {
	is "$(systemctl is-active fwslotd.service)" inactive "nothing runs before a device is there"
	slow_udev
	ok "the module loads" modprobe fwslot_sim
	ok "the device starts the daemon" within 90 systemctl is-active fwslotd.service
	ok "and is on the bus" within 90 version 1.0.0
	is "$(call ListDevices t 0 | json '.data[0][0]')" \
		"[\"sim0\",\"Simulated device 0\",\"1.0.0\",\"\",\"up-to-date\",0,\"$device\"]" "as it is"
	is "$(writable_files)" "boot/attempts boot/confirm boot/limit fwslot0.0/activate fwslot0.0/cancel \
fwslot0.0/data fwslot0.0/erase fwslot0.0/loading fwslot0.1/activate fwslot0.1/cancel fwslot0.1/data \
fwslot0.1/erase fwslot0.1/loading restart " "group fwslot may write what controls it, and nothing else"
	is "$(find "$(realpath $sysfs)" -type f -perm /o=w | wc -l)" 0 "others may write nothing"
	rm /run/udev/rules.d/69-slow.rules
	udevadm control --reload
}

confined() {
	ok "systemd-analyze security is at most 1.5" systemd-analyze security --no-pager --threshold=15 fwslotd.service
	note "$(systemd-analyze security --no-pager fwslotd.service | tail -n 1)"
	is "$(awk '/^Cap(Prm|Eff|Bnd|Amb)/ { print $2 }' "/proc/$(daemon_pid)/status" | sort -u)" \
		0000000000000000 "the daemon has no capability"
	is "$(ps -o user= -p "$(daemon_pid)")" fwslot "and is user fwslot"
	refused 'Permission denied|Access denied|not allowed' "nobody else may own its name" \
		runuser -u nobody -- busctl call org.freedesktop.DBus / org.freedesktop.DBus RequestName su org.fwslot1.x 0 ||
		:
	refused 'denied|not allowed' "nor the name itself" \
		runuser -u nobody -- busctl call org.freedesktop.DBus / org.freedesktop.DBus RequestName su org.fwslot1 0
	ok "its log level can be set" systemctl service-log-level fwslotd.service debug
	ok "and set back" systemctl service-log-level fwslotd.service info
}

refuse_nobody() {
	local call
	ok "anybody may list" runuser -u nobody -- busctl call org.fwslot1 /org/fwslot1 org.fwslot1.Manager ListDevices t 0
	for call in 'Confirm st sim0 0' 'Revert st sim0 0' 'InstallImported sst sim0 a.fwb 0'; do
		# shellcheck disable=SC2086  # words
		refused '[Aa]ccess denied|interactive' "polkit refuses nobody ${call%% *}" \
			runuser -u nobody -- busctl --allow-interactive-authorization=no \
			call org.fwslot1 /org/fwslot1 org.fwslot1.Manager $call
	done
	is "$(pkaction | grep -c '^org.fwslot1\.')" "$(grep -c '<action id' daemon/data/org.fwslot1.policy)" "polkit knows the actions"
	is "$(error_of gcall Confirm sim0 0)" $error.NotOnTrial "root is allowed"
}

# --- updates ------------------------------------------------------------------------------

good_update() {
	local reply
	gdbus monitor --system --dest org.fwslot1 >"$work/signals" 2>&1 &
	monitor=$!
	within 90 grep -q 'is owned by' "$work/signals"
	reply=$(install_file 1.1.0)
	like "$reply" "objectpath '/org/fwslot1/job/_1'" "a signed update is accepted"
	ok "the device runs it on trial" within 90 state on-trial
	ok "it is the new version" version 1.1.0
	is "$(cat $sysfs/boot/state $sysfs/boot/running_slot $sysfs/fwslot0.1/state | tr '\n' ' ')" 'trial 1 trial ' \
		"the kernel says so, too"
	is "$(property $device Device BootAttemptsLeft)" 2 "one of three attempts is used"
	is "$(cut -d: -f2 $sysfs/fwslot0.1/digest)" "$(sha256sum "$work/1.1.0.img" | cut -d' ' -f1)" \
		"the slot holds exactly the image"
	ok "it is confirmed" gcall Confirm sim0 0
	ok "the job ends" within 90 grep -q "JobRemoved .*'install', 'done', ''" "$work/signals"
	ok "the trial is over" within 90 state up-to-date
	is "$(cat $sysfs/boot/state)" confirmed "in the kernel, too"
	is "$(last_history 2) $(last_history 3) $(last_history 4) $(last_history 5)" 'install 1.0.0 1.1.0 done' \
		"history says so"
	ok "the job was announced" grep -q "JobNew .*'sim0', 'install'" "$work/signals"
	for phase in verifying writing restarting trial 'done'; do
		ok "phase $phase was announced" grep -q "'Phase': <'$phase'>" "$work/signals"
	done
	kill $monitor
}

boot_loop() {
	ok "firmware that boot-loops is accepted, being signed" install_file 1.2.0
	ok "its attempts run down and it is taken back" within 60 state reverted
	ok "the old version runs" version 1.1.0
	is "$(property $device Device Problem)" attempts-exhausted "the reason is told"
	is "$(last_history 5) $(last_history 7)" 'reverted attempts-exhausted' "and remembered"
	is "$(cat $sysfs/boot/last_restart_reason)" attempts-exhausted "and the kernel's"
	is "$(error_of gcall Confirm sim0 0)" $error.NotOnTrial "there is nothing to confirm"
}

refuses() { # ERROR FILE WHAT [FLAGS]
	is "$(error_of install_file "$2" "${4:-0}")" "$error.$1" "$3"
}

refuse_files() {
	refuses BadSignature signature "changed after signing"
	refuses Unsigned unsigned "not signed"
	refuses UnknownSigner stranger "signed by a stranger"
	refuses Expired expired "expired"
	systemctl stop systemd-timesyncd.service 2>/dev/null
	date -s "@$(($(date +%s) - 60 * 24 * 3600))" >/dev/null
	refuses Expired expired "and nothing becomes good when the clock is put back"
	date -s "@$(($(date +%s) + 60 * 24 * 3600))" >/dev/null
	refuses MetadataRollback 1.1.0 "older than what was seen"
	refuses Incompatible elsewhere "for another device"
	refuses Downgrade older "an older release"
	refuses BelowFloor ancient "below the floor"
	refuses BelowFloor ancient "below the floor, in spite of the flag" 4
	refuses WrongDigest payload "another image than signed"
	refuses Truncated truncated "truncated"
	refuses TooLarge big "larger than the slot"
	is "$(error_of gcall InstallFile sim0 0 0 '{}' < <(cat "$work/1.4.0.fwb" 2>&1))" $error.NotRegularFile "a pipe"
	is "$(cat $sysfs/boot/running_slot)" 1 "the device has noticed nothing"
	ok "it still runs 1.1.0" version 1.1.0
}

go_back() {
	ok "1.3.0 is installed" install_file 1.3.0
	ok "it is on trial" within 90 state on-trial
	ok "Revert is accepted" gcall Revert sim0 0
	ok "the old version runs again" within 90 version 1.1.0
	ok "and the update counts as taken back" within 90 state reverted
	is "$(last_history 5)" reverted "history says so"
}

# The check is run in the daemon's sandbox, as its user.
bad_health() {
	cat >/etc/fwslot/health.d/50-test <<-'CHECK'
		#!/bin/sh
		[ "$FWSLOT_VERSION" != 1.3.0 ] || { echo "The display stays dark."; exit 1; }
	CHECK
	chmod 0755 /etc/fwslot/health.d/50-test
	setting TrialSec=2
	ok "1.3.0 is installed again" install_file 1.3.0 2
	ok "unhealthy firmware is taken back" within 60 state reverted
	is "$(last_history 7)" health-failed "for that reason"
	rm /etc/fwslot/health.d/50-test
}

import_file() {
	install -m 0644 "$work/1.4.0.fwb" /var/lib/fwslot/import/
	ok "an imported file is installed" gcall InstallImported sim0 1.4.0.fwb 0
	ok "healthy firmware is kept by itself after its trial" within 60 state up-to-date
	ok "it runs" version 1.4.0
	is "$(cat $sysfs/boot/state)" confirmed "and is confirmed"
	setting TrialSec=1h
}

# --- the daemon comes and goes ------------------------------------------------------------

start_by_name() {
	systemctl stop fwslotd.service
	is "$(systemctl is-active fwslotd.service)" inactive "it can be stopped"
	is "$(call ListDevices t 0 | json '.data[0][0][2]')" 1.4.0 "a call starts it and is answered with what is there"
	is "$(systemctl is-active fwslotd.service)" active "it runs again"
}

go_and_come() {
	ok "the module unloads under the daemon" modprobe -r fwslot_sim
	ok "the device is gone from the bus" within 90 sh -c "! busctl -q get-property org.fwslot1 $device org.fwslot1.Device Id"
	is "$(error_of gcall Confirm sim0 0)" $error.ModuleMissing "without the module the error says so"
	ok "it loads again" modprobe fwslot_sim devices=2
	ok "the device is back under its name" within 90 property $device Device Id
	ok "another one has another" within 90 property /org/fwslot1/device/sim1 Device Id
	ok "the daemon lives" systemctl is-active fwslotd.service
}

make_bundles || bail "the vendor's files cannot be made"
spoil_bundles
appear
confined
refuse_nobody
good_update
boot_loop
refuse_files
go_back
bad_health
import_file
start_by_name
go_and_come
is "$(systemctl --failed --no-legend --plain | wc -l)" 0 "no unit has failed"
finish
