# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The order of the house: what a folder of daemon/ may include, who alone talks to
# which library, how long a file may be, that each names its licence.
. tests/tap.sh

# Floors from the ground up; a room may include from lower floors and from itself.
floor() {
	case $1 in
	base) echo 0 ;;
	kernel | store) echo 1 ;;
	trust) echo 2 ;;
	remote | backup | delta) echo 3 ;;
	engine) echo 4 ;;
	bus) echo 5 ;;
	*) echo 6 ;; # programs
	esac
}

upward_includes() {
	local file room included
	grep -rn --include='*.[ch]' '^#include "' daemon | while IFS=: read -r file line text; do
		included=${text#*\"}
		[[ $included == */* ]] || continue
		included=${included%%/*}
		room=${file#daemon/}
		room=${room%%/*}
		[ -d "daemon/$included" ] || continue
		[ "$room" = "$included" ] || [ "$(floor "$included")" -lt "$(floor "$room")" ] ||
			echo "$file:$line: $room may not include from $included"
	done
}
is "$(upward_includes)" "" "a file includes only from floors below its own"

# only WHAT ROOMS PATTERN: the pattern stands in no other room's code.
only() {
	local rooms
	rooms=$(printf 'daemon/(%s)/' "$2")
	is "$(grep -rnE --include='*.[ch]' "$3" daemon | grep -vE "^$rooms")" "" "only $1"
}
only "store/ speaks SQL" "store" '#include <sqlite3\.h>'
only "bus/ and its programs build D-Bus messages" "bus|fwslotd|agent|ctl" '#include <systemd/sd-bus\.h>'
only "trust/ and the vendor's tool check and make signatures" "trust|repo" \
	'#include <gnutls/(abstract|pkcs11)\.h>'
only "remote/, trust/ and the programs that pack open archives" "remote|trust|worker|repo" \
	'#include <archive'
only "backup/ and delta/ compress" "backup|delta" '#include <zstd\.h>'
only "fetch/ talks to web servers" "fetch" '#include <curl/'
only "kernel/ talks netlink" "kernel" '#include <netlink/'
only "kernel/ knows a path in sysfs" "kernel|fwslotd" '"/sys/(class|bus|devices|module)'

mapfile -t sources < <(
	find daemon kmod tests udev -type f -not -path '*/corpus/*' \
		\( -name '*.[ch]' -o -name '*.sh' -o -name '*.mk' -o -name Kbuild \) 2>/dev/null | sort
)
long=$(wc -l "${sources[@]}" | awk '$2 != "total" && $1 > 500 { print $2 ": " $1 " lines" }')
is "$long" "" "no file is longer than 500 lines"

unnamed=$(for file in "${sources[@]}"; do
	licence=LGPL-2.1-or-later
	[[ $file == kmod/* ]] && licence='GPL-2\.0'
	head -n 2 "$file" | grep -qE "SPDX-License-Identifier: .*$licence" || echo "$file"
done)
is "$unnamed" "" "every source names its licence in its first lines"
finish
