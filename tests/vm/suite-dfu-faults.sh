# shellcheck shell=bash disable=SC2154
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# fwslot_dfu under fire: everything a DFU device can do wrong, at every moment at which it can be
# pulled out, and everything people can do to the driver while it writes.
#
# kernels: 6.1 debug
# timeout: 900
. /mnt/host/tests/vm/dfu.sh

fw good 1.10 --size 20000
head -c 20000 /dev/urandom >$images/next
modprobe fwslot_dfu devices=1209:0001/1209:0002 || bail "fwslot_dfu cannot be loaded"

# --- One fault, its error, and a device that can be written again -----------------------------------

start_device 0 --slot a --strict
within 90 is_known 0 || bail "not claimed"
d=$(fdev 0)
while read -r fault expected; do
	tell_device 0 "fault $fault"
	is "$(write_error $d.0 $images/next)" "$expected" "$fault: $expected"
	tell_device 0 clear
	ok "$fault: the next write succeeds" write $d.0 $images/good
done <<'FAULTS'
stall@d3 transferring:hw-error
error@d3:3 transferring:read-write-error
error@d3:4 transferring:flash-wearout
error@d3:8 transferring:invalid-file-size
error@d3:2 transferring:firmware-invalid
stall@s4 transferring:hw-error
short@d2 transferring:read-write-error
short@s2 transferring:hw-error
state@s3:2 transferring:hw-error
state@s3:99 transferring:hw-error
hang@d4 transferring:timeout
stall@m1:9 programming:firmware-invalid
error@m1 programming:read-write-error
error@m1:10 programming:firmware-invalid
stall@u3 verifying:hw-error
flip@d3 verifying:read-write-error
flip@u3 verifying:read-write-error
short@u3 verifying:read-write-error
FAULTS
for fault in busy@d2:300 poll@s4:200 delay@d3:500 busy@m1:300; do
	tell_device 0 "fault $fault"
	ok "$fault: is waited for" write $d.0 $images/good
done

tell_device 0 "fault busy@d3"
start_write $d.0 $images/next
within 90 reads $d.0/status transferring
put $d.0/cancel 1
ok "a write to a busy device can be cancelled" within 90 is_idle $d.0
is "$(get $d.0/error),$(get $d.0/state)" transferring:user-abort,partial "which is its error"
stop_device 0

# A device that runs firmware and was not touched yet goes on running it.
cp $images/good /tmp/slot-a
start_device 0 --runtime --dfu-product 0002 --needs-header --slot a=/tmp/slot-a
within 90 is_known 0
d=$(fdev 0)
tell_device 0 "fault stall@d1:11"
is "$(write_error $d.0 $images/next)" transferring:hw-error "the first block fails"
is "$(get $d.0/state)" partial "then the slot is not what it was"
ok "written again" write $d.0 $images/good
put $d.0/activate permanent
ok "and started" restart "${d#fwslot}"
cp $images/good $images/damaged
dfu-suffix -v 1209 -p 0001 -a $images/damaged >/dev/null
printf 'X' | dd of=$images/damaged bs=1 seek=100 conv=notrunc 2>/dev/null
is "$(write_error $d.0 $images/damaged)" preparing:firmware-invalid "an image that is refused"
ok "does not disturb the device" shows 0 runtime
stop_device 0

# --- Pulled out at every moment ------------------------------------------------------------------------

# 2 requests to begin, 20 blocks with 2 each, 3 to manifest, some 25 to read back.
for moment in 1 2 3 4 5 20 41 42 43 44 45 46 47 50 60; do
	start_device 0 --slot a --busy 1 --manifest 20 --fault "vanish@t$moment"
	within 90 is_known 0 || bail "not claimed"
	d=$(fdev 0)
	start_write $d.0 $images/next
	ok "pulled out at request $moment: the device is gone" within 90 is_forgotten 0
	stop_device 0
done

start_device 0 --slot a=$images/good --fault vanish@u3
within 90 is_known 0
refused "No such device" "pulled out while it is read" dd bs=4096 if="$class/$(fdev 0).0/data" of=/dev/null
stop_device 0

# It leaves between the modes and does not come back.
cp $images/good /tmp/slot-a
start_device 0 --runtime --attributes 0f --slot a=/tmp/slot-a --away 60000
within 90 is_known 0
d=$(fdev 0)
start_write $d.0 $images/next
ok "lost on the way to DFU mode: it is not waited for for ever" within 90 is_forgotten 0
tell_device 0 quit
wait "${device_pids[0]}"

# --- What people do meanwhile ------------------------------------------------------------------------------

begin_slow_write() {
	start_device 0 --slot a --busy 100
	within 90 is_known 0
	d=$(fdev 0)
	start_write $d.0 $images/next
	within 90 reads $d.0/status transferring
}

begin_slow_write
ok "the driver is unbound in the middle of a write" release 0
ok "the device is forgotten" within 90 is_forgotten 0
take 0
within 90 is_known 0
d=$(fdev 0)
ok "bound again it recovers and is written" write $d.0 $images/good
stop_device 0

begin_slow_write
ok "the module is unloaded in the middle of a write" modprobe -r fwslot_dfu
modprobe fwslot_dfu devices=1209:0001/1209:0002
within 90 is_known 0
d=$(fdev 0)
ok "loaded again it finds the device and writes it" write $d.0 $images/good
stop_device 0

begin_slow_write
if echo freezer >/sys/power/pm_test 2>/dev/null; then
	refused "busy" "the machine does not sleep while it writes" \
		bash -c 'echo freeze >/sys/power/state'
	echo none >/sys/power/pm_test
else
	skip "the machine does not sleep while it writes" "this kernel has no pm_test"
fi
stop_device 0

begin_slow_write
for file in restart boot/confirm; do
	put $d/$file 1 2>/dev/null
done
put $d.0/erase 1 2>/dev/null
put $d.0/activate trial 2>/dev/null
usbreset 1209:0001 >/dev/null 2>&1 || :
ok "everything at once does not hang" within 60 is_idle $d.0
put $d.0/cancel 1 2>/dev/null
ok "and the device can be written" write $d.0 $images/good
stop_device 0

# --- Many at once ------------------------------------------------------------------------------------------------

for port in 0 1 2 3; do
	start_device $port --slot a --serial "S$port"
done
for port in 0 1 2 3; do
	within 90 is_known $port || bail "device $port is not claimed"
	start_write "$(fdev $port).0" $images/next
done
tell_device 2 unplug
for port in 0 1 3; do
	d=$(fdev $port)
	within 60 is_idle $d.0
	is "$(get $d.0/state),$(get $d.0/error)" "valid," "device $port is written beside one that vanishes"
done
for port in 0 1 2 3; do
	stop_device $port
done

start_device 0 --slot a
for _ in $(seq 10); do
	modprobe -r fwslot_dfu && modprobe fwslot_dfu devices=1209:0001 || bail "the module does not reload"
	within 90 is_known 0 || bail "the device is not found again"
	d=$(fdev 0)
	start_write $d.0 $images/next
done
ok "the module is reloaded ten times during writes" within 60 is_idle $d.0
for _ in $(seq 5); do
	start_write $d.0 $images/next
	tell_device 0 replug 100
	within 90 is_forgotten 0 || bail "the device is not forgotten"
	within 90 is_known 0 || bail "the device is not found again"
	d=$(fdev 0)
done
ok "the device is replugged during writes" write $d.0 $images/good
stop_device 0

ok "the module goes" modprobe -r fwslot_dfu
ok "all of it" within 90 unloaded
finish
