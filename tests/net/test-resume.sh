# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Going on where a fetch was interrupted, whatever the server makes of it: the file is
# right in the end, or the fetch has failed; never a mixture of two files.
. tests/net/bed.sh
start_bad_server
make_certificates
start_nginx
head -c 3000000 /dev/urandom >"$work/files/large"
touch -d '2 hours ago' "$work/files/large"
out=$work/out
content=$work/content

# The first 400000 bytes are there already.
begin() { # FILE
	head -c 400000 "$1" >"$out"
}
# sent: bytes nginx sent with its last answer.
status_sent() {
	tail -n 1 "$work/nginx/access.log" | awk '{ print $9 "/" $10 }'
}

fetch "$http/large" "$out" >/dev/null
tag=$(value validator)
like "$tag" '^"' "nginx gives a strong entity tag"
begin "$work/files/large"
ends ok "the rest of a file" --resume "400000:$tag" "$http/large" "$out"
same_file "$out" "$work/files/large" "is fitted on"
is "$(status_sent)" 206/2600000 "and nothing is sent twice"
ends ok "the rest over HTTP/2 and TLS" --trust ca --ca "$work/ca.pem" --resume "2999999:$tag" \
	"$https/large" "$out"
same_file "$out" "$work/files/large" "is fitted on"

begin "$work/files/large"
fetch "$http/no-tags/large" "$work/x" >/dev/null
date=$(value validator)
like "$date" GMT "without entity tags the date of the last change serves"
ends ok "the rest by that date" --resume "400000:$date" "$http/no-tags/large" "$out"
same_file "$out" "$work/files/large" "is fitted on"
is "$(status_sent)" 206/2600000 "and nothing is sent twice"
touch "$work/files/fresh"
fetch "$http/no-tags/fresh" "$work/x" >/dev/null
is "$(value validator)" "" "a date that is too fresh to tell two changes apart does not serve"

begin "$work/files/large"
head -c 3000000 /dev/urandom >"$work/files/large"
ends ok "a file that has changed meanwhile" --resume "400000:$tag" "$http/large" "$out"
same_file "$out" "$work/files/large" "is fetched from the beginning"
is "$(status_sent)" 200/3000000 "by one request"
fetch "$http/large" "$work/x" >/dev/null
tag=$(value validator)
begin "$work/files/large"
ends ok "a server without ranges" --resume "400000:$tag" "$http/no-ranges/large" "$out"
same_file "$out" "$work/files/large" "makes us start over"
begin "$work/files/large"
head -c 100000 /dev/urandom >"$work/files/large"
ends ok "a file that is shorter by now" --resume "400000:$tag" "$http/large" "$out"
same_file "$out" "$work/files/large" "is fetched from the beginning"

for path in range-ignored range-elsewhere range-of-another range-without-tag range-refused; do
	begin "$content"
	ends ok "$path" --resume '400000:"first"' "$bad/$path" "$out"
	same_file "$out" "$content" "makes us start over"
done
begin "$content"
ends truncated "a part shorter than the rest" --resume '400000:"first"' "$bad/range-shorter" "$out"
is "$(value bytes)/$(stat -c %s "$out")" 400010/400010 "is kept as far as it goes"
ok "and fits" cmp -n 400010 "$out" "$content"
begin "$content"
ends not-found "a file that is gone" --resume '400000:"first"' "$bad/status/404" "$out"
is "$(stat -c %s "$out")" 400000 "leaves what was there"

ends invalid-argument "a resume without a validator" --resume 400000: "$bad/whole" "$out"
ends invalid-argument "a resume with a weak one" --resume '400000:W/"first"' "$bad/whole" "$out"
ends invalid-argument "a resume with two lines" --resume $'400000:"a"\r\nX: "b"' "$bad/whole" "$out"
ends invalid-argument "a resume from past the file's end" --resume '400001:"first"' "$bad/whole" "$out"
ends invalid-argument "a resume of what is complete" --exact 400000 --resume '400000:"first"' \
	"$bad/whole" "$out"

# Connections that end again and again.
rm "$out"
ends ok "a server that gives 100000 bytes at a time" --retries 20 --sha256 --verbose "$bad/cut/100000" "$out"
same_file "$out" "$content" "is patiently asked again"
is "$(grep -c ^retry=truncated <<<"$said")" 10 "as often as needed"
is "$(value sha256)" "$(sha256sum <"$content" | cut -d' ' -f1)" "and the hash went along"

# Our own service is killed in the middle.
rm "$out"
ends ok "a service killed in the middle" --retries 1 --kill-after 200000 --verbose "$bad/steady/100000" "$out"
same_file "$out" "$content" "is replaced, and the file completed"
like "$said" 'retry=service-missing from=[1-9]' "going on from where it was"
rm "$out"
ends ok "the same in an event loop" --async --retries 1 --kill-after 200000 --verbose \
	"$bad/steady/100000" "$out"
same_file "$out" "$content" "completes the file, too"
ends service-missing "a service killed, without another try" --kill-after 200000 "$bad/steady/100000" "$out"
ok "leaves as many bytes as it says, or more" [ "$(stat -c %s "$out")" -ge "$(value bytes)" ]
ok "which are right" cmp -n "$(value bytes)" "$out" "$content"
ok "and can be resumed" [ "$(value bytes)" -gt 0 -a "$(value validator)" = '"first"' ]

# A cancelled fetch goes on later with what it said.
rm "$out"
ends cancelled "a fetch that is cancelled" --cancel-after 200000 "$bad/steady/100000" "$out"
ends ok "goes on" --resume "$(value bytes):$(value validator)" "$bad/steady/100000" "$out"
same_file "$out" "$content" "to the right end"
finish
