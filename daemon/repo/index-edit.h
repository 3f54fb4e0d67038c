/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Adding a release to the index of a hardware id in work/targets. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/hash.h"
#include "base/reason.h"
#include "base/time.h"
#include "repo/site.h"

#define NOTES_MAX 32

/* What is to be added. Text is borrowed; NULL and -1 mean: not said. */
struct new_release {
	const char *hardware_id;
	const char *version;
	int64_t counter;
	const char *slot;
	const char *urgency;
	int64_t min_counter;
	int64_t floor; /* of the whole index */
	const char *support_ends; /* the same, "YYYY-MM-DD" */
	const char *notes[NOTES_MAX]; /* "LANG=TEXT" */
	size_t note_count;
	usec_t now; /* the release's date */
};

/* A delta to an image that is in the index. Text is borrowed. */
struct new_delta {
	const char *hardware_id;
	const char *image_path;
	const char *path;
	uint64_t base_length;
	char base_sha256[SHA256_TEXT_SIZE];
};

/* The target path for the new image; the caller frees. NULL: no memory. */
char *new_release_path(const struct new_release *release);

/*
 * Puts the release, with the image at @path, into the index; the result is checked as a
 * device would. A second slot may be added to a release that is there; releases beyond
 * the limit of an index move to its history, oldest first.
 */
_warn_unused_ int index_add_release(const struct site *site, const struct new_release *release,
				    const char *path, struct failure *failure);

/* Puts the delta beside its image; one of the same path makes room. The result is checked likewise. */
_warn_unused_ int index_add_delta(const struct site *site, const struct new_delta *delta,
				  struct failure *failure);
