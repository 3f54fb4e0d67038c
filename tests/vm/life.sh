#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# life FOLDER RUNNING-BEFORE NEXT|- PHASE MILLISECONDS: one life of a host, for tests/vm/test-host-death.sh, in the
# virtual machine. What the life before left on the disk is taken up by the installed daemon; when nothing is under way
# any more, what must hold is looked at: "lost: ..." on standard output is what did not. Then the update to version NEXT
# begins, and so long after it came to PHASE the host dies. "-": it lives on.
set -u
cd "$(dirname "$0")/../.." || exit 125
. tests/tap.sh
. tests/client.sh
PATH=$PWD/${BUILD:-build}/tools:$PATH
folder=$1 before=$2 next=$3 phase=$4 milliseconds=$5

lost() {
	echo "lost: $*"
}

# The surviving disk, and what an administrator has set up; both are the same in each life.
set_up() {
	mkdir -p /mnt/disk
	mount -t ext4 /dev/disk/by-id/virtio-fwslot-state /mnt/disk || return
	id fwslot >/dev/null 2>&1 || systemd-sysusers
	install -d -o fwslot -g fwslot -m 0711 /mnt/disk/fwslot /var/lib/fwslot
	install -d -o fwslot-smp -g fwslot-smp /mnt/disk/fwslot-smp /var/lib/fwslot-smp
	mount --bind /mnt/disk/fwslot /var/lib/fwslot
	mount --bind /mnt/disk/fwslot-smp /var/lib/fwslot-smp
	systemd-tmpfiles --create fwslot.conf
	install -D -m 0644 "$folder/root.json" /etc/fwslot/remotes.d/acme/root.json
	mkdir -p /etc/fwslot/fwslotd.conf.d /etc/fwslot/smp
	printf '[Trial]\nTrialSec=3s\n' >/etc/fwslot/fwslotd.conf.d/test.conf
	echo 'FWSLOT_SMP_OPTIONS="--settle=1"' >/etc/fwslot/smp/ttyS1.env
}

first_device() {
	call ListDevices t 0 | json '.data[0][0][0]'
}

# The device's process, and the daemon that udev starts for its device.
start() {
	systemctl start --no-block fwslot-smp@ttyS1.service
	within 300 test -e /sys/class/fwslot/fwslot0/name && within 300 systemctl is-active fwslotd.service &&
		within 300 first_device
}

# Polled, so the words are looked for by the shell.
nothing_is_under_way() {
	local jobs
	jobs=$(call ListJobs t 0) || return
	! [[ $jobs =~ '"'(queued|waiting|downloading|verifying|backing-up|writing|restarting|checking|trial)'"' ]]
}

newest_job() { # FIELD
	call ListJobs t 0 | json ".data[0][-1][$1]"
}

look_at_files() {
	local found
	found=$(find /var/lib/fwslot -type f ! -name 'fwslot.db' ! -name 'fwslot.db-wal' ! -name fwslot.db.floors ! -path '*/trust/*' \
		! -path '*/import/*' -printf '%P ')
	[ -z "$found" ] || lost "files are left over: $found"
	[ -z "$(find /var/lib/fwslot -name 'fwslot.db.damaged*')" ] || lost "the database was damaged"
}

last_install() { # FIELD of history's newest row about an update
	call GetHistory sut "$id" 20 0 | jq -r "[.data[0][] | select(.[2] == \"install\")][0][$1]"
}

# The end that is told must be what the device runs, and be remembered.
look_at_job() {
	local job end version expected=$before
	version=$(property "/org/fwslot1/device/$id" Device Version)
	job=$(newest_job 0)
	end=$(newest_job 3)
	echo "runs: $version"
	[ "$job" != null ] || return
	echo "ended: job $job $end"
	[ "$end" != "done" ] || expected=$(last_install 4)
	[ "$version" = "$expected" ] || lost "job $job is $end, and $version runs instead of $expected"
	[ "$(last_install 5)" = "$end" ] || lost "history does not tell the end: $(call GetHistory sut "$id" 3 0)"
}

look_around() {
	local state
	nothing_is_under_way || lost "still under way: $(call ListJobs t 0)"
	state=$(cat /sys/class/fwslot/fwslot0/boot/state)
	[ "$state" = confirmed ] || [ "$state" = fallback ] || lost "the device is left in state $state"
	look_at_job
	look_at_files
	[ "$(systemctl show -p NRestarts --value fwslotd.service)" = 0 ] || lost "the daemon crashed"
}

# The update's own job is in the phase, or beyond it: a short one may be over before it is seen.
has_come_to_phase() {
	local order=(verifying writing restarting checking trial 'done' failed reverted) now i wanted=0
	[ "$(newest_job 0)" != "$last_job" ] || return
	now=$(newest_job 3)
	for i in "${!order[@]}"; do
		[ "${order[i]}" != "$phase" ] || wanted=$i
	done
	[[ " ${order[*]:wanted} " == *" $now "* ]]
}

begin() {
	last_job=$(newest_job 0)
	install -m 0644 "$folder/$next.fwb" /var/lib/fwslot/import/
	sync -f /var/lib/fwslot/import
	gcall InstallImported "$id" "$next.fwb" 0 >/tmp/reply 2>&1 &
	[ "$phase" = begun ] || within 300 has_come_to_phase
	sleep "$((milliseconds / 1000)).$(printf %03d $((milliseconds % 1000)))"
}

set_up || { lost "the disk cannot be mounted" && exit 1; }
start || { lost "the device does not come up: $(journalctl -b -n 30 -o cat)" && exit 1; }
id=$(first_device)
within 300 nothing_is_under_way
look_around
if [ "$next" = - ]; then
	echo "lives: on"
	exit 0
fi
begin
echo "dies: $(newest_job 3), the device $(cat /sys/class/fwslot/fwslot0/status)"
echo b >/proc/sysrq-trigger
sleep 60
