#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# fwslot-fetch as systemd runs it: behind its socket, in its sandbox, each connection as a
# user of its own.  What it does with servers is tests/net's.
# kernels: 6.1
# timeout: 900
set -u
cd "$(dirname "$0")/../.." || exit 125
. tests/tap.sh
build=$(realpath "${BUILD:-build}")
work=$(mktemp -d)
chmod 755 "$work"
cp "$build/tools/fetch" "$build/tools/bad-server" "$work"
id fwslot >/dev/null 2>&1 || systemd-sysusers /usr/lib/sysusers.d/fwslot.conf
socket=/run/fwslot/fetch.sock

"$work/bad-server" "$work/port" &
server=$!
within 90 test -s "$work/port" || bail "bad-server does not start"
bad=http://127.0.0.1:$(<"$work/port")
"$work/bad-server" --content 1048576 >"$work/content"

# ask COMMAND...: the client, with a time limit.
ask() {
	timeout 60 "$@" 2>&1
}
value() { # KEY TEXT
	sed -n "s/^$1=//p" <<<"$2" | tail -n 1
}
units() {
	systemctl list-units --plain --no-legend 'fwslot-fetch@*' | wc -l
}

ok "the socket starts" systemctl start fwslot-fetch.socket
is "$(stat -c %U:%G:%a $socket)" root:fwslot:660 "for root and group fwslot only"
said=$(ask "$work/fetch" "$bad/whole" "$work/out")
is "$(value reason "$said")" ok "root may fetch" || note "$said"
ok "and gets the file" cmp "$work/out" "$work/content"

as_fwslot=(setpriv --reuid=fwslot --regid=fwslot --init-groups)
install -d -o fwslot "$work/fwslot"
said=$(ask "${as_fwslot[@]}" "$work/fetch" "$bad/whole" "$work/fwslot/out")
is "$(value reason "$said")" ok "user fwslot may fetch" || note "$said"
ok "into a file that nobody else can open" cmp "$work/fwslot/out" "$work/content"
install -d -o nobody "$work/nobody"
said=$(ask setpriv --reuid=nobody --regid=nogroup --clear-groups "$work/fetch" "$bad/whole" "$work/nobody/out")
like "$said" 'reason=service-missing.*Permission denied' "another user cannot connect"
said=$(ask setpriv --reuid=nobody --regid=fwslot --clear-groups "$work/fetch" "$bad/whole" "$work/nobody/out")
is "$(value reason "$said")" service-missing "one who got into the group is sent away"
ok "and the journal says why" within 90 eval \
	'journalctl -q -u "fwslot-fetch@*" | grep -q "only root and the user fwslot may"'

# --- the sandbox, seen from outside while a fetch is under way ------------------------------
rm "$work/out"
"$work/fetch" "$bad/steady/1000" "$work/out" >"$work/slow" 2>&1 &
slow=$!
ok "bytes arrive" within 90 test -s "$work/out"
is "$(units)" 1 "a fetch under way is one unit"
unit=$(systemctl list-units --plain --no-legend 'fwslot-fetch@*' | awk '{ print $1 }')
pid=$(systemctl show -p MainPID --value "$unit")
status=$(<"/proc/$pid/status")
uid=$(awk '/^Uid:/ { print $2 }' <<<"$status")
ok "of a user made for it: $uid" [ "$uid" -ge 61184 -a "$uid" -le 65519 ]
like "$status" 'CapPrm:[[:space:]]*0000000000000000' "without a capability"
like "$status" 'CapBnd:[[:space:]]*0000000000000000' "or a way to one"
like "$status" 'NoNewPrivs:[[:space:]]*1' "now and later"
like "$status" 'Seccomp:[[:space:]]*2' "with a filter of system calls"
is "$(find "/proc/$pid/root/etc/fwslot" "/proc/$pid/root/var/lib/fwslot" -mindepth 1 2>/dev/null)" "" \
	"it sees nothing of firmware and trust"
is "$(find "/proc/$pid/root/dev" -type b | wc -l)" 0 "no disk"
not_ok "no program can be run there" nsenter -t "$pid" -m /bin/true
not_ok "nothing can be written there" nsenter -t "$pid" -m -S "$uid" touch /etc/x /usr/x /var/x
kill -KILL "$pid"
wait $slow
like "$(<"$work/slow")" 'reason=service-missing' "a service that is killed: its client is told"
ok "and no unit is left" within 90 eval '[ "$(units)" = 0 ]'
is "$(systemctl list-units --failed --plain --no-legend 'fwslot-fetch*')" "" "not even a failed one"

# --- many clients ---------------------------------------------------------------------------
clients=()
for i in {1..8}; do
	"$work/fetch" "$bad/steady/1000" "$work/out.$i" >/dev/null 2>&1 &
	clients+=($!)
done
ok "eight clients have a service each" within 90 eval '[ "$(units)" = 8 ]'
said=$(ask "$work/fetch" "$bad/whole" "$work/out")
is "$(value reason "$said")" service-missing "a ninth is sent away"
kill "${clients[@]}"
ok "their services end with them" within 90 eval '[ "$(units)" = 0 ]' ||
	note "$(systemctl list-units --plain --no-legend 'fwslot-fetch@*')"
said=$(ask "$work/fetch" "$bad/whole" "$work/out")
is "$(value reason "$said")" ok "and the next client is served"
ok "stopping the socket removes it" systemctl stop fwslot-fetch.socket
not_ok "from the disk, too" test -e $socket
kill $server
finish
