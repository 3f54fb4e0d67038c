/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "smp/memory.h"

#include <string.h>

static bool is_same(const struct smp_hash *a, const struct smp_hash *b)
{
	return a->size == b->size && memcmp(a->bytes, b->bytes, a->size) == 0;
}

struct smp_hash smp_hash_of(const struct smp_image_state *image)
{
	struct smp_hash hash = { .size = image->hash_size };

	memcpy(hash.bytes, image->hash, image->hash_size);
	return hash;
}

bool smp_hash_equals(const struct smp_hash *hash, const struct smp_image_state *image)
{
	return image->hash_size > 0 && hash->size == image->hash_size &&
	       memcmp(hash->bytes, image->hash, image->hash_size) == 0;
}

const struct smp_file *smp_memory_find(const struct smp_memory *memory,
				       const struct smp_image_state *image)
{
	for (size_t i = 0; i < memory->file_count; i++)
		if (smp_hash_equals(&memory->files[i].hash, image))
			return &memory->files[i];
	return NULL;
}

void smp_memory_add(struct smp_memory *memory, const struct smp_file *file)
{
	struct smp_file added = *file;
	size_t kept = 0;

	/* The same image with other bytes around it replaces what was known of it. */
	for (size_t i = 0; i < memory->file_count; i++)
		if (!is_same(&memory->files[i].hash, &added.hash))
			memory->files[kept++] = memory->files[i];
	if (kept == SMP_MEMORY_FILES_MAX)
		kept--;
	memmove(memory->files + 1, memory->files, kept * sizeof(memory->files[0]));
	memory->files[0] = added;
	memory->file_count = kept + 1;
}

void smp_memory_begin_trial(struct smp_memory *memory, const struct smp_hash *hash)
{
	memory->trial = *hash;
	memory->failed.size = 0;
}

static const struct smp_image_state *find_active(const struct smp_image_list *images,
						 unsigned image)
{
	for (size_t i = 0; i < images->count; i++)
		if (images->images[i].image == image && images->images[i].is_active)
			return &images->images[i];
	return NULL;
}

static bool is_pending(const struct smp_image_list *images, unsigned image,
		       const struct smp_hash *hash)
{
	for (size_t i = 0; i < images->count; i++)
		if (images->images[i].image == image && images->images[i].is_pending &&
		    smp_hash_equals(hash, &images->images[i]))
			return true;
	return false;
}

/*
 * | the trial's image is      | conclusion                                                        |
 * | running, not confirmed    | it is being tried; whoever began it                               |
 * | running, confirmed        | it is good                                                        |
 * | pending                   | it was not started yet                                            |
 * | anything else             | reverted, or refused by the boot loader: it failed  |
 * A boot loader in recovery mode runs nothing: no conclusion.
 */
bool smp_memory_observe(struct smp_memory *memory, const struct smp_image_list *images,
			unsigned image)
{
	const struct smp_image_state *active = find_active(images, image);

	if (!active || active->hash_size == 0)
		return false;
	if (!active->is_confirmed) {
		if (smp_hash_equals(&memory->trial, active))
			return false;
		memory->trial = smp_hash_of(active);
		memory->failed.size = 0;
		return true;
	}
	if (memory->trial.size == 0 || is_pending(images, image, &memory->trial))
		return false;
	if (smp_hash_equals(&memory->trial, active))
		memory->failed.size = 0;
	else
		memory->failed = memory->trial;
	memory->trial.size = 0;
	return true;
}
