# shellcheck shell=bash disable=SC2154
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# mtd.sh: sourced by suites about slots that are MTD partitions: partitions by name, the module with its
# devices, U-Boot's images.
. /mnt/host/tests/vm/kmod.sh

# mtd NAME: the character device of a partition.
mtd() {
	sed -n "s/^\(mtd[0-9]*\): .*\"$1\"$/\/dev\/\1/p" /proc/mtd
}

# show DEVICES: loads the module with these; their first is fwslot0.
show() {
	modprobe fwslot_mtd devices="\"$1\"" && within 90 is_here fwslot0
}

hide() {
	rmmod fwslot_mtd
}

# A legacy image of U-Boot: name and size in its header, then bytes.
legacy_image() { # NAME SIZE FILE
	local size
	size=$(printf '%08x' "$2")
	{
		printf '\x27\x05\x19\x56\0\0\0\0\0\0\0\0'
		printf "\\x${size:0:2}\\x${size:2:2}\\x${size:4:2}\\x${size:6:2}"
		head -c 16 /dev/zero
		printf '%s' "$1"
		head -c $((32 - ${#1})) /dev/zero
		head -c "$2" /dev/urandom
	} >"$3"
}

# take_away NAME: whoever looks at the partition just then may hold it for a moment (udev does).
take_away() {
	within 90 mtd-part del "$flash" "$(mtd "$1")"
}
