# shellcheck shell=bash disable=SC2154
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# fwslot_dfu: which devices it claims, and one device in its two modes: written, on trial, confirmed,
# boot-looping, in every way in which DFU devices put firmware in force. The real dfu-util beside it.
#
# kernels: 6.1 6.12 debug
# timeout: 900
. /mnt/host/tests/vm/dfu.sh

fw v100 1.00 --size 60000
fw v110 1.10 --size 70000
fw v120 1.20 --size 65536
fw loops 2.00 --size 30000 --behaviour boot-loops
sum_of() { echo "sha256:$(sha256sum <"$1" | cut -d' ' -f1)"; }

# --- The device is fair: dfu-util alone, no module of ours ---------------------------------------

start_device 0 --strict --busy 3 --manifest 100
ok "dfu-util downloads" dfu_util -D $images/v110
ok "and uploads" upload_with_dfu_util 0 /tmp/back
ok "the same" cmp $images/v110 /tmp/back
stop_device 0

cp $images/v100 /tmp/slot-a
start_device 0 --runtime --dfu-product 0002 --manifestation wait-reset --manifest 50 --strict \
	--needs-header --slot a=/tmp/slot-a
ok "it runs its firmware" within 90 shows 0 runtime
ok "dfu-util detaches, downloads and resets it" dfu_util -d 1209:0001,1209:0002 -D $images/v110 -R
ok "it runs firmware again" within 90 shows 0 runtime
is "$(cat $usb/$root_hub-1/bcdDevice)" 0110 "the new one"
stop_device 0

layout='@Internal Flash  /0x08000000/02*016Ka,02*016Kg,01*064Kg,01*128Kg'
start_device 0 --dfuse "$layout" --erase 5 --strict --transfer-size 2048 --attributes 0b
ok "dfu-util writes DfuSe memory" dfu_util -a 0 -s 0x08008000 -D $images/v110
ok "and reads it" upload_with_dfu_util 0 /tmp/back -s 0x08008000:70000
ok "the same" cmp $images/v110 /tmp/back
stop_device 0

# --- Only what is on the list is claimed ---------------------------------------------------------

modprobe fwslot_dfu || bail "fwslot_dfu cannot be loaded"
is "$(cat /sys/module/fwslot_dfu/parameters/devices)" "" "the list is empty"
start_device 0 --slot firmware --serial S1
ok "a device that is not on it is not claimed" is_forgotten 0
ok "dfu-util keeps it" dfu_util -D $images/v110

refused "Invalid argument" "a list that makes no sense is refused" claim 1209:001
refused "Invalid argument" "so is an id that makes no sense" claim 1209:0001+id=acme
is "$(cat /sys/module/fwslot_dfu/parameters/devices)" "" "and changes nothing"
claim 1209:0001+id=acme/widget
ok "a device that is put on the list is claimed at once" within 90 is_known 0
is "$(get "$(fdev 0)/hardware_id")" acme/widget "with its hardware id"
dfu_util -D $images/v110
like "$said" LIBUSB_ERROR_BUSY "dfu-util cannot have it then"
release 0
ok "unbound it is forgotten" within 90 is_forgotten 0
ok "and dfu-util can have it" dfu_util -D $images/v110
take 0
ok "bound it is there again" within 90 is_known 0
claim +1234:5678
is "$(cat /sys/module/fwslot_dfu/parameters/devices)" 1209:0001+id=acme/widget,1234:5678 \
	"a plus adds to the list"
claim +1234:5678
is "$(cat /sys/module/fwslot_dfu/parameters/devices)" 1209:0001+id=acme/widget,1234:5678 \
	"but nothing twice"
stop_device 0

claim ""
start_device 0 --slot firmware
ok "with an empty list again nothing is claimed" is_forgotten 0
echo 1209 0001 >/sys/bus/usb/drivers/fwslot_dfu/new_id
ok "new_id claims too" within 90 is_known 0
is "$(get "$(fdev 0)/hardware_id")" usb-1209/0001 "with a hardware id made of its ids"
echo 1209 0001 >/sys/bus/usb/drivers/fwslot_dfu/remove_id
stop_device 0

# An hwdb with nothing but this entry: to compile all of Debian's takes an emulated machine long.
mount -t tmpfs none /usr/lib/udev/hwdb.d
mkdir -p /etc/udev/hwdb.d
printf 'fwslot-dfu:v1209p0001\n FWSLOT_DFU=1209:0001+id=acme/named\n' >/etc/udev/hwdb.d/62-fwslot-dfu.hwdb
systemd-hwdb update
udevadm control --reload
start_device 0 --slot firmware
ok "udev tells what hwdb names" within 90 is_known 0
is "$(get "$(fdev 0)/hardware_id")" acme/named "with what it says"
stop_device 0
rm /etc/udev/hwdb.d/62-fwslot-dfu.hwdb
systemd-hwdb update
udevadm control --reload

# --- One device in two modes ---------------------------------------------------------------------

claim 1209:0001/1209:0002+id=acme/widget+size=256K
cp $images/v100 /tmp/slot-a
start_device 0 --runtime --dfu-product 0002 --serial S1 --needs-header --strict --busy 2 --manifest 50 \
	--slot a=/tmp/slot-a --crash 3000
within 90 is_known 0 || bail "not claimed"
d=$(fdev 0)
is "$(cd $class/$d && cat name provider hardware_id serial num_slots status | paste -sd,)" \
	"DFU test device,dfu,acme/widget,S1,1,idle" "the device says what it is"
is "$(get $d.0/version),$(get $d.0/state),$(get $d.0/size),$(get $d/boot/running_slot)" \
	"1.00,valid,262144,0" "its version is bcdDevice"
is "$(basename "$(readlink "$(place 0)/usb")")" "$(interface_of 0)" "its place shows its interface"
put $d.0/activate permanent
is "$(get $d/boot/state)" confirmed "what it runs can be called good"

cat $class/$d.0/data >/tmp/back
ok "its firmware is read for a backup" cmp $images/v100 /tmp/back
ok "afterwards it runs again" within 90 shows 0 runtime
ok "which was a boot" within 90 reads $d/boot/total 1
is "$(get $d/boot/state),$(get $d/boot/last_restart_reason)" confirmed,commanded "but no attempt"

ok "new firmware is written" write $d.0 $images/v110
is "$(fdev 0)" "$d" "through another USB device, but the same device"
ok "which waits in DFU mode" shows 0 dfu
is "$(get $d.0/state),$(get $d.0/digest),$(get $d.0/image_size)" \
	"valid,$(sum_of $images/v110),70000" "the slot holds it"
ok "it is chosen for trial" put $d.0/activate trial
is "$(get $d.0/state)" pending "and pending"
ok "it is restarted" restart "${d#fwslot}"
ok "and runs" shows 0 runtime
is "$(get $d/boot/state),$(get $d/boot/attempts),$(get $d.0/state)" trial,1,trial "on trial"
is "$(get $d.0/version),$(get $d.0/digest)" "1.10,$(sum_of $images/v110)" \
	"what it shows is the new version, its digest is still known"
refused "busy" "a read would cost it an attempt" cat $class/$d.0/data
put $d/boot/confirm 1
is "$(get $d/boot/state),$(get $d.0/state)" confirmed,confirmed "it is confirmed"
total=$(get $d/boot/total)
ok "it restarts on command also when it runs" restart "${d#fwslot}"
is "$(get $d/boot/total),$(get $d/boot/state)" "$((total + 1)),confirmed" "which is one boot"

# New firmware that crashes: the kernel counts, while the device comes and goes.
ok "firmware that boot-loops is written" write $d.0 $images/loops
put $d.0/activate trial
put $d/restart 1
ok "attempts run down by themselves" within 60 reads $d/boot/attempts_left 0
is "$(get $d/boot/state),$(get $d/boot/last_restart_reason)" trial,fault "and it is known why"
is "$(fdev 0)" "$d" "all this is one device"
within 90 shows 0 runtime
ok "the backup is written" within 90 write $d.0 $images/v100
put $d.0/activate permanent
ok "and runs" restart "${d#fwslot}"
is "$(get $d.0/version),$(get $d/boot/state)" 1.00,confirmed "as before"
stop_device 0

# --- How a device puts firmware in force ---------------------------------------------------------

for kind in tolerant wait-reset deaf self-reset; do
	cp $images/v100 /tmp/slot-a
	start_device 0 --runtime --dfu-product 0002 --needs-header --strict --manifest 100 \
		--manifestation $kind --slot a=/tmp/slot-a --away 300
	within 90 is_known 0
	d=$(fdev 0)
	ok "$kind: written" write $d.0 $images/v110
	is "$(get $d.0/digest)" "$(sum_of $images/v110)" "$kind: with its digest"
	# Firmware that started before anybody chose it is not what was confirmed.
	[ $kind != self-reset ] || is "$(get $d/boot/state)" unknown "$kind: nobody knows whether it is good"
	put $d.0/activate trial
	# What resets itself may be on its way just now.
	ok "$kind: restarted" within 90 restart "${d#fwslot}"
	is "$(get $d.0/version),$(get $d/boot/state)" 1.10,trial "$kind: it runs"
	# on trial it would be waited for when it leaves
	put $d/boot/confirm 1
	stop_device 0
done

cp $images/v100 /tmp/slot-a
start_device 0 --runtime --attributes 0f --serial S1 --needs-header --slot a=/tmp/slot-a --away 500
within 90 is_known 0
d=$(fdev 0)
ok "a device that detaches by itself, with the same ids in both modes" write $d.0 $images/v110
put $d.0/activate trial
ok "is restarted" restart "${d#fwslot}"
is "$(get $d.0/version)" 1.10 "and runs"

# On trial it is waited for when it leaves, and may be told nothing until it is back.
release 0
refused "busy" "while it is away it cannot be restarted" put $d/restart 1
refused "busy" "nor confirmed" put $d/boot/confirm 1
take 0
ok "it comes back on trial, with one more attempt" within 90 reads $d/boot/attempts 2
put $d/boot/confirm 1
stop_device 0

ok "the module goes" modprobe -r fwslot_dfu
ok "all of it" within 90 unloaded
finish
