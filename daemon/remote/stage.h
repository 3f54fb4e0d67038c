/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Files on their way in: nameless until what is in them is authenticated, so that
 * whatever happens to the process, nothing unauthenticated is left behind.
 */
#pragma once

#include <stdint.h>

#include "base/hash.h"
#include "base/io.h"
#include "base/reason.h"
#include "trust/fetcher.h"

/* A staged file while it is written. Starts as { .fd = -EBADF }. */
struct stage {
	const struct io_operations *io;
	int fd;
	uint64_t size;
	uint64_t flushed; /* up to here writing to the disk has been started */
	struct hash *hash;
};

/* A nameless file in the folder @folder_fd. @io is borrowed. */
_warn_unused_ int stage_begin(const struct io_operations *io, int folder_fd, struct stage *ret,
			      struct failure *failure);
_warn_unused_ int stage_write(struct stage *stage, const void *bytes, size_t size,
			      struct failure *failure);
/* Ends writing: @ret takes over the descriptor, with size and SHA-256 of all that was written. */
void stage_end(struct stage *stage, struct fetched_file *ret);
void stage_drop(struct stage *stage);

/*
 * Makes an authenticated file durable under the name <sha256> in @folder_fd, replacing
 * one of that name. The descriptor stays the caller's.
 */
_warn_unused_ int stage_publish(const struct io_operations *io, int folder_fd,
				const struct fetched_file *file, struct failure *failure);
