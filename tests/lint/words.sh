# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# What people read on their desktop: every sentence of fwslot-agent is there in every language, and no
# language has one that nobody says any more.
. tests/tap.sh
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

mkdir -p "$work/usr/lib/systemd/catalog" "$work/var/lib/systemd/catalog"
cp daemon/data/fwslot.catalog "$work/usr/lib/systemd/catalog/"
ok "the sentences are found" xgettext --from-code=UTF-8 -k_ -kN_ -kgettext -kngettext:1,2 -o "$work/fwslot.pot" \
	daemon/agent/*.c
for file in daemon/agent/po/*.po; do
	language=$(basename "$file" .po)
	ok "$language is well-formed" msgfmt --check-format --check-domain -o "$work/$language.mo" "$file"
	is "$(msgcmp "$file" "$work/fwslot.pot" 2>&1)" "" "and complete, with nothing left over"
done
sed 's|@PREFIX@|/usr|' daemon/data/fwslot-agent.desktop.in >"$work/fwslot-agent.desktop"
is "$(desktop-file-validate "$work/fwslot-agent.desktop" 2>&1)" "" "the desktop file is right"
is "$(sed -n 's/^-- //p' daemon/data/fwslot.catalog | sort)" \
	"$(grep -oE '[0-9a-f]{32}' daemon/engine/announce.c | sort)" "the catalog explains every line of the journal that has an id"
ok "and the journal understands it" journalctl --root="$work" --update-catalog
finish
