# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# cache.sh: sourced by the scripts of the bed.  Things that take long to make are
# kept in one folder ($VM_CACHE, or build/vm) under names that contain a hash of
# all that goes into them: a change gives a new name, so it cannot hide.

bed=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=${VM_CACHE:-${BUILD:-$bed/../../build}/vm}
mkdir -p "$cache"
cache=$(cd "$cache" && pwd)

fail() {
	echo "${0##*/}: $*" >&2
	exit 125
}

# hash_of FILE... : of their contents and of standard input.
hash_of() {
	cat -- "$@" - | sha256sum | cut -c1-12
}

# make_once PATH COMMAND...: unless PATH is there, run COMMAND PATH.new and rename.
# Several callers at once wait for the first one.
make_once() {
	local path=$1
	shift
	if [ ! -e "$path" ]; then
		(
			flock 9
			[ ! -e "$path" ] || exit 0
			rm -rf "$path.new"
			"$@" "$path.new" && mv "$path.new" "$path"
		) 9>"$path.lock" || fail "cannot make ${path##*/}"
	fi
	touch -c "$path"
}

# prune GLOB KEEP: removes all but the KEEP most recently used paths that match,
# except what a running machine holds locked (flock -s on PATH.lock).  A file that a
# machine has open without a lock stays readable to it.
prune() {
	local path
	# shellcheck disable=SC2012,SC2086  # our own names, and GLOB is meant to expand
	ls -1dt "$cache"/$1 2>/dev/null | tail -n "+$(($2 + 1))" | while read -r path; do
		flock -n -x "$path.lock" rm -rf "$path" || :
	done
	# What somebody was making when he was killed; who still makes it holds the lock, and what is
	# unpacked there may set an old time.
	find "$cache" -mindepth 1 -maxdepth 1 -mmin +1440 -name '*.new' | while read -r path; do
		flock -n -x "${path%.new}.lock" rm -rf "$path" || :
	done
	find "$cache" -mindepth 1 -maxdepth 1 -mmin +1440 -name '*.??????' \
		-not -name '*.*.lock' -exec rm -rf {} +
}

# kernel_of --version|--folder|--headers KERNEL: what tests/vm/kernel says, or for the kernel
# "debug", which is built here, tests/vm/debug-kernel.
kernel_of() {
	case $2 in
	debug) "$bed/debug-kernel" "$1" ;;
	*) "$bed/kernel" "$@" ;;
	esac
}
