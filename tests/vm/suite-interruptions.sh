#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Updates that are interrupted: cancelled, and the daemon killed while it verifies, writes, restarts
# the device and watches the trial; each must end right.  And that it answers while a slot is written.
# kernels: 6.12
# timeout: 900
set -u
# shellcheck source=daemon.sh
. "$(dirname "$0")/daemon.sh"

gate=/run/fwslot-test-gate

# A worker that verifies only when the gate is open, for time to do something before that.
gated_worker() {
	mkdir -p /run/systemd/system/fwslotd.service.d
	printf '#!/bin/sh\nwhile [ ! -e %s ]; do sleep 0.1; done\nexec /usr/libexec/fwslot-worker\n' $gate \
		>/usr/libexec/gated-worker
	chmod 0755 /usr/libexec/gated-worker
	printf '[Service]\nEnvironment=FWSLOT_WORKER=/usr/libexec/gated-worker\n' \
		>/run/systemd/system/fwslotd.service.d/gate.conf
	systemctl daemon-reload
}

# begin_update VERSION COUNTER: in the background, up to the gate; $installing is the caller.
begin_update() {
	new_release "$1" "$2"
	rm -f $gate
	install_file "$1" >"$work/reply" 2>&1 &
	installing=$!
	ok "an update to $1 is verified" within 90 job_phase verifying
}

kill_daemon() {
	local pid
	pid=$(daemon_pid)
	kill -KILL "$pid"
	within 90 sh -c "[ \$(systemctl show -p MainPID --value fwslotd.service) -gt 1 ] &&
		[ \$(systemctl show -p MainPID --value fwslotd.service) != $pid ]"
}

confirm() {
	ok "it can be confirmed" gcall Confirm sim0 0
	ok "and is over then" within 90 state up-to-date
	is "$(cat $sysfs/boot/state)" confirmed "in the kernel, too"
}

cancel() {
	local job
	begin_update 2.0.0 20
	job=$(call ListJobs t 0 | json '.data[0][-1][0]')
	refused '[Aa]ccess denied|interactive' "nobody may not cancel it" \
		runuser -u nobody -- busctl --allow-interactive-authorization=no call org.fwslot1 \
		"/org/fwslot1/job/_$job" org.fwslot1.Job Cancel t 0
	ok "root may" gcall CancelJob "$job" 0
	wait $installing
	like "$(cat "$work/reply")" "$error.Cancelled" "the caller of InstallFile is told"
	ok "the job is cancelled" within 90 job_phase cancelled
	is "$(error_of gcall CancelJob "$job" 0)" $error.NoSuchJob "a job that has ended cannot be"
	is "$(error_of gcall CancelJob 4711 0)" $error.NoSuchJob "nor one that never was"
	ok "the old version runs" version 1.0.0
}

kill_while_verifying() {
	begin_update 2.1.0 21
	ok "killed while verifying, it starts again" kill_daemon
	wait $installing
	not_ok "the caller was not told that all is well" grep -q uint64 "$work/reply"
	ok "systemd held the file: it is verified again" within 90 job_phase verifying
	touch $gate
	ok "the update goes on to its trial" within 90 state on-trial
	ok "with the new version" version 2.1.0
	is "$(systemctl show -p NFileDescriptorStore --value fwslotd.service)" 0 "no file is held any more"
	confirm
}

kill_while_writing() {
	new_release 2.2.0 22
	echo 2000000 >$debugfs/sim0/flash_delay_us_per_page
	ok "an update to slow flash" install_file 2.2.0
	ok "it is written" within 90 job_phase writing
	ok "killed while writing, it starts again" kill_daemon
	echo 0 >$debugfs/sim0/flash_delay_us_per_page
	ok "the update goes on to its trial" within 90 state on-trial
	ok "with the new version" version 2.2.0
}

kill_while_on_trial() {
	ok "killed on trial, it starts again" kill_daemon
	ok "the trial goes on" within 90 state on-trial
	confirm
}

kill_while_restarting() {
	new_release 2.3.0 23
	echo Y >$debugfs/sim0/silent
	ok "an update to a device that does not come up at once" install_file 2.3.0
	ok "it restarts" within 90 job_phase restarting
	ok "killed while it restarts, it starts again" kill_daemon
	echo N >$debugfs/sim0/silent
	echo 1 >$debugfs/sim0/crash
	ok "the update goes on to its trial" within 60 state on-trial
	ok "with the new version" version 2.3.0
	confirm
}

# The flash is so slow that the write cannot end before the measurement does.
answer_while_writing() {
	local calls median p99 maximum late bus_median bus_p99 bus_maximum bus_late
	new_release 3.0.0 30
	echo 2000000 >$debugfs/sim0/flash_delay_us_per_page
	ok "an update to very slow flash" install_file 3.0.0
	ok "it is written" within 90 job_phase writing
	refused 'from writing on it cannot be cancelled' "that cannot be cancelled any more" \
		gcall CancelJob "$(call ListJobs t 0 | json '.data[0][-1][0]')" 0
	read -r calls median p99 maximum late bus_median bus_p99 bus_maximum bus_late \
		<<<"$("$build/tools/bus-latency" 8 50)"
	note "$calls calls in 8 s of writing: median $median ms, 99 % within $p99 ms, maximum $maximum ms, $late late;" \
		"the bus itself: median $bus_median ms, 99 % within $bus_p99 ms, maximum $bus_maximum ms, $bus_late late"
	ok "it is still being written" job_phase writing
	# A busy host makes the emulated machine pause, and then the bus itself answers late: the figures are
	# told, not judged. Who waited for the flash would wait two seconds for each page.
	ok "the bus answers meanwhile" test "$calls" -gt 20 -a "$median" -le $((50 + bus_median))
	ok "no call waits for the flash" test "$maximum" -le $((1000 + bus_maximum))
	echo 0 >$debugfs/sim0/flash_delay_us_per_page
	ok "the update arrives" within 60 state on-trial
	confirm
}

make_vendor acme && trust_vendor acme /etc/fwslot || bail "fwslot-repo fails"
gated_worker
modprobe fwslot_sim
within 90 version 1.0.0 || bail "there is no device on the bus"
cancel
kill_while_verifying
kill_while_writing
kill_while_on_trial
kill_while_restarting
answer_while_writing
is "$(systemctl --failed --no-legend --plain | wc -l)" 0 "no unit has failed"
finish
