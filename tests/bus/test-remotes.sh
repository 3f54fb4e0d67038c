#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Update sources on the bus: a repository on a real web server is refreshed, what it offers is shown, and
# installing it fetches exactly that.  The device is a folder and no kernel writes its slots, so no job
# gets further than that; fwslot-fetch is started by a socket as systemd does it.
set -u
cd "$(dirname "$0")/../.." || exit 125
# shellcheck source=bus.sh
. tests/bus/bus.sh
# shellcheck source=../bundles.sh
. tests/bundles.sh
# shellcheck source=remote.sh
. tests/bus/remote.sh

invalid=org.freedesktop.DBus.Error.InvalidArgs
error=org.fwslot1.Error
device=/org/fwslot1/device/sim0

updates() {
	call ListUpdates t 0 | jq -c '[.data[0][] | [.[0], .[1], .[2], .[3], .[5]]]'
}

explain() {
	call Explain st sim0 0 | jq -c '[.data[0][] | .[0:3]]'
}

remote() { # FIELD
	call ListRemotes t 0 | jq -r ".data[0][0][$1]"
}

job() { # FIELD: of the newest job
	call ListJobs t 0 | jq -r ".data[0][-1][$1]"
}

job_is() { # PHASE
	[ "$(job 3)" = "$1" ]
}

state_is() { # STATE
	[ "$(property $device Device State)" = "$1" ]
}

start_bus
start_polkit
start_server
start_fetch
make_vendor acme && trust_vendor acme "$work/etc" && add_release acme 1.0.0 10 || bail "no vendor"
add_device 0
start_daemon
ok "the device is there" within 30 state_is up-to-date

is "$(call ListRemotes t 0 | jq -c '.data[0]')" '[]' "a vendor without a server is no remote"
ok "asking none of them is fine" gcall Refresh '' 0
is "$(error_of gcall Refresh acme 0)" $error.NoSuchRemote "asking him is not"
is "$(error_of gcall Refresh '' 1)" $invalid "nor is a flag nobody knows"
is "$(error_of gcall Refresh "$(printf '%0100d' 0)" 0)" $invalid "nor an endless name"
is "$(error_of gcall Install sim0 '' 0)" $error.NoSuchUpdate "and there is nothing to install"
is "$(error_of gcall Install sim0 '' 4)" $invalid "also by a flag that is not for this"
is "$(error_of gcall Install sim9 '' 0)" $error.NoSuchDevice "or on another device"

publish || bail "the vendor cannot publish"
conf Enabled=no
is "$(remote 3)" false "a source may be configured and not be asked"
is "$(error_of gcall Refresh acme 0)" $error.NoSuchRemote "also when somebody wants it"
conf Enabeld=no
like "$(remote 7)" 'remote.conf:4: unknown key "Enabeld="' "a mistake is told"
is "$(remote 3)" false "and the source is not asked"
is "$(error_of gcall Refresh acme 0)" $invalid "by nobody"

conf Title='Acme docks'
is "$(remote 1) $(remote 2) $(remote 3)" "Acme docks http://127.0.0.1:$port true" "a source that is asked"
ok "and is asked at once by itself, as it says" within 30 eval '[ "$(remote 4)" != 0 ]'
is "$(updates)" '[]' "it offers what runs already, which is nothing"
is "$(explain)" '[["acme","enabled",true],["acme","asked",true],["acme","pinned",true],["acme","release",false]]' "and why is explained"
like "$(call Explain st sim0 0 | jq -r '.data[0][-1][4]')" '^Version 1.0.0 is already installed' "in the rule's own words"
is "$(error_of gcall Explain sim9 0)" $error.NoSuchDevice "not for a device that is not there"
is "$(error_of gcall Explain sim0 1)" $invalid "nor with a flag nobody knows"
is "$(property $device Device State) $(property $device Device Update)" 'up-to-date /' "so says the device"

add_release acme 1.1.0 11 --urgency high --note en='Fixes the display.' --note de='Repariert die Anzeige.' &&
	publish || bail "no second release"
gdbus monitor --system --dest org.fwslot1 >"$work/signals" 2>&1 &
children+=($!)
within 30 grep -q 'is owned by' "$work/signals"
ok "a refresh" gcall Refresh acme 0
size=$(stat -c %s "$work/1.1.0.img")
is "$(updates)" "[[\"sim0\",\"1.1.0\",\"high\",\"pending\",$size]]" "finds the new release"
update=$(call ListUpdates t 0 | jq -r '.data[0][0][7]')
is "$update" /org/fwslot1/update/sim0_2d1_2e1_2e0 "it is an object"
is "$(property "$update" Update Summary | jq -c .)" '{"en":"Fixes the display.","de":"Repariert die Anzeige."}' \
	"that says what it is good for"
is "$(property "$update" Update Device) $(property "$update" Update Remote)" "$device acme" "and for whom, by whom"
: >"$work/nginx/access.log"
ok "another refresh" gcall Refresh acme 0
is "$(sed 's/.*"GET \(.*\) HTTP.*/\1/' "$work/nginx/access.log")" /metadata/timestamp.json \
	"asks for one file, as nothing is new"
is "$(explain | jq -c 'map(select(.[2] | not))')" '[]' "no rule stands against it"
is "$(property $device Device State) $(property $device Device Update)" "update-available $update" \
	"the device says so"
is "$(call ListDevices t 0 | jq -r '.data[0][0][3]') $(property /org/fwslot1 Manager NPending)" '1.1.0 1' \
	"and the list, and the count"
ok "all was announced" within 30 eval 'grep -q "InterfacesAdded.*$update" "$work/signals" &&
	grep -q "Update.: <objectpath" "$work/signals" && grep -q LastRefreshUSec "$work/signals"'

stop_daemon
start_daemon
ok "all is known after a restart of the daemon" within 30 state_is update-available
is "$(updates)" "[[\"sim0\",\"1.1.0\",\"high\",\"pending\",$size]]" "without asking anybody"

# --- servers that lie ------------------------------------------------------------------------

refused() { # REASON WHAT
	is "$(error_of gcall Refresh acme 0)" "$error.$1" "$2"
	is "$(updates)" "[[\"sim0\",\"1.1.0\",\"high\",\"pending\",$size]]" "leaves what was known"
}
cp -r "$site" "$work/good"
back() { rm -rf "${site:?}" && cp -r "$work/good" "$site"; }
(cd "$site" && spoil_signature)
refused BadSignature "metadata that was changed"
is "$(remote 6)" bad-signature "the list of sources tells it"
back
head -c 30000 /dev/zero >"$site/metadata/timestamp.json"
refused TooLarge "metadata without an end"
back
rm "$site/metadata/timestamp.json"
refused NotListed "metadata that is not there"
back
ok "and all is well when it is back" gcall Refresh '' 0
is "$(remote 6)" '' "the list says that, too"

# A server that asks for a day of peace: also a daemon that is started anew gives it that.
open=$port
free_port
/usr/bin/python3 -c '
import http.server, sys
class Busy(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(503)
        self.send_header("Retry-After", "80000")
        self.end_headers()
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Busy).serve_forever()' "$port" 2>"$work/busy.log" &
children+=($!)
within 30 answers "$port"
conf RefreshIntervalSec=1h
not_ok "a server that is closed" gcall Refresh acme 0
next=$(remote 5)
ok "is not asked again for as long as it says" test "$next" -ge $(($(date +%s%6N) + 70000000000))
stop_daemon
start_daemon
ok "also by a daemon that was started anew" within 30 eval '[ "$(remote 5)" = "$next" ]'
port=$open
conf Title='Acme docks'
ok "it is open again" gcall Refresh acme 0

# --- installing it ---------------------------------------------------------------------------

payload=$(echo "$site"/targets/fwslot/sim/*.1.1.0.bin)
printf X | dd of="$payload" conv=notrunc bs=1 seek=3000 status=none
ok "an image that was changed is asked for" gcall Install sim0 '' 0
ok "the job fails" within 60 job_is failed
is "$(property "$(job 5)" Job Reason)" wrong-digest "and says why"
is "$(find "$work/state/payload" -type f | wc -l)" 0 "nothing of it is left"
back
is "$(error_of gcall Install sim0 9.9.9 0)" $error.NoSuchUpdate "a version that nobody offers"
polkit_allow
is "$(error_of as_nobody gdbus call --system --dest org.fwslot1 --object-path $device \
	--method org.fwslot1.Device.Install 1.1.0 0)" org.freedesktop.DBus.Error.AccessDenied "polkit is asked"
ok "the device's own method" gdbus call --system --dest org.fwslot1 --object-path $device \
	--method org.fwslot1.Device.Install 1.1.0 0
ok "gets it as far as the kernel" within 60 job_is writing
ok "which has all of it" within 60 cmp "$work/1.1.0.img" "$work/sys/devices/test/fwslot/fwslot0/fwslot0.1/data"
is "$(find "$work/state/payload" -type f -printf '%f\n')" "$(sha256sum "$work/1.1.0.img" | cut -d' ' -f1)" \
	"the image is kept under its digest, and nothing else"
is "$(error_of gcall Install sim0 '' 0)" $error.Busy "one job at a time"
finish
