# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Userspace C is formatted by .clang-format, shell scripts are shellcheck clean.
# (The module's own style is checked by kmod.sh.)
. tests/tap.sh

mapfile -t c_files < <(find daemon tests -name '*.[ch]' | sort)
unformatted=$(clang-format --dry-run "${c_files[@]}" 2>&1 | sed -n 's/:[0-9].*warning.*//p' | sort -u)
is "$unformatted" "" "clang-format has nothing to change (make format)"

# Scripts are known by their first line or their name.
mapfile -t scripts < <(
	find .ci daemon tests udev kmod -type f \( -name '*.sh' -o -not -name '*.*' \) 2>/dev/null |
		while read -r file; do
			read -r first <"$file" || :
			[[ $file == *.sh || $first =~ ^#!.*sh$ ]] && echo "$file"
		done | sort
)
ok "shellcheck has nothing to say about ${#scripts[@]} scripts" \
	shellcheck --severity=warning "${scripts[@]}"
finish
