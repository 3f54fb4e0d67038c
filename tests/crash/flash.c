/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See flash.h: erase-before-write, torn erases, torn words. */
#include "flash.h"

#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "base/hex.h"
#include "tap.h"

#define MAGIC "FLSH"
#define ERASED 0xff

static uint32_t sum(const uint8_t *bytes, size_t size)
{
	uint32_t value = 2166136261u;

	for (size_t i = 0; i < size; i++)
		value = (value ^ bytes[i]) * 16777619u;
	return value;
}

void image_make(uint8_t image[static IMAGE_BYTES], unsigned version, enum image_behaviour behaviour)
{
	struct image_header header = { .version = (uint16_t)version,
				       .behaviour = (uint16_t)behaviour };

	for (size_t i = sizeof(header); i < IMAGE_BYTES; i++)
		image[i] = (uint8_t)(i * 7 + version * 31);
	memcpy(header.magic, MAGIC, sizeof(header.magic));
	header.checksum = sum(image + sizeof(header), IMAGE_BYTES - sizeof(header));
	memcpy(image, &header, sizeof(header));
}

void image_digest(const uint8_t image[static IMAGE_BYTES], char ret[static 72])
{
	uint8_t digest[SHA256_BYTES];
	char text[SHA256_TEXT_SIZE];

	if (hash_bytes(HASH_SHA256, image, IMAGE_BYTES, digest) < 0)
		tap_bail("no SHA-256");
	snprintf(ret, 72, "sha256:%s", hex_encode(digest, SHA256_BYTES, text));
}

const struct image_header *flash_image(const struct lab_device *device, int slot)
{
	const uint8_t *bytes;
	const struct image_header *header;

	if (slot < 0 || (unsigned)slot >= device->traits.slots)
		return NULL;
	bytes = device->flash[slot];
	header = (const struct image_header *)bytes;
	if (memcmp(header->magic, MAGIC, sizeof(header->magic)) != 0 ||
	    header->checksum != sum(bytes + sizeof(*header), IMAGE_BYTES - sizeof(*header)))
		return NULL;
	return header;
}

unsigned device_slot_version(const struct lab_device *device, int slot)
{
	const struct image_header *header = flash_image(device, slot);

	return header ? header->version : 0;
}

bool flash_is_erased(const struct lab_device *device, unsigned slot)
{
	for (size_t i = 0; i < FLASH_SLOT_BYTES; i++)
		if (device->flash[slot][i] != ERASED)
			return false;
	return true;
}

/* A torn erase leaves some cells erased, some as they were, and some in between. */
bool flash_erase_page(struct lab_device *device, unsigned slot, unsigned page)
{
	uint8_t *at = device->flash[slot] + page * FLASH_PAGE_BYTES;
	enum permission permission = stopper_begin(device->stopper, OPERATION_FLASH);

	if (permission == MAY_NOT)
		return false;
	device->erases++;
	memset(at, ERASED, permission == MAY_HALF ? FLASH_PAGE_BYTES / 2 : FLASH_PAGE_BYTES);
	for (size_t i = FLASH_PAGE_BYTES / 2; permission == MAY_HALF && i < FLASH_PAGE_BYTES;
	     i += 3)
		at[i] |= 0xa5;
	stopper_end(device->stopper);
	return device->is_on && !device->is_detached;
}

/* A torn write ends in the middle of a word. Cells only go from one to nought. */
bool flash_write_page(struct lab_device *device, unsigned slot, unsigned page, const void *bytes)
{
	uint8_t *at = device->flash[slot] + page * FLASH_PAGE_BYTES;
	const uint8_t *from = bytes;
	enum permission permission = stopper_begin(device->stopper, OPERATION_FLASH);
	size_t size = permission == MAY_HALF ? FLASH_PAGE_BYTES / 2 + FLASH_WORD_BYTES / 2 :
					       FLASH_PAGE_BYTES;

	if (permission == MAY_NOT)
		return false;
	for (size_t i = 0; i < size; i++) {
		if (at[i] != ERASED)
			device->broken = "flash is written only where it is erased";
		at[i] &= from[i];
	}
	stopper_end(device->stopper);
	return device->is_on && !device->is_detached;
}
