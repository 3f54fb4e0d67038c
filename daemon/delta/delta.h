/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An image as the difference to another one (its base): one zstd frame with the base as its prefix, as "zstd
 * --patch-from" makes them. Made by the vendor's tool, applied by the worker. A delta is authentic before anything here
 * reads it, and what comes of it counts only when it is the image that is signed: the caller's affair, both.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/reason.h"

#define DELTA_IMAGE_BYTES_MAX (128ULL * 1024 * 1024) /* of the image and of its base */
#define DELTA_WINDOW_LOG_MAX 27 /* the decoder's memory: 128 MiB */
#define DELTA_PERCENT_MAX 60 /* of the image; a larger delta saves too little */

/* Takes the image piece by piece. */
struct delta_sink {
	int (*take)(void *userdata, const void *bytes, size_t size, struct failure *failure);
	void *userdata;
};

/* Whether a delta of @delta_bytes is of use, and allowed, for an image and a base of these lengths. */
bool delta_is_useful(uint64_t delta_bytes, uint64_t image_bytes, uint64_t base_bytes);

/* The window (its logarithm) that a delta takes: it reaches over the larger of both, and is one more, as zstd chooses it. */
int delta_window_log(uint64_t base_bytes, uint64_t image_bytes);

/*
 * Gives @sink the image of exactly @image_bytes. Malformed: it is not one whole frame that says this length, asks for
 * more memory than the image can need, or does not fit the base; @sink has had bytes by then.
 */
_warn_unused_ int delta_apply(const void *base, size_t base_bytes, const void *delta,
			      size_t delta_bytes, uint64_t image_bytes,
			      const struct delta_sink *sink, struct failure *failure);

/* The caller frees @ret. */
_warn_unused_ int delta_make(const void *base, size_t base_bytes, const void *image,
			     size_t image_bytes, char **ret, size_t *ret_bytes,
			     struct failure *failure);
