#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The health check "kernel-log", over folders for /sys and a journalctl that tells what it was asked.
set -u
cd "$(dirname "$0")/../.." || exit 125
# shellcheck source=../tap.sh
. tests/tap.sh

work=$(mktemp -d /tmp/fwslot-test-kernel-log-XXXXXX)
trap 'rm -rf "$work"' EXIT
check=daemon/data/health-examples/kernel-log
usb=$work/sys/devices/pci0/usb1/1-1

device() { # FOLDER SUBSYSTEM
	mkdir -p "$1" "$work/sys/class/$2"
	ln -sfn "$work/sys/class/$2" "$1/subsystem"
}

# fwslot3 is what the driver of an interface of the USB device 1-1 made; another device is next to it.
make_sysfs() {
	device "$work/sys/devices/pci0/usb1" usb
	device "$usb" usb
	echo 189:5 >"$usb/dev"
	device "$usb/1-1:1.0" usb
	touch "$usb/1-1:1.0/bInterfaceNumber"
	device "$usb/1-1:1.0/fwslot/fwslot3" fwslot
	ln -s ../.. "$usb/1-1:1.0/fwslot/fwslot3/device"
	device "$usb/1-1:1.1/net/eth7" net
	echo 9 >"$usb/1-1:1.1/net/eth7/ifindex"
	device "$work/sys/devices/pci0/usb1/1-2" usb
	ln -s "$usb/1-1:1.0/fwslot/fwslot3" "$work/sys/class/fwslot/fwslot3"
}

# Messages are in $work/journal, a line "NAME TEXT" each; nobody may read it while it is not there.
make_journalctl() {
	mkdir "$work/bin"
	cat >"$work/bin/journalctl" <<-END
		#!/bin/sh
		echo "\$*" >>"$work/asked"
		[ -r "$work/journal" ] || { echo "Hint: You are currently not seeing messages"; exit 0; }
		case "\$*" in *_KERNEL_DEVICE=*) ;; *) echo "Linux version 6"; exit 0 ;; esac
		for match; do
			case \$match in _KERNEL_DEVICE=*) sed -n "s|^\${match#*=} ||p" "$work/journal" ;; esac
		done
	END
	chmod +x "$work/bin/journalctl"
}

# shellcheck disable=SC2317 # called by the checks
healthy() {
	PATH=$work/bin:$PATH FWSLOT_SYSFS_PATH=$work/sys/class/fwslot/fwslot3 \
		FWSLOT_TRIAL_SINCE=1700000000 "$check" >"$work/said"
}

make_sysfs
make_journalctl
not_ok "what cannot be read is not healthy" healthy
like "$(cat "$work/said")" 'SupplementaryGroups=systemd-journal' "and says what to do"
: >"$work/journal"
ok "no message at all is healthy" healthy
like "$(tail -n 1 "$work/asked")" '-k -b -p err .*--since @1700000000 ' "errors of the kernel since the trial began"
echo '+usb:1-2 cannot enable' >"$work/journal"
ok "another device's complaint is not this one's" healthy
for name in c189:5 +usb:1-1:1.0 +fwslot:fwslot3 n9; do
	echo "$name broken pipe" >"$work/journal"
	not_ok "a complaint about $name is" healthy
	is "$(cat "$work/said")" "the kernel complained: broken pipe" "and is told"
done
rm "$usb/1-1:1.0/fwslot/fwslot3/device"
ok "of a device without hardware only its own messages count" healthy
echo '+fwslot:fwslot3 torn' >"$work/journal"
not_ok "which do" healthy
rm "$work/sys/class/fwslot/fwslot3"
not_ok "a device that went is not healthy" healthy
finish
