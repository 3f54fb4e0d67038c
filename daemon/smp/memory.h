/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the device itself does not remember and this program must: which file an image came from
 * (devices know only MCUboot's own hash), which image was put on trial, and which failed it. Pure;
 * memory-file.h keeps it across restarts.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "smp/answer.h"
#include "smp/request.h"

/*
 * Files remembered; the oldest is forgotten. Two slots need two, the rest is for switching back and
 * forth.
 */
#define SMP_MEMORY_FILES_MAX 8

/* MCUboot's hash of an image, as devices tell it. size 0: none. */
struct smp_hash {
	uint8_t bytes[SMP_HASH_MAX];
	size_t size;
};

struct smp_file {
	struct smp_hash hash;
	uint8_t digest[SMP_SHA256_SIZE]; /* of the file as it was written */
	uint64_t size_bytes;
};

struct smp_memory {
	struct smp_file files[SMP_MEMORY_FILES_MAX]; /* the newest first */
	size_t file_count;
	struct smp_hash trial; /* marked for test, or seen running unconfirmed; not decided yet */
	struct smp_hash failed; /* the last one that did not get through its trial */
	/* An upload was begun into this slot and not finished; -1: none. */
	int partial_slot;
};

#define SMP_MEMORY_EMPTY ((struct smp_memory){ .partial_slot = -1 })

bool smp_hash_equals(const struct smp_hash *hash, const struct smp_image_state *image);
struct smp_hash smp_hash_of(const struct smp_image_state *image);

/* NULL: this image did not come through here. */
const struct smp_file *smp_memory_find(const struct smp_memory *memory,
				       const struct smp_image_state *image);
void smp_memory_add(struct smp_memory *memory, const struct smp_file *file);

/*
 * Draws the conclusion from what the device says now: did the trial begin, was it confirmed, did it
 * fail? Returns true when something was learnt that must be kept.
 */
bool smp_memory_observe(struct smp_memory *memory, const struct smp_image_list *images,
			unsigned image);

/*
 * @hash will be tested at the next restart (or was begun otherwise): what failed before no longer
 * counts.
 */
void smp_memory_begin_trial(struct smp_memory *memory, const struct smp_hash *hash);
