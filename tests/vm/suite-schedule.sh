#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# A night passes by moving the clock: of two devices the update of one was approved and begins in its window, not a
# minute before, and not while a shutdown is planned; the other one's was postponed and nothing happens to it. logind,
# polkit and systemd are the real ones: while a slot is written they keep the machine up, also over a crash.
# kernels: 6.1
# programs: nginx
# timeout: 600
set -u
# shellcheck source=daemon.sh
. "$(dirname "$0")/daemon.sh"
. tests/web.sh
site=/srv/acme
gate=/run/fwslot-test-gate
login=(org.freedesktop.login1 /org/freedesktop/login1 org.freedesktop.login1.Manager)

shown() { # of the first device: its state and what stands in the way, as JSON
	local said
	said=$(busctl -j get-property org.fwslot1 $device org.fwslot1.Device State Blockers)
	said=${said//$'\n'/ }
	said=${said//'{"type":"s","data":'/}
	said=${said//'{"type":"as","data":'/}
	echo "${said//'}'/}"
}

shown_is() {
	[ "$(shown)" = "$1" ]
}

jobs_are() { # NUMBER
	local jobs
	jobs=$(call ListJobs t 0)
	jobs=${jobs//[!j]/} # of each one "/org/fwslot1/job/_1" has the only one
	[ "${#jobs}" = "$1" ]
}

both_are_offered() {
	[[ $(call ListUpdates t 0) == *'"1.1.0",'*'"pending"'*'"1.1.0",'*'"pending"'* ]]
}

# The locks of logind by fwslotd, one a line: what, mode, process.
locks() {
	busctl call "${login[@]}" ListInhibitors |
		grep -oE '"[a-z:-]*" "fwslotd" "[^"]*" "[a-z]*" [0-9]+ [0-9]+' |
		sed -E 's/^"(.*)" "fwslotd" "[^"]*" "(.*)" [0-9]+ ([0-9]+)$/\1 \2 \3/'
}

locks_are() {
	[ "$(locks)" = "$1" ]
}

other_device() {
	busctl get-property org.fwslot1 /org/fwslot1/device/sim1 org.fwslot1.Device State Version
}

prepare() {
	# A day that passes makes systemd's own timers ring; they are not what is looked at.
	systemctl stop '*.timer'
	date -s 'tomorrow 12:00' >/dev/null || bail "the clock cannot be set"
	today=$(date +%F)
	# Large, for a write that goes on for minutes when the flash is slow: nothing here is to depend on speed.
	make_vendor acme && trust_vendor acme /etc/fwslot && make_image 1.1.0 --size 1000000 &&
		add_image acme "$work/1.1.0.img" 1.1.0 11 || bail "the vendor has nothing"
	mkdir -p $site
	chmod 755 "$work"
	start_web 8480 <<-END
		server { listen 127.0.0.1:8480; root $site; }
	END
	"$build/fwslot-repo" publish -C "$work/acme" >/dev/null && cp -r "$work/acme/site/." $site/ ||
		bail "nothing is published"
	printf '%s\n' '[Remote]' URL=http://127.0.0.1:8480 RandomizedDelaySec=0 >/etc/fwslot/remotes.d/acme/remote.conf
	printf '%s\n' '[Window]' 'Window=22:00-06:00' RequireIdleSec=0 >/etc/fwslot/fwslotd.conf.d/schedule.conf
	# A crashed daemon comes back when the suite has looked, not before: it is told so through a pipe.
	mkdir -p /run/systemd/system/fwslotd.service.d
	printf '%s\n' '[Service]' "ExecStartPre=/bin/sh -c '[ ! -p $gate ] || read line <$gate'" \
		>/run/systemd/system/fwslotd.service.d/late.conf
	systemctl daemon-reload
	modprobe fwslot_sim devices=2 || bail "no module"
	ok "updates are offered to two devices" within 120 both_are_offered
}

decide() {
	is "$(call Approve sst sim0 '' 0)" "{\"type\":\"t\",\"data\":[$(date -d "$today 22:00" +%s)000000]}" \
		"one is approved: the window is told"
	ok "the other one is postponed" call Postpone stt sim1 "$(date -d '3 days' +%s)000000" 0
	date -s "$today 21:59:00" >/dev/null
	ok "a minute before its window" shown_is '"approved" []'
	ok "nothing has begun" jobs_are 0
}

wait_for_shutdown() {
	busctl call "${login[@]}" ScheduleShutdown st poweroff "$(date -d "$today 22:50" +%s)000000" ||
		bail "logind plans nothing"
	date -s "$today 22:00:00" >/dev/null
	ok "the window is open, and a shutdown is planned: that is told" within 60 shown_is '"approved" ["shutdown-pending"]'
	ok "and nothing has begun" jobs_are 0
	busctl call "${login[@]}" CancelScheduledShutdown >/dev/null
}

begin_by_itself() {
	echo 1000000 >$debugfs/sim0/flash_delay_us_per_page
	date -s "$today 22:06:00" >/dev/null
	ok "when it is planned no more the update begins by itself" within 60 jobs_are 1
	ok "and is written" within 120 job_phase writing || note "$(call ListJobs t 0)"
	begun=$(property /org/fwslot1/job/_1 Job StartedUSec)
	[ "$((begun / 1000000))" -ge "$(date -d "$today 22:06" +%s)" ]
	report $? "its time is the clock's as it was set" || note "$begun, now $(date +%s)"
}

# polkit gives it to the daemon's user only, by the rule that is installed.
keep_awake() {
	local pid lock
	pid=$(daemon_pid)
	lock="shutdown:sleep:handle-lid-switch block $pid"
	ok "meanwhile the machine is kept up" within 120 locks_are "$lock" || note "$(locks)"
	refused '[Aa]ccess denied|interactive' "which not everybody may do" \
		runuser -u nobody -- busctl --allow-interactive-authorization=no call "${login[@]}" Inhibit ssss \
		shutdown:sleep:handle-lid-switch me why block
	mkfifo -m 0644 $gate
	kill -KILL "$pid"
	ok "the daemon is killed" within 60 not_running "$pid"
	is "$(locks)" "$lock" "and the machine is kept up all the same: systemd holds the lock"
	echo >$gate
	rm $gate
	ok "started again, it goes on writing" within 120 job_phase writing
	is "$(locks)" "$lock" "under the same lock"
	echo 0 >$debugfs/sim0/flash_delay_us_per_page
	ok "the device runs the update" within 200 state on-trial || note "$(call ListJobs t 0)"
	is "$(locks)" "" "and the machine may go down again"
	is "$(systemctl show -p NFileDescriptorStore --value fwslotd.service)" 0 "nothing is held any more"
}

not_running() { # PID
	[ ! -e "/proc/$1" ]
}

pass_the_night() {
	date -s "$today 23:59:00" >/dev/null
	ok "of one approval one job was made" jobs_are 1
	is "$(other_device)" $'s "postponed"\ns "1.0.0"' "nothing happened to the other device"
}

prepare
decide
wait_for_shutdown
begin_by_itself
keep_awake
pass_the_night
kill "$web"
finish
