// SPDX-License-Identifier: GPL-2.0
/*
 * Reading the DFU file suffix (DFU 1.1 annex B), which is stored backwards so that it can be found
 * from the end of the file.
 */
#include "suffix.h"

/* Offsets back from the end of the file. */
enum { CRC = 4, LENGTH = 5, SIGNATURE = 8, VERSION = 10, VENDOR = 12, PRODUCT = 14, DEVICE = 16 };

u32 dfu_crc32(u32 crc, const u8 *bytes, size_t length)
{
	/* Remainders of the sixteen values of half a byte, polynomial 0xedb88320. */
	static const u32 remainders[16] = {
		0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4,
		0x4db26158, 0x5005713c, 0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
		0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
	};

	while (length--) {
		crc ^= *bytes++;
		crc = remainders[crc & 0xf] ^ (crc >> 4);
		crc = remainders[crc & 0xf] ^ (crc >> 4);
	}
	return crc;
}

int dfu_suffix_parse(const u8 *file, size_t file_bytes, struct dfu_suffix *ret_suffix)
{
	const u8 *end = file + file_bytes;

	*ret_suffix = (struct dfu_suffix) {
		.vendor = DFU_ANY_ID, .product = DFU_ANY_ID, .device = DFU_ANY_ID,
	};
	if (file_bytes < DFU_SUFFIX_BYTES || memcmp(end - SIGNATURE, "UFD", 3))
		return 0;
	if (end[-LENGTH] < DFU_SUFFIX_BYTES || end[-LENGTH] > file_bytes)
		return -EBADMSG;
	if (dfu_crc32(~0U, file, file_bytes - CRC) != dfu_get_le32(end - CRC))
		return -EBADMSG;

	ret_suffix->bytes = end[-LENGTH];
	ret_suffix->vendor = dfu_get_le16(end - VENDOR);
	ret_suffix->product = dfu_get_le16(end - PRODUCT);
	ret_suffix->device = dfu_get_le16(end - DEVICE);
	ret_suffix->version = dfu_get_le16(end - VERSION);
	return 0;
}
