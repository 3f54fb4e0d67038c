# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# A cold refresh of a repository with 10,000 hardware ids in 1,024 bins and the search for one update in it, beside its
# signature checks and hashes alone: tools/trust-figures.c. Prints lines "who what number" for table.awk.
set -eu
folder=$(mktemp -d "${TMPDIR:-/tmp}/fwslot-bench.XXXXXX")
trap 'rm -rf "$folder"' EXIT
PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 tests/bench/tuf_site.py "$folder" 10000 10
"$BUILD/tools/trust-figures" "$folder" "${TUF_ROUNDS:-51}"
