# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# fwslot-repo as a vendor uses it, and what he can do wrong.
# timeout: 180
. tests/tap.sh

repo=$BUILD/fwslot-repo
open=$BUILD/tools/open-bundle
work=$(mktemp -d /tmp/fwslot-test-XXXXXX) || exit 99
trap 'rm -rf "$work"' EXIT

head -c 50000 /dev/urandom >"$work/a.bin"
head -c 60000 /dev/urandom >"$work/b.bin"
opened() { # BUNDLE [KEY=VALUE]...: the result's lines
	local bundle=$1
	shift
	"$open" "$work/state" "$work/r/site/metadata/1.root.json" acme/dock "$bundle" "$@"
}
field() { sed -n "s/^$1=//p"; }

ok "init" "$repo" init "$work/r"
is "$(stat -c %a "$work/r/keys")" 700 "the folder of keys is the owner's alone"
is "$(stat -c %a "$work"/r/keys/*.pem | sort -u)" 600 "and so are the keys"
is "$(find "$work/r/keys" -name '*.pem' | wc -l)" 5 "a key for each role"
refused 'is a repository already' "init again keeps the keys" "$repo" init "$work/r"
refused 'run "fwslot-repo publish" first' "nothing to bundle yet" "$repo" bundle -C "$work/r" "$work/none.fwb"

ok "add" "$repo" add -C "$work/r" --hardware-id acme/dock --version 1.1 --counter 2 --urgency high \
	--note "en=Fixes a crash." --note "de=Behebt einen Absturz." "$work/a.bin"
ok "publish" "$repo" publish -C "$work/r"
ok "bundle" "$repo" bundle -C "$work/r" "$work/1.fwb"
result=$(opened "$work/1.fwb")
is "$(field REASON <<<"$result")" ok "the worker takes it"
is "$(field VERSION <<<"$result")" 1.1 "version"
is "$(field SUMMARY <<<"$result")" "Fixes a crash." "note"
ok "the image is the one that was added" cmp "$work/a.bin" "$work/state/payload/$(field SHA256 <<<"$result")"

ok "bundle again" "$repo" bundle -C "$work/r" "$work/again.fwb"
ok "gives the same bytes" cmp "$work/1.fwb" "$work/again.fwb"
ok "GNU tar reads it" tar tf "$work/1.fwb"

ok "add a second release" "$repo" add -C "$work/r" --hardware-id acme/dock --version 1.2 --counter 3 --floor 2 "$work/b.bin"
ok "publish it" "$repo" publish -C "$work/r"
ok "bundle it" "$repo" bundle -C "$work/r" "$work/2.fwb"
result=$(opened "$work/2.fwb" INSTALLED_VERSION=1.1)
is "$(field VERSION <<<"$result")" 1.2 "the newest is offered"
is "$(field NEW_FLOOR <<<"$result")" 2 "with the floor"
is "$(opened "$work/1.fwb" | field REASON)" metadata-rollback "the older bundle is a rollback now"
is "$(opened "$work/2.fwb" INSTALLED_VERSION=1.2 | field REASON)" already-installed "and the newer is installed"
ok "a bundle of all releases" "$repo" bundle -C "$work/r" --all-releases "$work/all.fwb"
is "$(opened "$work/all.fwb" WANT_VERSION=1.1 | field VERSION)" 1.1 "has the older one too"

before=$(cd "$work/r/site/metadata" && echo *.targets.json *.acme.json)
ok "publish with nothing new" "$repo" publish -C "$work/r"
is "$(cd "$work/r/site/metadata" && echo *.targets.json *.acme.json)" "$before" "signs only snapshot and timestamp again"
ok "bundle" "$repo" bundle -C "$work/r" "$work/3.fwb"
is "$(opened "$work/3.fwb" | field REASON)" ok "which is taken"
export SOURCE_DATE_EPOCH=1500000000
ok "publish in the past" "$repo" publish -C "$work/r"
ok "bundle" "$repo" bundle -C "$work/r" "$work/4.fwb"
is "$(opened "$work/4.fwb" | field REASON)" expired "has expired"
unset SOURCE_DATE_EPOCH

# shellcheck disable=SC2317 # called through "refused"
add() { "$repo" add -C "$work/r" --hardware-id acme/dock "$@"; }
refused 'exactly one image' "add without an image" add --version 2 --counter 9
refused '--counter are needed' "add without a counter" add --version 2 "$work/a.bin"
refused 'whole number' "a counter of 0" add --version 2 --counter 0 "$work/a.bin"
refused 'already has version' "a counter twice" add --version 9 --counter 3 "$work/a.bin"
refused 'never changes' "other content for a version" add --version 1.1 --counter 2 "$work/b.bin"
refused 'Cannot read the image' "an image that is not there" add --version 2 --counter 9 "$work/none"
refused 'vendor/model' "a hardware id that is none" "$repo" add -C "$work/r" --hardware-id Acme --version 2 --counter 9 "$work/a.bin"
refused 'may not contain' "a version with a slash" add --version ../2 --counter 9 "$work/a.bin"
refused 'urgency' "an urgency that is none" add --version 2 --counter 9 --urgency panic "$work/a.bin"
refused 'LANGUAGE=TEXT' "a note without a language" add --version 2 --counter 9 --note hello "$work/a.bin"
refused 'above the newest' "a floor above everything" add --version 2 --counter 9 --floor 10 "$work/a.bin"
refused 'is not a repository' "another folder" "$repo" publish -C "$work"
refused 'no command' "an unknown command" "$repo" frobnicate
"$repo" frobnicate 2>/dev/null
is $? 2 "wrong usage is exit status 2"
ok "help" "$repo" --help
for command in init key add publish sign rotate bundle check; do
	ok "help of $command" "$repo" "$command" --help
done

ok "a key" "$repo" key --type ecdsa "$work/k.pem"
is "$(stat -c %a "$work/k.pem")" 600 "is the owner's alone"
ok "openssl reads it" openssl pkey -in "$work/k.pem" -noout
refused 'File exists' "is never overwritten" "$repo" key "$work/k.pem"
like "$("$repo" key --show "$work/k.pem")" 'ecdsa key, id [0-9a-f]{64}' "its public half"
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out "$work/rsa.pem" 2>/dev/null
ok "a repository with given keys" "$repo" init --key "root=$work/k.pem" --key "vendor=$work/rsa.pem" \
	--threshold targets=2 "$work/given"
is "$(find "$work/given/keys" -name '*.pem' | wc -l)" 6 "and generated ones where they are missing"
refused 'PEM' "a key file that is none" "$repo" init --key "$work/a.bin" "$work/bad"
ok "add to it" "$repo" add -C "$work/given" --hardware-id acme/dock --version 1 --counter 1 --slot main "$work/a.bin"
ok "publish it" "$repo" publish -C "$work/given"
ok "bundle it" "$repo" bundle -C "$work/given" "$work/given.fwb"
given=$("$open" "$work/state2" "$work/given/site/metadata/1.root.json" acme/dock "$work/given.fwb" \
	SLOT_LABEL_COUNT=1 SLOT_LABEL_0=main)
is "$(field REASON <<<"$given")" ok "the worker takes it"
is "$(field SLOT <<<"$given")" main "for its slot"
rm "$work/given/keys/targets.2.pem"
ok "another release" "$repo" add -C "$work/given" --hardware-id acme2/dock --version 1 --counter 1 "$work/a.bin"
refused 'needs 2 keys' "too few keys" "$repo" publish -C "$work/given"

# --- check -----------------------------------------------------------------------------------

unset SOURCE_DATE_EPOCH
check() { "$repo" check -C "$work/c" "$@" 2>&1; }
ok "a repository to look at" "$repo" init "$work/c"
refused 'run "fwslot-repo publish" first' "check of nothing" "$repo" check -C "$work/c"
"$repo" add -C "$work/c" --hardware-id acme/dock --version 1.1 --counter 2 "$work/a.bin" >/dev/null
"$repo" add -C "$work/c" --hardware-id acme/dock --version 1.2 --counter 3 --floor 2 "$work/b.bin" >/dev/null
"$repo" publish -C "$work/c" >/dev/null
said=$(check)
is $? 0 "check of what was just published"
is "$(awk '{ print $1 }' <<<"$said" | xargs)" "root timestamp snapshot targets acme" "tells of each role"
not_ok "that none expires soon" grep -q soon <<<"$said"
like "$(check --hardware-id acme/dock --version 1.1)" 'acme/dock is offered version 1.2 \(counter 3\): acme/dock/1.2.bin, 60000 bytes' \
	"what a device is offered"
like "$(check --hardware-id acme/dock --version 1.2)" 'is offered nothing: already-installed: ' "or why nothing"
like "$(check --hardware-id acme/dock --slot-size 50000)" 'is offered nothing: too-large: ' "by its size"
like "$(check --hardware-id acme/other)" 'is offered nothing: incompatible: ' "or its name"
refused 'expire within 30 days' "what expires soon is a failure" check --days 30
refused 'timestamp.*was valid until' "and so is what has" env SOURCE_DATE_EPOCH=$(($(date +%s) + 8 * 24 * 3600)) \
	"$repo" check -C "$work/c"
refused 'is not valid' "an option that is wrong" check --days soon
refused 'no argument is expected' "one too many" check acme
file=$(ls "$work"/c/site/targets/acme/dock/*.1.1.bin)
mv "$file" "$work/away"
refused '1.1.bin is needed and is not there' "an old image that is missing" check
head -c 50000 /dev/zero >"$file"
refused 'is not the file the signed metadata lists' "one that is another file" check
mv "$work/away" "$file"
ok "all is well again" check
is "$(echo /tmp/fwslot-repo-??????)" '/tmp/fwslot-repo-??????' "and nothing is left in /tmp"
finish
