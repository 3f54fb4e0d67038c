/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The DFU file suffix: the last bytes of a .dfu file, which say whom it is for. Never sent to a
 * device.
 */
#ifndef _FWSLOT_DFU_SUFFIX_H
#define _FWSLOT_DFU_SUFFIX_H

#include "portable.h"

#define DFU_SUFFIX_BYTES	16
#define DFU_ANY_ID		0xffff	/* of vendor, product, device: "any" */

/**
 * struct dfu_suffix - what the suffix says
 * @bytes: its length; 0 if the file has none
 * @vendor: idVendor, or DFU_ANY_ID
 * @product: idProduct, or DFU_ANY_ID
 * @device: bcdDevice: the version of the firmware, or DFU_ANY_ID
 * @version: bcdDFU: 0x0100, or 0x011a for a DfuSe file
 */
struct dfu_suffix {
	size_t bytes;
	u16 vendor;
	u16 product;
	u16 device;
	u16 version;
};

/**
 * dfu_suffix_parse() - read and check the suffix of a file
 * @file: the whole file
 * @file_bytes: its length
 * @ret_suffix: filled on success; a file without a suffix is for any device
 *
 * Return: 0, or -EBADMSG if there is a suffix whose length or checksum is wrong.
 */
int dfu_suffix_parse(const u8 *file, size_t file_bytes, struct dfu_suffix *ret_suffix);

/* CRC-32 as DFU wants it: of IEEE 802.3 but without the last inversion. Begin with ~0. */
u32 dfu_crc32(u32 crc, const u8 *bytes, size_t length);

#endif /* _FWSLOT_DFU_SUFFIX_H */
