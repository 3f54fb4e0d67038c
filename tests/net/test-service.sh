# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The service behind its socket, started as systemd starts it: who may connect, one
# process for each, none left; and its units.
. tests/net/bed.sh
start_bad_server
out=$work/out
socket=$work/fetch.sock

systemd-socket-activate --seqpacket --accept --listen="$socket" "$program" 2>"$work/activate.log" &
activator=$!
children+=("$activator")
within 60 test -S "$socket" || bail "no socket: $(<"$work/activate.log")"
ask() {
	timeout 60 "$client" --socket "$socket" "$@" 2>&1
}
services() {
	pgrep -c -P "$activator" -f fwslot-fetch
}

like "$(ask "$bad/whole" "$out")" reason=ok "a fetch through the socket"
same_file "$out" "$work/content" "gives the file"
like "$(ask --async "$bad/whole" "$out")" reason=ok "and in an event loop"
pids=()
for i in 1 2 3 4; do
	ask "$bad/steady/20000" "$out.$i" >"$work/said.$i" &
	pids+=($!)
done
ok "four at the same time have a process each" within 60 eval '[ "$(services)" = 4 ]'
wait "${pids[@]}"
is "$(cat "$work"/said.? | grep -c reason=ok)" 4 "and all end well"
ok "no process is left" within 60 eval '[ "$(services)" = 0 ]'

timeout -s KILL 1 "$client" --socket "$socket" "$bad/slow" "$out" >/dev/null 2>&1
ok "a client that is killed leaves none, either" within 60 eval '[ "$(services)" = 0 ]'

ok "started by hand it says how it is meant to be started" \
	grep -q 'is started by fwslot-fetch.socket' <("$program" 2>&1 3<&-)
not_ok "and fails" "$program" 3<&-
not_ok "nor does it take a file for a connection" "$program" 3<"$out"
said=$(timeout 10 "$client" --socket "$work/nobody-there" "$bad/whole" "$out")
is "$(value reason)" service-missing "no socket"
like "$(value message)" 'is fwslot-fetch.socket started' "says what to start"

if [ "$(id -u)" = 0 ] && id nobody >/dev/null 2>&1; then
	chmod 666 "$socket"
	chmod 777 "$work"
	cp "$client" "$work/client"
	said=$(setpriv --reuid=nobody --clear-groups timeout 10 "$work/client" --socket "$socket" \
		"$bad/whole" "$work/out-nobody")
	is "$(value reason)" service-missing "another user, though the socket let him in"
	is "$(stat -c %s "$work/out-nobody")" 0 "gets nothing"
	like "$(<"$work/activate.log")" 'only root and the user fwslot may' "and the log says why"
else
	skip "another user, though the socket let him in" "cannot be another user here"
fi

units=$work/units
mkdir "$units"
sed 's|@PREFIX@|/usr|' daemon/data/fwslot-fetch@.service.in >"$units/fwslot-fetch@.service"
cp daemon/data/fwslot-fetch.socket "$units"
sed "s|@PREFIX@/libexec/fwslot-fetch|$(realpath "$program")|; s|@PREFIX@|/usr|" \
	daemon/data/fwslot-fetch@.service.in >"$work/fwslot-fetch@7.service"
cp daemon/data/fwslot-fetch.socket "$work"
is "$(systemd-analyze verify --man=no "$work/fwslot-fetch@7.service" 2>&1 | grep fwslot-fetch)" "" \
	"systemd has nothing to say about the units"
ok "the service's exposure is at most 1.3" systemd-analyze security --offline=yes --threshold=13 \
	"$units/fwslot-fetch@.service"
finish
