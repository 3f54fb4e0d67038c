// SPDX-License-Identifier: GPL-2.0
/*
 * Headers of U-Boot's images; both are big endian.
 */
#ifdef __KERNEL__
#include <linux/string.h>
#else
#include <string.h>
#endif

#include "image.h"

#define LEGACY_MAGIC		0x27051956U
#define LEGACY_HEADER_SIZE	64
#define LEGACY_SIZE_OFFSET	12
#define LEGACY_NAME_OFFSET	32
#define TREE_MAGIC		0xd00dfeedU
#define TREE_SIZE_OFFSET	4

static __u32 read_be32(const __u8 *bytes)
{
	return (__u32)bytes[0] << 24 | bytes[1] << 16 | bytes[2] << 8 | bytes[3];
}

/* Printable and without a space, or what an attribute shows is a puzzle. */
static void copy_name(char *name, const __u8 *bytes)
{
	unsigned int i;

	for (i = 0; i < FWSLOT_MTD_NAME_SIZE - 1 && bytes[i]; i++)
		name[i] = bytes[i] > ' ' && bytes[i] < 0x7f ? bytes[i] : '_';
	name[i] = '\0';
}

void fwslot_mtd_head_read(const __u8 *bytes, struct fwslot_mtd_head *ret_head)
{
	unsigned int i;

	*ret_head = (struct fwslot_mtd_head){ .is_erased = true };
	for (i = 0; i < FWSLOT_MTD_HEAD_SIZE; i++)
		ret_head->is_erased = ret_head->is_erased && bytes[i] == 0xff;

	if (read_be32(bytes) == LEGACY_MAGIC) {
		ret_head->size_bytes = LEGACY_HEADER_SIZE +
				       (__u64)read_be32(bytes + LEGACY_SIZE_OFFSET);
		copy_name(ret_head->name, bytes + LEGACY_NAME_OFFSET);
	} else if (read_be32(bytes) == TREE_MAGIC) {
		ret_head->size_bytes = read_be32(bytes + TREE_SIZE_OFFSET);
	}
}
