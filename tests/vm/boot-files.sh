# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# boot-files.sh: sourced by run, after cache.sh.  Makes what a machine boots from besides kernel and
# root: the initramfs, and the overlay as a second cpio archive behind it.

# shellcheck disable=SC2154  # bed and cache: cache.sh
boot_drivers='virtio_pci virtio_blk virtio_console virtio_rng ext4 overlay 9p 9pnet_virtio'

build_initrd() { # KERNEL-FOLDER RELEASE OUT
	local work module file
	work=$(mktemp -d "$cache/initrd.XXXXXX")
	mkdir -p "$work"/{bin,dev,proc,sys,run,root,modules}
	cp "$(command -v busybox)" "$work/bin/busybox"
	for file in sh mount umount mkdir insmod cp cat poweroff uname usleep switch_root; do
		ln -s busybox "$work/bin/$file"
	done
	cp "$bed/guest/agent" "$work/agent"
	install -m 755 "$bed/guest/init" "$work/init"
	# in loading order; what is built in is not listed
	for module in $boot_drivers; do
		modprobe -d "$1" -S "$2" --show-depends "$module" 2>/dev/null || :
	done | awk '$1 == "insmod" && !seen[$2]++ { print $2 }' | while read -r file; do
		cp "$file" "$work/modules/"
		echo "${file##*/}" >>"$work/modules/list"
	done
	pack "$work" >"$3"
	rm -rf "$work"
}

# The same tree gives the same bytes: root owns all, times are fixed.
pack() { # FOLDER
	(
		cd "$1" || exit
		find . -print0 | xargs -0 touch -h -d @1000000000
		find . -print0 | LC_ALL=C sort -z |
			cpio --quiet --null -o -H newc --reproducible --owner=0:0
		# the kernel finds the next archive at a multiple of four bytes
	)
}

# Hash of names, modes and contents of all files below FOLDER...
hash_of_trees() {
	local folder
	for folder; do
		tar -C "$folder" --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner -c .
	done | hash_of
}

# One tree from a DESTDIR and a folder of modules: /lib, /bin and /sbin are in /usr as
# on the root; depmod runs here, in the machine it would take half a minute.
build_overlay() { # KERNEL-FOLDER RELEASE OVERLAY MODULES OUT
	local work top updates
	work=$(mktemp -d "$cache/overlay.XXXXXX")
	mkdir "$work/overlay"
	[ -z "$3" ] || cp -a "$3/." "$work/overlay/"
	for top in lib bin sbin; do
		[ -d "$work/overlay/$top" ] || continue
		mkdir -p "$work/overlay/usr/$top"
		cp -a "$work/overlay/$top/." "$work/overlay/usr/$top/"
		rm -rf "${work:?}/overlay/$top"
	done
	updates=$work/overlay/usr/lib/modules/$2
	if [ -n "$4" ]; then
		mkdir -p "$updates/updates"
		find "$4" -name '*.ko' -exec cp {} "$updates/updates/" \;
	fi
	if [ -d "$updates" ]; then
		mkdir -p "$work/depmod/lib/modules"
		cp -al "$1/lib/modules/$2" "$work/depmod/lib/modules/"
		rm "$work/depmod/lib/modules/$2"/modules.*.bin
		cp -a "$updates/." "$work/depmod/lib/modules/$2/"
		cp --remove-destination "$1/lib/modules/$2"/modules.{order,builtin,builtin.modinfo} \
			"$work/depmod/lib/modules/$2/"
		depmod -b "$work/depmod" "$2"
		cp "$work/depmod/lib/modules/$2"/modules.* "$updates/"
	fi
	mkdir "$work/root"
	mv "$work/overlay" "$work/root/overlay"
	pack "$work/root" >"$5"
	rm -rf "$work"
}
