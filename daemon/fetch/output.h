/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The file a fetch writes into, by a descriptor whose position belongs to others: it is
 * always as long as the bytes that are right so far, once the server has answered well.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/macros.h"
#include "base/reason.h"

struct output {
	int fd; /* borrowed */
	uint64_t bytes; /* in the file that are right */
};

/* Keeps the first @bytes and cuts off the rest. */
_warn_unused_ int output_begin(struct output *output, uint64_t bytes, struct failure *failure);

/* Appends all of @size bytes. */
_warn_unused_ int output_append(struct output *output, const void *bytes, size_t size,
				struct failure *failure);
