# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The manual: well-formed pages that name everything there is, and every page that a unit or another page
# sends the reader to.
. tests/tap.sh
pages=$BUILD/man

ok "make man" make -s man
is "$(mandoc -T lint -W warning "$pages"/* 2>&1 | grep -v 'missing date, using ""')" "" "mandoc has nothing to say"
is "$(cd "$pages" && echo *)" "$(sed -n 's|^build/man/\([^ ]*\).*|\1|p' daemon/data/install.list | sort | xargs)" \
	"what is made is what is installed"

# missing PAGE WORD...: those that the page does not have as a word of its own.
missing() {
	local page=$1 text word
	text=$(mandoc -T utf8 "$pages/$page" | sed 's/.\x08//g')
	shift
	for word; do grep -qF -- "$word" <<<"$text" || echo "$word"; done
}

mapfile -t words < <(sed -n 's/.*KEY("[A-Za-z]*", "\([A-Za-z]*\)".*/\1=/p' daemon/engine/config.c)
is "$(missing fwslotd.conf.5 "${words[@]}")" "" "all ${#words[@]} keys of the configuration"
mapfile -t words < <(sed -n 's/.*KEY("[A-Za-z]*", "\([A-Za-z]*\)".*/\1=/p' daemon/remote/remote-conf.c)
is "$(missing fwslot-remote.conf.5 "${words[@]}")" "" "all ${#words[@]} keys of an update source"
mapfile -t words < <(sed -n 's/.*<\(method\|signal\|property\) name="\([^"]*\)".*/\2/p' daemon/data/interfaces/*.xml)
is "$(missing org.fwslot1.5 "${words[@]}")" "" "all ${#words[@]} members of the bus"
mapfile -t words < <(sed -n 's/.*\[REASON_[A-Z_]*\] = { "\([a-z-]*\)".*/\1/p' daemon/base/reason.c | grep -v '^ok$')
is "$(missing org.fwslot1.5 "${words[@]}")" "" "all ${#words[@]} reason words"
mapfile -t words < <(sed -n 's/^What:[ \t]*//p' kmod/Documentation/ABI/testing/sysfs-class-fwslot)
is "$(missing fwslot.4 "${words[@]}")" "" "all ${#words[@]} attributes"
mapfile -t words < <("$BUILD/fwslotd" --rules | cut -f 2)
is "$(missing fwslotd.8 "${words[@]}")" "" "all ${#words[@]} rows of the table"

mapfile -t words < <({
	sed -n 's/^Documentation=//p' daemon/data/*.service.in daemon/data/*.socket | tr ' ' '\n' | sed 's/^man://'
	sed 's/\\-/-/g' "$pages"/* | grep -oE '^\.BR [a-z0-9.-]+ \([0-9]\)' | sed 's/^\.BR \(.*\) /\1/'
} | sort -u)
for word in "${words[@]}"; do
	name=${word%(*} section=${word#*(}
	ok "$word is there" test -s "$pages/$name.${section%)}"
done
finish
