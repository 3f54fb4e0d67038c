// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The image format of simulated devices: what is written is read, and every damaged field is named.
 */
#include <string.h>

#include "tap.h"

#include "kmod/sim/image.c"

static __u32 compute_crc32(__u32 crc, const void *data, size_t length)
{
	const unsigned char *bytes = data;

	crc = ~crc;
	for (size_t i = 0; i < length; i++) {
		crc ^= bytes[i];
		for (unsigned bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
	}
	return ~crc;
}

static const struct sim_image good = {
	.payload_bytes = 12345,
	.payload_crc = 0xdeadbeef,
	.behaviour = SIM_BEHAVIOUR_HANGS,
	.version = "1.2.3",
	.hardware_id = "fwslot/sim/rev-b",
};

/* Damages @length bytes at @at with @byte and mends the header's checksum. */
static void check_damage(unsigned at, unsigned length, __u8 byte, const char *expected)
{
	__u8 header[SIM_IMAGE_HEADER_BYTES];
	struct sim_image image;

	sim_image_write_header(&good, compute_crc32, header);
	memset(header + at, byte, length);
	put_u32(header + AT_HEADER_CRC, compute_crc32(0, header, AT_HEADER_CRC));
	tap_is_string(sim_image_parse(header, compute_crc32, &image), expected, expected);
}

int main(void)
{
	__u8 header[SIM_IMAGE_HEADER_BYTES];
	struct sim_image image;
	unsigned accepted = 0;

	tap_ok(compute_crc32(0, "123456789", 9) == 0xcbf43926, "the checksum is that of zlib");
	sim_image_write_header(&good, compute_crc32, header);
	tap_is_string(sim_image_parse(header, compute_crc32, &image), NULL, "a good header");
	tap_ok(image.payload_bytes == good.payload_bytes && image.payload_crc == good.payload_crc &&
		       image.behaviour == good.behaviour,
	       "the numbers are read back");
	tap_is_string(image.version, good.version, "and the version");
	tap_is_string(image.hardware_id, good.hardware_id, "and the hardware id");

	for (unsigned bit = 0; bit < SIM_IMAGE_HEADER_BYTES * 8; bit++) {
		header[bit / 8] ^= 1 << bit % 8;
		accepted += !sim_image_parse(header, compute_crc32, &image);
		header[bit / 8] ^= 1 << bit % 8;
	}
	tap_is(accepted, 0, "no flipped bit is accepted");

	check_damage(AT_MAGIC, 1, 'X', "it does not begin with FWSIMIMG");
	check_damage(AT_FORMAT, 1, 2, "its format is not 1");
	check_damage(AT_BEHAVIOUR, 1, SIM_BEHAVIOUR_COUNT, "its behaviour is unknown");
	check_damage(AT_VERSION, 1, 0, "its version is not a printable word");
	check_damage(AT_VERSION, SIM_IMAGE_VERSION_MAX + 1, 'x',
		     "its version is not a printable word");
	check_damage(AT_HARDWARE_ID, 1, '\n', "its hardware id is not a printable word");
	return tap_done();
}
