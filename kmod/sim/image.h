/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The image format of the simulated device. Layout and checks only, without kernel headers but
 * types: the module, the tool that makes images and their tests share it.
 *
 * An image is a header of SIM_IMAGE_HEADER_BYTES, little-endian, then the payload. Both are
 * covered by a CRC-32 (the one of Ethernet and zlib), the header's own last.
 */
#ifndef _FWSLOT_SIM_IMAGE_H
#define _FWSLOT_SIM_IMAGE_H

#include <linux/types.h>
#ifndef __KERNEL__
#include <stdbool.h>
#include <stddef.h>
#endif

#define SIM_IMAGE_HEADER_BYTES		256
#define SIM_IMAGE_MAGIC			"FWSIMIMG"
#define SIM_IMAGE_FORMAT		1
#define SIM_IMAGE_VERSION_MAX		63	/* without the terminating zero */
#define SIM_IMAGE_HARDWARE_ID_MAX	127	/* without the terminating zero */

/* What the firmware does once it was started. */
enum sim_behaviour {
	SIM_BEHAVIOUR_BOOTS,		/* runs */
	SIM_BEHAVIOUR_BOOT_LOOPS,	/* crashes soon after each start */
	SIM_BEHAVIOUR_HANGS,		/* starts, hangs, and is restarted by the watchdog */
	SIM_BEHAVIOUR_WRONG_VERSION,	/* runs, but says it is another version */

	SIM_BEHAVIOUR_COUNT
};

/* One word for each behaviour: "boots", "boot-loops", "hangs", "wrong-version". */
extern const char * const sim_behaviour_words[SIM_BEHAVIOUR_COUNT];

/* What a version says that is not the one of the image. */
#define SIM_IMAGE_WRONG_VERSION "0.0.0-wrong"

/**
 * struct sim_image - what a header says
 * @payload_bytes: bytes that follow the header
 * @payload_crc: CRC-32 of those
 * @behaviour: what the firmware does
 * @version: of the firmware, printable, not empty
 * @hardware_id: of the devices it is for, printable, not empty
 */
struct sim_image {
	__u32 payload_bytes;
	__u32 payload_crc;
	enum sim_behaviour behaviour;
	char version[SIM_IMAGE_VERSION_MAX + 1];
	char hardware_id[SIM_IMAGE_HARDWARE_ID_MAX + 1];
};

/* CRC-32 of @length bytes; @crc is 0 at the start, or the result so far. */
typedef __u32 (*sim_crc32_function)(__u32 crc, const void *data, size_t length);

/**
 * sim_image_parse() - read a header
 * @header: SIM_IMAGE_HEADER_BYTES bytes, of any content
 * @crc32: how to compute a CRC-32
 * @ret: what it says
 *
 * Return: NULL, or what is wrong with it.
 */
const char *sim_image_parse(const __u8 *header, sim_crc32_function crc32, struct sim_image *ret);

/**
 * sim_image_write_header() - make a header
 * @image: what it shall say
 * @crc32: how to compute a CRC-32
 * @header: SIM_IMAGE_HEADER_BYTES bytes
 */
void sim_image_write_header(const struct sim_image *image, sim_crc32_function crc32, __u8 *header);

#endif /* _FWSLOT_SIM_IMAGE_H */
