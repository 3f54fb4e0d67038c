# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The modules: the kernel's own checkpatch, W=1 on both kernels of the test bed and
# sparse on the newer one, each without a word.
. tests/tap.sh

# Fetched first: what the checks say must not be mixed with the download's progress.
for kernel in 6.1 6.12; do tests/vm/kernel --headers $kernel >/dev/null; done

said=$(tests/vm/modules module-lint 6.1 6.12 2>&1)
report $? "make module-lint succeeds for both kernels" || :
is "$said" "" "checkpatch --strict, sparse and W=1 have nothing to say"
finish
