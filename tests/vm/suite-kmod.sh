# shellcheck shell=bash disable=SC2154
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The module's sysfs tree: what is there, what each file says and refuses, uploads and their faults.
#
# kernels: 6.1 6.12 debug
# timeout: 900
. /mnt/host/tests/vm/kmod.sh
load devices=2

# --- What is there ---------------------------------------------------------------------------

# files DEVICE: mode and name of every file of ours, slots as fwslotN.M.
files() {
	(
		cd "$class/fwslot$1/" || exit
		stat -c '%a %n' -- * boot/* "fwslot$1".1/* | sed "s/fwslot$1\\.1/fwslotN.M/" |
			grep -vE ' (fwslot|boot$|device$|power$|subsystem$|uevent$)|/(device|power|subsystem|uevent)$|fwslotN.M$'
		stat -c '%a %n' -- "fwslot$1".1/* | sed "s/fwslot$1\\.1/fwslotN.M/" |
			grep -vE '/(device|power|subsystem|uevent)$'
	) | sort -k 2 -u
}
expected='644 boot/attempts
444 boot/attempts_left
200 boot/confirm
444 boot/fallback_slot
444 boot/last_restart_reason
644 boot/limit
444 boot/next_slot
444 boot/running_slot
444 boot/state
444 boot/total
200 fwslotN.M/activate
444 fwslotN.M/active
200 fwslotN.M/cancel
600 fwslotN.M/data
444 fwslotN.M/digest
200 fwslotN.M/erase
444 fwslotN.M/error
444 fwslotN.M/image_size
444 fwslotN.M/index
444 fwslotN.M/label
644 fwslotN.M/loading
444 fwslotN.M/next
444 fwslotN.M/remaining_size
444 fwslotN.M/size
444 fwslotN.M/state
444 fwslotN.M/status
444 fwslotN.M/version
444 hardware_id
444 name
444 num_slots
444 provider
200 restart
444 serial
444 status'
# udev may have given some to group fwslot; the kernel's own modes are those without.
is "$(files 1 | sed 's/^664 /644 /; s/^220 /200 /; s/^660 /600 /')" "$(sort -k 2 <<<"$expected")" \
	"the tree has these files with these modes, and no other"
is "$(grep -oE '^What:.*' /mnt/host/kmod/Documentation/ABI/testing/sysfs-class-fwslot |
	sed 's|.*/fwslotN/||; s|^What:.*||' | grep . | sort)" \
	"$(cut -d' ' -f2 <<<"$expected" | sort)" "and the documentation names the same"

is "$(cd $class/fwslot0/ && grep -h . name provider hardware_id serial num_slots status | paste -sd,)" \
	"Simulated device 0,sim,fwslot/sim,sim-0000,2,idle" "a device says what it is"
is "$(cd $class/fwslot0.0/ && grep -h . index label size state active next version image_size status remaining_size | paste -sd,)" \
	"0,a,1048576,confirmed,1,1,1.0.0,2304,idle,0" "its first slot holds the factory's firmware"
is "$(cd $class/fwslot0.1/ && grep -h . index label size state active next status remaining_size loading | paste -sd,)" \
	"1,b,1048576,empty,0,0,idle,0,0" "its second is empty"
is "$(cd $class/fwslot0/boot && grep -h . total state running_slot next_slot limit attempts attempts_left last_restart_reason | paste -sd,)" \
	"1,confirmed,0,0,3,0,3,power-on" "it booted once"
is "$(sed -n 's/^DEVTYPE=//p' $class/fwslot0/uevent $class/fwslot0.1/uevent | paste -sd,)" \
	"fwslot_device,fwslot_slot" "udev can tell devices from slots"
is "$(readlink -f $class/fwslot0.1)" "$(readlink -f $class/fwslot0)/fwslot0.1" \
	"a slot is a child of its device"

# --- What each refuses -----------------------------------------------------------------------

denied() { # FILE VALUE PATTERN
	refused "$3" "$1 refuses '$2': $3" put "$1" "$2"
}
for file in version image_size digest data; do
	refused "No data available" "$file of an empty slot is unknown" cat "$class/fwslot0.1/$file"
done
refused "No data available" "there is no fallback slot" cat $class/fwslot0/boot/fallback_slot
denied fwslot0.1/activate trial "Operation not permitted"
denied fwslot0.1/activate maybe "Invalid argument"
denied fwslot0.0/activate trial "Text file busy"
denied fwslot0.0/loading 1 "Text file busy"
denied fwslot0.0/erase 1 "Text file busy"
denied fwslot0.1/erase 0 "Invalid argument"
denied fwslot0.1/loading 0 "Invalid argument"
denied fwslot0.1/loading -1 "Invalid argument"
denied fwslot0.1/loading 2 "Invalid argument"
denied fwslot0.1/data x "Invalid argument"
denied fwslot0.1/cancel 1 "No such device"
denied fwslot0/boot/confirm 1 "No such file or directory"
denied fwslot0/boot/confirm yesterday "Invalid argument"
denied fwslot0/boot/limit 0 "Numerical result out of range"
denied fwslot0/boot/limit 256 "Numerical result out of range"
denied fwslot0/boot/limit many "Invalid argument"
denied fwslot0/boot/attempts 1 "Operation not permitted"
denied fwslot0/restart 0 "Invalid argument"

# --- Receiving -------------------------------------------------------------------------------

good=$(image 1.1.0)
size=$(stat -c %s "$good")
ok "a load begins" put fwslot0.1/loading 1
is "$(get fwslot0.1/status),$(get fwslot0/status),$(get fwslot0.1/loading)" "receiving,receiving,1" \
	"slot and device are receiving"
denied fwslot0/restart 1 "Device or resource busy"
denied fwslot0.1/erase 1 "Device or resource busy"
refused "Device or resource busy" "error cannot be read meanwhile" cat $class/fwslot0.1/error
refused "Invalid argument" "a hole is refused" \
	dd if="$good" of=$class/fwslot0.1/data bs=4096 seek=1 count=1 conv=notrunc
refused "File too large" "more than the slot holds is refused" \
	dd if=/dev/zero of=$class/fwslot0.1/data bs=64k count=17 conv=notrunc
ok "an unfinished load is dropped by -1" put fwslot0.1/loading -1
is "$(get fwslot0.1/status) $(get fwslot0.1/error) $(get fwslot0.1/state)" \
	"idle receiving:user-abort empty" "and the slot holds what it held"
put fwslot0.1/loading 1
denied fwslot0.1/loading 0 "Invalid argument"
is "$(get fwslot0.1/error)" receiving:invalid-file-size "an empty image is no image"
begin fwslot0.1 /etc/passwd
ok "a load is dropped by the next" write fwslot0.1 "$good"
put fwslot0.1/loading 1
ok "and by cancel" put fwslot0.1/cancel 1
is "$(get fwslot0.1/status) $(get fwslot0.1/state)" "idle valid" "which harms nothing"
echo 1 >/sys/module/fwslot/parameters/load_timeout_s
put fwslot0.1/loading 1
ok "a load that nobody finishes times out" within 90 is_idle fwslot0.1
is "$(get fwslot0.1/error)" receiving:timeout "and says so"
echo 60 >/sys/module/fwslot/parameters/load_timeout_s
echo 4096 >/sys/module/fwslot/parameters/image_limit_bytes
put fwslot0.1/loading 1
refused "File too large" "image_limit_bytes bounds every image" cp "$good" $class/fwslot0.1/data
put fwslot0.1/loading -1
echo $((256 << 20)) >/sys/module/fwslot/parameters/image_limit_bytes

# --- Writing ---------------------------------------------------------------------------------

ok "an image is written" write fwslot0.1 "$good"
is "$(get fwslot0.1/version) $(get fwslot0.1/image_size) $(get fwslot0.1/state) $(get fwslot0.1/remaining_size)" \
	"1.1.0 $size valid 0" "the slot holds it"
is "$(get fwslot0.1/digest)" "sha256:$(sha256sum <"$good" | cut -d' ' -f1)" "with this digest"
ok "it reads back the same" cmp $class/fwslot0.1/data "$good"
ok "it is erased" put fwslot0.1/erase 1
ok "until it is idle" within 90 is_idle fwslot0.1
is "$(get fwslot0.1/state)" empty "and the slot is empty"
full=$(image full --size 1048576)
ok "an image that fills the slot is written" write fwslot0.1 "$full"
ok "and reads back the same" cmp $class/fwslot0.1/data "$full"
odd=$(image odd --size 70001)
ok "one of an odd size over it" write fwslot0.1 "$odd"
ok "reads back the same" cmp $class/fwslot0.1/data "$odd"
head -c 5000 /dev/urandom >$images/garbage
ok "what is no image is written too" write fwslot0.1 $images/garbage
is "$(get fwslot0.1/state)" invalid "but the device says that it is none"
denied fwslot0.1/activate trial "Operation not permitted"

# --- Faults ----------------------------------------------------------------------------------

fails() { # WHAT ERROR STATE
	is "$(write_error fwslot0.1 "$full") $(get fwslot0.1/state)" "$2 $3" "$1"
	write fwslot0.1 "$good" || report 1 "a good write after that: $(get fwslot0.1/error)"
}
write fwslot0.1 "$good"
fault 0 torn_write_at_page 20
fails "a torn write" transferring:read-write-error partial
fault 0 bit_flip_at_page 200
fails "a bit that flips" verifying:read-write-error partial
for refusal in "prepare firmware-invalid preparing valid" "prepare wrong-device preparing valid" \
	"prepare invalid-file-size preparing valid" \
	"erase flash-wearout erasing partial" "write hw-error transferring partial" \
	"write timeout transferring partial" "write device-busy transferring partial" \
	"read read-write-error verifying partial" "program hw-error programming partial"; do
	read -r op word status state <<<"$refusal"
	fault 0 refuse "$op $word"
	fails "$op fails with $word" "$status:$word" "$state"
done
fault 0 refuse "activate hw-error"
denied fwslot0.1/activate trial "Protocol error"
is "$(get fwslot0.1/state) $(boot next_slot) $(get fwslot0/status)" "valid 0 idle" \
	"a refused activation is taken back"
fault 0 refuse "restart timeout"
denied fwslot0/restart 1 "Connection timed out"
is "$(get fwslot0/status)" idle "a refused restart is over"

# --- Slow flash: others wait, users cancel, writers die ----------------------------------------

fault 0 flash_delay_us_per_page 40000
ok "a slow write begins" start_write fwslot0.1 "$full"
like "$(get fwslot0/status)" 'preparing|erasing|transferring' "the writer does not wait for it"
denied fwslot0/restart 1 "Device or resource busy"
denied fwslot0.1/loading 1 "Device or resource busy"
denied fwslot0.1/activate trial "Device or resource busy"
refused "Device or resource busy" "nor is it read meanwhile" cat $class/fwslot0.1/data
ok "the other device is free" write fwslot1.1 "$good"
is_transferring() { reads fwslot0.1/status transferring; }
ok "it comes to transferring" within 90 is_transferring
before=$(get fwslot0.1/remaining_size)
sleep 1.5
ok "remaining_size goes down" [ "$(get fwslot0.1/remaining_size)" -lt "$before" ]
ok "it is cancelled" put fwslot0.1/cancel 1
ok "at once" within 90 is_idle fwslot0.1
is "$(get fwslot0.1/error) $(get fwslot0.1/state)" "transferring:user-abort partial" "and says so"
ok "what remains is told after it" [ "$(get fwslot0.1/remaining_size)" -gt 0 ]
fault 0 flash_delay_us_per_page 2000
bash -c "echo 1 >$class/fwslot0.1/loading; cat $good >$class/fwslot0.1/data
	echo 0 >$class/fwslot0.1/loading; kill -9 \$\$" >/dev/null 2>&1 &
wait
ok "a writer that dies after its commit" within 90 is_idle fwslot0.1
is "$(get fwslot0.1/state) $(get fwslot0.1/error)" "valid " "does not stop the kernel"
fault 0 flash_delay_us_per_page 0

# --- Vanishing -------------------------------------------------------------------------------

gone() { ! [ -e "$class/fwslot$1" ]; }
exec 8<$class/fwslot1/status 7<$class/fwslot1.1/data
head -c 4 <&7 >/dev/null
fault 1 vanish_at_op 20
ok "a write into a device that will vanish begins" start_write fwslot1.1 "$full"
ok "the device vanishes in the middle" within 90 gone 1
refused "No such device" "open files of it say so" head -c 4 <&8
refused "No such device" "and so do data" head -c 4 <&7
exec 8<&- 7<&-
ok "other devices do not care" write fwslot0.1 "$good"
ok "it is plugged in again" fault 1 replug 1
index=$(cd $class && grep -l sim-0001 */serial | cut -d/ -f1)
is "$(get "$index/boot/state") $(get "$index/boot/running_slot") $(get "$index/boot/total")" \
	"unknown 0 2" "it runs what it ran, and nobody remembers whether that was good"
ok "and can be written" write "$index.1" "$good"
ok "a device appears" bash -c "echo 3 >$faults/new_device"
ok "with three slots" [ -e $class/fwslot2.2 ]
ok "and is deleted" bash -c "echo 2 >$faults/del_device"
ok "without a trace" gone 2
refused "No such device" "a device that is not there cannot be deleted" \
	bash -c "echo 77 >$faults/del_device"
refused "Invalid argument" "nor can one of 33 slots be made" bash -c "echo 33 >$faults/new_device"
ok "the modules are unloaded" unload
finish
