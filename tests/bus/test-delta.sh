#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Only what is new is fetched: deltas of fwslot-repo, put together with what the device gives back or with a backup; and
# deltas that are of no use or hostile, which cost a whole download and nothing else. Jobs get as far as writing.
# timeout: 180
set -u
cd "$(dirname "$0")/../.." || exit 125
# shellcheck source=bus.sh
. tests/bus/bus.sh
# shellcheck source=../bundles.sh
. tests/bundles.sh
# shellcheck source=remote.sh
. tests/bus/remote.sh

slots=$work/sys/devices/test/fwslot/fwslot0

image() { # VERSION: noise, a few bytes of it other than before
	cp "$work/1.0.0.img" "$work/$1.img"
	printf '%s' "version $1" | dd of="$work/$1.img" bs=1 seek=150000 conv=notrunc status=none
}
digest() { # FILE
	sha256sum "$1" | cut -d' ' -f1
}
runs() { # VERSION: the device, as its slot's attributes say
	cp "$work/$1.img" "$slots/fwslot0.0/data"
	put "$slots/fwslot0.0" version "$1" image_size 200000 digest "sha256:$(digest "$work/$1.img")"
	put "$slots" uevent change
}
delta() { # FROM TO
	"$build/fwslot-repo" delta -C "$work/acme" --hardware-id fwslot/sim --from "$1" --version "$2"
}
fetched() { # the targets that were asked for since the last time, without digests, but no index
	sed -n 's/.*"GET \/targets\/fwslot\/sim\/[0-9a-f]*\.\(.*\) HTTP.*/\1/p' "$work/nginx/access.log" |
		grep -v index.json | tr '\n' ' '
	: >"$work/nginx/access.log"
}
device_is_there() {
	busctl --system get-property org.fwslot1 /org/fwslot1/device/sim0 org.fwslot1.Device State >/dev/null 2>&1
}
writing() { # VERSION: the kernel has all of it
	cmp "$work/$1.img" "$slots/fwslot0.1/data"
}

keep_backup() { :; } # of a firmware before, as the daemon would have it

# installs VERSION WHAT-WAS-FETCHED WHAT: a new device, another daemon, and the job until all is written.
installs() {
	stop_daemon
	rm -rf "${work:?}"/state/*
	put "$slots/fwslot0.1" data '' status idle loading 0
	start_daemon
	within 60 device_is_there || bail "no device for $1"
	gcall Refresh acme 0 >/dev/null || bail "no refresh for $1"
	keep_backup # now: what it does not know it removes when it starts
	fetched >/dev/null
	gcall Install sim0 "$1" 0 >/dev/null || bail "no install of $1"
	ok "$3" within 60 writing "$1"
	is "$(fetched)" "$2" "$3: what was fetched"
}

start_bus
start_polkit
start_server
start_fetch
head -c 200000 /dev/urandom >"$work/1.0.0.img"
for version in 1.1.0 1.2.0 1.3.0; do
	image $version
done
make_vendor acme && trust_vendor acme "$work/etc" && add_image acme "$work/1.0.0.img" 1.0.0 10 &&
	add_image acme "$work/1.1.0.img" 1.1.0 11 || bail "no vendor"
refused 'has no release 0.9' "a delta from a release that is not there" delta 0.9 1.1.0
refused 'same image' "or from a release to itself" delta 1.1.0 1.1.0
refused 'are needed' "or from nothing" "$build/fwslot-repo" delta -C "$work/acme" --hardware-id fwslot/sim
like "$(delta 1.0.0 1.1.0)" '^Added fwslot/sim/1.1.0.from-1.0.0.zst: [0-9]{1,4} bytes' "a delta is small"
ok "the same once more" delta 1.0.0 1.1.0
is "$(jq -c '[.releases[] | select(.version == "1.1.0") | .slots[0].deltas[] | [.path, .method, .base.length, .base.sha256]]' \
	"$work/acme/work/targets/fwslot/sim/index.json")" \
	"[[\"fwslot/sim/1.1.0.from-1.0.0.zst\",\"zstd-prefix\",200000,\"$(digest "$work/1.0.0.img")\"]]" "is in the index once"
head -c 200000 /dev/urandom >"$work/9.0.0.img"
ok "another firmware" add_image acme "$work/9.0.0.img" 9.0.0 9
refused 'more than 60 %' "a delta that saves nothing is not added" delta 9.0.0 1.1.0
publish || bail "the vendor cannot publish"
add_device 0
runs 1.0.0
start_daemon
conf RefreshIntervalSec=30d

installs 1.1.0 "1.1.0.from-1.0.0.zst " "what the device runs and a delta make the image"
is "$(find "$work/state/payload" -type f -printf "%f\n" | grep -v "\.")" "$(digest "$work/1.1.0.img")" "one image is kept"

# --- deltas that are of no use ----------------------------------------------------------------

printf X | dd of="$slots/fwslot0.0/data" bs=1 seek=1000 conv=notrunc status=none
installs 1.1.0 "1.1.0.bin " "a device that gives back something else than it says"
runs 9.0.0
installs 1.1.0 "1.1.0.bin " "a device that runs something else"
keep_backup() {
	mkdir -p "$work/state/backup"
	zstd -q "$work/1.0.0.img" -o "$work/state/backup/$(digest "$work/1.0.0.img").zst"
}
installs 1.1.0 "1.1.0.from-1.0.0.zst " "a backup of the firmware before and a delta make the image, too"
keep_backup() {
	mkdir -p "$work/state/backup"
	zstd -q "$work/9.0.0.img" -o "$work/state/backup/$(digest "$work/1.0.0.img").zst"
}
installs 1.1.0 "1.1.0.bin " "a backup that is damaged"
keep_backup() { :; }
runs 1.0.0

hostile() { # VERSION COUNTER WHAT: spoils the delta that is read from standard input, before it is signed
	local path=$work/acme/work/targets/fwslot/sim/$1.from-1.0.0.zst
	add_image acme "$work/$1.img" "$1" "$2" && delta 1.0.0 "$1" >/dev/null || bail "no release $1"
	spoil "$path"
	publish || bail "cannot publish $1"
	installs "$1" "$1.from-1.0.0.zst $1.bin " "$3"
}
spoil() { truncate -s -5 "$1"; }
hostile 1.2.0 12 "a delta that is cut off"
spoil() { head -c 100000 /dev/zero | zstd -q -19 >"$1"; }
hostile 1.3.0 13 "one that is none"
delta=$(echo "$site"/targets/fwslot/sim/*.1.3.0.from-1.0.0.zst)
printf X | dd of="$delta" bs=1 seek=9 conv=notrunc status=none
installs 1.3.0 "1.3.0.from-1.0.0.zst 1.3.0.bin " "a delta that is not what was signed"
rm "$delta"
installs 1.3.0 "1.3.0.from-1.0.0.zst 1.3.0.bin " "a delta that is not there"
is "$(find "$work/state/payload" -name '*.rebuilt' | wc -l)" 1 "that it was tried is known as long as the job goes on"
finish
