# shellcheck shell=bash disable=SC2154
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Nonsense for every attribute and the netlink family, from several threads at once, while devices
# write. The kernel log must stay clean: tests/vm/suite asks for that.
#
# kernels: debug
# timeout: 900
. /mnt/host/tests/vm/kmod.sh

# udev would start programs for each event.
systemctl stop systemd-udevd{-control.socket,-kernel.socket,.service}
load devices=2 slots=2
for i in 0 1; do fault $i boot_time_ms 20; done
said=$(kmod-hostile "${ROUNDS:-4000}" 2>&1)
report $? "nonsense from all sides comes to an end" || note "$said"
echo "# $said"
like "$said" '^[1-9][0-9]* writes \([1-9][0-9]* accepted\), [1-9][0-9]* reads, [1-9][0-9]* messages \([1-9][0-9]* errors\)$' \
	"and was both taken and refused"
for i in 0 1; do
	put fwslot$i.1/cancel 1 2>/dev/null
	put fwslot$i.1/loading -1 2>/dev/null
	ok "device $i is idle afterwards" within 90 reads fwslot$i/status idle
done
ok "and the modules go" unload
finish
