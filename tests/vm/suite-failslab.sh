# shellcheck shell=bash disable=SC2154
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Memory runs out at each allocation of loading the modules, and of making each provider's device: nothing
# may break, leak or stay behind, and the next try must succeed. For the debug kernel, which can do that and
# notices.
#
# kernels: debug
# timeout: 900
. /mnt/host/tests/vm/dfu.sh
. /mnt/host/tests/vm/mtd.sh

failslab=/sys/kernel/debug/failslab
[ -d $failslab ] || bail "this kernel cannot make allocations fail"
echo N >$failslab/ignore-gfp-wait
echo 0 >$failslab/verbose
systemctl stop systemd-udevd{-control.socket,-kernel.socket,.service}

module() { find "/lib/modules/$(uname -r)/" -name "$1.ko" -print -quit; }

# survives WHAT MODE ARGUMENT...: at least some allocations were made, and failed in turn.
survives() {
	local said
	said=$(fail-nth "${@:2}" 2>&1)
	report $? "$1: $said" || :
	like "$said" '^[1-9][0-9]* failures, [1-9][0-9]* refused' "$1: some of them were fatal"
	is "$(ls $class 2>/dev/null)" "" "$1: nothing is left"
}

# bytes TEXT LENGTH: padded with zeros.
bytes() {
	printf '%s' "$1"
	head -c $(($2 - ${#1})) /dev/zero
}

# The message by which a process makes a device with one slot (include/uapi/fwslot_user.h).
create_message() {
	printf '\x01\0\x01\0\x38\x03\0\0\0\0\0\0\0\0\0\0' # version, type, length 824, id, result
	printf '\x01\0\0\0\x01\0\0\0\0\0\0\0\0\0\0\0'    # can write, one slot, default transfer size
	bytes Memory 128 && bytes acme/memory 260 && bytes 1 128 && bytes '' 4
	printf '\0\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\0\0\0' && bytes '' 12
	bytes only 128 && printf '\0\0\x01\0\0\0\0\0' && bytes '' 8
	printf '\x01\0\0\0' && bytes '' 108
}

survives "the core" module "$(module fwslot)" ""
modprobe fwslot
survives "the simulator with a device" module "$(module fwslot_sim)" devices=1
modprobe fwslot_sim devices=0
echo 2 >/tmp/two && echo 0 >/tmp/zero
survives "a simulated device" write $faults/new_device /tmp/two $faults/del_device /tmp/zero
rmmod fwslot_sim

modprobe fwslot_user
create_message >/tmp/create
survives "a process's device" write /dev/fwslot /tmp/create
ok "its module goes" within 90 rmmod fwslot_user

modprobe mtdram total_size=256 erase_size=16
flash=$(mtd 'mtdram test device')
mtd-part add "$flash" fw-a 0 0x10000
mtd-part add "$flash" fw-b 0x10000 0x10000
mtd-part add "$flash" count 0x20000 0x10000
survives "a device of MTD partitions" module "$(module fwslot_mtd)" 'devices="id=acme/flash,slots=fw-a:fw-b,boot=count"'

modprobe fwslot_dfu devices=1209:0001
start_device 0 --slot a --slot b --serial S1
within 90 is_known 0 || bail "not claimed"
release 0
within 90 is_forgotten 0
interface_of 0 >/tmp/interface
survives "a DFU device" write /sys/bus/usb/drivers/fwslot_dfu/bind /tmp/interface \
	/sys/bus/usb/drivers/fwslot_dfu/unbind /tmp/interface
stop_device 0
modprobe -r fwslot_dfu
ok "all of it goes" within 90 unloaded
finish
