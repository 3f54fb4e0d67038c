/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What devices answer: each kind of answer is read from its CBOR map into a plain struct. Unknown
 * keys are skipped, absent flags are false, and every answer may be a failure instead, in the form
 * of protocol version 1 or 2. Errors: -EBADMSG for what is malformed or lacks what it must have; a
 * failure told by the device is no error here.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/macros.h"
#include "smp/failure.h"

/* Images listed by a device; more are refused. Two slots of four images. */
#define SMP_IMAGES_MAX 8
/* "255.255.65535.4294967295" and room. */
#define SMP_VERSION_TEXT_MAX 47
/* SHA-512, the longest hash MCUboot uses. */
#define SMP_HASH_MAX 64
#define SMP_TEXT_MAX 127

struct smp_image_state {
	unsigned image, slot;
	char version[SMP_VERSION_TEXT_MAX + 1];
	uint8_t hash[SMP_HASH_MAX];
	size_t hash_size; /* 0: not told */
	bool has_flags; /* any of the following was told */
	bool is_bootable, is_pending, is_confirmed, is_active, is_permanent;
};

/* IMAGE_STATE, read and write */
struct smp_image_list {
	struct smp_image_state images[SMP_IMAGES_MAX];
	size_t count;
};

struct smp_slot_size {
	unsigned image, slot;
	uint64_t size_bytes; /* 0: the device could not tell */
	int upload_image; /* "image" of an upload that goes here; -1: none does */
	uint64_t image_size_max; /* what of it an image may fill; 0: not told */
};

/* IMAGE_SLOTS */
struct smp_slot_list {
	struct smp_slot_size slots[SMP_IMAGES_MAX];
	size_t count;
};

/* IMAGE_UPLOAD */
struct smp_upload_answer {
	uint64_t offset;
	bool has_offset, has_match, is_match;
};

/* OS_PARAMETERS */
struct smp_parameters {
	uint64_t buffer_size, buffer_count;
};

/* OS_ECHO ("r"), OS_INFORMATION ("output"), OS_BOOTLOADER ("bootloader") */
struct smp_text_answer {
	char text[SMP_TEXT_MAX + 1];
};

_warn_unused_ int smp_read_image_list(const uint8_t *body, size_t size, struct smp_image_list *ret,
				      struct smp_failure *ret_failure);
_warn_unused_ int smp_read_slot_list(const uint8_t *body, size_t size, struct smp_slot_list *ret,
				     struct smp_failure *ret_failure);
_warn_unused_ int smp_read_upload(const uint8_t *body, size_t size, struct smp_upload_answer *ret,
				  struct smp_failure *ret_failure);
_warn_unused_ int smp_read_parameters(const uint8_t *body, size_t size, struct smp_parameters *ret,
				      struct smp_failure *ret_failure);
_warn_unused_ int smp_read_text_answer(const uint8_t *body, size_t size,
				       struct smp_text_answer *ret,
				       struct smp_failure *ret_failure);
/* Reset, erase: nothing but success or failure. */
_warn_unused_ int smp_read_result(const uint8_t *body, size_t size,
				  struct smp_failure *ret_failure);

/* The image in @image's @slot, or NULL. */
const struct smp_image_state *smp_image_find(const struct smp_image_list *list, unsigned image,
					     unsigned slot);
