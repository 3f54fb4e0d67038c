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

u64 dfu_image_piece(const struct dfu_image *image, u32 base, u64 offset, u64 *ret_offset,
		    const u8 **ret_data)
{
	struct dfuse_element piece = { 0, image->payload_bytes, image->payload };
	struct dfuse_target target = image->target;
	u64 start = 0;

	if (image->is_dfuse) {
		do {
			if (!dfuse_target_next(&target, &piece))
				return 0;
			start = piece.address - base;
		} while (!piece.bytes || start + piece.bytes <= offset);
	}
	if (start + piece.bytes <= offset)
		return 0;
	if (offset < start)
		offset = start;
	*ret_offset = offset;
	*ret_data = piece.data + (offset - start);
	return start + piece.bytes - offset;
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
