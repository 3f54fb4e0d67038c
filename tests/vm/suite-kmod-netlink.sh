# shellcheck shell=bash disable=SC2154
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The netlink family: its answers are those of sysfs, its events arrive, progress is not too much.
#
# kernels: 6.12 debug
# timeout: 900
. /mnt/host/tests/vm/kmod.sh
load devices=12 slots=3

# watch FILE GROUP [COMMAND...]: listens in the background (by COMMAND), and is ready on return.
watch() {
	local file=$1 group=$2
	shift 2
	"$@" fwslot-netlink watch "$group" 60000 >"$file" 2>&1 &
	within 90 grep -q ready "$file"
}

stop_watching() {
	# shellcheck disable=SC2046
	kill $(jobs -p) 2>/dev/null
	wait
}

# --- Answers ---------------------------------------------------------------------------------

is "$(fwslot-netlink device 0)" \
	"device index=0 name='Simulated device 0' provider='sim' hardware_id='fwslot/sim' serial='sim-0000' num_slots=3 status=0 boot: { total=1 state=1 running=0 next=0 limit=3 attempts=0 attempts_left=3 reason=1 }" \
	"a device"
is "$(fwslot-netlink slot 0 0)" \
	"slot device=0 index=0 label='a' size=1048576 state=7 active next version='1.0.0' image_size=2304" \
	"a slot"
is "$(fwslot-netlink slot 0 1)" "slot device=0 index=1 label='b' size=1048576 state=1" "an empty slot"
is "$(fwslot-netlink devices | grep -c '^device ')" 12 "all devices"
is "$(fwslot-netlink slots | grep -c '^slot ')" 36 "all slots, more than one message holds"
is "$(fwslot-netlink slots | sort -u | wc -l)" 36 "each once"
is "$(fwslot-netlink slots 5 | grep -c '^slot device=5 ')" 3 "the slots of one device"
is "$(fwslot-netlink slots 5 | wc -l)" 3 "and no others"
refused "No such device|Object not found|not found" "a device that is not there" fwslot-netlink device 99
refused "." "the slots of one that is not there" fwslot-netlink slots 99
refused "." "a slot that is not there" fwslot-netlink slot 0 3
refused "out of range" "a slot that cannot be" fwslot-netlink slot 0 32
refused "Invalid" "a request without a number" fwslot-netlink device
ok "anybody may ask" setpriv --reuid=65534 --clear-groups "$(command -v fwslot-netlink)" devices
ok "in a network namespace of its own too" unshare -n "$(command -v fwslot-netlink)" devices

# --- Events ----------------------------------------------------------------------------------

watch /tmp/events events
watch /tmp/events-elsewhere events unshare -n
echo 2 >$faults/new_device
write fwslot0.1 "$(image 1.1.0)"
put fwslot0.1/activate trial
restart 0
put fwslot0/boot/confirm 1
echo 12 >$faults/del_device
loops=$(image 1.2.0 --behaviour boot-loops)
fault 0 boot_time_ms 50
put fwslot0/boot/limit 1
write fwslot0.2 "$loops"
put fwslot0.2/activate trial
put fwslot0/restart 1
has_fallen_back() { reads fwslot0/boot/state fallback; }
ok "the boot-looping firmware is taken back" within 90 has_fallen_back
sleep 0.3
heard() { # WHAT PATTERN
	ok "$1" within 90 grep -Eq "^[0-9]+ $2" /tmp/events
}
heard "a device is added" "device-added index=12 .*num_slots=2"
heard "a device is deleted" "device-deleted index=12$"
heard "a slot is partial" "slot-changed device=0 index=1 .*state=2$"
heard "then valid, with version and digest" "slot-changed device=0 index=1 .*state=3 version='1.1.0' image_size=65536 digest='sha256:"
heard "then pending" "slot-changed device=0 index=1 .*state=5 next"
heard "then on trial" "slot-changed device=0 index=1 .*state=6 active next"
heard "then confirmed" "slot-changed device=0 index=1 .*state=7 active next"
heard "the trial's boot" "boot index=0 .*total=2 state=2 running=1 next=1 fallback=0 limit=3 attempts=1 attempts_left=2 reason=2 "
heard "the confirmation" "boot index=0 .*total=2 state=1 running=1 next=1 limit=3 attempts=0"
heard "the fallback" "fallback index=0 .*state=3 running=1 next=1 limit=1 attempts=0 attempts_left=1 reason=5 "
heard "the failed slot" "slot-changed device=0 index=2 .*state=4 "
is "$(grep -c "fallback index" /tmp/events)" 1 "one fallback is told once"
ok "a listener in another namespace hears the same" within 90 grep -q "fallback index=0" /tmp/events-elsewhere

# --- Progress --------------------------------------------------------------------------------

fault 0 flash_delay_us_per_page 8000
big=$(image 1.3.0 --size 1048576)
stop_watching
watch /tmp/progress progress
write fwslot0.2 "$big"
within 90 grep -q 'status=0' /tmp/progress
is "$(tail -n 1 /tmp/progress | cut -d' ' -f2-)" \
	"progress device=0 slot=2 status=0 done=1048576 total=1048576" "the last message is told"
# Whoever listens may have been kept waiting, so over all of it, not second by second.
is_seldom() {
	awk '/ progress / { last = $1; if (!count++) first = $1 }
		END { exit !(count > 0 && count - 1 <= 11 + (last - first) / 100) }' /tmp/progress
}
ok "there were about 10 a second at most" is_seldom
ok "and more than 5 in all" [ "$(grep -c ' progress ' /tmp/progress)" -gt 5 ]
fault 0 flash_delay_us_per_page 0
fault 0 refuse "write timeout"
stop_watching
watch /tmp/progress progress
start_write fwslot0.2 "$big"
ok "an error is told" within 90 grep -q "status=0 .*error='transferring:timeout'" /tmp/progress
stop_watching
ok "the modules are unloaded" unload
finish
