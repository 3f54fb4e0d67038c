# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The ten commands of docs/vendors-guide.md, exactly as they are printed there, and what comes of them.
# timeout: 120
. tests/tap.sh
. tests/web.sh

guide=$PWD/docs/vendors-guide.md
work=$(mktemp -d /tmp/fwslot-test-XXXXXX) || exit 99
build=$(realpath "$BUILD")
server=
trap '[ -z "$server" ] || kill "$server"; rm -rf "$work"' EXIT
cd "$work" || exit 99
head -c 40000 /dev/urandom >dock42-2.0.0.bin
head -c 41000 /dev/urandom >dock42-2.1.0.bin
PATH=$build:$PATH

mapfile -t commands < <(sed -n '/^```sh$/,/^```$/{/^```/d;p}' "$guide")
is ${#commands[@]} 10 "there are ten"
for command in "${commands[@]}"; do
	ok "$command" bash -c "$command"
done

free_port
# shellcheck disable=SC2154  # of web.sh
/usr/bin/python3 -m http.server --directory www --bind 127.0.0.1 "$port" >server.log 2>&1 &
server=$!
within 60 answers "$port" || bail "no server: $(<server.log)"
"$build/tuf-client" --metadata-dir metadata init acme/site/metadata/1.root.json
mkdir out
ok "a device's client gets the release from the web server" "$build/tuf-client" --metadata-dir metadata \
	--metadata-url "http://127.0.0.1:$port/metadata/" --target-base-url "http://127.0.0.1:$port/targets/" \
	--target-dir out --target-name acme/dock42/2.1.0.bin download
ok "which is the image" cmp out/acme%2Fdock42%2F2.1.0.bin dock42-2.1.0.bin
said=$("$build/tools/open-bundle" state acme/site/metadata/1.root.json acme/dock42 dock42-2.1.0.fwb)
is "$(sed -n 's/^REASON=//p' <<<"$said") $(sed -n 's/^VERSION=//p' <<<"$said")" "ok 2.1.0" "and the file is taken, too"
like "$(fwslot-repo check -C acme --hardware-id acme/dock42 --version 2.0.0)" 'is offered version 2.1.0 \(counter 41\)' \
	"a device with the first release is offered the second"

# A computer that only keeps the timestamp fresh: the loop that the guide prints.
ok "a copy without the private keys of root and firmware" bash -c "$(sed -n '/^    for key/,/^    done/p' "$guide")"
is "$(cd acme/keys && echo *.pem)" "snapshot.1.pem timestamp.1.pem" "has two keys left"
ok "publishes again what is there" fwslot-repo publish -C acme
like "$(fwslot-repo check -C acme --hardware-id acme/dock42 --version 2.0.0)" 'is offered version 2.1.0' "which is still offered"
fwslot-repo add -C acme --hardware-id acme/dock42 --version 6.6.6 --counter 666 dock42-2.0.0.bin >/dev/null
refused '.acme.json needs 1 keys to sign it and has 0' "and can publish no firmware of its own" fwslot-repo publish -C acme
finish
