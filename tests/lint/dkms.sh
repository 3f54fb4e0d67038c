# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# "make dkms" as root calls it, with the bed's kernels under /lib/modules and empty folders where
# dkms keeps its things; all of that in a mount namespace, so that the machine is left as it is.
. tests/tap.sh

if [ "${1:-}" != inside ]; then
	for kernel in 6.1 6.12; do tests/vm/kernel --headers $kernel >/dev/null; done
	unshare -m true || bail "mount namespaces are needed: run this as root"
	exec unshare -m bash "$0" inside
fi
for folder in /lib/modules /usr/src /var/lib/dkms; do
	if ! mkdir -p $folder || ! mount -t tmpfs tmpfs $folder; then bail "cannot hide $folder"; fi
done

modules_of() { # RELEASE
	(cd "/lib/modules/$1/updates/dkms" && echo *.ko)
}

make_dkms() { # RELEASE
	KVER=$1 make -s dkms 2>&1
}

full=$(tests/vm/kernel --version 6.1)
mkdir -p "/lib/modules/$full"
like "$(make_dkms "$full")" "headers of kernel $full are not installed.*linux-headers-$full" \
	"without headers it says which package has them"
ln -s "$(tests/vm/kernel --headers 6.1)" "/lib/modules/$full/build"
ok "make dkms" make_dkms "$full"
like "$(dkms status)" "^fwslot/[0-9.]+, $full, x86_64: installed" "installs the modules for that kernel"
is "$(modules_of "$full")" "fwslot.ko fwslot_dfu.ko fwslot_mtd.ko fwslot_sim.ko fwslot_user.ko" "all of them"
like "$(modinfo -F vermagic "/lib/modules/$full/updates/dkms/fwslot.ko")" "^$full " "made for it"

# The first kernel is removed. The next is like a small board's: headers without USB and MTD.
rm "/lib/modules/$full/build"
small=$(tests/vm/kernel --version 6.12)
headers=$(tests/vm/kernel --headers 6.12)
copy=/usr/src/${headers##*/}
mkdir -p "/lib/modules/$small" "$copy"
ln -s "$copy" "/lib/modules/$small/build"
ln -s "${headers%/*}"/*-common /usr/src/
cp -rs "$headers/." "$copy/"
for file in .config include/config/auto.conf; do
	rm "$copy/$file"
	sed -E '/^CONFIG_(USB|MTD)=/d' "$headers/$file" >"$copy/$file"
done
ok "make dkms for a kernel without USB and MTD" make_dkms "$small"
is "$(modules_of "$small")" "fwslot.ko fwslot_sim.ko fwslot_user.ko" "installs what that kernel can have"
ok "dkms removes them" dkms remove -m fwslot -v "$(dkms status | sed -n '1s|fwslot/\([^,]*\),.*|\1|p')" --all
is "$(find /lib/modules -path '*/updates/*' -name '*.ko*')" "" "and nothing is left"
finish
