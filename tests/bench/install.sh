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

# KiB that daemon and worker had at most while they installed a file; peak-worker notes each worker's.
peak() { # FILE
	local job daemon peaks=/var/lib/fwslot/worker-kib
	rm -f $peaks
	systemctl restart fwslotd.service
	await is_present
	job=$(gcall InstallFile sim0 0 2 '{}' <"$1" | sed 's/.*uint64 \([0-9]*\).*/\1/')
	await job_ended "$job"
	[ "$(property "/org/fwslot1/job/_$job" Job Result)" = "done" ]
	[ "$(wc -l <$peaks)" -ge 2 ] || { echo "install.sh: not every worker was noted" >&2 && exit 1; }
	daemon=$(awk '/^VmHWM/ { print $2 }' "/proc/$(systemctl show -p MainPID --value fwslotd)/status")
	echo "$((daemon + $(sort -n $peaks | tail -n 1)))"
}

mkdir -p /etc/fwslot/fwslotd.conf.d
printf '[Trial]\nTrialSec=0\n' >/etc/fwslot/fwslotd.conf.d/bench.conf
mkdir -p /etc/systemd/system/fwslotd.service.d
cat >/etc/systemd/system/fwslotd.service.d/bench.conf <<-END
	[Service]
	Environment=FWSLOT_WORKER=/usr/local/libexec/peak-worker REAL_WORKER=/usr/libexec/fwslot-worker
	Environment=PEAK_FILE=/var/lib/fwslot/worker-kib
END
install -D "$build/tests/bench/peak-worker" /usr/local/libexec/peak-worker
systemctl daemon-reload
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

# Measured with the stand-in, timed without.
echo "floor peak_kib $(peak "$work/small.fwb")"
echo "fwslotd peak_kib $(peak "$work/large.fwb")"
rm /etc/systemd/system/fwslotd.service.d/bench.conf
systemctl daemon-reload
systemctl restart fwslotd.service
await is_present
"$build/tests/bench/install-figures" "${ROUNDS:-5}" "$build/tests/bench/floor-install" \
	"$work/1.2.0.img" "$work/large.fwb" sim0 /sys/class/fwslot/fwslot0
