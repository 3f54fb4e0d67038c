# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# bundles.sh: sourced by suites that need signed firmware.  A vendor is a repository made by
# fwslot-repo; a release is a simulated device's image in it, bundled into one file.  Then the many
# ways in which such a file can be wrong, each a function that writes a spoiled copy.
# Needs $build (programs), $build/tools (sim-image) and $work (a folder for everything made).
# shellcheck disable=SC2154  # those two

# make_vendor NAME [OPTION...]: a repository in $work/NAME, options of "fwslot-repo init".
make_vendor() {
	"$build/fwslot-repo" init "${@:2}" "$work/$1" >/dev/null
}

# trust_vendor NAME CONFIG-FOLDER: its root becomes one of this machine's trusted roots.
trust_vendor() {
	install -D -m 0644 "$work/$1/site/metadata/1.root.json" "$2/remotes.d/$1/root.json"
}

# add_image NAME IMAGE VERSION COUNTER [OPTION...]: options of "fwslot-repo add".
add_image() {
	"$build/fwslot-repo" add -C "$work/$1" --hardware-id fwslot/sim --version "$3" --counter "$4" \
		"${@:5}" "$2" >/dev/null
}

# add_release NAME VERSION COUNTER [OPTION...]: the same with an image that boots.
add_release() {
	make_image "$2"
	add_image "$1" "$work/$2.img" "${@:2}"
}

# make_image VERSION [OPTION...]: $work/VERSION.img, options of sim-image.
make_image() {
	"$build/tools/sim-image" --version "$1" "${@:2}" "$work/$1.img"
}

# bundle NAME FILE [OPTION...]: publishes what the vendor has and packs it; options of bundle.
bundle() {
	"$build/fwslot-repo" publish -C "$work/$1" >/dev/null &&
		"$build/fwslot-repo" bundle -C "$work/$1" "${@:3}" "$2" >/dev/null
}

# --- spoiling -------------------------------------------------------------------------------

# repack FROM TO COMMAND...: unpacks FROM, runs the command in its folder, packs what is left in the
# same order into TO.
repack() {
	local from=$1 to=$2 folder
	shift 2
	folder=$(mktemp -d "$work/repack.XXXXXX")
	tar -xf "$from" -C "$folder"
	(cd "$folder" && "$@")
	tar -tf "$from" | while read -r name; do [ ! -e "$folder/$name" ] || echo "$name"; done |
		tar -cf "$to" --format=ustar --owner=0 --group=0 -C "$folder" -T -
	rm -r "$folder"
}

edit_json() { # FILE FILTER
	jq -c "$2" "$1" >"$1.new" && mv "$1.new" "$1"
}

spoil_signature() { # a signed number changes, the signature stays
	edit_json metadata/timestamp.json '.signed.version += 1'
}

spoil_unsigned() {
	edit_json metadata/timestamp.json '.signatures = []'
}

spoil_payload() { # one byte of the image, its length the same
	local file
	file=$(ls targets/fwslot/sim/*.bin)
	printf '\377' | dd of="$file" bs=1 seek=5000 conv=notrunc status=none
}

spoil_by_omission() {
	rm targets/fwslot/sim/*.bin
}

spoil_json() {
	echo '{"signed":' >metadata/timestamp.json
}
