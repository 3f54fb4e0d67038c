# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# daemon.sh: sourced by the suites that drive the installed daemon in the virtual machine: where
# things are, what the first simulated device says of itself, and a vendor with signed releases.
# shellcheck disable=SC2034  # its names are for the suites

cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 125
. tests/tap.sh
. tests/client.sh
build=$(realpath "${BUILD:-build}")
work=$(mktemp -d)
. tests/bundles.sh

sysfs=/sys/class/fwslot/fwslot0
debugfs=/sys/kernel/debug/fwslot_sim
error=org.fwslot1.Error
device=/org/fwslot1/device/sim0

state() { # STATE
	[ "$(property $device Device State)" = "$1" ]
}

version() { # VERSION
	[ "$(property $device Device Version)" = "$1" ]
}

job_phase() { # PHASE: of the newest job
	[ "$(call ListJobs t 0 | json '.data[0][-1][3]')" = "$1" ]
}

last_history() { # FIELD: of the newest row
	call GetHistory sut sim0 1 0 | json ".data[0][0][$1]"
}

install_file() { # FILE [FLAGS]
	gcall InstallFile sim0 0 "${2:-0}" '{}' <"$work/$1.fwb"
}

# new_release VERSION COUNTER [OPTION...]: of the vendor "acme", as $work/VERSION.fwb.
new_release() {
	add_release acme "$@" && bundle acme "$work/$1.fwb"
}

daemon_pid() {
	systemctl show -p MainPID --value fwslotd.service
}

# setting KEY=VALUE...: of section [Trial], read at once.
setting() {
	printf '%s\n' '[Trial]' "$@" >/etc/fwslot/fwslotd.conf.d/test.conf
	systemctl reload fwslotd.service
}
