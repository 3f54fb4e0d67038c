# shellcheck shell=bash disable=SC2154
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# providers.sh: runs in the virtual machine. What the providers make of the hardware below them, each beside
# who does the same without fwslot, in turns, medians: dfu-util on the same device, flashcp on the same flash, the
# serial line itself, one simulated device instead of 64. Prints "who what number".
set -u
. /mnt/host/tests/vm/dfu.sh
. /mnt/host/tests/vm/smp.sh
. /mnt/host/tests/vm/mtd.sh
runs=${ROUNDS:-5}

now_ms() {
	local now=${EPOCHREALTIME/[.,]/}
	echo $((now / 1000))
}

until_idle() { until reads "$1" idle; do pause 0.01; done; }
median() { sort -n "$1" | sed -n "$(((runs + 1) / 2))p"; }

# --- USB DFU: 1 MiB down and up ------------------------------------------------------------------

# Of fwslot only the download is timed, for dfu-util does no more; what it reads back to compare comes after.
dfu_down() {
	local before
	begin "$(fdev 0).0" $images/mib || bail "no load"
	before=$(now_ms)
	put "$(fdev 0).0/loading" 0
	until reads "$(fdev 0).0/status" verifying || reads "$(fdev 0).0/status" idle; do pause 0.01; done
	echo $(($(now_ms) - before)) >>/tmp/ours-down
	until_idle "$(fdev 0).0/status"
	[ -z "$(get "$(fdev 0).0/error")" ] || bail "fwslot: $(get "$(fdev 0).0/error")"
}

dfu_up() {
	local before
	before=$(now_ms)
	cat "$class/$(fdev 0).0/data" >/tmp/back
	echo $(($(now_ms) - before)) >>/tmp/ours-up
	cmp $images/mib /tmp/back || bail "fwslot reads something else"
}

# dfu-util's search for devices is not its speed: how long "dfu-util -l" takes is taken off.
timed() { # FILE COMMAND...
	local before
	before=$(now_ms)
	"${@:2}" >/dev/null 2>&1 || bail "$2 $3 failed"
	echo $(($(now_ms) - before)) >>"$1"
}

measure_dfu() {
	local less
	head -c 1048576 /dev/urandom >$images/mib
	modprobe fwslot_dfu devices=1209:0001 || bail "no fwslot_dfu"
	# 4096 is the most that dfu-util transfers at once: both get the same.
	start_device 0 --slot a --transfer-size 4096
	within 90 is_known 0 || bail "not claimed"
	for _ in $(seq "$runs"); do
		dfu_down
		dfu_up
		release 0
		within 90 is_forgotten 0
		timed /tmp/overhead dfu-util -l
		timed /tmp/theirs-down dfu-util -D $images/mib
		rm -f /tmp/back
		timed /tmp/theirs-up dfu-util -U /tmp/back
		cmp $images/mib /tmp/back || bail "dfu-util reads something else"
		take 0
		within 90 is_known 0
	done
	less=$(median /tmp/overhead)
	echo "fwslotd dfu_down_ms $(median /tmp/ours-down)"
	echo "floor dfu_down_ms $(($(median /tmp/theirs-down) - less))"
	echo "fwslotd dfu_up_ms $(median /tmp/ours-up)"
	echo "floor dfu_up_ms $(($(median /tmp/theirs-up) - less))"
	stop_device 0
	modprobe -r fwslot_dfu
}

# --- MTD: 8 MiB; both erase, write and compare ---------------------------------------------------

measure_mtd() {
	local before
	modprobe mtdram total_size=24576 erase_size=64 || bail "no mtdram"
	flash=$(mtd 'mtdram test device')
	mtd-part add "$flash" fw-a 0 0xc00000
	mtd-part add "$flash" fw-b 0xc00000 0xc00000
	head -c 8388608 /dev/urandom >$images/large
	show "id=acme/flash,slots=fw-a:fw-b" || bail "no MTD device"
	for _ in $(seq "$runs"); do
		before=$(now_ms)
		begin fwslot0.1 $images/large || bail "no load"
		put fwslot0.1/loading 0
		until_idle fwslot0.1/status
		echo $(($(now_ms) - before)) >>/tmp/ours-mtd
		[ -z "$(get fwslot0.1/error)" ] || bail "fwslot: $(get fwslot0.1/error)"
		timed /tmp/theirs-mtd flashcp $images/large "$(mtd fw-a)"
	done
	echo "fwslotd mtd_ms $(median /tmp/ours-mtd)"
	echo "floor mtd_ms $(median /tmp/theirs-mtd)"
	hide
	rmmod mtdram
}

# --- SMP: 64 KiB at 115200 baud; every byte on the line takes ten bits' time ---------------------

line_bytes() {
	tell_board state
	within 30 grep -q '^bytes' $device_log
	awk '/^bytes/ { sum = $2 + $3 } END { print sum }' $device_log
}

measure_smp() {
	local image before bytes
	modprobe fwslot_user || bail "no fwslot_user"
	image=$(mcuboot_image 1.1.0 --size=65536)
	start_board --primary="$(mcuboot_image 1.0.0)" --baud=115200
	start_program
	bytes=$(line_bytes)
	before=$(now_ms)
	begin fwslot0.1 "$image" || bail "no load"
	put fwslot0.1/loading 0
	until_idle fwslot0.1/status
	echo "fwslotd smp_ms $(($(now_ms) - before))"
	[ -z "$(get fwslot0.1/error)" ] || bail "fwslot: $(get fwslot0.1/error)"
	: >$device_log
	bytes=$(($(line_bytes) - bytes))
	echo "floor smp_ms $((bytes * 10 * 1000 / 115200))"
	echo "floor smp_bytes $((65536 * 4 / 3))"
	echo "fwslotd smp_bytes $bytes"
	stop_program
	stop_board
	rmmod fwslot_user
}

# --- 64 simulated devices at once ----------------------------------------------------------------

# write_many FIRST COUNT: milliseconds until the last is written; "vanish" takes the very last one out.
write_many() {
	local i last=$(($1 + $2 - 1)) before
	for i in $(seq "$1" $last); do begin "fwslot$i.1" $images/many || bail "no load"; done
	before=$(now_ms)
	for i in $(seq "$1" $last); do put "fwslot$i.1/loading" 0; done
	if [ "${3:-}" = vanish ]; then
		echo 63 >$faults/del_device
		last=62
	fi
	for i in $(seq "$1" $last); do until_idle "fwslot$i.1/status"; done
	echo $(($(now_ms) - before))
	for i in $(seq "$1" $last); do
		[ -z "$(get "fwslot$i.1/error")" ] || bail "fwslot$i: $(get "fwslot$i.1/error")"
	done
}

measure_many() {
	local single together
	sim-image --version 1.1.0 --size 1048576 $images/many
	modprobe fwslot_sim devices=64 slot_size=2097152 || bail "no fwslot_sim"
	within 90 is_here fwslot63
	for _ in $(seq "$runs"); do
		write_many 0 1 >>/tmp/single
		write_many 0 64 >>/tmp/together
	done
	single=$(median /tmp/single)
	together=$(median /tmp/together)
	echo "fwslotd many_ms $together"
	echo "floor many_ms $((single * 64 / 2))"
	echo "floor vanish_ms $together"
	echo "fwslotd vanish_ms $(write_many 0 64 vanish)"
}

measure_dfu
measure_mtd
measure_smp
measure_many
