# shellcheck shell=bash disable=SC2154
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The module is loaded and unloaded 100 times with uploads running, devices vanishing and others
# reading. The kernel log must stay clean: tests/vm/suite asks for that.
#
# kernels: 6.12 debug
# timeout: 900
. /mnt/host/tests/vm/kmod.sh
rounds=${ROUNDS:-100}

# udev would start programs for each of thousands of events, and take most of the time.
systemctl stop systemd-udevd{-control.socket,-kernel.socket,.service}

# find_module NAME: its file, uncompressed, as tests/vm/suite gave it to this machine.
find_module() {
	find "/lib/modules/$(uname -r)/" -name "$1.ko" -print -quit
}

said=$(kmod-torture "$(find_module fwslot)" "$(find_module fwslot_sim)" \
	"$(image 1.1.0 --size 65536)" "$rounds" 2>&1)
report $? "$rounds times loaded and unloaded under uploads, reads, dumps and vanishing devices" ||
	note "$said"
echo "# $said"
like "$said" '^[1-9][0-9]* writes, [1-9][0-9]* attributes, [1-9][0-9]* dumps$' "with all of them happening"
ok "nothing is left in sysfs" [ ! -e "$class" ]
ok "nor in debugfs" [ ! -e "$faults" ]
finish
