#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The sandboxes of the installed units, from inside: tests/tools/probe takes the place of the
# program and tries what must not be possible. Outside, as root, each attempt succeeds, and some as
# the service's own user: so it is the unit that refuses.
# kernels: 6.1
# timeout: 900
set -u
cd "$(dirname "$0")/../.." || exit 125
. tests/tap.sh
build=$(realpath "${BUILD:-build}")
id fwslot >/dev/null 2>&1 || systemd-sysusers /usr/lib/sysusers.d/fwslot.conf

prepare() {
	mkdir -p /run/probe /home/probe
	cp "$build/tools/probe" /usr/local/bin/probe
	cp "$(modinfo -n fwslot)" /run/probe/module.ko
	echo secret | tee /root/secret >/home/probe/secret
	chmod -R a+rX /run/probe /home/probe
	install -d -o fwslot -m 0711 /var/lib/fwslot
	setpriv --reuid=fwslot --regid=fwslot --clear-groups sleep 1000 &
	victim=$!
	echo $victim >/run/probe/pid
	chmod a+r /run/probe/pid
}

# said FILE NAME: what became of that attempt.
said() {
	sed -n "s/^$2 //p" "$1"
}

# run_in UNIT PROGRAM OUTPUT: the unit as it is installed, but that it ends and where it writes to.
run_in() {
	local drop_in=/run/systemd/system/$1.d
	mkdir -p "$drop_in"
	printf '[Unit]\nStartLimitIntervalSec=0\n[Service]\nType=oneshot\nRestart=no\nRestartForceExitStatus=\nWatchdogSec=0\nStandardOutput=file:%s\n' \
		"$3" >"$drop_in/probe.conf"
	cp /usr/local/bin/probe "$2"
	systemctl daemon-reload
	systemctl start "${1/@./@probe.}"
}

outside() {
	local name result
	ok "outside, as root, the probe runs" sh -c 'probe >/run/probe/root'
	rmmod fwslot
	while read -r name result; do
		is "$result" 0 "root may: $name"
	done </run/probe/root
	setpriv --reuid=fwslot --regid=fwslot --clear-groups probe >/run/probe/user
	for name in internet internet6 configuration write_state other_personality writable_code user_namespace home \
		look_into_process; do
		is "$(said /run/probe/user $name)" 0 "user fwslot outside the unit may: $name"
	done
}

# inside UNIT OUTPUT ALLOWED...: these attempts succeed, and no other.
inside() {
	local unit=$1 output=$2 name result expected
	shift 2
	is "$(wc -l <"$output")" "$(wc -l </run/probe/root)" "$unit: every attempt was made"
	while read -r name result; do
		expected=refused
		[[ " $* " != *" $name "* ]] || expected=allowed
		[ "$result" = 0 ] && result=allowed || { note "$name: $result" && result=refused; }
		is "$result" $expected "$unit: $name is $expected"
	done <"$output"
}

prepare
outside
ok "fwslotd.service runs the probe" run_in fwslotd.service /usr/libexec/fwslotd /run/probe/daemon ||
	note "$(systemctl status fwslotd.service)"
inside fwslotd.service /run/probe/daemon configuration write_state
ok "fwslot-fetch@.service runs the probe" run_in fwslot-fetch@.service /usr/libexec/fwslot-fetch /run/probe/fetch ||
	note "$(systemctl status 'fwslot-fetch@*')"
inside fwslot-fetch@.service /run/probe/fetch internet internet6
ok "no module was loaded" sh -c '! lsmod | grep -q "^fwslot"'
for unit in fwslotd.service fwslot-fetch@probe.service; do
	note "$(systemd-analyze security --no-pager $unit | tail -n 1)"
	ok "systemd-analyze security of $unit is at most 2.0" systemd-analyze security --no-pager --threshold=20 $unit
done
kill $victim
finish
