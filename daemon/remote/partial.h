/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A download that can be gone on with later, also after a crash: NAME.part is what has come of it, NAME.resume the
 * server's word by which it knows the file again (the validator). Nothing in them is trusted: who has all bytes checks
 * them by their signed digest.
 */
#pragma once

#include <stdbool.h>

#include "base/io.h"
#include "base/reason.h"
#include "remote/fetch-client.h"

#define PARTIAL_NAME_MAX 64
#define PARTIAL_SUFFIX ".part"
#define PARTIAL_RESUME_SUFFIX ".resume"
#define REBUILD_TRIED_SUFFIX \
	".rebuilt" /* beside them: a delta was tried for the image NAME (worker/rebuild.h) */

/* Starts as { .fd = -EBADF }. */
struct partial {
	const struct io_operations *io;
	int folder_fd; /* borrowed */
	char name[PARTIAL_NAME_MAX + sizeof(PARTIAL_RESUME_SUFFIX)];
	int fd;
	struct fetch_resume resume; /* what was there when it was opened */
};

/* Opens it, or makes an empty one. @name has no slash. */
_warn_unused_ int partial_open(const struct io_operations *io, int folder_fd, const char *name,
			       struct partial *ret, struct failure *failure);
/*
 * The server has answered: from now on what is in the file is of the file that @validator names ("": it cannot be gone
 * on with). Called before a byte of it is relied upon.
 */
_warn_unused_ int partial_note(struct partial *partial, const char *validator);
void partial_close(struct partial *partial);
/* Removes both files. */
void partial_remove(const struct io_operations *io, int folder_fd, const char *name);
