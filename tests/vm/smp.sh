# shellcheck shell=bash disable=SC2154
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# smp.sh: sourced by suites about devices with MCUboot. Starts smp-device and fwslot-smp, makes images.
. /mnt/host/tests/vm/kmod.sh

tty=/tmp/smp-tty
device_log=/tmp/smp-device.log
program_log=/tmp/fwslot-smp.log
state=/tmp/smp-state
mkdir -p $state

# mcuboot_image VERSION [OPTION...]: prints the path of an image.
mcuboot_image() {
	smp-image --version="$1" "${@:2}" "$images/mcuboot-$1" || bail "smp-image failed"
	echo "$images/mcuboot-$1"
}

open_commands() {
	rm -f /tmp/smp-commands
	mkfifo /tmp/smp-commands
	exec 7<>/tmp/smp-commands
}

# start_board OPTION...: the device on a pty; commands for it go to file descriptor 7.
start_board() {
	rm -f $tty
	open_commands
	smp-device --link=$tty "$@" <&7 >$device_log 2>&1 &
	board=$!
	within 90 test -e $tty || bail "smp-device does not start: $(cat $device_log)"
}

tell_board() {
	echo "$*" >&7
}

stop_board() {
	exec 7>&-
	kill "$board" 2>/dev/null
	wait "$board" 2>/dev/null
}

# start_program OPTION...: fwslot-smp by hand; its device is fwslot0.
start_program() {
	STATE_DIRECTORY=$state /usr/libexec/fwslot-smp --settle=1 "$@" $tty >$program_log 2>&1 &
	program=$!
	within 90 is_here fwslot0 || bail "no device: $(cat $program_log)"
}

stop_program() {
	kill "${1:--TERM}" "$program" 2>/dev/null
	wait "$program" 2>/dev/null
	within 90 test ! -e $class/fwslot0
}

# write_slowly SLOT IMAGE: as "write", for lines that are as slow as in life.
write_slowly() {
	start_write "$1" "$2" && within 180 is_idle "$1" && [ -z "$(get "$1/error")" ]
}

# look: the state of both slots and of boots in one line.
look() {
	echo "$(get fwslot0.0/state) $(get fwslot0.0/version), $(get fwslot0.1/state) $(get fwslot0.1/version), $(boot state) $(boot running_slot) $(boot next_slot)"
}

looks() {
	[ "$(look)" = "$1" ]
}

# restart_board: and waits for the boot, as long as a device may take.
restart_board() {
	local total
	total=$(boot total)
	put fwslot0/restart 1 && within 90 total_is_above 0 "$total"
}
