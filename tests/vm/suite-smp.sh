# shellcheck shell=bash disable=SC2154
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# A device with MCUboot through fwslot-smp and /dev/fwslot, seen in sysfs: first by hand on a pty, then as a service
# that udev starts for a USB adapter.
#
# kernels: 6.1 debug
# timeout: 900
. /mnt/host/tests/vm/smp.sh

modprobe fwslot_user || bail "fwslot_user cannot be loaded"
factory=$(mcuboot_image 1.0.0 --size=20000)
next=$(mcuboot_image 1.1.0 --size=30000 --protected)
hangs=$(mcuboot_image 1.2.0 --behaviour=hangs --after=9000)
large=$(mcuboot_image 1.3.0 --size=80000)
digest=sha256:$(sha256sum <"$next" | cut -d' ' -f1)

# --- The whole job ----------------------------------------------------------------------------

start_board --primary="$factory"
start_program
is "$(cd $class/fwslot0 && grep -h . provider hardware_id serial num_slots | paste -sd,)" \
	"user,zephyr/testboard,smp-tty,2" "the device is what it says it is"
is "$(get fwslot0.0/label),$(get fwslot0.1/label),$(get fwslot0.1/size)" "primary,secondary,262144" \
	"it has two slots of the size it says"
is "$(look)" "confirmed 1.0.0, empty , confirmed 0 0" "it runs the factory's firmware"
is "$(boot limit),$(boot attempts_left)" 1,1 "a trial has one attempt"
not_ok "a slot cannot be read back" cat $class/fwslot0.1/data
refused "Text file busy" "the running slot is never written" put fwslot0.0/loading 1

ok "version 1.1.0 is written" write fwslot0.1 "$next"
is "$(look)" "confirmed 1.0.0, valid 1.1.0, confirmed 0 0" "slot 1 holds it"
is "$(get fwslot0.1/digest),$(get fwslot0.1/image_size)" "$digest,$(stat -c %s "$next")" "byte for byte"
ok "it is chosen for trial" put fwslot0.1/activate trial
is "$(look)" "confirmed 1.0.0, pending 1.1.0, confirmed 0 1" "and pending as soon as the write returns"
is "$(write_error fwslot0.1 "$next")" preparing:device-busy "now the slot is not given away"
total=$(boot total)
ok "the device restarts" restart_board
is "$(look)" "trial 1.1.0, confirmed 1.0.0, trial 0 0" "its images changed places: 1.1.0 is on trial in slot 0"
is "$(get fwslot0.0/digest)" "$digest" "the digest went with the image"
is "$(boot fallback_slot),$(boot attempts),$(boot attempts_left),$(boot last_restart_reason)" \
	"1,1,0,commanded" "the way back is slot 1"
is "$(get fwslot0/status)" idle "the device is no longer restarting"
refused "Device or resource busy" "the way back is not overwritten" put fwslot0.1/loading 1
ok "confirmed" put fwslot0/boot/confirm 1
is "$(look)" "confirmed 1.1.0, valid 1.0.0, confirmed 0 0" "it is good"
is "$(boot total)" $((total + 1)) "one boot was counted"
refused "No such file" "there is nothing to confirm any more" put fwslot0/boot/confirm 1

ok "the previous version is chosen for good" put fwslot0.1/activate permanent
restart_board
is "$(look)" "confirmed 1.0.0, valid 1.1.0, confirmed 0 0" "and runs without a trial"

# --- Firmware that fails ----------------------------------------------------------------------

put fwslot0.1/activate trial
restart_board
is "$(boot state)" trial "1.1.0 on trial once more"
restart_board
is "$(look)" "confirmed 1.0.0, invalid 1.1.0, fallback 0 0" "not confirmed, so the restart takes it back"
is "$(boot last_restart_reason)" attempts-exhausted "and says why"
refused "Operation not permitted" "what failed is not tried again" put fwslot0.1/activate trial

ok "version 1.2.0, which hangs, is written" write fwslot0.1 "$hangs"
put fwslot0.1/activate trial
put fwslot0/restart 1
ok "its watchdog ends it" within 60 reads fwslot0/boot/state fallback
is "$(look)" "confirmed 1.0.0, invalid 1.2.0, fallback 0 0" "the previous one runs"

printf 'no firmware at all' >$images/text
is "$(write_error fwslot0.1 $images/text)" preparing:firmware-invalid "a file that is no image is refused"
is "$(write_error fwslot0.1 "$factory")" preparing:firmware-invalid "and the image that runs already"
head -c 20000 "$next" >$images/cut
is "$(write_error fwslot0.1 $images/cut)" preparing:firmware-invalid "and one that is cut off"
is "$(get fwslot0.1/version)" 1.2.0 "none of which changed anything"

# --- Death in the middle ----------------------------------------------------------------------

stop_board
stop_program
rm -rf ${state:?}/*
start_board --primary="$factory" --baud=230400
start_program
start_write fwslot0.1 "$large"
within 60 eval '[ "$(get fwslot0.1/remaining_size)" -lt 60000 ]'
stop_program -9
ok "the program is killed in the middle of a write: the device is gone" test ! -e $class/fwslot0
start_program
is "$(get fwslot0.1/state)" partial "the next one knows that the slot is not whole"
write_slowly fwslot0.1 "$large"
is "$(get fwslot0.1/version)" 1.3.0 "the write is repeated"
ok "from where it was" grep -q resumed $program_log
ok "chosen" put fwslot0.1/activate trial
stop_program -9
start_program
is "$(look)" "confirmed 1.0.0, pending 1.3.0, confirmed 0 1" "what is pending is known to the next one, too"
restart_board
stop_program -9
start_program
is "$(look)" "trial 1.3.0, confirmed 1.0.0, trial 0 0" "and what is on trial"
is "$(get fwslot0.0/digest)" "sha256:$(sha256sum <"$large" | cut -d' ' -f1)" "with its digest"
tell_board reset
ok "a revert that nobody commanded is noticed" within 90 reads fwslot0/boot/state fallback
stop_program
stop_board
rm -rf ${state:?}/*

# A restart in which the line goes bad.
start_board --primary="$factory" --noisy --fault=lose-answer@20+9 --fault=corrupt-answer@25+13
start_program
ok "over a bad line: written" write_slowly fwslot0.1 "$next"
ok "chosen" put fwslot0.1/activate trial
ok "restarted" restart_board
ok "on trial" within 90 reads fwslot0/boot/state trial
ok "confirmed" put fwslot0/boot/confirm 1
stop_program
stop_board
rm -rf ${state:?}/*

# --- As a service, for a USB adapter ----------------------------------------------------------

modprobe dummy_hcd || bail "no dummy_hcd"
mkdir -p /etc/udev/hwdb.d
cat >/etc/udev/hwdb.d/72-fwslot-smp.hwdb <<-'HWDB'
	fwslot-smp:v1209p0003s*
	 FWSLOT_SMP=1
	 FWSLOT_HARDWARE_ID=acme/serial
	 FWSLOT_NAME=Acme's serial widget
	 FWSLOT_SMP_SETTLE=1
HWDB
systemd-hwdb update
udevadm control --reload
udevadm trigger --subsystem-match=misc
udevadm settle
is "$(stat -c '%G %a' /dev/fwslot)" "fwslot-provider 660" "/dev/fwslot belongs to its group"

# Not to be called by "ok", whose subshell would keep the process for itself.
plug_in() {
	modprobe g_serial use_acm=1 idVendor=0x1209 idProduct=0x0003 iSerialNumber=W17 iManufacturer=Acme &&
		within 90 test -c /dev/ttyGS0 || return
	open_commands
	smp-device --port=/dev/ttyGS0 --state=$state --primary="$factory" <&7 >$device_log 2>&1 &
	board=$!
}
pull_out() {
	kill "$board"
	wait "$board" 2>/dev/null
	modprobe -r g_serial
}
plug_in
ok "an adapter is plugged in: udev starts the service" within 90 systemctl is-active --quiet fwslot-smp@ttyACM0.service
ok "which finds the device" within 90 is_here fwslot0
is "$(cd $class/fwslot0 && grep -h . name hardware_id serial | paste -sd,)" \
	"Acme's serial widget,acme/serial,W17" "under the names that hwdb and the adapter give it"
ok "it is written through the service" write fwslot0.1 "$next"
is "$(ps -o user= -C fwslot-smp)" fwslot-smp "which runs as a user of its own"
ok "which remembers in its own folder" test -s "/var/lib/fwslot-smp/acme_serial_W17"
pull_out
ok "pulled out: the device is gone" within 90 test ! -e $class/fwslot0
ok "and the service ends" within 90 eval '! systemctl is-active --quiet fwslot-smp@ttyACM0.service'
plug_in
ok "plugged in again: it is back" within 90 is_here fwslot0
exposure=$(systemd-analyze security --no-pager 'fwslot-smp@ttyACM0.service' | sed -n 's/.*exposure level for [^:]*: \([0-9.]*\) .*/\1/p')
ok "systemd finds little to say against the service ($exposure)" \
	awk -v exposure="$exposure" 'BEGIN { exit !(exposure != "" && exposure <= 1.5) }'
pull_out
within 90 test ! -e $class/fwslot0
systemctl stop 'fwslot-smp@*.service'
is "$(systemctl show -p Result --value fwslot-smp@ttyACM0.service)" success "and nothing failed"
modprobe -r dummy_hcd
ok "the module is unloaded" within 90 rmmod fwslot_user
finish
