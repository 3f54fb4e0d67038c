# shellcheck shell=bash disable=SC2154
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# remote.sh: sourced after bus.sh by suites with an update source: the vendor "acme", whose repository a
# real web server serves, and fwslot-fetch started by a socket as systemd does it.
. tests/web.sh

site=$work/site
export FWSLOT_FETCH_SOCKET=$work/fetch.sock

start_fetch() {
	systemd-socket-activate --accept --seqpacket -l "$FWSLOT_FETCH_SOCKET" "$build/fwslot-fetch" \
		>"$work/fetch.log" 2>&1 &
	children+=($!)
	within 30 test -S "$FWSLOT_FETCH_SOCKET" || bail "no socket for fwslot-fetch: $(cat "$work/fetch.log")"
}

start_server() {
	mkdir -p "$site"
	free_port
	start_web "$port" <<<"server { listen 127.0.0.1:$port; root $site; }"
	children+=("$web")
}

publish() {
	"$build/fwslot-repo" publish -C "$work/acme" >/dev/null && rm -rf "${site:?}"/* &&
		cp -r "$work/acme/site/." "$site/"
}

conf() { # LINE...: remote.conf of the vendor, read at once
	printf '%s\n' '[Remote]' "URL=http://127.0.0.1:$port" 'RandomizedDelaySec=0' "$@" \
		>"$work/etc/remotes.d/acme/remote.conf"
	kill -HUP "$daemon_pid"
	call ListDevices t 0 >/dev/null # it has answered, so it has read it
}
