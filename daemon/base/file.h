/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Whole files: read under a limit, replaced atomically. Everything that changes a
 * file goes through the io table that is passed in.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/io.h"
#include "base/macros.h"

/* Closes @fd if it is one (>= 0); keeps errno; returns -EBADF to assign back. */
int close_fd(int fd);
void close_fdp(int *fd);
#define _cleanup_close_ _cleanup_(close_fdp)

/* Frees an array of @count descriptors' contents: closes each that is >= 0. */
void close_fds(int *fds, size_t count);

/*
 * Reads the file @path below @dir_fd (AT_FDCWD, or a folder), which must be a regular
 * file of at most @max_bytes. @ret gets a fresh buffer that ends with an uncounted NUL;
 * the caller frees it. -EFBIG: larger; -ENOENT; -EINVAL: not a regular file.
 */
_warn_unused_ int file_read(int dir_fd, const char *path, size_t max_bytes, char **ret,
			    size_t *ret_size);

/* The same from an open descriptor's current position to its end; any kind of file. */
_warn_unused_ int file_read_fd(int fd, size_t max_bytes, char **ret, size_t *ret_size);

/* Writes all of it, however many write(2) that takes. */
_warn_unused_ int file_write_all(const struct io_operations *io, int fd, const void *bytes,
				 size_t size);

/* One file of file_write_set_atomic(): borrowed. */
struct file_content {
	const char *name;
	const void *bytes;
	size_t size;
};

/*
 * Replaces (or creates) @name in the folder @dir_fd such that a crash at any moment
 * leaves the old or the new content: temporary file ".NAME.new", fsync, rename, fsync
 * of the folder. A leftover temporary file of a crash is overwritten by the next call.
 * Not for two writers of one name at a time: lock above this.
 */
_warn_unused_ int file_write_atomic(const struct io_operations *io, int dir_fd, const char *name,
				    const void *bytes, size_t size, mode_t mode);

/*
 * The same for several files, each of which is old or new after a crash. Cheaper than
 * one by one: the disk is waited for once for all.
 */
_warn_unused_ int file_write_set_atomic(const struct io_operations *io, int dir_fd,
					const struct file_content *files, size_t count,
					mode_t mode);

/*
 * Gives a nameless file (O_TMPFILE) of that folder its name, replacing a file of that name:
 * first its bytes are durable, then its name. By way of ".NAME.new", as above.
 */
_warn_unused_ int file_publish(const struct io_operations *io, int dir_fd, int fd,
			       const char *name);

/* Removes @name and makes that durable. -ENOENT is success. */
_warn_unused_ int file_remove(const struct io_operations *io, int dir_fd, const char *name);

/* Opens the folder @path below @dir_fd (O_DIRECTORY); with @create makes it, durably, if it is not there. */
_warn_unused_ int folder_open(const struct io_operations *io, int dir_fd, const char *path,
			      bool create, mode_t mode);
