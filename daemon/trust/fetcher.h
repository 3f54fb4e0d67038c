/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where a repository's files come from: a tar file, a folder, a server. Given to the
 * client, which trusts nothing it delivers.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/file.h"
#include "base/hash.h"
#include "base/reason.h"

/* A fetched target: an open, unnamed file. Starts as { .fd = -EBADF }. */
struct fetched_file {
	int fd;
	uint64_t size;
	/* Of exactly the bytes in the file, computed as they came by. */
	uint8_t sha256[SHA256_BYTES];
};

struct fetcher {
	/*
	 * Reads metadata/@file_name into memory. -ENOENT without a failure: not there
	 * (HTTP 404 or 403); -EFBIG with too-large: more than @max_bytes; anything else
	 * fails with its reason. The caller frees @ret.
	 */
	int (*fetch_metadata)(struct fetcher *self, const char *file_name, size_t max_bytes,
			      char **ret, size_t *ret_size, struct failure *failure);
	/*
	 * Reads targets/@path, of which at most @max_bytes are of use. -ENOENT and -EFBIG as above.
	 * The caller closes @ret->fd.
	 */
	int (*fetch_target)(struct fetcher *self, const char *path, uint64_t max_bytes,
			    struct fetched_file *ret, struct failure *failure);
};
