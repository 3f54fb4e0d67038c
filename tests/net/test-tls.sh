# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Whom we trust over TLS, who we are there, and what is said when it does not work.
. tests/net/bed.sh
make_certificates
start_nginx
echo small >"$work/files/small"
out=$work/out
ca=(--trust ca --ca "$work/ca.pem")

ends ok "a server of the trusted authority" "${ca[@]}" "$https/small" "$out"
same_file "$out" "$work/files/small" "gives its file"
ends ok "by its address as well" "${ca[@]}" "${https/localhost/127.0.0.1}/small" "$out"

rm "$out"
ends tls-failed "a server of an authority the system does not know" "$https/small" "$out"
like "$(value message)" 'not issued by an authority that is trusted' "says so"
ends tls-failed "a certificate for another name" "${ca[@]}" "$wrong_host/small" "$out"
like "$(value message)" 'for another host' "says so"
ends tls-failed "an expired certificate" "${ca[@]}" "$expired/small" "$out"
like "$(value message)" 'has expired' "says so"
ends tls-failed "a certificate of the future" "${ca[@]}" "$future/small" "$out"
like "$(value message)" 'not valid yet.*clock' "says so"
ends tls-failed "a certificate nobody signed" "${ca[@]}" "$self/small" "$out"
ends tls-failed "TLS where there is none" "${ca[@]}" "${http/http:/https:}/small" "$out"
is "$(stat -c %s "$out")" 0 "nothing was written in all that"

# The system's authorities: a mount namespace of our own where ours is one of them.
system=/etc/ssl/certs/ca-certificates.crt
if [ -e $system ] && unshare -m true 2>/dev/null; then
	cat $system "$work/ca.pem" >"$work/system.crt"
	cat >"$work/in-system" <<-END
		mount --bind $work/system.crt $system && exec "\$@"
	END
	ok "the system's authorities are the default" timeout 60 unshare -m sh "$work/in-system" \
		"$BUILD/tools/fetch" --program "$program" "$https/small" "$out"
	same_file "$out" "$work/files/small" "and the file is right"
	not_ok "but not beside an authority of one's own" timeout 60 unshare -m sh "$work/in-system" \
		"$BUILD/tools/fetch" --program "$program" --trust ca --ca "$work/self.pem" "$https/small" "$out"
else
	skip "the system's authorities are the default" "no mount namespace here"
fi

ends ok "a pinned key alone, for a box without a name" --trust key --pin "$(pin self)" "$self/small" "$out"
ends ok "one of two pinned keys" --trust key --pin "$(pin client);$(pin self)" "$self/small" "$out"
ends tls-failed "the wrong pinned key" --trust key --pin "$(pin server)" "$self/small" "$out"
like "$(value message)" 'not the pinned one' "says so"
ends ok "a pinned key and its authority" "${ca[@]}" --pin "$(pin server)" "$https/small" "$out"
ends tls-failed "the right authority and the wrong key" "${ca[@]}" --pin "$(pin self)" "$https/small" "$out"
ends tls-failed "the right key and the wrong authority" --pin "$(pin server)" "$https/small" "$out"

us=(--certificate "$work/client.pem" --key "$work/client.key")
ends ok "a client certificate where one is demanded" "${ca[@]}" "${us[@]}" "$demands/" "$out"
is "$(<"$out")" "CN=machine 7" "is ours"
ends server-failed "none where one is demanded" "${ca[@]}" "$demands/" "$out"
is "$(value status)" 400 "is what nginx calls a bad request"
ends server-failed "one of another authority" "${ca[@]}" --certificate "$work/stranger.pem" \
	--key "$work/stranger.key" "$demands/" "$out"
ends ok "one where it is only asked for" "${ca[@]}" "${us[@]}" "$asks/" "$out"
is "$(<"$out")" "CN=machine 7" "is shown"
ends ok "a redirect from there to another server" "${ca[@]}" "${us[@]}" "$demands/to-asks" "$out"
is "$(<"$out")" "" "which does not see it"
ends ok "the first server, asked again in the same session" "${ca[@]}" "${us[@]}" \
	"$demands/to-asks" "$out" "$asks/" "$out" "$demands/" "$out"
is "$(<"$out")" "CN=machine 7" "sees it again"
ends invalid-argument "a certificate with another's key" "${ca[@]}" --certificate "$work/client.pem" \
	--key "$work/server.key" "$demands/" "$out"
like "$(value message)" 'certificate and its private key' "says so"
openssl pkcs8 -topk8 -v2 aes-256-cbc -in "$work/client.key" -passout pass:sesame -out "$work/locked.key"
ends ok "an encrypted key with its password" "${ca[@]}" --certificate "$work/client.pem" \
	--key "$work/locked.key" --password sesame "$demands/" "$out"
ends invalid-argument "with the wrong password" "${ca[@]}" --certificate "$work/client.pem" \
	--key "$work/locked.key" --password simsalabim "$demands/" "$out"
not_ok "which no message repeats" grep -q simsalabim <<<"$said"

# The key on a token: SoftHSM.
export SOFTHSM2_CONF=$work/softhsm.conf
mkdir "$work/tokens"
echo "directories.tokendir = $work/tokens" >"$SOFTHSM2_CONF"
softhsm2-util --init-token --free --label fwslot-test --so-pin 12345678 --pin 4321 >/dev/null ||
	bail "SoftHSM makes no token"
token=pkcs11:token=fwslot-test
for what in "--load-privkey=$work/client.key" "--load-certificate=$work/client.pem"; do
	GNUTLS_PIN=4321 p11tool --batch --login --write "$what" --label=machine "$token" >/dev/null 2>&1 ||
		bail "p11tool does not write $what"
done
on_token=(--certificate "$token;object=machine;type=cert" --key "$token;object=machine;type=private")
ends ok "a key on a token, with its PIN" "${ca[@]}" "${on_token[@]}" --password 4321 "$demands/" "$out"
is "$(<"$out")" "CN=machine 7" "makes it us"
ends ok "the certificate as a file" "${ca[@]}" --certificate "$work/client.pem" \
	--key "$token;object=machine;type=private" --password 4321 "$demands/" "$out"
ends ok "the PIN in the URI" "${ca[@]}" --certificate "$token;object=machine;type=cert" \
	--key "$token;object=machine;type=private?pin-value=4321" "$demands/" "$out"
ends invalid-argument "the wrong PIN" "${ca[@]}" "${on_token[@]}" --password 1111 "$demands/" "$out"
ends invalid-argument "no such object" "${ca[@]}" --certificate "$token;object=nobody;type=cert" \
	--key "$token;object=nobody;type=private" --password 4321 "$demands/" "$out"

# What is wrong with the request is said before anybody is asked.
ends invalid-argument "an authority that is none" --trust ca --ca "$work/client.key" "$https/small" "$out"
: >"$work/nothing"
ends truncated "an authority that is empty" --trust ca --ca "$work/nothing" "$https/small" "$out"
ends invalid-argument "no authority" --trust ca "$https/small" "$out"
ends invalid-argument "an authority and trust in the system" --ca "$work/ca.pem" "$https/small" "$out"
ends invalid-argument "trust in a key without one" --trust key "$https/small" "$out"
ends invalid-argument "a pin that names a file" --pin /etc/ssl/certs "$https/small" "$out"
ends invalid-argument "a pin that is too short" --pin "$(pin self | head -c 40)" "$https/small" "$out"
ends invalid-argument "a certificate without a key" "${ca[@]}" --certificate "$work/client.pem" "$https/small" "$out"
ends invalid-argument "a trust nobody knows" --trust blind "$https/small" "$out"
ends not-regular-file "an authority that is a device" --trust ca --ca /dev/zero "$https/small" "$out"
truncate -s 2M "$work/huge"
ends too-large "an authority that is huge" --trust ca --ca "$work/huge" "$https/small" "$out"
finish
