# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# story.sh: runs in the virtual machine, as root.  The life of one device: an update
# that is good, one that is bad, one that is forged.  Nothing here is made up: each
# command runs against the real kernel module, the real daemon and the real bus.
. tests/demo/tell.sh
build=$(realpath "${BUILD:-build}")
work=$(mktemp -d)
. tests/bundles.sh

manager='org.fwslot1 /org/fwslot1 org.fwslot1.Manager'
device='org.fwslot1 /org/fwslot1/device/sim0 org.fwslot1.Device'
sysfs=/sys/class/fwslot/fwslot0
cd "$work" || exit

property() { # NAME
	# shellcheck disable=SC2086  # three words
	busctl get-property $device "$1" | cut -d' ' -f2- | tr -d '"'
}

is_property() { # NAME VALUE
	[ "$(property "$1" 2>/dev/null)" = "$2" ]
}

# A trial of five seconds instead of an hour, so that the story does not take one.
mkdir -p /etc/fwslot/fwslotd.conf.d
printf '[Trial]\nTrialSec=5\n' >/etc/fwslot/fwslotd.conf.d/demo.conf

chapter "A device"
tell "A device is plugged in.  It is simulated, everything above it is real: it has two slots
for firmware, flash that must be erased before it is written, and a boot loader of its own."
show 'modprobe fwslot_sim'
await 20 test -e $sysfs/name
show "cat $sysfs/{name,boot/state,boot/running_slot} $sysfs/fwslot0.0/version"
expect 'Simulated device 0' 'confirmed' '1\.0\.0'
tell "The daemon was started by the device, and shows it on the bus to everybody."
await 20 is_property Version 1.0.0
show "busctl call $manager ListDevices t 0"
expect '"sim0"' '"1\.0\.0"' 'up-to-date'

chapter "A good update"
tell "The vendor makes keys and a repository, adds version 1.1.0 and signs all of it."
show 'fwslot-repo init vendor'
show 'sim-image --version 1.1.0 1.1.0.img'
show 'fwslot-repo add -C vendor --hardware-id fwslot/sim --version 1.1.0 --counter 2 1.1.0.img'
show 'fwslot-repo publish -C vendor'
show 'fwslot-repo bundle -C vendor 1.1.0.fwb'
tell "The administrator trusts this vendor: one file in one folder says so."
show 'install -D vendor/site/metadata/1.root.json /etc/fwslot/remotes.d/vendor/root.json'
tell "Somebody hands the file to the daemon.  It is authenticated before anything is touched."
show "gdbus call --system -d org.fwslot1 -o /org/fwslot1 -m org.fwslot1.Manager.InstallFile sim0 0 0 '{}' <1.1.0.fwb"
expect '/org/fwslot1/job/_1'
tell "The new firmware was written into the free slot while the old one ran on.  Now it runs,
on trial: if it does not come up, the device goes back by itself."
await 40 is_property State on-trial
show "busctl get-property $device State Version BootState BootAttemptsLeft"
expect '"on-trial"' '"1\.1\.0"' '"trial"' 'u 2'
show "cat $sysfs/boot/{state,running_slot,attempts,attempts_left,fallback_slot}"
expect 'trial'
tell "It stays up, its health checks say yes: after the trial time the update is confirmed."
await 40 is_property State up-to-date
show "busctl get-property $device State Version BootState"
expect '"up-to-date"' '"1\.1\.0"' '"confirmed"'
show "cat $sysfs/boot/state"
expect '^confirmed$'

chapter "A bad update"
tell "Version 1.2.0 is signed just as well, but it crashes while it starts, each time."
make_image 1.2.0 --behaviour boot-loops
add_image vendor 1.2.0.img 1.2.0 3
bundle vendor 1.2.0.fwb
attempts=$work/attempts
watch_attempts() {
	local left last='' state='' tick
	exec {tick}<> <(:) # something to wait on without starting a process
	until [ "$state" = fallback ]; do
		read -r left <$sysfs/boot/attempts_left
		read -r state <$sysfs/boot/state
		if [ "$left" != "$last" ] && [ "$state" != fallback ]; then
			printf '%s ' "$left"
			last=$left
		fi
		read -r -t 0.05 -u "$tick" _ || :
	done
}
# Slow enough to be watched on a busy machine.
echo 1500 >/sys/kernel/debug/fwslot_sim/sim0/boot_time_ms
watch_attempts >"$attempts" &
watcher=$!
show "gdbus call --system -d org.fwslot1 -o /org/fwslot1 -m org.fwslot1.Manager.InstallFile sim0 0 0 '{}' <1.2.0.fwb"
expect '/org/fwslot1/job/_2'
tell "The kernel counts.  These are the values that boot/attempts_left went through:"
await 60 is_property BootState fallback
wait "$watcher"
show "cat $attempts"
expect '(^|[^0-9])3 2 1 0 $'
tell "No attempt was left, so the device went back to what ran before; nobody had to be there."
await 40 is_property State reverted
show "busctl get-property $device State Version Problem LastRestartReason"
expect '"reverted"' '"1\.1\.0"' '"attempts-exhausted"'
show "cat $sysfs/boot/{state,last_restart_reason}"
expect 'fallback' 'attempts-exhausted'
show "busctl get-property org.fwslot1 /org/fwslot1/job/_2 org.fwslot1.Job Result Reason Message"
expect '"reverted"' '"attempts-exhausted"'

chapter "A forged update"
tell "Version 1.3.0 is good, but on its way somebody changed one byte of the firmware in it."
add_release vendor 1.3.0 4
bundle vendor honest.fwb
repack honest.fwb 1.3.0.fwb spoil_payload
show "gdbus call --system -d org.fwslot1 -o /org/fwslot1 -m org.fwslot1.Manager.InstallFile sim0 0 0 '{}' <1.3.0.fwb"
expect 'org\.fwslot1\.Error\.WrongDigest'
tell "Refused.  Not one byte of it came near the device."
show "busctl get-property $device Version"
expect '"1\.1\.0"'

chapter "What happened"
tell "All of it is in the history, newest first: action, from, to, result, reason."
show "busctl --json=short call $manager GetHistory sut sim0 20 0 | jq -r '.data[0][] | [(.[0] / 1000000 | todate), .[2:6][], .[7]] | @tsv'"
expect $'1\\.0\\.0\t1\\.1\\.0\tdone' $'1\\.1\\.0\t1\\.2\\.0\treverted\tattempts-exhausted' \
	$'failed\twrong-digest'

the_end
