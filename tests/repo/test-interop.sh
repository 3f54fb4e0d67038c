# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# What an independent TUF author writes is accepted here, and what fwslot-repo writes is
# accepted by an independent reader: author.py, over Debian's securesystemslib.
# timeout: 180
. tests/tap.sh

repo=$BUILD/fwslot-repo
open=$BUILD/tools/open-bundle
work=$(mktemp -d /tmp/fwslot-test-XXXXXX) || exit 99
trap 'rm -rf "$work"' EXIT
head -c 50000 /dev/urandom >"$work/image"

pack() { # FOLDER FILE: with GNU tar, as the manual says
	tar --format=pax --pax-option=delete=atime,delete=ctime --sort=name --owner=0 --group=0 --mtime=@0 \
		-C "$1/site" -cf "$2" metadata targets
}

for kind in ed25519 ecdsa rsa; do
	ok "$kind: an independent author" /usr/bin/python3 tests/repo/author.py write "$work/$kind" "$kind" "$work/image"
	ok "$kind: packed by GNU tar" pack "$work/$kind" "$work/$kind.fwb"
	result=$("$open" "$work/state-$kind" "$work/$kind/site/metadata/1.root.json" acme/dock "$work/$kind.fwb")
	is "$(sed -n 's/^REASON=//p' <<<"$result")" ok "$kind: is accepted"
	ok "$kind: and gives the image" cmp "$work/image" "$work/state-$kind/payload/$(sed -n 's/^SHA256=//p' <<<"$result")"
	sed -i 's/2099/2098/' "$work/$kind/site/metadata/1.acme.json"
	pack "$work/$kind" "$work/$kind.fwb"
	result=$("$open" "$work/state-$kind-2" "$work/$kind/site/metadata/1.root.json" acme/dock "$work/$kind.fwb")
	is "$(sed -n 's/^REASON=//p' <<<"$result")" wrong-digest "$kind: altered, it is refused"

	ok "$kind: fwslot-repo" "$repo" init --type "$kind" "$work/our-$kind"
	ok "$kind: adds" "$repo" add -C "$work/our-$kind" --hardware-id acme/dock --version 1.1 --counter 2 \
		--note "fr=Corrige un plantage à l’arrêt 😀" "$work/image"
	ok "$kind: publishes" "$repo" publish -C "$work/our-$kind"
	read_back=$(/usr/bin/python3 tests/repo/author.py verify "$work/our-$kind" 2>&1)
	like "$read_back" 'acme/dock/1.1.bin 50000 \{"hardware-ids": \["acme/dock"\], "release-counter": 2\}' \
		"$kind: an independent reader verifies all of it"
	like "$read_back" 'acme/dock/index.json' "$kind: and finds the index"
done
# An index and its image in two bins of the same keys.
mkdir "$work/bins"
ok "a repository in bins" env PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 tests/bench/tuf_site.py "$work/bins" 20 4
like "$("$BUILD/fwslot-repo" check -C "$work/bins" --hardware-id acme/m0000 --version 1.0 2>&1)" \
	'acme/m0000 is offered version 1.1' "offers what two of them say"
finish
