# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The whole way from a vendor's fwslot-repo over a real web server into the TUF client, by tuf-client:
# which requests are made, and what becomes of a server that lies.
. tests/net/bed.sh
build=$BUILD
# shellcheck source=../bundles.sh
. tests/bundles.sh
make_certificates
start_nginx
site=$work/files metadata=$work/metadata out=$work/out image=fwslot/sim/1.1.0.bin
index=fwslot/sim/index.json

tuf() { # COMMAND [ARGUMENT...]: options after it, too
	local command=$1
	shift
	timeout 60 "$BUILD/tuf-client" --metadata-dir "$metadata" --metadata-url "${url:-$http}/metadata" \
		--target-base-url "${url:-$http}/targets/" --target-dir "$out" "$@" "$command"
}

init() { # ROOT
	timeout 60 "$BUILD/tuf-client" --metadata-dir "$metadata" init "$1"
}

download() { # TARGET...
	local target names=()
	for target; do names+=(--target-name "$target"); done
	tuf download "${names[@]}"
}

refused() { # REASON WHAT COMMAND...
	local said reason=$1 what=$2
	shift 2
	said=$("$@" 2>&1)
	is "$?" 1 "$what"
	like "$said" "^tuf-client: $reason: " "is refused as $reason"
}

requests() { # what nginx was asked for since the last call, without "metadata/" and hashes
	sed -n 's|.*"\([A-Z]*\) /\(metadata/\)\{0,1\}\([^ ]*\) .*|\1 \3|p' "$work/nginx/access.log" |
		sed -E 's/[0-9a-f]{64}/HASH/' | tr '\n' ' '
	: >"$work/nginx/access.log"
}

publish() {
	"$BUILD/fwslot-repo" publish -C "$work/acme" >/dev/null && rm -rf "${site:?}"/* &&
		cp -r "$work/acme/site/." "$site/"
}

make_vendor acme && add_release acme 1.1.0 11 && publish || bail "fwslot-repo fails"
root=$site/metadata/1.root.json

refused io-error "a root that is not there" init "$work/nothing"
not_ok "is not trusted" test -e "$metadata/root.json"
refused malformed "a root that is something else" init "$work/acme/site/metadata/timestamp.json"
ok "the vendor's root" init "$root"
same_file "$metadata/root.json" "$root" "is kept as it is"

ok "a first refresh" tuf refresh
is "$(requests)" "GET 2.root.json GET timestamp.json GET 1.snapshot.json GET 1.targets.json " \
	"asks for each role once, in order"
is "$(cd "$metadata" && echo *.json)" "root.json snapshot.json targets.json timestamp.json" "and keeps them"
ok "another one" tuf refresh
is "$(requests)" "GET 2.root.json GET timestamp.json " "asks only what may be new"

ok "an image and its index" download $image $index
same_file "$out/${image//\//%2F}" "$work/1.1.0.img" "are delivered, under a name without folders"
like "$(requests)" 'GET targets/fwslot/sim/HASH.1.1.0.bin GET targets/fwslot/sim/HASH.index.json $' \
	"by the names that contain their hash"
refused no-such-target "a target that nobody lists" download fwslot/sim/none.bin
refused invalid-argument "a target that is a path" download ../metadata/1.root.json

payload=$(echo "$site"/targets/fwslot/sim/*.1.1.0.bin)
cp "$payload" "$work/good.bin"
rm "$out"/*
printf X | dd of="$payload" conv=notrunc bs=1 seek=5000 status=none
refused wrong-digest "an image with one other byte" download $image
seq 100000 | head -c 100000 >>"$payload"
refused too-large "an image that is longer" download $image
head -c 100 "$work/good.bin" >"$payload"
refused truncated "an image that is shorter" download $image
rm "$payload"
refused not-listed "an image that is missing" download $image
is "$(ls "$out")" "" "of all these nothing was delivered"
cp "$work/good.bin" "$payload"

cp -r "$site" "$work/old"
add_release acme 1.2.0 12 && publish || bail "the second release fails"
ok "a newer release" download fwslot/sim/1.2.0.bin
cp -r "$work/old/." "$site/"
cp "$metadata/timestamp.json" "$work/trusted"
refused metadata-rollback "the older repository after that" tuf refresh
same_file "$metadata/timestamp.json" "$work/trusted" "leaves what is trusted as it was"
publish
ok "and the newer one goes on" tuf refresh

make_vendor stranger && add_release stranger 1.1.0 11 && "$BUILD/fwslot-repo" publish -C "$work/stranger" >/dev/null
rm -rf "${site:?}"/* && cp -r "$work/stranger/site/." "$site/"
refused unknown-signer "another vendor's repository" tuf refresh
publish
rm "$site/metadata/timestamp.json"
refused not-listed "a server without a timestamp" tuf refresh
head -c 20000 /dev/zero >"$site/metadata/timestamp.json"
refused too-large "an endless timestamp" tuf refresh
publish

free_port
url=http://127.0.0.1:$port refused network-unreachable "no server at all" tuf refresh

"$BUILD/tuf-client" refresh >/dev/null 2>&1
is $? 2 "a wrong command line has a status of its own"
finish
