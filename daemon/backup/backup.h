/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Images that were read back from a device, as files: compressed (zstd), named by the SHA-256 of what is in them, so
 * that the same image is kept once however often it is saved. Knows neither devices nor which file belongs to whom
 * (store/), and decides nothing. For the worker: it hashes and compresses.
 */
#pragma once

#include <stdint.h>

#include "base/hash.h"
#include "base/io.h"
#include "base/macros.h"
#include "base/reason.h"

/* "<64 hexadecimal digits>.zst" and its NUL. */
#define BACKUP_NAME_SIZE (SHA256_TEXT_SIZE + 4)

struct backup_summary {
	uint8_t sha256[SHA256_BYTES]; /* of the image */
	uint64_t length_bytes; /* of the image */
	uint64_t stored_bytes; /* of the file */
};

/* Called now and then with how much of the image is through. */
struct backup_progress {
	void (*report)(void *userdata, uint64_t done_bytes);
	void *userdata;
};

/* What an image is read from or written to, piece by piece. */
struct backup_source {
	/* Up to @size bytes; 0 = the end. */
	ssize_t (*read)(void *userdata, void *bytes, size_t size);
	void *userdata;
};
struct backup_sink {
	int (*take)(void *userdata, const void *bytes, size_t size, struct failure *failure);
	void *userdata;
};

/* The name of the file with that image. */
char *backup_name(const uint8_t sha256[static SHA256_BYTES], char name[static BACKUP_NAME_SIZE]);

/*
 * Saves all that @source gives as a file in @folder_fd: nameless while it is written, then durable, then named. What
 * had that name is replaced, for it may be damaged. Refused: nothing at all, or more than @max_bytes.
 */
_warn_unused_ int backup_save(const struct io_operations *io, int folder_fd,
			      const struct backup_source *source, uint64_t max_bytes,
			      const struct backup_progress *progress, struct backup_summary *ret,
			      struct failure *failure);

/*
 * Gives the image in the file @fd to @sink. REASON_BACKUP_DAMAGED unless it is exactly @length_bytes with @sha256;
 * @sink has had bytes by then, so nothing may rely on them before this has returned 0.
 */
_warn_unused_ int backup_unpack(int fd, const uint8_t sha256[static SHA256_BYTES],
				uint64_t length_bytes, const struct backup_sink *sink,
				const struct backup_progress *progress, struct failure *failure);
