# shellcheck shell=bash disable=SC2154
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# /dev/fwslot: a device that a process provides, and every way in which a process can fail it.
#
# kernels: 6.1 6.12 debug
# timeout: 900
. /mnt/host/tests/vm/kmod.sh

log=/tmp/user-device.log
modprobe fwslot_user || bail "fwslot_user cannot be loaded"
ok "/dev/fwslot is there" within 90 test -c /dev/fwslot

is_gone() { ! [ -e "$class/$1" ]; }

# begin_device OPTION...: starts the process; its device is fwslot0.
begin_device() {
	within 90 is_gone fwslot0 || bail "the device before is still there"
	user-device "$@" >$log 2>&1 &
	process=$!
	within 90 is_here fwslot0 || bail "the device does not appear: $(cat $log)"
}

end_device() {
	kill "$process" 2>/dev/null
	wait "$process" 2>/dev/null
	within 90 is_gone fwslot0
}

printf '1.1.0 the next one\n' >$images/next
head -c 300000 /dev/urandom >>$images/next
printf '1.2.0 small\n' >$images/small
digest=sha256:$(sha256sum <$images/next | cut -d' ' -f1)

# --- A good process ---------------------------------------------------------------------------

begin_device --serial=u1
is "$(cd $class/fwslot0 && grep -h . name provider hardware_id serial num_slots status | paste -sd,)" \
	"Device of a process,user,acme/process,u1,2,idle" "the device says what it is"
is "$(get fwslot0.0/state),$(get fwslot0.0/version),$(get fwslot0.1/state)" "confirmed,1.0.0,empty" \
	"and what its slots hold"
ok "an image is written" write fwslot0.1 $images/next
is "$(get fwslot0.1/state),$(get fwslot0.1/version)" "valid,1.1.0" "the slot holds it"
is "$(get fwslot0.1/digest)" "$digest" "with its digest"
ok "it is read back" cmp $images/next $class/fwslot0.1/data
is "$(grep -c '^write' $log)" $(((300019 + 4095) / 4096)) "in pieces of the size the process asked for"
ok "it is chosen for trial" put fwslot0.1/activate trial
ok "and booted" restart 0
is "$(boot state),$(boot running_slot),$(boot attempts_left)" "trial,1,2" "the kernel counts the attempt"
restart 0
restart 0
is "$(boot attempts_left)" 0 "and the next two"
put fwslot0/restart 1
ok "the fourth goes back" within 90 reads fwslot0/boot/state fallback
ok "through the process" grep -q '^go-back slot 0' $log
is "$(boot running_slot),$(get fwslot0.1/state),$(boot last_restart_reason)" \
	"0,invalid,attempts-exhausted" "to the slot before"
ok "written again" write fwslot0.1 $images/next
put fwslot0.1/activate trial
restart 0
ok "confirmed" put fwslot0/boot/confirm 1
is "$(boot state)" confirmed "it is good"
ok "a slot is erased" put fwslot0.0/erase 1
ok "empty" within 90 reads fwslot0.0/state empty
end_device
ok "with its process the device goes" is_gone fwslot0

begin_device --no-boot --no-read
ok "a device without boot control has no boot/" [ ! -e $class/fwslot0/boot ]
ok "nor restart" [ ! -e $class/fwslot0/restart ]
ok "it is written" write fwslot0.1 $images/next
is "$(get fwslot0.1/digest)" "$digest" "the digest is that of the bytes sent"
end_device

begin_device --inspect --transfer=65536
ok "a process that wants to see images first" write fwslot0.1 $images/next
is "$(grep -oE '^(inspect|prepare)' $log | uniq | paste -sd,)" "inspect,prepare" "sees them first"
is "$(grep -c '^inspect' $log)" 5 "whole"
end_device
begin_device --inspect --fault=inspect@2:refuse
is "$(write_error fwslot0.1 $images/next)" preparing:firmware-invalid "it may refuse"
is "$(get fwslot0.1/state)" empty "and nothing was changed"
not_ok "it was not prepared" grep -q '^prepare' $log
end_device

# --- Bad processes ----------------------------------------------------------------------------

for request in prepare erase write program read; do
	begin_device --fault=$request@1:die
	start_write fwslot0.1 $images/next 2>/dev/null
	ok "a process that dies in $request takes only its device along" within 90 is_gone fwslot0
	wait "$process"
	is $? 3 "... it did die"
done
for request in activate confirm restart; do
	begin_device --fault=$request@1:die
	write fwslot0.1 $images/small
	case $request in
	activate) refused "No such device" "died in activate" put fwslot0.1/activate trial ;;
	confirm)
		put fwslot0.1/activate trial && restart 0
		refused "No such device" "died in confirm" put fwslot0/boot/confirm 1
		;;
	restart) refused "No such device" "died in restart" put fwslot0/restart 1 ;;
	esac
	ok "... and the device is gone" within 90 is_gone fwslot0
	wait "$process"
done

# A second device is there all the while: nothing of this may touch it.
user-device --serial=bystander >/tmp/bystander.log 2>&1 &
bystander=$!
within 90 is_here fwslot0 || bail "the bystander does not appear"
begin_second() {
	user-device --serial=bad "$@" >$log 2>&1 &
	process=$!
	within 90 is_here fwslot1 || bail "the second device does not appear"
}
end_second() {
	kill "$process" 2>/dev/null
	wait "$process" 2>/dev/null
	within 90 is_gone fwslot1
}

begin_second --fault=write@3:hang
start_write fwslot1.1 $images/next
ok "the bystander is written while the other hangs" write fwslot0.1 $images/next
ok "a process that does not answer is not waited for for ever" within 90 is_idle fwslot1.1
is "$(get fwslot1.1/error),$(get fwslot1.1/state)" "transferring:timeout,partial" "and it is said so"
ok "it is told that nobody waits any more" grep -q '^cancelled' $log
ok "it gets its next chance" write fwslot1.1 $images/small
end_second

begin_second --fault=write@2:sleep
start_write fwslot1.1 $images/next
ok "a process that does not even read is given up, too" within 90 is_idle fwslot1.1
is "$(get fwslot1.1/error)" transferring:timeout "with the same words"
end_second

begin_second --fault=erase@1:slow
start=$SECONDS
start_write fwslot1.1 $images/small
ok "a process that says that it works is waited for" within 90 is_idle fwslot1.1
is "$(get fwslot1.1/error),$((SECONDS - start >= 13))" ",1" "as long as it says so"
end_second

begin_second --fault=write@2:late
start_write fwslot1.1 $images/next
within 90 is_idle fwslot1.1
is "$(get fwslot1.1/error)" transferring:timeout "an answer after the time"
ok "is refused" within 90 grep -q 'write of 5: Stale' $log
end_second

begin_second --fault=write@2:hang
start_write fwslot1.1 $images/next
sleep 1
ok "a write is cancelled" put fwslot1.1/cancel 1
ok "the process hears of it" within 90 grep -q '^cancelled' $log
within 90 is_idle fwslot1.1
is "$(get fwslot1.1/error)" transferring:user-abort "and it ends so"
end_second

begin_second --fault=write@2:wrong-id --fault=write@3:twice
ok "answers to nothing do no harm" write fwslot1.1 $images/next
is "$(get fwslot1.1/digest)" "$digest" "at all"
is "$(grep -c 'Stale' $log)" 2 "and are refused"
end_second

begin_second --fault=write@2:destroy
start_write fwslot1.1 $images/next
ok "a device that is destroyed in the middle of a write is gone" within 90 is_gone fwslot1
wait "$process"

echo 2 >/sys/module/fwslot/parameters/restart_timeout_s
begin_second --fault=restart@1:no-boot
put fwslot1/restart 1
ok "a device that never comes back is busy only for a while" within 90 reads fwslot1/status idle
end_second
echo 60 >/sys/module/fwslot/parameters/restart_timeout_s

# Killed at any moment of a write.
died=0
for i in $(seq 1 10); do
	begin_second
	start_write fwslot1.1 $images/next
	sleep "0.$((i * 7 % 10))"
	kill -9 "$process"
	wait "$process" 2>/dev/null
	within 90 is_gone fwslot1 && died=$((died + 1))
done
is $died 10 "killed ten times in the middle of a write"
not_ok "the module cannot be unloaded while a process uses it" rmmod fwslot_user
is "$(get fwslot0.1/digest)" "$digest" "the bystander saw nothing of all this"
kill $bystander
wait $bystander 2>/dev/null
within 90 is_gone fwslot0

# --- Hostile messages -------------------------------------------------------------------------

output=$(user-hostile 2>&1)
status=$?
grep '^not ok' <<<"$output" | while read -r line; do note "$line"; done
is "$status" 0 "hostile messages ($(grep -c '^ok' <<<"$output") checks)"
ok "the module is unloaded" within 90 rmmod fwslot_user
finish
