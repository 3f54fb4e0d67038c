# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Fetching from an honest server, and all that it may answer.
. tests/net/bed.sh
start_bad_server
make_certificates
start_nginx
head -c 3000000 /dev/urandom >"$work/files/large"
echo small >"$work/files/small"
: >"$work/files/empty"
out=$work/out

ends ok "a file over plain HTTP" "$http/large" "$out"
same_file "$out" "$work/files/large" "and it is the same"
is "$(value bytes)/$(value status)" 3000000/200 "with its length and status"
ends ok "the same file in an event loop" --async "$http/large" "$work/out-async"
same_file "$work/out-async" "$work/files/large" "and it is the same"
ends ok "a short file over a longer one" "$http/small" "$out"
same_file "$out" "$work/files/small" "leaves nothing of the longer one"
ends ok "an empty file" --max 0 "$http/empty" "$out"
is "$(stat -c %s "$out")" 0 "is empty"
ends ok "a hash is made while the file arrives" --sha256 "$http/large" "$out"
is "$(value sha256)" "$(sha256sum <"$work/files/large" | cut -d' ' -f1)" "and it is right"

ends ok "over TLS" --trust ca --ca "$work/ca.pem" "$https/large" "$out"
same_file "$out" "$work/files/large" "the same file"
ends ok "the protocol over TLS" --trust ca --ca "$work/ca.pem" "$https/protocol" "$out"
is "$(<"$out")" HTTP/2.0 "is HTTP/2"
ends ok "several files in one session" --trust ca --ca "$work/ca.pem" \
	"$https/small" "$out" "$https/large" "$out.2" "$https/small?2" "$out.3"
same_file "$out.2" "$work/files/large" "are fetched each"
is "$(grep -c 'GET /small HTTP/2' "$work/nginx/access.log")" 1 "with one request each"

ends not-found "404" "$http/nothing" "$out"
is "$(value status)" 404 "with its status"
same_file "$out" "$work/files/small" "leaves the file as it was"
ends not-found "403, the answer of object stores" "$http/forbidden" "$out"
ends server-failed "500" "$http/broken" "$out"
ends access-denied "401" "$http/log-in" "$out"
ends server-failed "503 with Retry-After" "$bad/status/503" "$out"
is "$(value retry-after)" 120 "tells when to come back"
ends server-failed "an odd status" "$bad/status/299" "$out"
ends server-failed "an odd status" "$bad/status/999" "$out"

ends too-large "a file over the limit" --max 2999999 "$http/large" "$out"
same_file "$out" "$work/files/small" "is not even begun"
ends too-large "a file that should be shorter" --exact 2999999 "$http/large" "$out"
ends truncated "a file that should be longer" --exact 3000001 "$http/large" "$out"
ends ok "a file of the right length" --exact 3000000 --max 3000000 "$http/large" "$out"

fetch "$http/small" "$out" >/dev/null
tag=$(value etag)
ends ok "a file that has not changed" --none-match "$tag" "$http/small" "$out"
is "$(value status)/$(value not-modified)" 304/1 "is said to be not modified"
same_file "$out" "$work/files/small" "and stays"
ends ok "a file that has changed" --none-match '"else"' "$http/small" "$out"
is "$(value status)/$(value not-modified)" 200/ "is fetched"
ends server-failed "304 to one who did not ask" "$bad/not-modified" "$out"

ends ok "redirects" "$bad/hops/5" "$out"
same_file "$out" "$work/content" "are followed"
ends too-many-redirects "one more" "$bad/hops/6" "$out"
ends too-many-redirects "a loop of redirects" "$bad/loop" "$out"
ends redirect-to-plain "a redirect from TLS to plain HTTP" --trust ca --ca "$work/ca.pem" \
	"$https/to-plain" "$out"
ends server-failed "a redirect to nowhere" "$bad/nowhere" "$out"
ends server-failed "a redirect to a file of ours" "$bad/to-file" "$out"
ends server-failed "a redirect with a password" "$bad/to-password" "$out"

ends ok "what the server hears" "$bad/echo/a/../b/..%2fc?q" "$out"
like "$(<"$out")" '^GET /echo/a/\.\./b/\.\.%2fc\?q HTTP/1\.1' "is a GET with the path as it was written"
not_ok "without offering to take compressed bodies" grep -qi accept-encoding "$out"
ends ok "a cookie is offered" "$bad/cookie" "$out" "$bad/echo" "$out.2"
not_ok "and not taken" grep -qi cookie "$out.2"
ends ok "a body the server calls compressed" "$bad/encoded" "$out"
is "$(<"$out")" body "is taken as it is"
export http_proxy=http://127.0.0.1:1 https_proxy=http://127.0.0.1:1 HTTP_PROXY=http://127.0.0.1:1
ends ok "proxies in the environment" "$http/small" "$out"
same_file "$out" "$work/files/small" "are not used"
unset http_proxy https_proxy HTTP_PROXY

for url in ftp://localhost/x file:///etc/passwd http:///x http://a@127.0.0.1/ "http://127.0.0.1/a b" \
	http://127.0.0.1:99999/ http://127.0.0.1/#x 'http://127.0.0.1\x' x ""; do
	ends invalid-argument "the URL \"$url\"" "$url" "$out"
done
ends network-unreachable "a server that is not there" http://127.0.0.1:1/x "$out"
ends network-unreachable "a name that is not there" http://nothing.invalid/x "$out"

# The bandwidth holds over the whole; a cancelled fetch ends at once.
started=$(date +%s%N)
ends ok "a file with a limited bandwidth" --bandwidth 1000000 "$http/large" "$out"
took=$((($(date +%s%N) - started) / 1000000))
ok "takes its time: $took ms" [ "$took" -ge 1800 ]
same_file "$out" "$work/files/large" "and is the same"
started=$(date +%s%N)
ends cancelled "a cancelled fetch" --cancel-after 1000 "$bad/steady/100" "$out"
took=$((($(date +%s%N) - started) / 1000000))
ok "ends at once: $took ms" [ "$took" -le 5000 ]
is "$(value validator)" '"first"' "and could be resumed"
finish
