/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Two small files beside each other. */
#include "remote/partial.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"

#define FILE_MODE 0600

static const char *file_name(struct partial *partial, const char *suffix)
{
	strcpy(strrchr(partial->name, '.'), suffix);
	return partial->name;
}

/* Without a validator nothing is gone on with. */
static void read_resume(struct partial *partial)
{
	_cleanup_free_ char *text = NULL;
	struct stat status;
	size_t size;

	if (file_read(partial->folder_fd, file_name(partial, PARTIAL_RESUME_SUFFIX),
		      FETCH_VALIDATOR_MAX, &text, &size) < 0 ||
	    size == 0 || strlen(text) != size || fstat(partial->fd, &status) < 0)
		return;
	partial->resume.bytes = (uint64_t)status.st_size;
	memcpy(partial->resume.validator, text, size + 1);
}

int partial_open(const struct io_operations *io, int folder_fd, const char *name,
		 struct partial *ret, struct failure *failure)
{
	*ret = (struct partial){ .io = io, .folder_fd = folder_fd, .fd = -EBADF };
	if (snprintf(ret->name, sizeof(ret->name), "%s" PARTIAL_SUFFIX, name) >
	    (int)(PARTIAL_NAME_MAX + strlen(PARTIAL_SUFFIX)))
		return fail(failure, REASON_INVALID_ARGUMENT, "\"%.64s...\" is too long a name.",
			    name);
	ret->fd = io->open(io, folder_fd, ret->name, O_RDWR | O_CREAT | O_NOFOLLOW, FILE_MODE);
	if (ret->fd < 0)
		return fail_errno(failure, ret->fd, "Cannot open %s in the folder of images",
				  ret->name);
	read_resume(ret);
	return 0;
}

int partial_note(struct partial *partial, const char *validator)
{
	const char *name = file_name(partial, PARTIAL_RESUME_SUFFIX);

	if (!validator[0])
		return file_remove(partial->io, partial->folder_fd, name);
	return file_write_atomic(partial->io, partial->folder_fd, name, validator,
				 strlen(validator), FILE_MODE);
}

void partial_close(struct partial *partial)
{
	partial->fd = close_fd(partial->fd);
}

void partial_remove(const struct io_operations *io, int folder_fd, const char *name)
{
	char path[PARTIAL_NAME_MAX + sizeof(PARTIAL_RESUME_SUFFIX)];

	/* In this order: a part without its validator is not gone on with. */
	snprintf(path, sizeof(path), "%.*s" PARTIAL_RESUME_SUFFIX, PARTIAL_NAME_MAX, name);
	(void)!file_remove(io, folder_fd, path);
	snprintf(path, sizeof(path), "%.*s" PARTIAL_SUFFIX, PARTIAL_NAME_MAX, name);
	(void)!file_remove(io, folder_fd, path);
}
