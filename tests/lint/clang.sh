# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The other compiler finds the same code clean, with all warnings as errors.
. tests/tap.sh

ok "clang builds every room and program without a warning" \
	make -s -k -j"$(nproc)" CC=clang BUILD="$BUILD/clang" \
	archives programs tools bench-programs
finish
