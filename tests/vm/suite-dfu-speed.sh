# shellcheck shell=bash disable=SC2154
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# fwslot_dfu beside dfu-util on the same device in one run: 1 MiB down and 1 MiB up, taken in turns,
# medians of five. What must be kept: at least 0.95 times dfu-util's speed each way.
#
# Not part of "make check" before it has passed on both kernels: tests/vm/suite 6.1 dfu-speed 400
# kernels: none
# timeout: 400
. /mnt/host/tests/vm/dfu.sh

runs=5
bytes=1048576
head -c $bytes /dev/urandom >$images/mib
modprobe fwslot_dfu devices=1209:0001 || bail "fwslot_dfu cannot be loaded"
# 4096 is the most that dfu-util transfers at once on Linux: both get the same.
start_device 0 --slot a --transfer-size 4096
within 90 is_known 0 || bail "not claimed"

now_ms() { echo $(($(date +%s%N) / 1000000)); }
median() { sort -n | sed -n "$(((runs + 1) / 2))p"; }

# Each prints milliseconds. Of fwslot only the download is timed, as dfu-util does no more; reading
# back, which it also does, is shown apart.
fwslot_down() {
	local d before middle after
	d=$(fdev 0)
	begin $d.0 $images/mib || return
	before=$(now_ms)
	put $d.0/loading 0
	until reads $d.0/status verifying || reads $d.0/status idle; do sleep 0.01; done
	middle=$(now_ms)
	until reads $d.0/status idle; do sleep 0.01; done
	after=$(now_ms)
	[ -z "$(get $d.0/error)" ] || return
	echo $((after - middle)) >>/tmp/verify
	echo $((middle - before))
}

fwslot_up() {
	local d before
	d=$(fdev 0)
	before=$(now_ms)
	cat "$class/$d.0/data" >/tmp/back || return
	echo $(($(now_ms) - before))
}

# dfu-util's own start-up is not its speed: libusb's search for devices is taken off.
dfu_util_ms() { # ARGUMENT...
	local before after
	before=$(now_ms)
	dfu_util "$@" || return
	after=$(now_ms)
	echo $((after - before))
}

overhead() {
	local before
	before=$(now_ms)
	dfu-util -l >/dev/null 2>&1
	echo $(($(now_ms) - before))
}

for _ in $(seq $runs); do
	fwslot_down >>/tmp/fwslot-down
	fwslot_up >>/tmp/fwslot-up
	cmp $images/mib /tmp/back || bail "fwslot reads something else"
	release 0
	within 90 is_forgotten 0
	overhead >>/tmp/overhead
	dfu_util_ms -D $images/mib >>/tmp/dfu-util-down
	rm -f /tmp/back
	dfu_util_ms -U /tmp/back >>/tmp/dfu-util-up
	cmp $images/mib /tmp/back || bail "dfu-util reads something else"
	take 0
	within 90 is_known 0
done

less=$(median </tmp/overhead)
for way in down up; do
	ours=$(median <"/tmp/fwslot-$way")
	theirs=$(($(median <"/tmp/dfu-util-$way") - less))
	ratio=$((theirs * 100 / ours))
	echo "# $way, 1 MiB: fwslot $ours ms, dfu-util $theirs ms (and $less ms to begin):" \
		"$((ratio / 100)).$(printf %02d $((ratio % 100))) times dfu-util's speed"
	ok "$way: at least 0.95 times dfu-util's speed" [ "$ratio" -ge 95 ]
done
echo "# reading back and comparing takes another $(median </tmp/verify) ms"
stop_device 0
finish
