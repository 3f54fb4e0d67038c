# shellcheck shell=bash disable=SC2154
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# dfu.sh: sourced by the suites of the DFU provider: a DFU device on a virtual bus (dfu-device),
# what it does on the bus, and what the kernel's class says of it.
. /mnt/host/tests/vm/kmod.sh

modprobe vhci-hcd || bail "vhci_hcd cannot be loaded"
hubs=(/sys/devices/platform/vhci_hcd.0/usb*)
root_hub=${hubs[0]##*/usb}
usb=/sys/bus/usb/devices

# fw NAME VERSION [OPTION...]: makes an image for the test device, /tmp/images/NAME.
fw() {
	dfu-device image --version "$2" "${@:3}" "$images/$1" || bail "dfu-device image failed"
}

# shows PORT MODE: the device on that port shows a DFU interface in mode "runtime" or "dfu".
shows() {
	local protocol=
	{ read -r protocol <"$usb/$root_hub-$(($1 + 1)):1.0/bInterfaceProtocol"; } 2>/dev/null ||
		{ read -r protocol <"$usb/$root_hub-$(($1 + 1))/$root_hub-$(($1 + 1)):1.0/bInterfaceProtocol"; } 2>/dev/null
	case $2$protocol in runtime01 | dfu02) return 0 ;; esac
	return 1
}

is_on_bus() { [ -e "$usb/$root_hub-$(($1 + 1)):1.0" ]; }
is_off_bus() { ! is_on_bus "$1"; }

# start_device PORT OPTION...: plugs one in and waits until it is there.
start_device() {
	local port=$1
	shift
	rm -f "/tmp/control-$port" "/tmp/device-$port"
	mkfifo "/tmp/control-$port"
	dfu-device --port "$port" --control "/tmp/control-$port" "$@" >>"/tmp/device-$port" 2>&1 &
	device_pids[$port]=$!
	within 90 is_on_bus "$port" || bail "the device does not appear: $(cat "/tmp/device-$port")"
}

tell_device() { # PORT COMMAND...
	echo "${*:2}" >"/tmp/control-$1"
}

# device_says PORT KEY: of what the device itself says: state, status, requests, boots, running.
device_says() {
	local answer=
	answers() { answer=$(grep '^state ' "/tmp/device-$1"); }
	: >"/tmp/device-$1"
	tell_device "$1" status
	within 90 answers "$1"
	[[ $answer =~ $2\ (-?[0-9]*) ]] && echo "${BASH_REMATCH[1]}"
}

stop_device() { # PORT
	tell_device "$1" quit
	wait "${device_pids[$1]}"
	within 90 is_off_bus "$1" || bail "the device does not go"
	within 90 is_forgotten "$1" || bail "fwslot does not forget the device"
}
declare -A device_pids

place() { echo "/sys/devices/fwslot_dfu-$root_hub-$(($1 + 1))"; }

# fdev PORT: the name of the class device on that port, "fwslot0".
fdev() {
	local found
	for found in "$(place "$1")"/fwslot/fwslot*; do
		[ -e "$found" ] && echo "${found##*/}" && return
	done
	return 1
}

is_known() {
	local found
	found=$(fdev "$1") && is_here "$found"
}
is_forgotten() { ! fdev "$1" >/dev/null; }

# claim LIST: replaces the list of devices that may be claimed.
claim() { echo "$1" >/sys/module/fwslot_dfu/parameters/devices; }

# dfu_util ARGUMENT...: quietly; what it said is in $said. It exits with 0 also after errors that
# the device reports at the end, so callers look at the text too.
dfu_util() {
	said=$(timeout 60 dfu-util "$@" 2>&1 | tr '\r' '\n')
	grep -qE 'Done!|Upload done|File downloaded successfully' <<<"$said"
}

# upload_with_dfu_util ALTERNATE FILE [OPTION...]
upload_with_dfu_util() {
	rm -f "$2"
	dfu_util -a "$1" -U "$2" "${@:3}"
}

# release PORT / take PORT: takes the interface from the driver, gives it back.
interface_of() { echo "$root_hub-$(($1 + 1)):1.0"; }
release() { interface_of "$1" >/sys/bus/usb/drivers/fwslot_dfu/unbind; }
take() { interface_of "$1" >/sys/bus/usb/drivers/fwslot_dfu/bind; }
