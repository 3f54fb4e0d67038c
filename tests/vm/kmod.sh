# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# kmod.sh: sourced by the suites of the kernel module. Short names for what they all do: load the
# modules, write and read attributes, make images, inject faults.
. /mnt/host/tests/tap.sh

class=/sys/class/fwslot
faults=/sys/kernel/debug/fwslot_sim
images=/tmp/images
mkdir -p "$images"

# The daemon, if it is installed here, would have ideas of its own.
systemctl stop fwslotd.service >/dev/null 2>&1 || :
systemctl mask --runtime fwslotd.service >/dev/null 2>&1 || :

# load PARAMETER...: the simulator with these, and the core below it.
load() {
	modprobe fwslot_sim "$@" || bail "fwslot_sim cannot be loaded"
}

# unload: waits a little, because the last reference on a device may be a moment behind.
unload() {
	within 90 modprobe -r fwslot_sim && within 10 unloaded
}

unloaded() {
	! lsmod | grep -q '^fwslot' || { rmmod fwslot 2>/dev/null && false; }
}

# get FILE: what an attribute says, without its error. (Reading here spares the machine a program.)
get() {
	local text=
	{ read -r text <"$class/$1"; } 2>/dev/null || [ "$text" ] || return
	echo "$text"
}

# put FILE VALUE: writes an attribute; what the kernel answers is the shell's message.
put() {
	echo "$2" >"$class/$1"
}

# is_here DEVICE: with all its slots, the last of which comes last, and all of that one's attributes: the
# kernel adds the folder "power" after them.
is_here() {
	local slots
	slots=$(get "$1/num_slots") && [ -e "$class/$1.$((slots - 1))/power" ]
}

# reads FILE VALUE: the attribute says this.
reads() {
	local text=
	{ read -r text <"$class/$1"; } 2>/dev/null
	[ "$text" = "$2" ]
}

# fault DEVICE FILE VALUE
fault() {
	echo "$3" >"$faults/sim$1/$2"
}

# image NAME [OPTION...]: makes an image of version NAME and prints its path.
image() {
	local name=$1
	shift
	sim-image --version "$name" "$@" "$images/$name" || bail "sim-image failed"
	echo "$images/$name"
}

# begin SLOT IMAGE: everything of a load but its last line.
begin() {
	put "$1/loading" 1 && cat "$2" >"$class/$1/data"
}

# start_write SLOT IMAGE: the kernel writes; it may take longer than this.
start_write() {
	begin "$1" "$2" && put "$1/loading" 0
}

is_idle() {
	reads "$1/status" idle
}

# write SLOT IMAGE: and waits for the end; succeeds if there was no error.
write() {
	start_write "$1" "$2" && within 90 is_idle "$1" && [ -z "$(get "$1/error")" ]
}

# write_error SLOT IMAGE: the error with which the write ends.
write_error() {
	start_write "$1" "$2" && within 90 is_idle "$1" && get "$1/error"
}

# boot FILE: of device 0
boot() {
	get "fwslot0/boot/$1"
}

total_is_above() {
	[ "$(get "fwslot$1/boot/total")" -gt "$2" ]
}

# restart DEVICE: and waits for the boot.
restart() {
	local total
	total=$(get "fwslot$1/boot/total")
	put "fwslot$1/restart" 1 && within 90 total_is_above "$1" "$total"
}
