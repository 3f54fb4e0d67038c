# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# install.sh: runs in the virtual machine.  Installation of a 16 MiB image on a simulated
# device without delays, beside the floor program; then the peak memory of the daemon and
# its workers for a small and for a large image.  Prints "who what number".
set -eu
. tests/client.sh
build=$(realpath "$BUILD")
work=$(mktemp -d)
. tests/bundles.sh
large=$((16 * 1024 * 1024)) small=$((1024 * 1024))

job_ended() { # NUMBER
	[ -n "$(property "/org/fwslot1/job/_$1" Job Result 2>/dev/null)" ]
}

await() { # COMMAND...
	local deadline=$((SECONDS + 120))
	until "$@"; do
		[ "$SECONDS" -lt "$deadline" ] || { echo "install.sh: waited in vain for $*" >&2 && exit 1; }
		sleep 0.2
	done
}

is_present() {
	[ "$(property /org/fwslot1/device/sim0 Device Id 2>/dev/null)" = sim0 ]
}

# The most memory a worker had, seen twenty times a second.
watch_workers() {
	local pid kib most=0
	trap 'echo "$most" >"$work/worker-kib"; exit' TERM
	while :; do
		for pid in $(pgrep -x fwslot-worker); do
			kib=$(awk '/^VmHWM/ { print $2 }' "/proc/$pid/status" 2>/dev/null) || continue
			[ "${kib:-0}" -le "$most" ] || most=$kib
		done
		sleep 0.05
	done
}

# KiB that daemon and worker had at most while they installed a file.
peak() { # FILE
	local job watcher daemon
	systemctl restart fwslotd.service
	await is_present
	watch_workers &
	watcher=$!
	job=$(gcall InstallFile sim0 0 2 '{}' <"$1" | sed 's/.*uint64 \([0-9]*\).*/\1/')
	await job_ended "$job"
	[ "$(property "/org/fwslot1/job/_$job" Job Result)" = "done" ]
	kill "$watcher"
	wait "$watcher" || :
	daemon=$(awk '/^VmHWM/ { print $2 }' "/proc/$(systemctl show -p MainPID --value fwslotd)/status")
	echo "$((daemon + $(cat "$work/worker-kib")))"
}

mkdir -p /etc/fwslot/fwslotd.conf.d
printf '[Trial]\nTrialSec=0\n' >/etc/fwslot/fwslotd.conf.d/bench.conf
make_vendor acme
trust_vendor acme /etc/fwslot
make_image 1.1.0 --size $small
add_image acme "$work/1.1.0.img" 1.1.0 11
bundle acme "$work/small.fwb"
make_image 1.2.0 --size $large
add_image acme "$work/1.2.0.img" 1.2.0 12
bundle acme "$work/large.fwb"
modprobe fwslot_sim slot_size=$((2 * large))
await is_present

echo "floor peak_kib $(peak "$work/small.fwb")"
echo "fwslotd peak_kib $(peak "$work/large.fwb")"
"$build/tests/bench/install-figures" "${ROUNDS:-5}" "$build/tests/bench/floor-install" \
	"$work/1.2.0.img" "$work/large.fwb" sim0 /sys/class/fwslot/fwslot0
