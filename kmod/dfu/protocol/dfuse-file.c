// SPDX-License-Identifier: GPL-2.0
/*
 * Reading DfuSe files. A file is checked as a whole before any part of it is used.
 */
#include "dfuse-file.h"

#define PREFIX_BYTES		11
#define TARGET_PREFIX_BYTES	274
#define ELEMENT_PREFIX_BYTES	8
#define FORMAT_VERSION		1

/* Offsets in the file prefix, the target prefix and the element prefix. */
enum { FILE_VERSION = 5, FILE_BYTES = 6, FILE_TARGETS = 10 };
enum { TARGET_ALTERNATE = 6, TARGET_BYTES = 266, TARGET_ELEMENTS = 270 };
enum { ELEMENT_ADDRESS = 0, ELEMENT_BYTES = 4 };

bool dfuse_file_is(const u8 *file, size_t file_bytes)
{
	return file_bytes >= PREFIX_BYTES && !memcmp(file, "DfuSe", 5);
}

bool dfuse_target_next(struct dfuse_target *target, struct dfuse_element *ret_element)
{
	if (!target->num_elements)
		return false;
	ret_element->address = dfu_get_le32(target->elements + ELEMENT_ADDRESS);
	ret_element->bytes = dfu_get_le32(target->elements + ELEMENT_BYTES);
	ret_element->data = target->elements + ELEMENT_PREFIX_BYTES;
	target->elements = ret_element->data + ret_element->bytes;
	target->num_elements--;
	return true;
}

/* Do @num_elements elements fill exactly the @bytes from @elements on, by rising address? */
static int check_elements(const u8 *elements, u32 bytes, u32 num_elements)
{
	u64 free_from = 0;

	if (num_elements > DFUSE_ELEMENTS_MAX)
		return -EBADMSG;
	for (; num_elements; num_elements--) {
		u32 address, length;

		if (bytes < ELEMENT_PREFIX_BYTES)
			return -EBADMSG;
		address = dfu_get_le32(elements + ELEMENT_ADDRESS);
		length = dfu_get_le32(elements + ELEMENT_BYTES);
		elements += ELEMENT_PREFIX_BYTES;
		bytes -= ELEMENT_PREFIX_BYTES;
		if (length > bytes || address < free_from)
			return -EBADMSG;
		elements += length;
		bytes -= length;
		free_from = (u64)address + length;
		if (free_from > 0x100000000ULL)
			return -EBADMSG;
	}
	return bytes ? -EBADMSG : 0;
}

/* Reads the target at @file and moves past it. */
static int next_target(const u8 **file, size_t *file_bytes, struct dfuse_target *ret_target)
{
	u32 bytes;

	if (*file_bytes < TARGET_PREFIX_BYTES || memcmp(*file, "Target", 6))
		return -EBADMSG;
	bytes = dfu_get_le32(*file + TARGET_BYTES);
	if (bytes > *file_bytes - TARGET_PREFIX_BYTES)
		return -EBADMSG;

	ret_target->alternate = (*file)[TARGET_ALTERNATE];
	ret_target->num_elements = dfu_get_le32(*file + TARGET_ELEMENTS);
	ret_target->elements = *file + TARGET_PREFIX_BYTES;
	*file += TARGET_PREFIX_BYTES + bytes;
	*file_bytes -= TARGET_PREFIX_BYTES + bytes;
	return check_elements(ret_target->elements, bytes, ret_target->num_elements);
}

int dfuse_file_find(const u8 *file, size_t file_bytes, u8 alternate,
		    struct dfuse_target *ret_target)
{
	struct dfuse_target target;
	bool is_found = false;
	unsigned int left;
	int ret;

	if (file[FILE_VERSION] != FORMAT_VERSION || dfu_get_le32(file + FILE_BYTES) != file_bytes)
		return -EBADMSG;
	left = file[FILE_TARGETS];
	file += PREFIX_BYTES;
	file_bytes -= PREFIX_BYTES;

	for (; left; left--) {
		ret = next_target(&file, &file_bytes, &target);
		if (ret)
			return ret;
		if (target.alternate != alternate)
			continue;
		if (is_found)
			return -EBADMSG;
		*ret_target = target;
		is_found = true;
	}
	if (file_bytes)
		return -EBADMSG;
	return is_found ? 0 : -ENOENT;
}
