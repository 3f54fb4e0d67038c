# shellcheck shell=bash disable=SC2154
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Boot assessment on a real kernel: trials, attempts that run down, every way back, handing back what a
# device forgot. The table behind it is tested row by row in tests/unit/test-boot-assessment.c.
#
# kernels: 6.1 debug
# timeout: 900
. /mnt/host/tests/vm/kmod.sh
load devices=4 slots=2
good=$(image 1.1.0)

# record DEVICE: state, running, next, fallback, attempts, left, reason
record() {
	local file
	for file in state running_slot next_slot fallback_slot attempts attempts_left \
		last_restart_reason; do
		get "fwslot$1/boot/$file" || echo -
	done | paste -sd' '
}

# run DEVICE IMAGE: written to slot 1, on trial, restarted
run() {
	write "fwslot$1.1" "$2" && put "fwslot$1.1/activate" trial && put "fwslot$1/restart" 1
}

has_state() { reads "fwslot$1/boot/state" "$2"; }
is_up() { is_idle "fwslot$1"; }

# --- A good trial ----------------------------------------------------------------------------

write fwslot0.1 "$good"
ok "a slot is activated on trial" put fwslot0.1/activate trial
is "$(record 0) $(get fwslot0.1/state) $(get fwslot0.1/next)" \
	"confirmed 0 1 - 0 3 power-on pending 1" "it is pending"
ok "the device restarts" restart 0
is "$(record 0)" "trial 1 1 0 1 2 commanded" "it is on trial with two attempts left"
is "$(get fwslot0.1/state) $(get fwslot0.0/state) $(get fwslot0.1/active)" "trial confirmed 1" \
	"both slots show it"
refused "Device or resource busy" "the way back cannot be overwritten" put fwslot0.0/loading 1
refused "Invalid argument" "attempts cannot be lowered" put fwslot0/boot/attempts 0
refused "Numerical result" "nor raised beyond the limit" put fwslot0/boot/attempts 4
ok "it is confirmed" put fwslot0/boot/confirm 1
is "$(record 0) $(get fwslot0.1/state) $(get fwslot0.0/state)" \
	"confirmed 1 1 - 0 3 commanded confirmed valid" "and the other is history"
refused "No such file" "once" put fwslot0/boot/confirm 1
total=$(boot total)
fault 0 crash 1
ok "confirmed firmware crashes" within 90 total_is_above 0 "$total"
is "$(record 0)" "confirmed 1 1 - 0 3 fault" "and no attempt is counted"
ok "the other is activated for good" put fwslot0.0/activate permanent
restart 0
is "$(record 0)" "confirmed 0 0 - 0 3 commanded" "and begins no trial"

# --- Attempts run down -----------------------------------------------------------------------

loops=$(image 1.2.0 --behaviour boot-loops)
fault 0 boot_time_ms 1000
total=$(boot total)
write fwslot0.1 "$loops"
put fwslot0.1/activate trial
seen=$(boot attempts_left)
put fwslot0/restart 1
deadline=$((SECONDS + 20))
until reads fwslot0/boot/state fallback || [ $SECONDS -gt $deadline ]; do
	read -r left <$class/fwslot0/boot/attempts_left
	[ "$left" = "${seen##* }" ] || reads fwslot0/boot/state fallback || seen="$seen $left"
	sleep 0.05
done
is "$seen" "3 2 1 0" "attempts of a boot-looping firmware run down"
is "$(record 0)" "fallback 0 0 - 0 3 attempts-exhausted" "and the device goes back"
is "$(boot total)" $((total + 4)) "the boot that was turned away is not counted"
is "$(get fwslot0.1/state) $(get fwslot0.0/state)" "invalid confirmed" "the slot that failed says so"
refused "Operation not permitted" "and cannot be tried again" put fwslot0.1/activate trial
restart 0
is "$(record 0)" "fallback 0 0 - 0 3 commanded" "the state stays until the next trial"
run 0 "$good"
ok "which is possible" within 90 has_state 0 trial
put fwslot0/boot/confirm 1

# --- Other ways to fail ----------------------------------------------------------------------

write fwslot1.1 "$good"
fault 1 flip_bit "1 300"
put fwslot1.1/activate trial
put fwslot1/restart 1
ok "a payload with a wrong checksum" within 90 has_state 1 fallback
is "$(record 1) $(get fwslot1.1/state)" "fallback 0 0 - 0 3 fault invalid" \
	"is refused by the boot loader, which starts the other"
ok "the limit can be one" put fwslot1/boot/limit 1
run 1 "$(image hangs --behaviour hangs)"
ok "firmware that hangs is on trial" within 90 has_state 1 trial
is "$(record 1)" "trial 1 1 0 1 0 commanded" "with no attempt left"
is "$(get fwslot1.1/state)" trial "and runs on"
ok "the watchdog ends that" within 90 has_state 1 fallback
is "$(record 1)" "fallback 0 0 - 0 1 attempts-exhausted" "with the right reason"
run 1 "$(image wrong --behaviour wrong-version)"
ok "firmware of the wrong version runs" within 90 has_state 1 trial
says_wrong() { reads fwslot1.1/version 0.0.0-wrong; }
ok "and says what it is" within 90 says_wrong
fault 1 refuse "go-back hw-error"
fault 1 crash 1
sleep 0.5
fault 1 crash 1
is_stuck() { [ "$(get fwslot1/boot/state) $(get fwslot1/boot/attempts_left)" = "trial 0" ]; }
ok "a device that cannot go back stays on trial" within 90 is_stuck

# --- Withdrawn, silent, single ----------------------------------------------------------------

write fwslot2.1 "$good"
put fwslot2.1/activate trial
ok "a pending slot is written again" write fwslot2.1 "$good"
is "$(get fwslot2.1/state) $(get fwslot2/boot/next_slot)" "valid 0" "and is no longer pending"
restart 2
is "$(record 2)" "confirmed 0 0 - 0 3 commanded" "the device knows"
put fwslot2.1/activate trial
put fwslot2.0/activate permanent
is "$(get fwslot2.1/state) $(get fwslot2/boot/next_slot)" "valid 0" \
	"to stay with what runs withdraws it too"
echo 5 >/sys/module/fwslot/parameters/restart_timeout_s
fault 2 silent 1
put fwslot2/restart 1
is "$(get fwslot2/status)" restarting "a device that does not start is restarting"
ok "for so long" within 90 is_up 2
fault 2 silent 0
restart 2
is "$(get fwslot2/boot/last_restart_reason)" commanded "it can be tried again"

echo 1 >$faults/new_device
ok "the only slot of a device can be written" write fwslot4.0 "$loops"
is "$(get fwslot4.0/state) $(get fwslot4.0/active)" "valid 1" "what runs is another image then"
ok "and activated" put fwslot4.0/activate trial
fault 4 boot_time_ms 50
put fwslot4/restart 1
out_of_attempts() { reads fwslot4/boot/attempts_left 0; }
ok "its attempts run down" within 90 out_of_attempts
sleep 0.5
is "$(record 4 | sed 's/ [a-z]*$//')" "trial 0 0 - 3 0" "and it has no way back"
echo 4 >$faults/del_device

# --- The host restarted, or the device lost its power ------------------------------------------

run 3 "$good"
ok "a trial runs" within 90 has_state 3 trial
fault 3 replug 1
index=$(cd $class && grep -l sim-0003 */serial | cut -d/ -f1)
index=${index#fwslot}
is "$(record "$index")" "unknown 1 1 - 0 3 power-on" "and is forgotten"
refused "No such file" "nothing is confirmed then" put "fwslot$index/boot/confirm" 1
ok "attempts are handed back" put "fwslot$index/boot/attempts" 2
ok "and the trial" put "fwslot$index.1/activate" trial
is "$(record "$index")" "trial 1 1 0 2 1 power-on" "it goes on where it was"
is "$(get "fwslot$index.1/state")" trial "without a restart"
fault 3 boot_loop 1
fault 3 boot_time_ms 50
fault 3 crash 1
ok "and comes to its end" within 90 has_state "$index" fallback
fault 3 boot_loop 0
fault 3 replug 1
index=$(cd $class && grep -l sim-0003 */serial | cut -d/ -f1)
ok "or what runs is confirmed" put "$index.0/activate" permanent
is "$(record "${index#fwslot}")" "confirmed 0 0 - 0 3 power-on" "by what was known before"
ok "the modules are unloaded" unload
finish
