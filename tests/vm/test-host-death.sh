#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The host dies at random instants of updates, again and again: "echo b >/proc/sysrq-trigger", so what was not synchronized
# is lost. The disk with the daemon's state lives on, and so does the device: a process on this machine at the other end
# of the virtual machine's serial line. Each new host is a freshly booted one (a saved machine, restored); tests/vm/life.sh
# is what happens in it. ROUNDS=50 SEED=7 tests/run bed/host-death: so many deaths, others.
# machine: 6.1
# timeout: 10000
set -u
cd "$(dirname "$0")/../.." || exit 125
. tests/tap.sh
build=${BUILD:-build}
rounds=${ROUNDS:-1}
seed=${SEED:-$(date +%s)}
release=$(tests/vm/kernel --version 6.1) || bail "there is no kernel for the machine"
# A path that does not change: it is part of how the machine is saved.
folder=$build/host-death
# After which phase it dies, and at most how long after: the short ones are over before they are seen.
phases=("begun 4000" "begun 4000" "verifying 4000" "writing 4000" "writing 4000" "restarting 500" "checking 500" "trial 2000")
RANDOM=$seed
running=1.0.0
declare -A died_in=()

end_all() {
	[ -z "${device:-}" ] || kill "$device" 2>/dev/null
	wait
}
trap end_all EXIT

# --- the vendor, the disk, the device ------------------------------------------------------

make_image() { # VERSION
	"$build/tools/smp-image" --version="$1" --size=100000 "$folder/$1.img"
}

make_vendor() {
	"$build/fwslot-repo" init "$folder/vendor" >/dev/null &&
		cp "$folder/vendor/site/metadata/1.root.json" "$folder/root.json"
}

make_release() { # VERSION COUNTER
	make_image "$1" && "$build/fwslot-repo" add -C "$folder/vendor" --hardware-id zephyr/testboard --version "$1" \
		--counter "$2" "$folder/$1.img" >/dev/null &&
		"$build/fwslot-repo" publish -C "$folder/vendor" >/dev/null &&
		"$build/fwslot-repo" bundle -C "$folder/vendor" "$folder/$1.fwb" >/dev/null
}

make_disk() {
	truncate -s 64M "$folder/disk" && mkfs.ext4 -q -m 0 "$folder/disk"
}

start_device() {
	mkfifo "$folder/commands"
	exec 7<>"$folder/commands"
	"$build/tools/smp-device" --link="$folder/tty" --baud=230400 --primary="$folder/1.0.0.img" <&7 >"$folder/device.log" 2>&1 &
	device=$!
	within 60 test -e "$folder/tty"
}

# What the device itself says it would start: the truth, whatever a host believes.
device_says() {
	local lines
	lines=$(wc -l <"$folder/device.log")
	echo state >&7
	within 60 eval "tail -n +$((lines + 1)) '$folder/device.log' | grep -q '^swap'"
	tail -n "+$((lines + 1))" "$folder/device.log" | sed -n 's/^slot0 //p'
}

# --- a life of the host ---------------------------------------------------------------------

# live NEXT|- PHASE MILLISECONDS: its story is left in $folder/story.
live() {
	tests/vm/run --kernel 6.1 --snapshot --timeout 500 --log "$build/results/vm/6.1/host-death.log" \
		--overlay "$build/vm/$release/overlay" --modules "$build/vm/$release/modules" \
		--qemu "-drive file=$folder/disk,format=raw,if=none,id=state -device virtio-blk-pci,drive=state,serial=fwslot-state
			-chardev serial,id=smp,path=$folder/tty -device isa-serial,chardev=smp" \
		-- env BUILD="$build" bash tests/vm/life.sh "$folder" "$running" "$@" >"$folder/story" 2>"$folder/errors"
}

said() { # WORD
	sed -n "s/^$1: //p" "$folder/story"
}

# What the life before left, as this one found it; and how this one leaves the device.
nothing_lost() { # WHAT
	is "$(grep '^lost' "$folder/story")" "" "$1; $(said ended): nothing is lost" ||
		note "$(<"$folder/story")"$'\n'"$(tail -n 30 "$folder/errors")"
	running=$(said runs)
}

device_is_whole() { # WHAT VERSION...
	local version
	version=$(device_says)
	like " ${*:2} " " $version " "$1: the device would start $version, whole"
}

rm -rf "$folder"
mkdir -p "$folder"
if ! { make_vendor && make_image 1.0.0 && make_disk && start_device; }; then
	bail "the bed cannot be made"
fi
note "SEED=$seed"
what="before the first death"
for ((round = 1; round <= rounds; round++)); do
	next=1.$round.0
	make_release $next $((round + 1)) || bail "no release can be made"
	read -r phase limit <<<"${phases[RANDOM % ${#phases[@]}]}"
	milliseconds=$((RANDOM % limit))
	live $next "$phase" $milliseconds
	status=$?
	nothing_lost "$what"
	is "$status" 125 "round $round: the host dies $milliseconds ms after $phase" || note "$(<"$folder/story")"
	what="round $round: $(said dies)"
	device_is_whole "$what" "$running" $next
	died=$(said dies | cut -d, -f1)
	died_in[${died:-before any}]+=x
done
live - begun 0
is $? 0 "the last host lives"
nothing_lost "$what"
device_is_whole "in the end" "$running"
for phase in "${!died_in[@]}"; do note "died in phase $phase: ${#died_in[$phase]}"; done
finish
