/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Nameless files, hashed while they are written, named when they are trusted. */
#include "remote/stage.h"

#include <errno.h>
#include <fcntl.h>

#include "base/file.h"
#include "base/hex.h"

#define FILE_MODE 0600
/* The disk is kept busy while the next piece is hashed: the final fsync() finds little to do. */
#define FLUSH_STEP_BYTES (1024 * 1024)

int stage_begin(const struct io_operations *io, int folder_fd, struct stage *ret,
		struct failure *failure)
{
	struct stage stage = { .io = io, .fd = -EBADF };

	if (hash_begin(HASH_SHA256, &stage.hash) < 0)
		return fail_memory(failure);
	stage.fd = io->open(io, folder_fd, ".", O_TMPFILE | O_RDWR, FILE_MODE);
	if (stage.fd < 0) {
		hash_free(stage.hash);
		return fail_errno(
			failure, stage.fd,
			"Cannot make a temporary file (O_TMPFILE) in the folder of images");
	}
	*ret = stage;
	return 0;
}

int stage_write(struct stage *stage, const void *bytes, size_t size, struct failure *failure)
{
	int r = file_write_all(stage->io, stage->fd, bytes, size);

	if (r < 0)
		return fail_errno(failure, r, "Cannot write into the folder of images");
	stage->size += size;
	if (stage->size - stage->flushed >= FLUSH_STEP_BYTES) {
		(void)sync_file_range(stage->fd, (off_t)stage->flushed,
				      (off_t)(stage->size - stage->flushed), SYNC_FILE_RANGE_WRITE);
		stage->flushed = stage->size;
	}
	hash_update(stage->hash, bytes, size);
	return 0;
}

void stage_end(struct stage *stage, struct fetched_file *ret)
{
	*ret = (struct fetched_file){ .fd = TAKE_FD(stage->fd), .size = stage->size };
	hash_finish(stage->hash, ret->sha256);
	stage_drop(stage);
}

void stage_drop(struct stage *stage)
{
	hash_free(stage->hash);
	close_fd(stage->fd);
	*stage = (struct stage){ .fd = -EBADF };
}

int stage_publish(const struct io_operations *io, int folder_fd, const struct fetched_file *file,
		  struct failure *failure)
{
	char name[SHA256_TEXT_SIZE];
	int r;

	hex_encode(file->sha256, SHA256_BYTES, name);
	r = file_publish(io, folder_fd, file->fd, name);
	return r < 0 ? fail_errno(failure, r, "Cannot keep the image %s", name) : 0;
}
