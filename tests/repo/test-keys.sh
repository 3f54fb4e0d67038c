# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# fwslot-repo with keys that are elsewhere: on tokens, with other people, replaced by others.
# timeout: 300
. tests/tap.sh
. tests/web.sh

repo=$BUILD/fwslot-repo
work=$(mktemp -d /tmp/fwslot-test-XXXXXX) || exit 99
server=
trap '[ -z "$server" ] || kill "$server"; rm -rf "$work"' EXIT
head -c 50000 /dev/urandom >"$work/a.bin"

add() { # REPOSITORY VERSION COUNTER
	"$repo" add -C "$work/$1" --hardware-id acme/dock --version "$2" --counter "$3" "$work/a.bin" >/dev/null
}
publish() { "$repo" publish -C "$work/$1"; }
device() { # REPOSITORY [VERSION]: what one is offered that trusts the first root
	"$repo" check -C "$work/$1" --hardware-id acme/dock --version "${2:-1.0}" 2>&1
}
keys() { # DOCUMENT: how many have signed
	jq '.signatures | length' "$1"
}

# --- rounds: three people, two of whom sign ------------------------------------------------------

for name in alice bob carol; do
	"$repo" key "$work/$name.pem" >/dev/null
	"$repo" key --public "$work/$name.pem" >"$work/$name.json"
done
is "$(jq -r .keytype "$work/alice.json")" ed25519 "a public key is a TUF key"
"$repo" init "$work/three" --key "root=$work/alice.json" --key "root=$work/bob.json" --key "root=$work/carol.json" \
	--key "vendor=$work/alice.json" --key "vendor=$work/bob.json" \
	--threshold root=2 --threshold vendor=2 >"$work/said"
is $? 0 "a repository whose keys are with others"
like "$(<"$work/said")" 'It is not there yet: work/signing/1.root.json needs 2 keys' "says what its root lacks"
not_ok "publishes no root that nobody would trust" test -e "$work/three/site/metadata/1.root.json"
root=$work/three/work/signing/1.root.json
ok "Alice signs, with the file and her key only" "$repo" sign --key "$work/alice.pem" "$root"
is "$(keys "$root")" 1 "once"
ok "Alice signs again" "$repo" sign --key "$work/alice.pem" "$root"
is "$(keys "$root")" 1 "which changes nothing"
add three 1.1 2
refused 'needs 2 keys to sign it and has 1' "one is not enough" publish three
cp "$root" "$work/bobs-copy"
ok "Bob signs a copy elsewhere" "$repo" sign --key "$work/bob.pem" "$work/bobs-copy"
ok "which is brought back" "$repo" sign --merge "$work/bobs-copy" "$root"
vendor=$work/three/work/signing/1.acme.json
refused 'another document' "another copy is of no use" "$repo" sign --merge "$vendor" "$root"
refused 'is a public key' "a public key signs nothing" "$repo" sign --key "$work/bob.json" "$vendor"
like "$("$repo" sign --key "$work/alice.pem" --key "$work/bob.pem" "$vendor")" 'file acme/dock/1.1.bin, 50000 bytes' \
	"who signs is told what"
ok "both have signed all: published" publish three
is "$(ls "$work/three/work/signing")" "" "nothing waits"
like "$(device three)" 'is offered version 1.1' "and a device is offered it"
add three 1.2 3
refused 'work/signing/2.acme.json needs 2 keys' "the next release waits" publish three
like "$(device three)" 'is offered version 1.1' "while what is there stays in force"
ok "signed by both" "$repo" sign --key "$work/alice.pem" --key "$work/bob.pem" "$work/three/work/signing/2.acme.json"
add three 1.3 4
refused 'work/signing/2.acme.json needs 2 keys to sign it and has 0' "old signatures are of no use for other content" publish three
ok "signed anew" "$repo" sign --key "$work/alice.pem" --key "$work/bob.pem" "$work/three/work/signing/2.acme.json"
ok "published" publish three
like "$(device three)" 'is offered version 1.3' "offered"
printf '{"signed":' >"$work/half"
refused 'half' "half a document" "$repo" sign --key "$work/alice.pem" "$work/half"
refused 'Cannot read' "none" "$repo" sign --key "$work/alice.pem" "$work/none"
refused 'key or --merge' "without a key" "$repo" sign "$root"

# --- rotation ------------------------------------------------------------------------------------

metadata=$work/client/metadata
mkdir -p "$work/client"
"$repo" init "$work/r" >/dev/null
add r 1.1 2
publish r >/dev/null
free_port
# shellcheck disable=SC2154  # of web.sh
/usr/bin/python3 -m http.server --directory "$work/r/site" --bind 127.0.0.1 "$port" >"$work/server.log" 2>&1 &
server=$!
within 60 answers "$port" || bail "no server: $(<"$work/server.log")"
client() { # the same client all the time, from its first root on: a folder is served as it is
	"$BUILD/tuf-client" --metadata-dir "$metadata" --metadata-url "http://127.0.0.1:$port/metadata" refresh
}
"$BUILD/tuf-client" --metadata-dir "$metadata" init "$work/r/site/metadata/1.root.json"
ok "a client" client
for role in timestamp snapshot targets vendor root; do
	ok "rotate $role" "$repo" rotate -C "$work/r" $role
	ok "publish" publish r
	ok "the client follows" client
	like "$(device r)" 'is offered version 1.1' "and so does a device"
done
is "$(jq .signed.version "$metadata/root.json")" 5 "each but the vendor's made a root"
is "$(find "$work/r/keys" -name 'retired.*' | wc -l)" 5 "old keys are kept aside"
ok "several at once" "$repo" rotate -C "$work/r" timestamp
"$repo" rotate -C "$work/r" snapshot >/dev/null && "$repo" rotate -C "$work/r" root >/dev/null
ok "publish" publish r
ok "the client follows" client
ok "add Alice to root" "$repo" rotate -C "$work/r" --add "$work/alice.pem" --add "$work/bob.json" --threshold 2 root
ok "publish with a key here and one elsewhere" publish r
id=$("$repo" key --show "$work/alice.pem" | sed -n 's/.* id //p')
refused 'fewer keys than the 2' "too few would be left" "$repo" rotate -C "$work/r" --remove "$id" --remove "${id:0:8}" root
refused 'is not the id' "no such key" "$repo" rotate -C "$work/r" --remove 00000000 root
refused 'has this key already' "a key twice" "$repo" rotate -C "$work/r" --add "$work/alice.json" root
ok "Alice leaves" "$repo" rotate -C "$work/r" --remove "${id:0:10}" root
refused 'root.json needs 2 keys' "now Bob must sign" publish r
like "$(device r)" 'is offered version 1.1' "until then nothing changes"
next=$(ls "$work"/r/work/signing/*.root.json)
ok "he does" "$repo" sign --key "$work/bob.pem" "$next"
ok "published: signed by Alice for the last root, too" publish r
is "$(keys "$work/r/site/metadata/${next##*/}")" 3 "by all three"
ok "the client follows" client
refused 'a role is' "a role that is none" "$repo" rotate -C "$work/r" everything

# --- tokens --------------------------------------------------------------------------------------

export SOFTHSM2_CONF=$work/softhsm.conf FWSLOT_PIN=1234
mkdir "$work/tokens"
echo "directories.tokendir = $work/tokens" >"$SOFTHSM2_CONF"
module=$(find /usr/lib -name libsofthsm2.so | head -n 1)
softhsm2-util --init-token --free --label vendor --so-pin 4321 --pin 1234 >"$work/softhsm.log" 2>&1 ||
	bail "softhsm2-util: $(<"$work/softhsm.log")"
generate() { # LABEL ALGORITHM...
	GNUTLS_PIN=1234 GNUTLS_SO_PIN=4321 p11tool --provider "$module" --login --generate-privkey "$2" "${@:3}" --label "$1" \
		'pkcs11:token=vendor' >"$work/p11.log" 2>&1 || bail "p11tool: $(<"$work/p11.log")"
}
generate one ecdsa --curve secp256r1
generate two rsa --bits 2048
generate three ecdsa --curve secp384r1
uri() { echo "pkcs11:token=vendor;object=$1;type=private"; }
like "$("$repo" key --show "$(uri one)")" 'ecdsa key, id [0-9a-f]{64}' "a key on a token"
like "$("$repo" key --show "$(uri two)")" 'rsa key, id' "another kind"
refused 'expected an Ed25519, ECDSA P-256, or RSA key' "a kind that TUF has not" "$repo" key --show "$(uri three)"
refused 'no usable private key' "a key that is not there" "$repo" key --show "$(uri nothing)"
refused 'no usable private key' "a wrong PIN" env FWSLOT_PIN=9999 "$repo" key --show "$(uri one)"
ok "a repository with both" "$repo" init --key "root=$(uri one)" --key "vendor=$(uri two)" "$work/hsm"
not_ok "no private key of theirs lies in it" grep -q PRIVATE "$work"/hsm/keys/root.* "$work"/hsm/keys/vendor.*
add hsm 1.1 2
ok "published" publish hsm
like "$(device hsm)" 'is offered version 1.1' "and offered"
ok "read by another author's reader" /usr/bin/python3 tests/repo/author.py verify "$work/hsm"
ok "rotated from one token's key to a file's" "$repo" rotate -C "$work/hsm" --add "$work/alice.pem" \
	--remove "$("$repo" key --show "$(uri one)" | sed -n 's/.* id \(.\{8\}\).*/\1/p')" root
ok "published: the token signs once more" publish hsm
is "$(keys "$work/hsm/site/metadata/2.root.json")" 2 "the old and the new"
add hsm 1.2 3
refused 'no usable private key' "without the token nothing is published" env -u SOFTHSM2_CONF "$repo" publish -C "$work/hsm"
finish
