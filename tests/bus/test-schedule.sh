#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# What people decide about an update, and when it begins: approved, postponed, dismissed, by policy, and what stands in
# its way. The update is a real one of a real server; the window is opened and closed by the configuration, so nothing
# here depends on the time of day. logind is a mock.
set -u
cd "$(dirname "$0")/../.." || exit 125
# shellcheck source=bus.sh
. tests/bus/bus.sh
# shellcheck source=../bundles.sh
. tests/bundles.sh
# shellcheck source=remote.sh
. tests/bus/remote.sh

invalid=org.freedesktop.DBus.Error.InvalidArgs
denied=org.freedesktop.DBus.Error.AccessDenied
error=org.fwslot1.Error
device=/org/fwslot1/device/sim0
update=/org/fwslot1/update/sim0_2d1_2e1_2e0
now=$(date +%s%6N)
day=86400000000

shown() { # state, policy, not before (0 or later), postponed until, blockers
	busctl --system -j get-property org.fwslot1 $device org.fwslot1.Device \
		State Policy NotBeforeUSec PostponedUntilUSec Blockers |
		jq -rs 'map(.data) | "\(.[0]) \(.[1]) \(if .[2] == 0 then 0 else 1 end) \(.[3]) \(.[4] | join(","))"'
}

shown_is() { [ "$(shown)" = "$1" ]; }

decision() {
	call ListUpdates t 0 | jq -r '.data[0][0] | "\(.[3]) \(.[4])"'
}

jobs_made() {
	call ListJobs t 0 | jq '.data[0] | length'
}

settings() { # LINE...: of fwslotd.conf, read at once
	printf '%s\n' "$@" >"$work/etc/fwslotd.conf"
	kill -HUP "$daemon_pid"
	call ListDevices t 0 >/dev/null
}

phase() { # of the newest job
	call ListJobs t 0 | jq -r '.data[0][-1][3]'
}

phase_is() { [ "$(phase)" = "$1" ]; }

mock() { # METHOD SIGNATURE ARGUMENT...
	busctl --system call org.freedesktop.login1 /org/freedesktop/login1 org.freedesktop.DBus.Mock "$@" >/dev/null
}

# A worker waits as long as there is a pipe that says nothing: for what happens while a job is under way.
gate=$work/gate
printf '#!/bin/sh\n[ ! -p %s ] || read -r line <%s\nexec %s\n' "$gate" "$gate" "$FWSLOT_WORKER" >"$work/gated-worker"
chmod 0755 "$work/gated-worker"
export FWSLOT_WORKER=$work/gated-worker

open_gate() {
	echo >"$gate"
	rm "$gate"
}

start_bus
start_polkit
start_server
start_fetch
make_vendor acme && trust_vendor acme "$work/etc" && add_release acme 1.0.0 10 &&
	add_release acme 1.1.0 11 --urgency high && publish || bail "no vendor"
printf '%s\n' '[Window]' 'Window=never' '[Updates]' 'SecurityDeadlineSec=infinity' >"$work/etc/fwslotd.conf"
add_device 0
start_daemon
conf RefreshIntervalSec=30d
ok "an update is offered" within 60 shown_is "update-available ask 0 0 "

# --- what is refused --------------------------------------------------------------------------

is "$(error_of gcall Approve sim9 '' 0)" $error.NoSuchDevice "nothing is approved for a device that is not there"
is "$(error_of gcall Approve sim0 9.9.9 0)" $error.NoSuchUpdate "nor a version that nobody offers"
is "$(error_of gcall Approve sim0 '' 1)" $invalid "nor with a flag nobody knows"
is "$(error_of gcall Postpone sim0 1 0)" $invalid "a time that is over is no time to postpone to"
is "$(error_of gcall Postpone sim0 $((now + 400 * day)) 0)" $invalid "nor one in more than a year"
is "$(error_of gcall SetPolicy sim0 whatever 0)" $invalid "a policy nobody knows"
is "$(error_of gcall SetPolicy sim9 never 0)" $error.NoSuchDevice "a policy for nobody"
polkit_allow
for call in "Approve sim0 1.1.0 0" "Postpone sim0 $((now + day)) 0" "Dismiss sim0 1.1.0 0" "SetPolicy sim0 never 0" \
	"Inhibit sim0 me why 0"; do
	# shellcheck disable=SC2086
	is "$(error_of as_nobody gdbus call --system --dest org.fwslot1 --object-path /org/fwslot1 \
		--method org.fwslot1.Manager.$call)" $denied "polkit is asked about ${call%% *}"
done
is "$(decision)" "pending 0" "and nothing is decided"

# --- windows ----------------------------------------------------------------------------------

window() { # when it begins, in local time, and how long it lasts
	local begin
	begin=$(property /org/fwslot1 Manager NextWindowUSec)
	echo "$([ "$begin" = 0 ] || date -d "@${begin%000000}" +%H:%M) $(property /org/fwslot1 Manager WindowDurationUSec)"
}

is "$(window)" " 0" "there is no window"
settings '[Window]' 'Window=22:15-06:00' '[Updates]' 'SecurityDeadlineSec=infinity'
is "$(window)" "22:15 27900000000" "one is configured: the bus tells when it begins and how long it lasts"
settings '[Window]' 'Window=never' '[Updates]' 'SecurityDeadlineSec=infinity'

# --- decisions --------------------------------------------------------------------------------

is "$(call Approve sst sim0 1.1.0 0 | jq -r '.data[0]')" 0 "approved, with no window to come"
is "$(shown)" "approved ask 0 0 " "the device says so"
is "$(decision)" "approved 0" "and the list"
stop_daemon
start_daemon
ok "an approval outlives the daemon" within 60 shown_is "approved ask 0 0 "
ok "postponing" gcall Postpone sim0 $((now + day)) 0
is "$(shown)" "postponed ask 0 $((now + day)) " "takes the place of the approval"
is "$(call ListDevices t 0 | jq -r '.data[0][0][5]')" $((now + day)) "the list says until when"
ok "dismissing" busctl --system call org.fwslot1 $device org.fwslot1.Device Dismiss st 1.1.0 0
is "$(shown) $(property $update Update Decision)" "dismissed ask 0 0  dismissed" "nobody is to be asked"
ok "a person may change his mind" gcall Approve sim0 '' 0
is "$(decision)" "approved 0" "and approve it"
is "$(call GetHistory sut sim0 4 0 | jq -r '[.data[0][] | .[2] + " " + .[4]] | join(", ")')" \
	"approve 1.1.0, dismiss 1.1.0, postpone 1.1.0, approve 1.1.0" "history tells who decided what"

settings '[Window]' 'Window=never' '[Updates]' 'SecurityDeadlineSec=2d'
ok "what is urgent has a deadline" test "$(decision | cut -d' ' -f2)" -gt 0
is "$(error_of gcall Postpone sim0 $((now + 9 * day)) 0)" $error.PastDeadline "it bounds postponing"
is "$(error_of gcall Dismiss sim0 '' 0)" $error.PastDeadline "and forbids dismissing"
ok "but for who may" gcall Postpone sim0 $((now + 9 * day)) 32
ok "within it anybody may" gcall Postpone sim0 $((now + day)) 0
is "$(shown)" "postponed ask 0 $((now + day)) " "postpone"
is "$(jobs_made)" 0 "and of all that no job was made"

# --- from the shell ---------------------------------------------------------------------------

export LC_ALL=C.UTF-8
is "$("$build/fwslotctl" approve sim0)" "Approved, but no window is configured (Window= in fwslotd.conf): it waits." \
	"fwslotctl approve"
is "$(decision | cut -d' ' -f1)" approved "does it"
like "$("$build/fwslotctl" postpone sim0 23h)" '^Postponed until ' "fwslotctl postpone"
is "$("$build/fwslotctl" postpone --json sim0 1h | jq 'keys[0]')" \
	'"postponed_until_usec"' "in JSON, too"
like "$("$build/fwslotctl" postpone sim0 soon 2>&1)" '"soon" is no time' "a time that is none"
like "$("$build/fwslotctl" postpone sim0 9d 2>&1)" 'Set flag 32' "one past the deadline"
like "$("$build/fwslotctl" show sim0)" 'Postponed until:' "fwslotctl show tells it"
like "$("$build/fwslotctl" dismiss --past-deadline sim0)" 'not asked about again' "fwslotctl dismiss"
is "$(shown)" "dismissed ask 0 0 " "does it"
is "$("$build/fwslotctl" policy sim0 never | awk '{ print $1 $2 }' | xargs)" "DEVICEPOLICY (others)ask sim0never" \
	"fwslotctl policy"
is "$("$build/fwslotctl" policy --json sim0 default; "$build/fwslotctl" policy --json | jq -c 'map(.policy)')" \
	'["ask","ask"]' "takes it back"
is "$("$build/fwslotctl" explain --json sim0 | jq -c 'map(select(.allows | not))')" '[]' "fwslotctl explain"
ok "approved again" gcall Approve sim0 '' 0
ok "and postponed" gcall Postpone sim0 $((now + day)) 0

# --- policies ---------------------------------------------------------------------------------

settings '[Window]' 'Window=never' '[Updates]' 'SecurityDeadlineSec=infinity' '[Device fwslot/*]' 'Policy=security'
is "$(property $device Device Policy)" security "a section of devices has its policy"
ok "one that is set" gcall SetPolicy sim0 never 0
is "$(property $device Device Policy)" never "counts more"
ok "one for all" gcall SetPolicy '' automatic 64
is "$(property $device Device Policy) $(property /org/fwslot1 Manager DefaultPolicy)" "never automatic" \
	"counts for who has none"
stop_daemon
start_daemon
ok "what is set for good outlives the daemon" within 60 eval \
	'[ "$(property $device Device Policy) $(property /org/fwslot1 Manager DefaultPolicy)" = "never ask" ]'
ok "and is taken back" gcall SetPolicy sim0 '' 0
is "$(property $device Device Policy)" security "then what is configured holds"

# --- what stands in the way -------------------------------------------------------------------

/usr/bin/python3 -m dbusmock --system org.freedesktop.login1 /org/freedesktop/login1 \
	org.freedesktop.login1.Manager >"$work/logind.log" 2>&1 &
children+=($!)
within 60 has_owner org.freedesktop.login1 || bail "no mock of logind: $(cat "$work/logind.log")"
mock AddProperties 'sa{sv}' org.freedesktop.login1.Manager 5 OnExternalPower b false IdleHint b false \
	IdleSinceHint t 0 PreparingForShutdown b false PreparingForSleep b true || bail "logind has no properties"
ok "approved once more" gcall Approve sim0 '' 0
settings '[Window]' 'Window=always' 'RequireIdleSec=10min'
ok "in an open window what stands in the way is told" within 60 shown_is \
	"approved ask 1 0 sleep-pending,not-idle,on-battery"
mock UpdateProperties 'sa{sv}' org.freedesktop.login1.Manager 2 IdleHint b true PreparingForSleep b false
ok "and what has ended is not" within 60 shown_is "approved ask 1 0 on-battery"
exec 7< <(exec /usr/bin/python3 - <<-'END'
	import dbus, time
	lock = dbus.SystemBus().get_object("org.fwslot1", "/org/fwslot1").Inhibit(
		"sim0", "Concert", "Somebody plays", dbus.UInt64(0), dbus_interface="org.fwslot1.Manager")
	print("held", flush=True)
	time.sleep(600)
	END
)
holder=$!
children+=("$holder")
read -r -t 60 -u 7 held
is "$held" held "a program wants the device left alone"
ok "which is told, too" within 60 shown_is "approved ask 1 0 inhibited,on-battery"
mock UpdateProperties 'sa{sv}' org.freedesktop.login1.Manager 1 OnExternalPower b true
ok "mains power is back" within 60 shown_is "approved ask 1 0 inhibited"
is "$(jobs_made)" 0 "all that time no job was made"
mkfifo "$gate"
kill "$holder"
ok "when the program has gone the update begins by itself" within 60 eval '[ "$(jobs_made)" = 1 ]'
is "$(call GetHistory sut sim0 1 0 | jq -r '.data[0][0] | "\(.[2]) \(.[4]) \(.[6])"')" "install 1.1.0 $(id -u)" \
	"in the name of who approved it"

# --- it is asked once more before it is written -------------------------------------------------

ok "it is downloaded" within 60 phase_is downloading
mock UpdateProperties 'sa{sv}' org.freedesktop.login1.Manager 1 OnExternalPower b false
open_gate
ok "mains power went meanwhile: it waits before it writes" within 60 phase_is waiting
ok "and says for what" within 60 shown_is "installing ask 0 0 on-battery"
stop_daemon
start_daemon
ok "also after a restart" within 60 shown_is "installing ask 0 0 on-battery"
is "$(cat "$work/sys/devices/test/fwslot/fwslot0/fwslot0.1/loading")" 0 "nothing was begun in the kernel"
settings '[Window]' 'Window=never'
ok "when the window is over it is given up" within 60 phase_is cancelled
is "$(property "$(call ListJobs t 0 | jq -r '.data[0][-1][5]')" Job Reason)" outside-window "for that reason"
ok "what was approved is still" within 60 shown_is "approved ask 0 0 "
settings '[Window]' 'Window=always'
ok "and due in the next window" within 60 shown_is "approved ask 1 0 on-battery"
mkfifo "$gate"
mock UpdateProperties 'sa{sv}' org.freedesktop.login1.Manager 1 OnExternalPower b true
ok "it begins anew when it may" within 60 phase_is downloading
mock UpdateProperties 'sa{sv}' org.freedesktop.login1.Manager 1 OnExternalPower b false
open_gate
ok "once more it waits" within 60 shown_is "installing ask 0 0 on-battery"
mock UpdateProperties 'sa{sv}' org.freedesktop.login1.Manager 1 OnExternalPower b true
ok "until mains power is back: then it goes as far as the kernel" within 60 \
	cmp "$work/1.1.0.img" "$work/sys/devices/test/fwslot/fwslot0/fwslot0.1/data"
stop_daemon
start_daemon
ok "after a restart it goes on" within 60 shown_is "installing ask 0 0 "
is "$(jobs_made)" 2 "and is not begun once more"
finish
