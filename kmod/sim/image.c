// SPDX-License-Identifier: GPL-2.0
/*
 * The image format of the simulated device: read and make a header. It trusts no byte, and reads no
 * payload.
 */
#ifdef __KERNEL__
#include <linux/string.h>
#else
#include <string.h>
#endif

#include "image.h"

const char * const sim_behaviour_words[] = {
	[SIM_BEHAVIOUR_BOOTS]		= "boots",
	[SIM_BEHAVIOUR_BOOT_LOOPS]	= "boot-loops",
	[SIM_BEHAVIOUR_HANGS]		= "hangs",
	[SIM_BEHAVIOUR_WRONG_VERSION]	= "wrong-version",
};

/* Where the fields are. */
enum {
	AT_MAGIC	= 0,
	AT_FORMAT	= 8,
	AT_BEHAVIOUR	= 12,
	AT_PAYLOAD_BYTES = 16,
	AT_PAYLOAD_CRC	= 20,
	AT_VERSION	= 24,
	AT_HARDWARE_ID	= AT_VERSION + SIM_IMAGE_VERSION_MAX + 1,
	AT_RESERVED	= AT_HARDWARE_ID + SIM_IMAGE_HARDWARE_ID_MAX + 1,
	AT_HEADER_CRC	= SIM_IMAGE_HEADER_BYTES - 4,
};

static __u32 get_u32(const __u8 *at)
{
	return at[0] | (__u32)at[1] << 8 | (__u32)at[2] << 16 | (__u32)at[3] << 24;
}

static void put_u32(__u8 *at, __u32 value)
{
	at[0] = value;
	at[1] = value >> 8;
	at[2] = value >> 16;
	at[3] = value >> 24;
}

/* Copies a zero-padded printable text; false if it is empty, unprintable or has no end. */
static bool get_text(const __u8 *at, size_t size, char *text)
{
	size_t length = 0;

	while (length < size && at[length]) {
		if (at[length] <= ' ' || at[length] > '~')
			return false;
		length++;
	}
	if (length == 0 || length == size)
		return false;
	memcpy(text, at, length);
	text[length] = '\0';
	return true;
}

const char *sim_image_parse(const __u8 *header, sim_crc32_function crc32, struct sim_image *ret)
{
	__u32 behaviour = get_u32(header + AT_BEHAVIOUR);

	if (memcmp(header + AT_MAGIC, SIM_IMAGE_MAGIC, strlen(SIM_IMAGE_MAGIC)))
		return "it does not begin with " SIM_IMAGE_MAGIC;
	if (get_u32(header + AT_HEADER_CRC) != crc32(0, header, AT_HEADER_CRC))
		return "the checksum of its header is wrong";
	if (get_u32(header + AT_FORMAT) != SIM_IMAGE_FORMAT)
		return "its format is not 1";
	if (behaviour >= SIM_BEHAVIOUR_COUNT)
		return "its behaviour is unknown";
	if (!get_text(header + AT_VERSION, sizeof(ret->version), ret->version))
		return "its version is not a printable word";
	if (!get_text(header + AT_HARDWARE_ID, sizeof(ret->hardware_id), ret->hardware_id))
		return "its hardware id is not a printable word";

	ret->behaviour = behaviour;
	ret->payload_bytes = get_u32(header + AT_PAYLOAD_BYTES);
	ret->payload_crc = get_u32(header + AT_PAYLOAD_CRC);
	return NULL;
}

void sim_image_write_header(const struct sim_image *image, sim_crc32_function crc32, __u8 *header)
{
	memset(header, 0, SIM_IMAGE_HEADER_BYTES);
	memcpy(header + AT_MAGIC, SIM_IMAGE_MAGIC, strlen(SIM_IMAGE_MAGIC));
	put_u32(header + AT_FORMAT, SIM_IMAGE_FORMAT);
	put_u32(header + AT_BEHAVIOUR, image->behaviour);
	put_u32(header + AT_PAYLOAD_BYTES, image->payload_bytes);
	put_u32(header + AT_PAYLOAD_CRC, image->payload_crc);
	memcpy(header + AT_VERSION, image->version, strlen(image->version));
	memcpy(header + AT_HARDWARE_ID, image->hardware_id, strlen(image->hardware_id));
	put_u32(header + AT_HEADER_CRC, crc32(0, header, AT_HEADER_CRC));
}
