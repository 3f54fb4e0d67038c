// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Images of the test device: magic, version, behaviour, length, checksum of all that follows.
 */
#include <string.h>

#include "firmware.h"

enum { MAGIC = 0, VERSION = 8, BEHAVIOUR = 10, LENGTH = 12, CHECKSUM = 16 };

static uint32_t get32(const uint8_t *bytes)
{
	return bytes[0] | bytes[1] << 8 | bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

static void put32(uint8_t *bytes, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		bytes[i] = value >> 8 * i;
}

static uint32_t checksum(const uint8_t *bytes, size_t length)
{
	uint32_t sum = 1;

	for (size_t i = 0; i < length; i++)
		sum = (sum << 5 | sum >> 27) ^ bytes[i];
	return sum;
}

bool firmware_parse(const uint8_t *image, size_t image_bytes, struct firmware *ret_firmware)
{
	size_t body;

	if (image_bytes < FIRMWARE_HEADER_BYTES || memcmp(image + MAGIC, "dfu-test", 8))
		return false;
	body = get32(image + LENGTH);
	if (body > image_bytes - FIRMWARE_HEADER_BYTES || image[BEHAVIOUR] >= FIRMWARE_BEHAVIOURS)
		return false;
	ret_firmware->version = image[VERSION] | image[VERSION + 1] << 8;
	ret_firmware->behaviour = image[BEHAVIOUR];
	return checksum(image + FIRMWARE_HEADER_BYTES, body) == get32(image + CHECKSUM);
}

void firmware_fill(uint8_t *image, size_t image_bytes, const struct firmware *firmware)
{
	size_t body = image_bytes - FIRMWARE_HEADER_BYTES;
	uint32_t noise = 0x1234567 + firmware->version;

	memset(image, 0, FIRMWARE_HEADER_BYTES);
	for (size_t i = 0; i < body; i++) {
		noise = noise * 1664525 + 1013904223;
		image[FIRMWARE_HEADER_BYTES + i] = noise >> 24;
	}
	memcpy(image + MAGIC, "dfu-test", 8);
	image[VERSION] = firmware->version;
	image[VERSION + 1] = firmware->version >> 8;
	image[BEHAVIOUR] = firmware->behaviour;
	put32(image + LENGTH, body);
	put32(image + CHECKSUM, checksum(image + FIRMWARE_HEADER_BYTES, body));
}
