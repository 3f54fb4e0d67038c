# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The modules: the kernel's own checkpatch, sparse and W=1 on every kernel whose headers
# are installed, each without a word.
. tests/tap.sh

said=$(make -s module-lint 2>&1)
report $? "make module-lint succeeds" || :
is "$said" "" "checkpatch --strict, sparse and W=1 have nothing to say"
finish
