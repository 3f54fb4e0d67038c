# shellcheck shell=bash disable=SC2154
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The module is loaded and unloaded 100 times with uploads running, devices vanishing and others
# reading. The kernel log must stay clean: tests/vm/suite asks for that.
#
# timeout: 420
. /mnt/host/tests/vm/kmod.sh
rounds=${ROUNDS:-100}
picture=$(image 1.1.0 --size 262144)

# Writes until its device is gone.
keep_writing() {
	local status
	while [ -e "$class/$1" ]; do
		start_write "$1" "$picture"
		read -r status <"$class/$1/status" && [ "$status" ] || return
	done
}

keep_reading() {
	local file text
	while [ -e "$class/fwslot0" ]; do
		for file in "$class"/fwslot*/{status,state,boot/state,error}; do
			read -r text <"$file" || [ "$text" ] || :
		done
	done
}

one_round() { # NUMBER
	load devices=3 flash_delay_us_per_page=$(($1 % 3 * 100)) || return
	keep_writing fwslot0.1 &
	keep_writing fwslot1.1 &
	keep_reading &
	fwslot-netlink slots >/dev/null &
	echo $(($1 % 40 + 2)) >"$faults/sim1/vanish_at_op"
	put fwslot2/restart 1
	[ $(($1 % 2)) = 0 ] || echo 0 >"$faults/del_device"
	modprobe -r fwslot_sim || within 10 modprobe -r fwslot_sim || return
	within 10 unloaded
}

failed=0
for round in $(seq "$rounds"); do
	one_round "$round" 2>/dev/null || failed=$((failed + 1))
done
wait
is "$failed" 0 "$rounds times loaded and unloaded with uploads running and devices vanishing"
ok "nothing is left in sysfs" [ ! -e $class ]
finish
