#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# fwslot-agent asks the person at the desk: the real daemon with a real update source, real notification
# servers on a virtual screen, and a real click on the real button.  polkit and logind are stand-ins of
# python3-dbusmock.  The desktop is an ordinary user's.  What was on the screen is left in
# build/results/bus/agent-*.png.
set -u
cd "$(dirname "$0")/../.." || exit 125
# shellcheck source=bus.sh
. tests/bus/bus.sh
# shellcheck source=../bundles.sh
. tests/bundles.sh
# shellcheck source=remote.sh
. tests/bus/remote.sh

desk=$work/desk
export LC_ALL=C.UTF-8 TZ=UTC HOME=$desk XDG_STATE_HOME=$desk/state XDG_RUNTIME_DIR=$desk/run
export DBUS_SESSION_BUS_ADDRESS=unix:path=$desk/bus
pictures=build/results/bus
session=/org/freedesktop/login1/session/_31

# as_person COMMAND...: in the background; its process is $!
as_person() {
	if [ "$(id -u)" = 0 ]; then
		setpriv --reuid=nobody --regid=nogroup --clear-groups -- "$@" >>"$work/desk.log" 2>&1 &
	else
		"$@" >>"$work/desk.log" 2>&1 &
	fi
	children+=($!)
}

start_screen() {
	mkdir -p "$desk/run" "$pictures"
	chmod 0700 "$desk/run"
	[ "$(id -u)" != 0 ] || chown -R nobody:nogroup "$desk"
	# It says which screen was free.
	Xvfb -displayfd 3 -screen 0 1024x600x24 -ac -nolisten tcp 3>"$work/display" >>"$work/desk.log" 2>&1 &
	children+=($!)
	within 60 test -s "$work/display" || bail "no screen: $(tail -n 3 "$work/desk.log")"
	DISPLAY=:$(<"$work/display")
	export DISPLAY
	as_person dbus-daemon --session --nofork --address="$DBUS_SESSION_BUS_ADDRESS"
	within 60 test -S "$desk/bus" || bail "no session bus"
	as_person dbus-monitor --session "interface='org.freedesktop.Notifications'"
	within 60 grep -q NameAcquired "$work/desk.log" || bail "nobody listens to the session bus"
}

# start_notifications PROGRAM: the notification server.
start_notifications() {
	as_person "$1"
	notifications=$!
	within 60 session_has org.freedesktop.Notifications || bail "$1 does not start: $(tail -n 3 "$work/desk.log")"
}

stop_notifications() {
	kill "$notifications"
	wait "$notifications" 2>/dev/null
	within 60 eval '! session_has org.freedesktop.Notifications' || bail "the notification server does not end"
}

session_has() { # NAME
	as_nobody busctl --user --no-pager --address="$DBUS_SESSION_BUS_ADDRESS" status "$1" >/dev/null 2>&1
}

start_agent() {
	as_person "$build/fwslot-agent"
	agent=$!
}

# A session of logind, which can be locked.
start_logind() {
	/usr/bin/python3 -m dbusmock --system org.freedesktop.login1 /org/freedesktop/login1 \
		org.freedesktop.login1.Manager >"$work/logind.log" 2>&1 &
	children+=($!)
	within 60 has_owner org.freedesktop.login1 || bail "no stand-in of logind"
	mock() { gdbus call --system --dest org.freedesktop.login1 --object-path "$1" --method "org.freedesktop.DBus.Mock.$2" "${@:3}" >/dev/null; }
	mock /org/freedesktop/login1 AddMethod org.freedesktop.login1.Manager GetSession s o \
		"ret = dbus.ObjectPath('$session')"
	mock /org/freedesktop/login1 AddObject $session org.freedesktop.login1.Session \
		"{'Active': <true>, 'Remote': <false>, 'LockedHint': <false>, 'Class': <'user'>}" '[]'
}

set_session() { # PROPERTY VALUE
	mock $session UpdateProperties org.freedesktop.login1.Session "{'$1': <$2>}"
}

# Geometry of the largest window of a class that is on the screen: width, height, x, y.
window_of() {
	xwininfo -root -tree | sed -n "s/.*(\"$1\".* \([0-9]*\)x\([0-9]*\)+[-0-9]*+[-0-9]*  +\([0-9]*\)+\([0-9]*\)\$/\1 \2 \3 \4/p" |
		awk '$1 > 100 && $2 > 50' | head -n 1
}

is_shown() { # CLASS
	[ -n "$(window_of "$1")" ]
}

# click_until CLASS RIGHT BOTTOM COMMAND...: clicks so far from the window's corner until the command
# succeeds; a window that was not ready yet is clicked again.
click_until() {
	local class=$1 right=$2 bottom=$3 width height x y
	shift 3
	for _ in {1..30}; do
		if is_shown "$class"; then
			read -r width height x y <<<"$(window_of "$class")"
			xdotool mousemove $((x + width - right)) $((y + height - bottom)) click 1
		fi
		! within 3 "$@" || return 0
	done
	return 1
}

picture() { # NAME
	sleep 1 # the servers fade their windows in
	import -window root "$pictures/agent-$1.png"
}

# How often the text was in a notification.
said() {
	grep -cF "string \"$1" "$work/desk.log"
}

has_said() { # TEXT TIMES
	[ "$(said "$1")" -ge "$2" ]
}

is_installing() {
	[ "$(call ListJobs t 0 | jq '.data[0] | length')" = 1 ] && state_is installing
}

state_is() {
	[ "$(property /org/fwslot1/device/sim0 Device State)" = "$1" ]
}

title='Test device 0 Update Available'

ask() {
	start_notifications /usr/lib/x86_64-linux-gnu/xfce4/notifyd/xfce4-notifyd
	start_agent
	ok "a person is asked" within 60 is_shown xfce4-notifyd
	picture available
	is "$(said "$title")" 1 "once"
	ok "what it is good for comes first" has_said "Version 1.1.0: Fixes displays that stay dark. If it does not work" 1
	is "$(grep -A 30 "string \"$title" "$work/desk.log" | grep -cE 'string "(tonight|Install Tonight|later|Remind Me Later|now|Install Now)"')" 6 \
		"the safest answer first"
	as_person "$build/fwslot-agent"
	wait $!
	is $? 0 "a second agent ends at once"
}

lock() {
	set_session LockedHint true
	ok "a locked screen shows nothing" within 60 eval '! is_shown xfce4-notifyd'
	set_session LockedHint false
	ok "and asks again when it is unlocked" within 60 is_shown xfce4-notifyd
	set_session Active false
	ok "nor is somebody asked who is not at the desk" within 60 eval '! is_shown xfce4-notifyd'
	set_session Active true
	ok "but when he is back" within 60 is_shown xfce4-notifyd
}

change_server() {
	stop_notifications
	start_notifications /usr/lib/notification-daemon/notification-daemon
	ok "another server is told of what is asked" within 60 is_shown notification-daemon
	picture other-server
}

refuse() {
	ok "a click without the right changes nothing, and says so" \
		click_until notification-daemon 97 39 has_said 'Nothing Was Changed' 1
	picture refused
	is "$(call ListJobs t 0 | jq '.data[0] | length')" 0 "no job began"
	stop_notifications
}

approve() {
	polkit_allow org.fwslot1.approve
	start_notifications /usr/lib/x86_64-linux-gnu/xfce4/notifyd/xfce4-notifyd
	ok "the question is still there" within 60 is_shown xfce4-notifyd
	ok "a click on Install Now begins the update" click_until xfce4-notifyd 77 32 is_installing
	ok "and the question goes" within 60 eval '! is_shown xfce4-notifyd'
	ok "the image is on its way to the device" within 60 cmp "$work/1.1.0.img" \
		"$work/sys/devices/test/fwslot/fwslot0/fwslot0.1/data"
	is "$(call ListJobs t 0 | jq '.data[0] | length')" 1 "by one job"
}

# Another device, whose file is damaged.
fail_one() {
	echo nonsense >"$work/bad.fwb"
	"$build/fwslotctl" install sim1 "$work/bad.fwb" >/dev/null 2>&1
	ok "a failure is told" within 60 has_said 'Test device 1 Update Failed' 1
	ok "with what it means for the person" has_said 'The file is damaged. The device still uses version 1.0.0.' 1
	within 60 is_shown xfce4-notifyd
	picture failed
	kill "$agent"
	wait "$agent" 2>/dev/null
	start_agent
	within 60 session_has org.fwslot1.Agent
	"$build/fwslotctl" install sim1 "$work/bad.fwb" >/dev/null 2>&1
	ok "a new failure is told again" within 60 has_said 'Test device 1 Update Failed' 2
	is "$(said 'Test device 1 Update Failed')" 2 "the old one was not, after a new start"
}

start_bus
start_polkit
start_logind
start_server
start_fetch
make_vendor acme && trust_vendor acme "$work/etc" &&
	add_release acme 1.1.0 11 --urgency high --note en='Fixes displays that stay dark.' && publish || bail "no vendor"
add_device 0
start_daemon
conf
within 60 state_is update-available || bail "no update is offered"
start_screen
ask
lock
change_server
refuse
approve
add_device 1
stop_daemon
start_daemon
fail_one
finish
