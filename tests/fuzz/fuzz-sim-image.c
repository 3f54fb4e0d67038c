// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Any bytes as the header of a simulated device's image. The checksum agrees with whatever is there, so
 * that the fields behind it are reached; what is accepted must be writable as the same header.
 *
 * covers: kmod/sim/image.c
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "kmod/sim/image.c"

static const __u8 *fuzzed;

static __u32 agree(__u32 crc, const void *data, size_t length)
{
	(void)crc;
	(void)data;
	(void)length;
	return get_u32(fuzzed + AT_HEADER_CRC);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	__u8 header[SIM_IMAGE_HEADER_BYTES] = { 0 };
	__u8 again[SIM_IMAGE_HEADER_BYTES];
	struct sim_image image, image_again;

	memcpy(header, data, size < sizeof(header) ? size : sizeof(header));
	fuzzed = header;
	if (sim_image_parse(header, agree, &image))
		return 0;
	sim_image_write_header(&image, agree, again);
	if (sim_image_parse(again, agree, &image_again) ||
	    image.payload_bytes != image_again.payload_bytes ||
	    image.behaviour != image_again.behaviour ||
	    strcmp(image.version, image_again.version) != 0 ||
	    strcmp(image.hardware_id, image_again.hardware_id) != 0)
		abort();
	return 0;
}
