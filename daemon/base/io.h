/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Every operation by which our userspace changes a file goes through this one table,
 * so that a crash laboratory can count the operations, stop before, after or in the
 * middle of any of them, and prove that the next start finds something usable.
 * Reading is not in the table: it changes nothing.
 */
#pragma once

#include <stddef.h>
#include <sys/types.h>

/*
 * All functions return a negative errno on failure and are restarted on EINTR.
 * @self is the table itself: an instrumented table is the first member of a larger
 * structure. @dir_fd may be AT_FDCWD.
 */
struct io_operations {
	/* openat(2) with O_CLOEXEC added; returns the descriptor. */
	int (*open)(const struct io_operations *self, int dir_fd, const char *path, int flags,
		    mode_t mode);
	/* write(2): may write less than asked; returns the bytes written. */
	ssize_t (*write)(const struct io_operations *self, int fd, const void *bytes, size_t size);
	/* pwrite(2), likewise */
	ssize_t (*write_at)(const struct io_operations *self, int fd, const void *bytes,
			    size_t size, off_t offset);
	int (*truncate)(const struct io_operations *self, int fd, off_t length);
	int (*fsync)(const struct io_operations *self, int fd);
	int (*rename)(const struct io_operations *self, int dir_fd, const char *from,
		      const char *to);
	/* Gives the unnamed (O_TMPFILE) file behind @fd the name @name in @dir_fd. */
	int (*link_fd)(const struct io_operations *self, int fd, int dir_fd, const char *name);
	int (*unlink)(const struct io_operations *self, int dir_fd, const char *path);
	/* An existing folder is not an error. */
	int (*mkdir)(const struct io_operations *self, int dir_fd, const char *path, mode_t mode);
};

/* The system calls themselves. */
extern const struct io_operations io_default;
