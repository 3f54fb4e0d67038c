/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The images of the test device: a header that says what the firmware does, then anything.
 */
#ifndef DFU_DEVICE_FIRMWARE_H
#define DFU_DEVICE_FIRMWARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum firmware_behaviour {
	FIRMWARE_BOOTS,
	FIRMWARE_BOOT_LOOPS, /* crashes a while after it started, again and again */
	FIRMWARE_IS_DEAD, /* never shows up on the bus */
	FIRMWARE_BEHAVIOURS
};

struct firmware {
	uint16_t version; /* bcdDevice it shows */
	enum firmware_behaviour behaviour;
};

#define FIRMWARE_HEADER_BYTES 20

/* Reads and checks the header and the checksum. */
bool firmware_parse(const uint8_t *image, size_t image_bytes, struct firmware *ret_firmware);

/* Fills @image, at least FIRMWARE_HEADER_BYTES long, with such firmware. */
void firmware_fill(uint8_t *image, size_t image_bytes, const struct firmware *firmware);

#endif
