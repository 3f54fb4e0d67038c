// SPDX-License-Identifier: GPL-2.0
/*
 * Images for slots: a plain file is one piece at offset 0, a DfuSe file has as many as elements.
 */
#include "image.h"

int dfu_image_open(const u8 *file, size_t file_bytes, u8 alternate, struct dfu_image *ret_image)
{
	int ret = dfu_suffix_parse(file, file_bytes, &ret_image->suffix);

	if (ret)
		return ret;
	ret_image->payload = file;
	ret_image->file_bytes = file_bytes;
	ret_image->payload_bytes = file_bytes - ret_image->suffix.bytes;
	if (!ret_image->payload_bytes)
		return -EBADMSG;
	ret_image->is_dfuse = dfuse_file_is(file, ret_image->payload_bytes);
	if (!ret_image->is_dfuse)
		return 0;
	return dfuse_file_find(file, ret_image->payload_bytes, alternate, &ret_image->target);
}

static bool id_fits(u16 wanted, u16 id)
{
	return wanted == DFU_ANY_ID || wanted == id;
}

bool dfu_image_fits(const struct dfu_image *image, const struct dfu_usb_id *ids,
		    unsigned int num_ids)
{
	unsigned int i;

	for (i = 0; i < num_ids; i++)
		if (id_fits(image->suffix.vendor, ids[i].vendor) &&
		    id_fits(image->suffix.product, ids[i].product))
			return true;
	return false;
}

int dfu_image_extent(const struct dfu_image *image, u32 base, u64 *ret_bytes)
{
	struct dfuse_target target = image->target;
	struct dfuse_element element;
	u64 end = base;

	if (!image->is_dfuse) {
		*ret_bytes = image->payload_bytes;
		return 0;
	}
	while (dfuse_target_next(&target, &element)) {
		if (!element.bytes)
			continue;
		if (element.address < base)
			return -EFBIG;
		end = (u64)element.address + element.bytes;
	}
	*ret_bytes = end - base;
	return end > base ? 0 : -EBADMSG;
}

struct dfu_image_part dfu_image_part_at(const struct dfu_image *image, u32 base, u64 file_offset)
{
	struct dfuse_target target = image->target;
	struct dfuse_element element = { 0, image->payload_bytes, image->payload };
	struct dfu_image_part part = { 0 };
	u64 start, end;

	if (file_offset >= image->file_bytes)
		return part;
	part.bytes = image->file_bytes - file_offset;
	for (;;) {
		if (image->is_dfuse && !dfuse_target_next(&target, &element))
			return part;
		start = element.data - image->payload;
		end = start + element.bytes;
		if (file_offset < end)
			break;
		if (!image->is_dfuse)
			return part;
	}
	if (file_offset < start) {
		part.bytes = start - file_offset;
		return part;
	}
	part.bytes = end - file_offset;
	part.is_stored = true;
	part.offset = file_offset - start + (image->is_dfuse ? element.address - base : 0);
	return part;
}

struct dfu_image_part dfu_image_stored_at(const struct dfu_image *image, u32 base, u64 offset)
{
	struct dfuse_target target = image->target;
	struct dfuse_element element = { base, image->payload_bytes, image->payload };
	struct dfu_image_part part = { .is_stored = true };
	u64 end;

	do {
		if (image->is_dfuse && !dfuse_target_next(&target, &element))
			return part;
		part.offset = element.address - base;
		end = part.offset + element.bytes;
	} while (image->is_dfuse && (end <= offset || !element.bytes));
	if (part.offset < offset)
		part.offset = offset;
	part.bytes = end > part.offset ? end - part.offset : 0;
	return part;
}

int dfu_guess_running(const u16 *versions, unsigned int num_slots, u16 shown, int chosen,
		      int previous)
{
	int only_match = -1;
	unsigned int matches = 0;
	unsigned int i;

	if (num_slots == 1)
		return 0;
	if (chosen >= 0 && (versions[chosen] == shown || versions[chosen] == DFU_ANY_ID))
		return chosen;
	for (i = 0; i < num_slots; i++) {
		if (versions[i] != shown)
			continue;
		only_match = i;
		matches++;
	}
	if (matches == 1)
		return only_match;
	return previous != chosen ? previous : -1;
}

void dfu_version_text(u16 version, char *text)
{
	static const char digits[] = "0123456789abcdef";

	if (version != DFU_ANY_ID) {
		if (version >> 12)
			*text++ = digits[version >> 12];
		*text++ = digits[version >> 8 & 0xf];
		*text++ = '.';
		*text++ = digits[version >> 4 & 0xf];
		*text++ = digits[version & 0xf];
	}
	*text = 0;
}
