# shellcheck shell=bash disable=SC2154
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Each provider's device through the daemon's whole job: a signed update that is kept, one that fails
# and is taken back, and going back on request. None of these devices is the simulator's: USB DFU with
# one slot, MTD partitions under U-Boot's boot counter, MCUboot behind a serial line.
#
# kernels: 6.12
# timeout: 900
. /mnt/host/tests/vm/dfu.sh
. /mnt/host/tests/vm/smp.sh
. /mnt/host/tests/vm/mtd.sh
build=$(realpath "/mnt/host/$BUILD")
work=$(mktemp -d)
. /mnt/host/tests/bundles.sh

# release HARDWARE-ID VERSION COUNTER IMAGE: signed, in $work/VERSION.fwb.
release() {
	"$build/fwslot-repo" add -C "$work/acme" --hardware-id "$1" --version "$2" --counter "$3" "$4" >/dev/null &&
		bundle acme "$work/$2.fwb"
}

# ctl VERB ARGUMENT...: prints fwslotctl's status: 0 is kept, 5 taken back. What it said is in $work/said.
ctl() {
	local status=0
	timeout 240 fwslotctl "$@" >"$work/said" 2>&1 || status=$?
	echo $status
}

# appears DEVICE: on the bus.
appears() {
	within 90 fwslotctl show "$1" || bail "the daemon does not know $1"
}

# newest_event DEVICE: what history says of it last: what was done, from, to, how it ended and why.
newest_event() {
	fwslotctl history --json --limit=1 "$1" |
		jq -r '.[0] | [.action, .from, .to, .result, .reason] | join(" ")'
}

# ended STATUS EXPECTED WHAT: as "is", and shows what fwslotctl said.
ended() {
	is "$1" "$2" "$3"
	[ "$1" = "$2" ] || note "$(cat "$work/said")"
}

# trial_lasts SECONDS
trial_lasts() {
	printf '[Trial]\nTrialSec=%s\n' "$1" >/etc/fwslot/fwslotd.conf.d/test.conf
	systemctl reload fwslotd.service 2>/dev/null
}

make_vendor acme && trust_vendor acme /etc/fwslot || bail "no vendor"
mkdir -p /etc/fwslot/fwslotd.conf.d

# --- What the vendors publish --------------------------------------------------------------------

fw v100 1.00 --size 20000
fw v110 1.10 --size 30000
fw v120 1.20 --size 25000 --behaviour boot-loops
dfu-suffix -v 1209 -p 0001 -d 0110 -a $images/v110 >/dev/null
dfu-suffix -v 1209 -p 0001 -d 0120 -a $images/v120 >/dev/null
release acme/widget 1.10 11 $images/v110 && release acme/widget 1.20 12 $images/v120 || bail "no releases"
legacy_image 2.0.0 50000 $images/two-0
legacy_image 2.1.0 60000 $images/two-1
legacy_image 2.2.0 60000 $images/two-2
release acme/board 2.1.0 21 $images/two-1 && release acme/board 2.2.0 22 $images/two-2 || bail "no releases"
factory=$(mcuboot_image 3.0.0 --size=10000)
next=$(mcuboot_image 3.1.0 --size=12000)
hangs=$(mcuboot_image 3.2.0 --size=12000 --behaviour=hangs --after=3000)
release zephyr/testboard 3.1.0 31 "$next" && release zephyr/testboard 3.2.0 32 "$hangs" || bail "no releases"
systemctl unmask --runtime fwslotd.service >/dev/null 2>&1
# Longer than a DFU device on trial is waited for when it has left the bus (10 s).
trial_lasts 15

# --- DFU: one slot, so the way back is the backup ------------------------------------------------

modprobe fwslot_dfu devices=1209:0001/1209:0002+id=acme/widget+size=256K || bail "no fwslot_dfu"
cp $images/v100 /tmp/slot-a
start_device 0 --runtime --dfu-product 0002 --serial S1 --needs-header --strict --slot a=/tmp/slot-a --crash 3000
within 90 is_known 0 || bail "not claimed"
d=$(fdev 0)
appears widget0
ended "$(ctl install widget0 "$work/1.10.fwb")" 0 "DFU: an update is written, put on trial and kept"
is "$(get $d/boot/state),$(get $d.0/version)" confirmed,1.10 "DFU: says the kernel"
ended "$(ctl install widget0 "$work/1.20.fwb")" 5 "DFU: firmware that boot-loops is taken back"
is "$(get $d/boot/state),$(get $d.0/version)" confirmed,1.10 "DFU: by writing the backup, which runs"
is "$(newest_event widget0)" "install 1.10 1.20 reverted attempts-exhausted" "DFU: for that reason"
ended "$(ctl revert widget0)" 0 "DFU: a person goes back further"
is "$(get $d.0/version)" 1.00 "DFU: to what the device came with"
stop_device 0
modprobe -r fwslot_dfu

trial_lasts 2

# --- MTD: the host's own restart is the device's, and U-Boot counts ------------------------------

modprobe mtdram total_size=1024 erase_size=16 || bail "no mtdram"
flash=$(mtd 'mtdram test device')
mtd-part add "$flash" fw-a 0 0x40000
mtd-part add "$flash" fw-b 0x40000 0x40000
mtd-part add "$flash" count 0x80000 0x10000
for name in fw-a fw-b count; do mtd-part erase "$(mtd $name)"; done
dd if=$images/two-0 of="$(mtd fw-a)" bs=16k 2>/dev/null
spec="id=acme/board,slots=fw-a:fw-b,boot=count,form=file,limit=2"

# reboot_host BOOTS: the board starts so often before Linux is up again.
reboot_host() {
	hide
	for _ in $(seq "$1"); do bootcount "$(mtd count)@0" file boot >/dev/null; done
	show "$spec"
}

# begin_install VERSION SLOT: up to where only the board's restart helps.
begin_install() {
	ctl install board0 "$work/$1.fwb" >"$work/status" &
	installing=$!
	within 120 reads "fwslot0.$2/state" pending
	report $? "MTD: $1 is written and chosen for trial" || note "$(cat "$work/said")"
}

show "$spec" || bail "no MTD device"
appears board0
begin_install 2.1.0 1
reboot_host 1
wait $installing
ended "$(cat "$work/status")" 0 "MTD: the board restarts into it: it is kept"
is "$(look)" "unknown 2.0.0, confirmed 2.1.0, confirmed 1 1" "MTD: says the kernel"
begin_install 2.2.0 0
reboot_host 3
wait $installing
ended "$(cat "$work/status")" 5 "MTD: the next one never comes up, U-Boot goes back: it is taken back"
is "$(look | cut -d, -f2-)" " confirmed 2.1.0, fallback 1 1" "MTD: the other slot runs"
is "$(newest_event board0)" "install 2.1.0 2.2.0 reverted attempts-exhausted" "MTD: for that reason"
hide
rmmod mtdram

# --- MCUboot: the device swaps its images --------------------------------------------------------

modprobe fwslot_user || bail "no fwslot_user"
start_board --primary="$factory"
start_program
appears testboard0
ended "$(ctl install testboard0 "$work/3.1.0.fwb")" 0 "MCUboot: an update is written, put on trial and kept"
is "$(look)" "confirmed 3.1.0, valid 3.0.0, confirmed 0 0" "MCUboot: says the kernel"
ended "$(ctl install testboard0 "$work/3.2.0.fwb")" 5 "MCUboot: firmware that hangs is taken back"
is "$(look)" "confirmed 3.1.0, invalid 3.2.0, fallback 0 0" "MCUboot: by the device itself"
stop_program
stop_board

[ "$tap_failed" = 0 ] || note "$(journalctl -u fwslotd.service -o cat -n 100)"
is "$(systemctl --failed --no-legend --plain | wc -l)" 0 "no unit has failed"
systemctl stop fwslotd.service
ok "the modules go" rmmod fwslot_user fwslot
finish
