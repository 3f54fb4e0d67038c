/* SPDX-License-Identifier: GPL-2.0 */
/*
 * An image for a slot: what of it goes to the device, where to, and whom it is for.
 */
#ifndef _FWSLOT_DFU_IMAGE_H
#define _FWSLOT_DFU_IMAGE_H

#include "dfuse-file.h"
#include "suffix.h"

/* "ff.ff" and its end */
#define DFU_VERSION_TEXT_SIZE	6

/**
 * struct dfu_image - a file, opened
 * @suffix: what its suffix says; all "any" if it has none
 * @payload: the file without its suffix
 * @payload_bytes: its length, at least 1
 * @file_bytes: length of the whole file
 * @is_dfuse: @payload is a DfuSe file, not the contents of memory
 * @target: of @is_dfuse, what it has for the slot
 */
struct dfu_image {
	struct dfu_suffix suffix;
	const u8 *payload;
	size_t payload_bytes;
	size_t file_bytes;
	bool is_dfuse;
	struct dfuse_target target;
};

/* USB's idVendor and idProduct. */
struct dfu_usb_id {
	u16 vendor;
	u16 product;
};

/**
 * dfu_image_open() - understand a file
 * @file: the whole file; must stay as long as @ret_image is used
 * @file_bytes: its length
 * @alternate: alternate setting it is meant for
 * @ret_image: filled on success
 *
 * Return: 0; -EBADMSG if suffix or DfuSe structure are broken, or nothing is left without the
 * suffix; -ENOENT if it is a DfuSe file without anything for @alternate.
 */
int dfu_image_open(const u8 *file, size_t file_bytes, u8 alternate, struct dfu_image *ret_image);

/* Is the image for a device that shows one of these ids in one of its modes? */
bool dfu_image_fits(const struct dfu_image *image, const struct dfu_usb_id *ids,
		    unsigned int num_ids);

/**
 * dfu_image_extent() - how much memory from @base on the image takes
 * @image: image
 * @base: address of the first byte of the slot; 0 if the device has no addresses
 * @ret_bytes: set on success, never 0
 *
 * Return: 0, or -EFBIG if it has bytes below @base; -EBADMSG if it has none at all.
 */
int dfu_image_extent(const struct dfu_image *image, u32 base, u64 *ret_bytes);

/**
 * struct dfu_image_part - consecutive bytes of a file that have the same fate
 * @bytes: how many, from the offset asked for on; 0 beyond the end
 * @is_stored: they go to the device, at @offset; otherwise they only describe the others
 * @offset: where in the slot the first of them belongs
 */
struct dfu_image_part {
	u64 bytes;
	bool is_stored;
	u64 offset;
};

/**
 * dfu_image_part_at() - what becomes of the bytes of a file
 * @image: image
 * @base: as in dfu_image_extent(), which must have succeeded
 * @file_offset: from this byte of the file on
 */
struct dfu_image_part dfu_image_part_at(const struct dfu_image *image, u32 base, u64 file_offset);

/**
 * dfu_image_stored_at() - the next bytes that go to the device
 * @image: image
 * @base: as in dfu_image_extent(), which must have succeeded
 * @offset: looking from this offset in the slot on
 *
 * Return: they; @bytes is 0 if there are none at @offset or later.
 */
struct dfu_image_part dfu_image_stored_at(const struct dfu_image *image, u32 base, u64 offset);

/**
 * dfu_guess_running() - which slot does a device run that does not say so?
 * @versions: of the images in the slots, DFU_ANY_ID if unknown
 * @num_slots: at least 1
 * @shown: bcdDevice of the running firmware
 * @chosen: slot it was told to start last, or -1
 * @previous: slot it ran before, or -1
 *
 * What was chosen runs, unless its version is known and another one shows.
 *
 * Return: slot, or -1 if there is no way to tell.
 */
int dfu_guess_running(const u16 *versions, unsigned int num_slots, u16 shown, int chosen,
		      int previous);

/* bcdDevice as people write it, 0x0110 -> "1.10"; "" for DFU_ANY_ID. */
void dfu_version_text(u16 version, char *text);

#endif /* _FWSLOT_DFU_IMAGE_H */
