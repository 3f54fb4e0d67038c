/* SPDX-License-Identifier: GPL-2.0 */
/*
 * DfuSe files (UM0391): for each alternate setting a target, in it elements with their addresses.
 */
#ifndef _FWSLOT_DFU_DFUSE_FILE_H
#define _FWSLOT_DFU_DFUSE_FILE_H

#include "portable.h"

#define DFUSE_ELEMENTS_MAX	10000	/* of one target */

/**
 * struct dfuse_target - what a file has for one alternate setting
 * @alternate: its number
 * @num_elements: elements from @elements on
 * @elements: within the file
 */
struct dfuse_target {
	u8 alternate;
	u32 num_elements;
	const u8 *elements;
};

/* A piece of memory contents. */
struct dfuse_element {
	u32 address;
	u32 bytes;
	const u8 *data;
};

/* Does @file, without its suffix, begin like a DfuSe file? */
bool dfuse_file_is(const u8 *file, size_t file_bytes);

/**
 * dfuse_file_find() - check a whole file and find the target for an alternate setting
 * @file: file without its suffix, for which dfuse_file_is() holds
 * @file_bytes: its length
 * @alternate: number of the alternate setting
 * @ret_target: filled on success; points into @file
 *
 * Elements must follow each other by rising address and may not overlap.
 *
 * Return: 0; -EBADMSG if lengths, counts or addresses in the file contradict each other; -ENOENT if
 * the file is right but has nothing for @alternate.
 */
int dfuse_file_find(const u8 *file, size_t file_bytes, u8 alternate,
		    struct dfuse_target *ret_target);

/* Takes the first element off @target. Return: false if none is left. */
bool dfuse_target_next(struct dfuse_target *target, struct dfuse_element *ret_element);

#endif /* _FWSLOT_DFU_DFUSE_FILE_H */
