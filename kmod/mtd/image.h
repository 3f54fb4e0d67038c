/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the beginning of a flash partition tells of the image in it: U-Boot's legacy header and
 * flattened trees (FIT) say their size, the former also a name. Everything else is just bytes.
 * Pure.
 */
#ifndef _FWSLOT_MTD_IMAGE_H
#define _FWSLOT_MTD_IMAGE_H

#include <linux/types.h>
#ifndef __KERNEL__
#include <stdbool.h>
#include <stddef.h>
#endif

/* Bytes that are looked at. */
#define FWSLOT_MTD_HEAD_SIZE	64

/* Letters of a name in a legacy header, and the end. */
#define FWSLOT_MTD_NAME_SIZE	33

/**
 * struct fwslot_mtd_head - what the first bytes say
 * @is_erased: nothing is there
 * @size_bytes: of the image, 0 if unknown
 * @name: of the image, "" if unknown
 */
struct fwslot_mtd_head {
	bool is_erased;
	__u64 size_bytes;
	char name[FWSLOT_MTD_NAME_SIZE];
};

/* @bytes: FWSLOT_MTD_HEAD_SIZE of them. */
void fwslot_mtd_head_read(const __u8 *bytes, struct fwslot_mtd_head *ret_head);

#endif /* _FWSLOT_MTD_IMAGE_H */
