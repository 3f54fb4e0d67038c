#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# A device with one slot, with the installed daemon: its firmware is saved before it is overwritten,
# written back by itself when the new one fails and when somebody asks; backups are listed, restored,
# exported, found damaged, and forgotten; a disk without room is told before anything happens.
# timeout: 900
# kernels: 6.1
set -u
# shellcheck source=daemon.sh
. "$(dirname "$0")/daemon.sh"

backups() { # JQ-FILTER on the list, newest first
	call ListBackups st sim0 0 | jq -r ".data[0] | $1"
}

make_bundles() {
	make_vendor acme && trust_vendor acme /etc/fwslot && new_release 1.1.0 11 &&
		make_image 1.2.0 --behaviour boot-loops && add_image acme "$work/1.2.0.img" 1.2.0 12 &&
		bundle acme "$work/1.2.0.fwb" && make_image 1.3.0 --behaviour boot-loops &&
		add_image acme "$work/1.3.0.img" 1.3.0 13 && bundle acme "$work/1.3.0.fwb" &&
		new_release 1.4.0 14
}

keep_a_good_one() {
	ok "an update of the only slot needs no flag" install_file 1.1.0
	ok "it is on trial" within 60 state on-trial
	is "$(backups '.[] | .[3]')" 1.0.0 "what the slot held before is saved"
	ok "it is confirmed" gcall Confirm sim0 0
	ok "and kept" within 60 state up-to-date
	is "$(property $device Device CanRevert) $(property $device Device RevertVersion)" 'true 1.0.0' \
		"the way back is shown"
}

take_a_bad_one_back() {
	ok "firmware that boot-loops is accepted, being signed" install_file 1.2.0
	ok "it is taken back by writing the backup" within 120 state reverted
	ok "the version before runs" within 60 version 1.1.0
	is "$(cat $sysfs/boot/state)" confirmed "and is not on trial"
	is "$(cut -d: -f2 $sysfs/fwslot0.0/digest)" "$(sha256sum "$work/1.1.0.img" | cut -d' ' -f1)" \
		"byte for byte, says the kernel"
	is "$(property $device Device Problem)" attempts-exhausted "the reason is told"
	is "$(last_history 5) $(last_history 7)" 'reverted attempts-exhausted' "remembered"
	ok "and in the journal" sh -c "journalctl -u fwslotd FWSLOT_REASON=attempts-exhausted FWSLOT_RESULT=reverted |
		grep -q 'back to an earlier version'"
}

go_back_and_forth() {
	ok "Revert is accepted" gcall Revert sim0 0
	ok "the oldest version runs again" within 60 version 1.0.0
	ok "the job is done" within 60 job_phase 'done'
	ok "a backup can be restored" gcall Restore sim0 "$(backups '[.[] | select(.[3] == "1.1.0")][0][0]')" 0
	ok "it runs" within 60 version 1.1.0
	ok "and that job is done" within 60 job_phase 'done'
	is "$(last_history 2) $(last_history 5)" 'restore done' "history tells it from an update"
	is "$(error_of gcall Restore sim0 4711 0)" $error.NoSuchBackup "a backup that is not there"
}

export_one() {
	local id
	id=$(backups '[.[] | select(.[3] == "1.1.0")][0][0]')
	ok "a backup can be exported" gcall ExportBackup "$id" 3 0 3>"$work/exported"
	ok "as the image it is" cmp "$work/exported" "$work/1.1.0.img"
	refused '[Aa]ccess denied|interactive|not authorized' "not by nobody" \
		runuser -u nobody -- gdbus call --system --dest org.fwslot1 --object-path /org/fwslot1 \
		--method org.fwslot1.Manager.ExportBackup "$id" 3 0 3>"$work/exported"
	ok "who may list them" runuser -u nobody -- busctl call org.fwslot1 /org/fwslot1 \
		org.fwslot1.Manager ListBackups st sim0 0
}

# The file of what runs is damaged when it is needed: an older backup has to do.
survive_damage() {
	echo 500000 >$debugfs/sim0/flash_delay_us_per_page
	ok "another bad update" install_file 1.3.0
	ok "is being written" within 60 job_phase writing
	printf 'damage' | dd of="/var/lib/fwslot/backup/$(sha256sum "$work/1.1.0.img" | cut -d' ' -f1).zst" \
		bs=1 seek=100 conv=notrunc status=none
	echo 0 >$debugfs/sim0/flash_delay_us_per_page
	ok "it is taken back" within 120 state reverted
	ok "to the next sound backup" within 60 version 1.0.0
	is "$(backups '[.[] | select(.[3] == "1.1.0")][0][7]')" damaged "the damaged one is named"
	is "$(error_of gcall Restore sim0 "$(backups '[.[] | select(.[3] == "1.1.0")][0][0]')" 0)" \
		$error.BackupDamaged "and refused"
}

forget_old_ones() {
	printf '[Backup]\nMaximumCount=1\n' >/etc/fwslot/fwslotd.conf.d/backup.conf
	systemctl restart fwslotd.service
	ok "only as many stay as are allowed" within 60 sh -c "[ \$(busctl --json=short call org.fwslot1 \
		/org/fwslot1 org.fwslot1.Manager ListBackups st sim0 0 | jq '.data[0] | map(select(.[7] == \"good\")) | length') = 1 ]"
	is "$(find /var/lib/fwslot/backup -type f | wc -l)" "$(backups length)" "and their files"
}

run_out_of_space() {
	systemctl stop fwslotd.service
	mount -t tmpfs -o size=700k,uid="$(id -u fwslot)",gid="$(id -g fwslot)",mode=0711 none /var/lib/fwslot
	systemctl start fwslotd.service
	ok "on a small disk the device is there" within 60 version 1.0.0
	is "$(error_of install_file 1.4.0)" $error.NoSpace "an update that will not fit is refused before it begins"
	ok "nothing has changed" version 1.0.0
	systemctl stop fwslotd.service
	umount /var/lib/fwslot
	systemctl start fwslotd.service
}

# What reaches the disk for an update, counted by a disk of its own: the image, the backup of what it replaces, and
# the journal, which does not grow with the image (so what holds for 4 MiB holds for 16).
count_bytes() {
	local image=$((${IMAGE_MIB:-4} << 20)) disk before written
	systemctl stop fwslotd.service
	modprobe -r fwslot_sim
	truncate -s 128M /var/tmp/disk
	mkfs.ext4 -q -m 0 -E lazy_itable_init=0,lazy_journal_init=0 /var/tmp/disk
	mount -o loop /var/tmp/disk /var/lib/fwslot && install -d -o fwslot -g fwslot -m 0711 /var/lib/fwslot
	make_image 5.0.0 --size "$image" && add_image acme "$work/5.0.0.img" 5.0.0 50 && bundle acme "$work/5.0.0.fwb" &&
		make_image 5.1.0 --size "$image" && add_image acme "$work/5.1.0.img" 5.1.0 51 && bundle acme "$work/5.1.0.fwb"
	modprobe fwslot_sim slots=1 slot_size=$((2 * image))
	ok "a device with a large slot" within 60 version 1.0.0
	ok "gets a large image" install_file 5.0.0
	ok "on trial" within 120 state on-trial
	ok "kept" gcall Confirm sim0 0
	ok "and done" within 60 job_phase 'done'
	disk=$(basename "$(findmnt -n -o SOURCE /var/lib/fwslot)")
	sync -f /var/lib/fwslot
	before=$(awk '{ print $7 * 512 }' "/sys/block/$disk/stat")
	ok "and another one" install_file 5.1.0
	ok "on trial, too" within 120 state on-trial
	ok "kept, too" gcall Confirm sim0 0
	ok "and done, too" within 60 job_phase 'done'
	sync -f /var/lib/fwslot
	written=$(($(awk '{ print $7 * 512 }' "/sys/block/$disk/stat") - before))
	note "$written bytes written for an update of $image"
	ok "both image and backup were written" test "$written" -ge $((2 * image))
	ok "in all at most three times the image" test "$written" -le $((3 * image))
	systemctl stop fwslotd.service
	umount /var/lib/fwslot
	systemctl start fwslotd.service
}

make_bundles || bail "the vendor's files cannot be made"
modprobe fwslot_sim slots=1
within 60 version 1.0.0 || bail "there is no device on the bus"
keep_a_good_one
take_a_bad_one_back
go_back_and_forth
export_one
survive_damage
forget_old_ones
run_out_of_space
count_bytes
is "$(systemctl --failed --no-legend --plain | wc -l)" 0 "no unit has failed"
finish
