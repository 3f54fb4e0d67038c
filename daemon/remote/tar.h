/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reads the narrow kind of tar that a bundle is: POSIX ustar with regular files,
 * folders, and pax headers of which only `path` is used. Everything else is refused.
 *
 * Written here, not taken from libarchive: that library also takes GNU long names,
 * global headers, sparse files, base-256 sizes and links, which its interface does not
 * let one forbid, and brings a dozen more libraries to the one process that meets
 * hostile bytes first.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/reason.h"

#define TAR_ENTRIES_MAX 4096
#define TAR_NAME_MAX 1024 /* bytes of an entry's whole name */
#define TAR_PAX_BYTES_MAX 8192 /* of one pax header */

struct tar_entry {
	const char *name; /* without a '/' at its end; only until the call returns */
	uint64_t size;
	bool is_folder;
};

/* Is given what the tar holds, in its order. A negative return ends the reading. */
struct tar_sink {
	int (*begin)(struct tar_sink *self, const struct tar_entry *entry, struct failure *failure);
	/* Any number of pieces, together entry->size bytes; not for folders. */
	int (*data)(struct tar_sink *self, const void *bytes, size_t size, struct failure *failure);
	int (*end)(struct tar_sink *self, struct failure *failure);
	/* After each piece read: @done of @total bytes of the file. May be NULL. */
	void (*progress)(struct tar_sink *self, uint64_t done, uint64_t total);
};

/*
 * Reads the regular file @fd from its start by pread(2), so its position neither matters
 * nor changes, once and in order. Truncated: it ends before its end marker; too-large:
 * more than @max_bytes; malformed: anything that is not such a tar.
 */
_warn_unused_ int tar_read(int fd, uint64_t max_bytes, struct tar_sink *sink,
			   struct failure *failure);
