# shellcheck shell=bash disable=SC2154
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# fwslot_dfu: alternate settings as slots, images with a suffix, DfuSe memory and files, devices that
# come in a bad state. What it stored is read by the real dfu-util.
#
# kernels: 6.1 debug
# timeout: 900
. /mnt/host/tests/vm/dfu.sh

fw v100 1.00 --size 60000
fw v110 1.10 --size 70000
fw v120 1.20 --size 65536
sum_of() { echo "sha256:$(sha256sum <"$1" | cut -d' ' -f1)"; }
modprobe fwslot_dfu || bail "fwslot_dfu cannot be loaded"

# --- Alternate settings are slots ----------------------------------------------------------------

claim 1209:0001
start_device 0 --slot A --slot B --serial S1
within 90 is_known 0
d=$(fdev 0)
is "$(get $d.0/label),$(get $d.1/label),$(get $d/num_slots)" A,B,2 "two alternate settings, two slots"
ok "the first is written" write $d.0 $images/v100
ok "the second is written" write $d.1 $images/v110
cat $class/$d.0/data >/tmp/back-0
cat $class/$d.1/data >/tmp/back-1
ok "each holds its own" cmp $images/v100 /tmp/back-0
ok "image" cmp $images/v110 /tmp/back-1
release 0
ok "dfu-util finds the second" upload_with_dfu_util 1 /tmp/back
ok "the same" cmp $images/v110 /tmp/back
take 0
within 90 is_known 0
d=$(fdev 0)
refused "not supported" "DFU cannot choose between slots" put $d.1/activate trial
refused "spipe|seek|Illegal" "a slot is read from its beginning" \
	dd if=$class/$d.0/data of=/dev/null bs=4096 skip=3
stop_device 0

start_device 0 --slot a --attributes 05
within 90 is_known 0
d=$(fdev 0)
is "$(stat -c %a $class/$d.0/data)" 200 "a device that cannot be read"
ok "is written and believed" write $d.0 $images/v110
stop_device 0
start_device 0 --slot a --attributes 06
within 90 is_known 0
d=$(fdev 0)
ok "a device that cannot be written" test ! -e $class/$d.0/loading
stop_device 0

# --- The file suffix -----------------------------------------------------------------------------

claim 1209:0001/1209:0002
start_device 0 --id 1209:0002 --slot a
within 90 is_known 0
d=$(fdev 0)
cp $images/v110 $images/suffixed
dfu-suffix -v 1209 -p 0001 -d 0123 -a $images/suffixed >/dev/null
ok "an image with a suffix is written" write $d.0 $images/suffixed
is "$(get $d.0/version),$(get $d.0/image_size),$(get $d.0/digest)" \
	"1.23,70000,$(sum_of $images/suffixed)" "its version and its digest are known"
cat $class/$d.0/data >/tmp/back
ok "the suffix was not sent" cmp $images/v110 /tmp/back
requests=$(device_says 0 requests)
cp $images/v110 $images/other
dfu-suffix -v 1209 -p 0009 -d 0123 -a $images/other >/dev/null
is "$(write_error $d.0 $images/other)" preparing:wrong-device "one for another device is refused"
ok "and said why" grep -q 'the image is for 1209:0009' <(dmesg | tail -n 3)
cp $images/suffixed $images/damaged
printf 'X' | dd of=$images/damaged bs=1 seek=1000 conv=notrunc 2>/dev/null
is "$(write_error $d.0 $images/damaged)" preparing:firmware-invalid "a damaged one too"
is "$(device_says 0 requests)" "$requests" "neither was a request to the device"
is "$(get $d.0/state),$(get $d.0/version)" valid,1.23 "the slot holds what it held"
stop_device 0

claim 1209:0001+size=70000
start_device 0 --slot a
within 90 is_known 0
d=$(fdev 0)
ok "a suffix takes no room in the slot" write $d.0 $images/suffixed
printf 'Y' >>$images/v110
is "$(write_error $d.0 $images/v110)" preparing:invalid-file-size "one byte too much is too much"
truncate -s 70000 $images/v110
stop_device 0
claim 1209:0001

# --- DfuSe ---------------------------------------------------------------------------------------

le32() { printf "\\x$(printf %02x $(($1 & 255)))\\x$(printf %02x $(($1 >> 8 & 255)))\\x$(printf %02x $(($1 >> 16 & 255)))\\x$(printf %02x $(($1 >> 24 & 255)))"; }
# dfuse_file OUT ALTERNATE ADDRESS FILE...: a DfuSe file, without suffix.
dfuse_file() {
	local out=$1 alternate=$2 elements=0
	shift 2
	: >/tmp/elements
	while [ $# -gt 0 ]; do
		{ le32 "$1" && le32 "$(stat -c %s "$2")" && cat "$2"; } >>/tmp/elements
		elements=$((elements + 1))
		shift 2
	done
	{
		printf 'DfuSe\x01' && le32 $((11 + 274 + $(stat -c %s /tmp/elements))) && printf '\x01'
		printf 'Target' && printf "\\x0$alternate" && le32 0 && head -c 255 /dev/zero
		le32 "$(stat -c %s /tmp/elements)" && le32 $elements && cat /tmp/elements
	} >"$out"
}

start_device 0 --dfuse '@Flash/0x08000000/4*16Kg,1*64Kg' --dfuse '@Info /0x1fff0000/1*16 e' \
	--dfuse '@Boot/0x00100000/1*16Ka' --erase 3 --busy 1 --strict --transfer-size 2048 --attributes 0b
within 90 is_known 0
d=$(fdev 0)
is "$(get $d.0/label),$(get $d.0/size),$(get $d.1/label),$(get $d.1/size)" Flash,131072,Info,16 \
	"DfuSe: slots are as large as their memory"
ok "an image is written" write $d.0 $images/v110
cat $class/$d.0/data >/tmp/back
ok "and read" cmp $images/v110 /tmp/back
ok "written again: it was erased before" write $d.0 $images/v120
dd if=$class/$d.0/data of=/tmp/back bs=4096 skip=15 count=1 2>/dev/null
ok "read from the middle" cmp <(tail -c 4096 $images/v120) /tmp/back
release 0
ok "dfu-util reads it" upload_with_dfu_util 0 /tmp/back -s 0x08000000:65536
ok "the same" cmp $images/v120 /tmp/back
take 0
within 90 is_known 0
d=$(fdev 0)
head -c 16384 /dev/urandom >/tmp/piece-1
head -c 1000 /dev/urandom >/tmp/piece-2
dfuse_file $images/pieces 0 0x08004000 /tmp/piece-1 0x08010010 /tmp/piece-2
ok "a DfuSe file is written" write $d.0 $images/pieces
is "$(get $d.0/digest),$(get $d.0/image_size)" "$(sum_of $images/pieces),$((0x10010 + 1000))" \
	"its digest is that of the file"
cat $class/$d.0/data >/tmp/back
ok "its first piece is in its place" cmp <(tail -c +$((0x4000 + 1)) /tmp/back | head -c 16384) /tmp/piece-1
ok "and its second" cmp <(tail -c 1000 /tmp/back) /tmp/piece-2
ok "what is between was not touched" cmp <(head -c 16384 /tmp/back) <(head -c 16384 $images/v120)
dfuse_file $images/elsewhere 1 0x08000000 /tmp/piece-2
is "$(write_error $d.0 $images/elsewhere)" preparing:firmware-invalid "a file for another setting"
dfuse_file $images/outside 0 0x0801fff0 /tmp/piece-2
is "$(write_error $d.0 $images/outside)" preparing:invalid-file-size "a file beyond the memory"
ok "memory without sectors to erase" write $d.1 <(head -c 16 /tmp/piece-2)
refused "Read-only" "memory that cannot be written" put $d.2/loading 1
put $d.0/erase 1
within 90 is_idle $d.0
is "$(get $d.0/state)" empty "a slot is erased"
stop_device 0

# --- What it finds when it comes -----------------------------------------------------------------

claim 1209:0001/1209:0002
head -c 5000 /dev/urandom >/tmp/slot-a
start_device 0 --runtime --dfu-product 0002 --needs-header --slot a=/tmp/slot-a
within 90 is_known 0
d=$(fdev 0)
is "$(device_says 0 state),$(device_says 0 status)" 10,10 "a device without right firmware is in dfuERROR"
ok "it is written nevertheless" write $d.0 $images/v110
put $d.0/activate permanent
ok "and started" restart "${d#fwslot}"
is "$(get $d.0/version),$(get $d/boot/running_slot)" 1.10,0 "it runs"
head -c 5000 /dev/urandom >$images/wrong
is "$(write_error $d.0 $images/wrong)" programming:firmware-invalid "what it refuses at the end"
is "$(get $d.0/state)" partial "leaves nothing that could be started"
put $d/restart 1
ok "a restart finds nothing" within 90 is_idle $d
is "$(get $d/boot/state)" unknown "and says so"
stop_device 0

start_device 0 --slot a --serial one
within 90 is_known 0
tell_device 0 quit
wait "${device_pids[0]}"
start_device 0 --slot a --serial two
within 90 is_known 0
is "$(get "$(fdev 0)/serial")" two "another device on the same port is another device"
stop_device 0

ok "the module goes" modprobe -r fwslot_dfu
ok "all of it" within 90 unloaded
finish
