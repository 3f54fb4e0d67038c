# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# A server that does harm on purpose: every fetch ends, soon and with the right reason,
# nothing grows without limit, and the next fetch works.
. tests/net/bed.sh
start_bad_server
out=$work/out

# harm REASON PATH WHAT OPTION...: within 10 s, and the client lives.
harm() {
	local reason=$1 path=$2 what=$3
	shift 3
	SECONDS=0
	ends "$reason" "$what" --max 2000000 "$@" "$bad$path" "$out"
	[ "$SECONDS" -le 10 ] || report 1 "it took $SECONDS s"
}

harm truncated /truncated "a body that ends early"
is "$(stat -c %s "$out")/$(value bytes)" 5000/5000 "leaves what arrived, and says how much"
harm download-failed /reset "a connection that breaks"
is "$(value validator)" '"first"' "can be resumed"
harm too-large /endless "a body without end"
ok "is not kept beyond the limit" [ "$(stat -c %s "$out")" -le 2000000 ]
harm too-large /chunks-endless "chunks without end"
harm too-large /whole "a length over the limit" --max 1000000
harm server-failed /trailer-endless "trailers without end"
harm server-failed /header-endless "header lines without end"
harm server-failed /line-endless "a header line without end"
harm server-failed /continue-endless "interim responses without end"
harm not-found /refuse-endless "a refusal without end"
harm server-failed /redirect-endless "a redirect with a body without end"
harm ok /longer "more than the length says"
is "$(stat -c %s "$out")" 10 "is cut to the length"
harm too-large /no-length "no length and too much" --max 999
harm truncated /no-length "no length and too little" --exact 1001
harm ok /no-length "no length and just enough" --exact 1000 --max 1000
harm server-failed /two-lengths "two different lengths"
harm server-failed /garbage "something that is not HTTP"
harm server-failed /nul "nothing but NUL bytes"
harm download-failed /hang-up "a connection closed without an answer"
harm server-failed /part-unasked "a part nobody asked for"

harm too-slow /slow "a body that trickles" --low-speed-bytes 1000 --low-speed-sec 2
like "$(value message)" 'fewer than 1000 bytes a second for 2 s' "says what too slow is"
harm too-slow /header-slow "a header that trickles" --low-speed-bytes 1000 --low-speed-sec 2
harm too-slow /silent "silence" --low-speed-bytes 1000 --low-speed-sec 2
harm timeout /slow "a body that never ends" --low-speed-bytes 1 --total-msec 2000
like "$(value message)" 'not finished within 2000 ms; [1-9][0-9]* bytes' "says what was allowed"
harm timeout /silent "silence until the end of the time" --total-msec 1500
harm timeout /hops/5 "less time than the redirects take" --total-msec 1

harm ok /odd-tags "an entity tag with control characters"
is "$(value validator)$(value etag)" "" "is no entity tag"
harm ok /two-tags "two entity tags"
is "$(value validator)$(value etag)" "" "are none"

ends timeout "TLS to a server that stays silent" --connect-msec 1500 "${bad/http:/https:}/silent" "$out"
like "$(value message)" 'no connection within 1500 ms' "says what was allowed"

ends ok "after all that, an honest file" "$bad/whole" "$out"
same_file "$out" "$work/content" "is fetched well"

# All in one session: a server's bad answer must not spoil the next fetch.
paths=(whole truncated header-endless status/404 refuse-endless garbage hops/2 whole)
arguments=()
for path in "${paths[@]}"; do
	arguments+=("$bad/$path" "$work/one-$path.out")
	mkdir -p "$(dirname "$work/one-$path.out")"
done
fetch "${arguments[@]}" >/dev/null
is "$(grep ^reason= <<<"$said" | tr '\n' ' ')" \
	"reason=ok reason=truncated reason=server-failed reason=not-found reason=not-found reason=server-failed reason=ok reason=ok " \
	"good and bad answers alternate in one session"
same_file "$work/one-whole.out" "$work/content" "and the last is right"

# What is written on can fail, too.
mkdir "$work/tiny"
if mount -t tmpfs -o size=512k none "$work/tiny" 2>/dev/null; then
	ends no-space "a full disk" "$bad/whole" "$work/tiny/out"
	umount "$work/tiny"
else
	skip "a full disk" "cannot mount here"
fi
ends not-regular-file "a device to write into" "$bad/whole" /dev/null
finish
