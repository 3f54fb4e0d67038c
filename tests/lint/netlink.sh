# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The contract of the netlink family and the code say the same: every number in the header that programs
# include, and the policies by which requests are judged.
. tests/tap.sh
spec=kmod/Documentation/netlink/specs/fwslot.yaml

numbers=$(/usr/bin/python3 tests/lint/netlink-spec.py numbers $spec)
ok "all $(grep -c _Static_assert <<<"$numbers") numbers are those of the header" \
	gcc -x c -fsyntax-only -Ikmod/include/uapi - <<<"$numbers"
is "$(/usr/bin/python3 tests/lint/netlink-spec.py policies $spec kmod/core/netlink.c 2>&1)" "" "and so are the policies of requests"
not_ok "a number that is not the header's would be noticed" \
	gcc -x c -fsyntax-only -Ikmod/include/uapi - <<<"${numbers/FWSLOT_CMD_SLOT_GET == 2/FWSLOT_CMD_SLOT_GET == 3}"
finish
