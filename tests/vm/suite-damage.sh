#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# What may break around the installed daemon while it updates the only slot of a device: the disk is full or cannot be
# written, the daemon's files are damaged, the clock jumps, the bus and the module go, a second daemon starts. Each is
# told by its name, and afterwards the device runs the old or the new firmware, whole, and nothing is left over.
# Not part of make check yet: by hand, after tests/vm/prepare 6.1, with tests/vm/suite 6.1 damage 900.
# kernels: none
# timeout: 900
set -u
# shellcheck source=daemon.sh
. "$(dirname "$0")/daemon.sh"

folder=/var/lib/fwslot
gate=/run/fwslot-gate
expected=1.0.0 # what the device runs
allowed_restarts=0
counter=10

# --- the machine --------------------------------------------------------------------------

# The daemon's state gets a small disk of its own.
small_disk() {
	truncate -s 8M /run/state.ext4
	mkfs.ext4 -q -m 0 -b 1024 /run/state.ext4 && mkdir -p $folder && mount -o errors=remount-ro /run/state.ext4 $folder &&
		rmdir $folder/lost+found && chown fwslot: $folder && chmod 0711 $folder
}

# A worker begins when it is given a token, for time to do something before that.
gated_worker() {
	mkdir -p /run/systemd/system/fwslotd.service.d
	install -d -o fwslot $gate
	cat >/usr/libexec/gated-worker <<-WORKER
		#!/bin/sh
		until [ -e $gate/open ] || rm $gate/token 2>/dev/null; do sleep 0.1; done
		exec /usr/libexec/fwslot-worker
	WORKER
	chmod 0755 /usr/libexec/gated-worker
	printf '[Service]\nEnvironment=FWSLOT_WORKER=/usr/libexec/gated-worker\nReadWritePaths=%s\n' $gate \
		>/run/systemd/system/fwslotd.service.d/gate.conf
	systemctl daemon-reload
}

let_one_go() {
	touch $gate/token
	within 60 test ! -e $gate/token
}

# leave KIBIBYTES: of room on the disk. What does not fit takes all that there is before it fails.
leave() {
	sync -f $folder
	fallocate -l 16M $folder/ballast 2>/dev/null
	[ "$1" = 0 ] || fallocate -p -o 0 -l "$1K" $folder/ballast
	sync -f $folder
}

make_room() {
	rm -f $folder/ballast
}

daemon_journal() {
	journalctl -q -u fwslotd -o cat
}

listen() {
	heard=$(daemon_journal | wc -l)
}

# journal_says PATTERN: the daemon, since the last "listen".
journal_says() {
	daemon_journal | tail -n "+$((heard + 1))" | grep -q -- "$1"
}

# --- the update ---------------------------------------------------------------------------

# begin_update: the next release, in the background; $version, and $installing is the caller.
begin_update() {
	counter=$((counter + 1))
	version=2.$counter.0
	new_release $version $counter || bail "no release can be made"
	install_file $version >"$work/reply" 2>&1 &
	installing=$!
}

begin_writing() {
	pid=$(daemon_pid)
	echo 2000000 >$debugfs/sim0/flash_delay_us_per_page
	begin_update
	wait $installing
	ok "an update to slow flash is written" within 60 job_phase writing
}

flash_is_fast() {
	echo 0 >$debugfs/sim0/flash_delay_us_per_page
}

keep_update() { # WHAT
	ok "$1: the update goes on to its trial" within 120 state on-trial
	ok "and can be kept" gcall Confirm sim0 0
	expected=$version
	all_is_well "$1"
}

no_job_is_left() {
	[ "$(call ListJobs t 0 | jq '[.data[0][] | select(.[3] | IN("done", "reverted", "failed", "cancelled") | not)] | length')" = 0 ]
}

# What nobody needs any more: images, half-made files, backups that are not listed.
leftovers() {
	find $folder -mindepth 1 -type f ! -name 'fwslot.db*' ! -path "$folder/trust/*" ! -path "$folder/backup/*.zst" \
		! -name ballast -printf '%P '
	[ "$(find $folder/backup -name '*.zst' 2>/dev/null | wc -l)" -le "$(call ListBackups st "" 0 | jq '.data[0] | length')" ] ||
		echo "more backups than are listed"
}

# The kernel's own word for what is in the slot.
holds_expected() {
	local image=$work/$expected.img
	[ ! -e "$image" ] || [ "$(cut -d: -f2 $sysfs/fwslot0.0/digest)" = "$(sha256sum <"$image" | cut -d' ' -f1)" ]
}

all_is_well() { # WHAT
	ok "$1: no job is left" within 60 no_job_is_left || note "$(call ListJobs t 0)"
	ok "$1: $expected runs" within 90 version $expected
	is "$(cat $sysfs/boot/state) $(cat $sysfs/fwslot0.0/state)" 'confirmed confirmed' "$1: the kernel says so, too"
	ok "$1: whole" holds_expected
	is "$(leftovers)" "" "$1: nothing is left over"
	ok "$1: the daemon does not start again and again" test "$(restarts)" -le $allowed_restarts
}

# --- the disk is full ---------------------------------------------------------------------

# What was refused has its reason, is in history, and changed nothing.
fails_for_space() { # WHAT
	ok "$1: the job has failed" within 120 job_phase failed
	is "$(last_history 2) $(last_history 5) $(last_history 7)" 'install failed no-space' "$1: history says why"
	ok "$1: the journal, too" within 60 journal_says 'no-space\|No space left'
	all_is_well "$1"
}

# The end of the job may be what cannot be stored before there is room.
ended_or_waits_for_room() {
	job_phase failed || journal_says "Job $(newest_job): its record cannot be written"
}

full_before_payload() { # KIBIBYTES
	local what="full before the image is stored, $1 KiB left"
	listen
	rm -f $gate/open
	begin_update
	ok "$what: an update is verified" within 60 job_phase verifying
	leave "$1"
	touch $gate/open
	ok "$what: the worker finds it full" within 60 ended_or_waits_for_room
	make_room
	wait $installing
	like "$(<"$work/reply")" "$error.NoSpace" "$what: the caller is told"
	fails_for_space "$what"
}

full_before_backup() { # KIBIBYTES
	local what="full before the backup, $1 KiB left"
	listen
	rm -f $gate/open
	begin_update
	ok "$what: an update is verified" let_one_go
	ok "$what: the only slot is to be saved" within 60 job_phase backing-up
	wait $installing
	leave "$1"
	touch $gate/open
	ok "$what: the worker cannot save it" within 60 journal_says "Job $(newest_job): the firmware of sim0 could not be saved"
	make_room
	fails_for_space "$what"
}

full_while_writing() {
	begin_writing
	leave 0
	flash_is_fast
	ok "full while writing: the kernel writes all the same" within 60 version $version
	make_room
	keep_update "full while writing"
}

# --- the disk cannot be written -----------------------------------------------------------

# What a file system does when its disk goes bad: it takes nothing more until somebody has looked at it.
disk_goes_bad() {
	local disk
	disk=$(basename "$(findmnt -n -o SOURCE $folder)")
	echo "made by a test" >"/sys/fs/ext4/$disk/trigger_fs_error"
	within 60 grep -qx ro "/proc/fs/ext4/$disk/options"
}

# Its own journal has to be gone through first, which needs writing.
mount_again() { # OPTION
	systemctl stop fwslotd.service
	umount $folder && mount /run/state.ext4 $folder && mount -o "remount,$1" $folder && systemctl start fwslotd.service
}

read_only() {
	listen
	begin_writing
	ok "the disk turns read-only while writing" disk_goes_bad
	flash_is_fast
	ok "read-only: the kernel writes all the same" within 60 version $version
	ok "read-only: the daemon says what it waits for" within 60 journal_says 'its record cannot be written'
	ok "mounted read-only" mount_again ro
	ok "read-only: it starts and shows the device" within 60 version $version
	refused "$folder cannot be written" "read-only: an update is refused" install_file $version 2
	ok "read-only: the journal names the database" within 60 journal_says "$folder/fwslot.db cannot be opened (Read-only file system)"
	ok "mounted for writing" mount_again rw
	keep_update "read-only"
}

# --- files that are damaged ---------------------------------------------------------------

damage_database() { # WHAT COMMAND...
	local what="a database $1"
	shift
	listen
	systemctl stop fwslotd.service
	"$@"
	systemctl start fwslotd.service
	ok "$what: it starts and shows the device" within 60 version $expected
	ok "$what: the journal names what was kept" within 60 journal_says "is kept as $folder/fwslot.db.damaged"
	is "$(call GetHistory sut '' 1 0 | jq -r '.data[0][0][2,5]' | paste -sd' ')" 'store replaced' "$what: history says so"
	rm $folder/fwslot.db.damaged*
	all_is_well "$what"
}

damage_payload() {
	local file boots
	boots=$(cat $sysfs/boot/total)
	listen
	rm -f $gate/open
	begin_update
	let_one_go
	ok "a damaged image: the update is verified" within 60 job_phase backing-up
	wait $installing
	let_one_go
	ok "a damaged image: and is to be written" within 60 job_phase writing
	file=$(find $folder/payload -type f)
	printf 'damage' | dd of="$file" bs=1 seek=30000 conv=notrunc status=none
	touch $gate/open
	ok "a damaged image: the job has failed" within 60 job_phase failed
	is "$(last_history 7)" wrong-digest "a damaged image: history says why"
	ok "a damaged image: the journal names it" within 60 journal_says "payload folder (${file##*/}) is damaged"
	is "$(cat $sysfs/boot/total)" "$boots" "a damaged image: the device has noticed nothing"
	all_is_well "a damaged image"
}

damage_backup() {
	local file
	listen
	for file in $folder/backup/*.zst; do
		printf 'damage' | dd of="$file" bs=1 seek=1000 conv=notrunc status=none
	done
	ok "damaged backups: Revert is accepted" gcall Revert sim0 0
	ok "damaged backups: the job has failed" within 60 job_phase failed
	is "$(last_history 7)" backup-damaged "damaged backups: history says why"
	ok "damaged backups: the journal names them" within 60 journal_says "Backup sha256:.* of sim0 is damaged"
	all_is_well "damaged backups"
}

# --- the world around ---------------------------------------------------------------------

restarts() {
	systemctl show -p NRestarts --value fwslotd.service
}

# Since it was last seen by all_is_well.
has_restarted() {
	[ "$(daemon_pid)" != "$pid" ] && [ "$(systemctl is-active fwslotd.service)" = active ]
}

clock_jumps() {
	local now
	now=$(date +%s)
	begin_writing
	date -s "@$((now + 400 * 86400))" >/dev/null
	flash_is_fast
	ok "400 days forwards while writing: the update goes on to its trial" within 120 state on-trial
	date -s "@$((now - 4000 * 86400))" >/dev/null
	ok "4000 days backwards: it is on trial" state on-trial
	systemctl kill -s KILL fwslotd.service
	allowed_restarts=$((allowed_restarts + 1))
	within 60 has_restarted
	ok "4000 days backwards: a restart does not end the trial" within 60 state on-trial
	keep_update "4000 days backwards"
	date -s "@$((now + 60))" >/dev/null
}

bus_goes() {
	begin_writing
	systemctl restart dbus.service
	allowed_restarts=$((allowed_restarts + 3)) # there may be no bus yet when it starts again
	ok "the bus went: the daemon starts again" within 60 has_restarted
	flash_is_fast
	keep_update "the bus went"
}

module_goes() {
	begin_writing
	ok "the module is unloaded while it writes" modprobe -r fwslot_sim
	ok "the device is gone" within 60 sh -c "! busctl -q get-property org.fwslot1 $device org.fwslot1.Device Id"
	ok "the job waits for it" job_phase writing
	modprobe fwslot_sim slots=1
	keep_update "the module went and came"
}

# What the second one says comes here, not into the journal.
second_daemon() { # BUS-ADDRESS
	runuser -u fwslot -- env -u JOURNAL_STREAM DBUS_SYSTEM_BUS_ADDRESS="$1" timeout 60 /usr/libexec/fwslotd
}

two_daemons() {
	refused 'Another fwslotd owns org.fwslot1' "a second daemon on the bus is refused" \
		second_daemon unix:path=/run/dbus/system_bus_socket
	cat >/run/second-bus.conf <<-CONF
		<busconfig>
		  <type>session</type>
		  <listen>unix:path=/run/second-bus</listen>
		  <policy context="default">
		    <allow user="*"/><allow own="*"/><allow send_destination="*"/><allow receive_sender="*"/>
		    <allow receive_type="method_return"/><allow receive_type="error"/><allow receive_type="signal"/>
		  </policy>
		</busconfig>
	CONF
	dbus-daemon --config-file=/run/second-bus.conf --nofork 2>/dev/null &
	within 60 test -S /run/second-bus
	refused 'in use: another fwslotd runs' "and one on a bus of its own, by the database" \
		second_daemon unix:path=/run/second-bus
	kill %% 2>/dev/null
	all_is_well "two daemons"
}

newest_job() {
	call ListJobs t 0 | jq -r '.data[0][-1][0]'
}

make_vendor acme && trust_vendor acme /etc/fwslot || bail "fwslot-repo fails"
small_disk || bail "there is no small disk"
gated_worker
touch $gate/open
modprobe fwslot_sim slots=1
within 60 version 1.0.0 || bail "there is no device on the bus"
full_before_payload 0
full_while_writing
full_before_backup 40
damage_payload
read_only
damage_backup
damage_database "that is none" dd if=/dev/zero of=$folder/fwslot.db bs=100 count=1 conv=notrunc status=none
damage_database "with damaged pages" dd if=/dev/urandom of=$folder/fwslot.db bs=4096 seek=2 count=3 conv=notrunc status=none
damage_database "cut short" truncate -s 9000 $folder/fwslot.db
clock_jumps
bus_goes
module_goes
two_daemons
is "$(systemctl --failed --no-legend --plain | wc -l)" 0 "no unit has failed"
finish
