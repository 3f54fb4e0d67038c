# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# "make install" and "make uninstall" into a DESTDIR: what the table says, and back to
# nothing; the administrator's own words survive both.
. tests/tap.sh
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

installed() {
	find "$work" -type f -printf '/%P\n' | sort
}

in_table() {
	sed -E '/^(#|$)/d; /^-/d; s|^[^ ]+ +([^ ]+).*|\1|; s|^\$PREFIX|/usr|' daemon/data/install.list | sort
}

ok "make install" make -s install DESTDIR="$work"
is "$(installed)" "$(in_table)" "installs exactly the files of install.list"
is "$(grep -rlE '@[A-Z]+@' "$work")" "" "leaves no placeholder in a file"
is "$(grep -rl "$PWD" "$work" --include='*.service' --include='*.conf' --include='*.rules')" "" \
	"and no path of the source tree"

echo '# mine' >>"$work/etc/fwslot/fwslotd.conf"
ok "a second make install" make -s install DESTDIR="$work"
is "$(tail -n 1 "$work/etc/fwslot/fwslotd.conf")" "# mine" "keeps a changed configuration"
ok "make uninstall" make -s uninstall DESTDIR="$work"
is "$(installed)" /etc/fwslot/fwslotd.conf "leaves nothing but that"
rm "$work/etc/fwslot/fwslotd.conf"
ok "a third make install" make -s install DESTDIR="$work"
ok "and make uninstall" make -s uninstall DESTDIR="$work"
is "$(installed)" "" "leave no file at all"
finish
