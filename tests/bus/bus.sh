# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# bus.sh: sourced by the suites of tests/bus.  A private message bus with fwslotd on it and a tree
# of plain files instead of the kernel's devices; polkit is the template of python3-dbusmock.
# Everything lives in one temporary folder and ends with the suite.

# shellcheck source=../tap.sh
. "$(dirname "${BASH_SOURCE[0]}")/../tap.sh"
# shellcheck source=../client.sh
. "$(dirname "${BASH_SOURCE[0]}")/../client.sh"

build=$(realpath "${BUILD:-build}")
work=$(mktemp -d "${TMPDIR:-/tmp}/fwslot-bus.XXXXXX")
chmod 0755 "$work"
children=()

end_suite() {
	local child
	for child in "${children[@]}"; do
		kill "$child" 2>/dev/null || continue
		wait "$child" 2>/dev/null || : # who sources this may have set -e
	done
	rm -rf "$work"
}
trap end_suite EXIT
trap 'exit 143' TERM INT

export FWSLOT_SYSFS=$work/sys FWSLOT_STATE_DIR=$work/state FWSLOT_CONFIG_DIR=$work/etc
export FWSLOT_VENDOR_DIR=$work/vendor FWSLOT_RUNTIME_DIR=$work/run FWSLOT_WORKER=$build/fwslot-worker
mkdir -p "$work"/{state/import,etc,vendor,run,sys/class/fwslot,sys/devices/test/fwslot}

# start_bus: the daemon's own bus policy needs its user, so here everybody may own every name; the
# policy is tested in the virtual machine.
start_bus() {
	cat >"$work/bus.conf" <<CONF
<busconfig>
  <type>system</type>
  <listen>unix:path=$work/bus</listen>
  <policy context="default">
    <allow user="*"/>
    <allow own="*"/>
    <allow send_destination="*"/>
    <allow send_type="signal"/>
    <allow receive_sender="*"/>
    <allow receive_type="method_return"/>
    <allow receive_type="error"/>
    <allow receive_type="signal"/>
  </policy>
</busconfig>
CONF
	export DBUS_SYSTEM_BUS_ADDRESS=unix:path=$work/bus
	dbus-daemon --config-file="$work/bus.conf" --nofork --nopidfile --nosyslog 2>"$work/bus.err" &
	bus_pid=$!
	children+=("$bus_pid")
	within 60 test -S "$work/bus" || bail "the private bus does not start: $(cat "$work/bus.err")"
}

# start_polkit: denies everything until polkit_allow ACTION...
start_polkit() {
	/usr/bin/python3 -m dbusmock --system --template polkitd >"$work/polkit.log" 2>&1 &
	polkit_pid=$!
	children+=("$polkit_pid")
	within 60 has_owner org.freedesktop.PolicyKit1 || bail "no mock of polkit: $(cat "$work/polkit.log")"
}

polkit_allow() {
	busctl --system call org.freedesktop.PolicyKit1 /org/freedesktop/PolicyKit1/Authority \
		org.freedesktop.DBus.Mock SetAllowed as $# "$@" >/dev/null
}

# start_daemon: returns when it owns its name.
start_daemon() {
	"$build/fwslotd" >>"$work/daemon.log" 2>&1 &
	daemon_pid=$!
	children+=("$daemon_pid")
	within 60 has_owner org.fwslot1 || bail "fwslotd does not start: $(cat "$work/daemon.log")"
}

stop_daemon() {
	kill "$daemon_pid"
	wait "$daemon_pid"
}

# as_nobody COMMAND...: as a caller who is not root.
as_nobody() {
	if [ "$(id -u)" = 0 ]; then
		setpriv --reuid=nobody --regid=nogroup --clear-groups -- "$@"
	else
		"$@"
	fi
}

# add_device N [SLOTS]: a device as the kernel would show it, idle, slot 0 running 1.0.0.
add_device() {
	local device=$work/sys/devices/test/fwslot/fwslot$1 slots=${2:-2} slot
	mkdir -p "$device/boot"
	put "$device" name "Test device $1" provider sim hardware_id fwslot/sim serial "test-000$1" \
		num_slots "$slots" status idle restart '' uevent add
	put "$device/boot" state confirmed total 1 running_slot 0 next_slot 0 limit 3 attempts 0 \
		attempts_left 3 confirm '' last_restart_reason power-on
	for ((slot = 0; slot < slots; slot++)); do
		mkdir "$device/fwslot$1.$slot"
		put "$device/fwslot$1.$slot" label "slot-$slot" size 1048576 state empty status idle active 0 \
			next 0 error '' remaining_size 0 loading 0 activate '' erase '' cancel '' data '' uevent add
	done
	put "$device/fwslot$1.0" state confirmed active 1 next 1 version 1.0.0 image_size 4096 \
		digest "sha256:$(printf '%064d' 7)"
	ln -s "../../devices/test/fwslot/fwslot$1" "$work/sys/class/fwslot/fwslot$1"
}

# put FOLDER NAME VALUE...: attribute files.
put() {
	local folder=$1
	shift
	while [ $# -gt 0 ]; do
		echo "$2" >"$folder/$1"
		shift 2
	done
}

# change_device N [NAME VALUE...]: changes attributes and tells the daemon.
change_device() {
	put "$work/sys/devices/test/fwslot/fwslot$1" "${@:2}" uevent change
}

remove_device() { # N
	rm "$work/sys/class/fwslot/fwslot$1"
	rm -r "$work/sys/devices/test/fwslot/fwslot$1"
}
