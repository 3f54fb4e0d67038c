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
 * @is_dfuse: @payload is a DfuSe file, not the contents of memory
 * @target: of @is_dfuse, what it has for the slot
 */
struct dfu_image {
	struct dfu_suffix suffix;
	const u8 *payload;
	size_t payload_bytes;
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
 * dfu_image_piece() - the next piece of the image that has contents
 * @image: image
 * @base: as in dfu_image_extent()
 * @offset: look from this offset in the slot on
 * @ret_offset: where the piece begins, @offset or later
 * @ret_data: its bytes, within the file
 *
 * Return: its length; 0 if there is nothing at @offset or later.
 */
u64 dfu_image_piece(const struct dfu_image *image, u32 base, u64 offset, u64 *ret_offset,
		    const u8 **ret_data);

/* bcdDevice as people write it, 0x0110 -> "1.10"; "" for DFU_ANY_ID. */
void dfu_version_text(u16 version, char *text);

#endif /* _FWSLOT_DFU_IMAGE_H */
