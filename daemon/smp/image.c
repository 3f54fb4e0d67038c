/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The layout is that of MCUboot's boot/bootutil/include/bootutil/image.h; everything is little
 * endian.
 */
#include "smp/image.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define HEADER_MAGIC 0x96f3b83dU
#define HEADER_MAGIC_V1 0x96f3b83cU
#define TLV_MAGIC 0x6907
#define TLV_PROTECTED_MAGIC 0x6908
#define TLV_AREA_HEADER_SIZE 4
#define TLV_HEADER_SIZE 4

static const struct {
	uint16_t type;
	size_t size;
} hash_types[] = { { 0x10, 32 }, { 0x11, 48 }, { 0x12, 64 } };

static uint16_t get_u16(const uint8_t *bytes)
{
	return (uint16_t)(bytes[0] | bytes[1] << 8);
}

static uint32_t get_u32(const uint8_t *bytes)
{
	return (uint32_t)get_u16(bytes) | (uint32_t)get_u16(bytes + 2) << 16;
}

static int refuse(const char **ret_problem, const char *problem)
{
	*ret_problem = problem;
	return -EBADMSG;
}

/* Checks the four bytes that begin a TLV area. @ret_size: the whole area with them. */
static int read_area(const uint8_t *bytes, size_t size, uint64_t offset, uint16_t magic,
		     uint16_t *ret_size)
{
	if (offset + TLV_AREA_HEADER_SIZE > size || get_u16(bytes + offset) != magic)
		return -ENOENT;
	*ret_size = get_u16(bytes + offset + 2);
	if (*ret_size < TLV_AREA_HEADER_SIZE || offset + *ret_size > size)
		return -EBADMSG;
	return 0;
}

static int find_hash(const uint8_t *area, size_t size, struct mcuboot_image *ret,
		     const char **ret_problem)
{
	for (size_t offset = TLV_AREA_HEADER_SIZE; offset < size;) {
		uint16_t type, length;

		if (offset + TLV_HEADER_SIZE > size)
			return refuse(ret_problem, "a TLV is cut off");
		type = get_u16(area + offset);
		length = get_u16(area + offset + 2);
		offset += TLV_HEADER_SIZE;
		if (offset + length > size)
			return refuse(ret_problem, "a TLV is longer than its area");
		for (size_t i = 0; i < ARRAY_SIZE(hash_types); i++) {
			if (type != hash_types[i].type)
				continue;
			if (length != hash_types[i].size)
				return refuse(ret_problem, "the hash TLV has a wrong length");
			if (ret->hash_size != 0)
				return refuse(ret_problem, "there is more than one hash TLV");
			memcpy(ret->hash, area + offset, length);
			ret->hash_size = length;
		}
		offset += length;
	}
	if (ret->hash_size == 0)
		return refuse(ret_problem, "the TLV area has no hash");
	return 0;
}

/* As imgtool and the devices write it: the build number only when it is not zero. */
static void format_version(const uint8_t *bytes, char *text, size_t capacity)
{
	uint32_t build = get_u32(bytes + 4);
	int length = snprintf(text, capacity, "%u.%u.%u", bytes[0], bytes[1], get_u16(bytes + 2));

	if (build != 0)
		snprintf(text + length, capacity - (size_t)length, ".%" PRIu32, build);
}

int mcuboot_image_read(const uint8_t *bytes, size_t size, struct mcuboot_image *ret,
		       const char **ret_problem)
{
	uint16_t header_size, protected_size, area_size;
	uint64_t end;
	int r;

	*ret = (struct mcuboot_image){ 0 };
	if (size > SMP_IMAGE_MAX_BYTES) {
		*ret_problem = "the file is larger than any MCUboot image";
		return -EFBIG;
	}
	if (size < MCUBOOT_HEADER_SIZE)
		return refuse(ret_problem, "the file is shorter than an image header");
	if (get_u32(bytes) == HEADER_MAGIC_V1)
		return refuse(ret_problem, "the image has the old header of before MCUboot 1.0");
	if (get_u32(bytes) != HEADER_MAGIC)
		return refuse(ret_problem, "the file does not begin with MCUboot's magic number");
	header_size = get_u16(bytes + 8);
	protected_size = get_u16(bytes + 10);
	if (header_size < MCUBOOT_HEADER_SIZE)
		return refuse(ret_problem, "the header claims to be shorter than a header");
	end = (uint64_t)header_size + get_u32(bytes + 12);
	if (end > size)
		return refuse(ret_problem, "the file is cut off: the header announces more bytes");
	ret->flags = get_u32(bytes + 16);
	format_version(bytes + 20, ret->version, sizeof(ret->version));

	r = read_area(bytes, size, end, TLV_PROTECTED_MAGIC, &area_size);
	if (r == -EBADMSG || (r == 0 && area_size != protected_size) ||
	    (r == -ENOENT && protected_size != 0))
		return refuse(ret_problem, "the protected TLV area is not as the header says");
	if (r == 0)
		end += area_size;
	r = read_area(bytes, size, end, TLV_MAGIC, &area_size);
	if (r < 0)
		return refuse(ret_problem, "the TLV area is missing or cut off");
	r = find_hash(bytes + end, area_size, ret, ret_problem);
	if (r < 0)
		return r;
	ret->size_bytes = end + area_size;
	return 0;
}
