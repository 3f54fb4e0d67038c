/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What an MCUboot image file says of itself: header, sizes, version, and the hash by which devices
 * name it. Checks the structure only: who may have signed it is decided long before, and whether it
 * runs is up to the device.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/macros.h"
#include "smp/answer.h"

/* Larger files are refused: devices with MCUboot have megabytes at most. */
#define SMP_IMAGE_MAX_BYTES (64 * 1024 * 1024)
#define MCUBOOT_HEADER_SIZE 32

struct mcuboot_image {
	char version[SMP_VERSION_TEXT_MAX +
		     1]; /* "1.2.3", or "1.2.3.4" with a build number, as devices write it */
	uint8_t hash[SMP_HASH_MAX]; /* of the TLV area: what the device lists as "hash" */
	size_t hash_size;
	uint64_t size_bytes; /* header, image and TLV areas; what follows in the file is padding */
	uint32_t flags;
};

/*
 * Reads a whole file. On -EBADMSG (no such image) and -EFBIG (over SMP_IMAGE_MAX_BYTES)
 * *@ret_problem is a sentence saying what is wrong with it (static).
 */
_warn_unused_ int mcuboot_image_read(const uint8_t *bytes, size_t size, struct mcuboot_image *ret,
				     const char **ret_problem);

/*
 * What MCUboot needs at the end of a slot for its trailer, at least: magic, flags and swap size at
 * write alignment 8. The swap status before it depends on the device's sectors, which it alone
 * knows: it tells as max_image_size.
 */
#define MCUBOOT_TRAILER_MIN_BYTES (16 + 8 * 4)
