/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The flash of a device, and the images in it. */
#pragma once

#include "device.h"

/* A page; false: the world stopped or the device lost its power meanwhile. */
bool flash_erase_page(struct lab_device *device, unsigned slot, unsigned page);
bool flash_write_page(struct lab_device *device, unsigned slot, unsigned page, const void *bytes);

/* The header of an image that is whole, else NULL. */
struct image_header {
	char magic[4];
	uint16_t version, behaviour;
	uint32_t checksum; /* of the bytes after the header */
};
const struct image_header *flash_image(const struct lab_device *device, int slot);
bool flash_is_erased(const struct lab_device *device, unsigned slot);
