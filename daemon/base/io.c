/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The default file operations: system calls, nothing else. Policy is file.c's. */
#include "base/io.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/macros.h"

#define RETRY_ON_EINTR(call)                      \
	({                                        \
		__typeof__(call) _r;              \
		do                                \
			_r = (call);              \
		while (_r < 0 && errno == EINTR); \
		_r < 0 ? -errno : _r;             \
	})

static int io_open(const struct io_operations *self _unused_, int dir_fd, const char *path,
		   int flags, mode_t mode)
{
	return RETRY_ON_EINTR(openat(dir_fd, path, flags | O_CLOEXEC, mode));
}

static ssize_t io_write(const struct io_operations *self _unused_, int fd, const void *bytes,
			size_t size)
{
	return RETRY_ON_EINTR(write(fd, bytes, size));
}

static ssize_t io_write_at(const struct io_operations *self _unused_, int fd, const void *bytes,
			   size_t size, off_t offset)
{
	return RETRY_ON_EINTR(pwrite(fd, bytes, size, offset));
}

static int io_truncate(const struct io_operations *self _unused_, int fd, off_t length)
{
	return RETRY_ON_EINTR(ftruncate(fd, length));
}

static int io_fsync(const struct io_operations *self _unused_, int fd)
{
	return RETRY_ON_EINTR(fsync(fd));
}

static int io_rename(const struct io_operations *self _unused_, int dir_fd, const char *from,
		     const char *to)
{
	return RETRY_ON_EINTR(renameat(dir_fd, from, dir_fd, to));
}

/* By way of /proc: AT_EMPTY_PATH needs a capability before Linux 6.10. */
static int io_link_fd(const struct io_operations *self _unused_, int fd, int dir_fd,
		      const char *name)
{
	char source[sizeof("/proc/self/fd/") + 3 * sizeof(int)];

	snprintf(source, sizeof(source), "/proc/self/fd/%d", fd);
	return RETRY_ON_EINTR(linkat(AT_FDCWD, source, dir_fd, name, AT_SYMLINK_FOLLOW));
}

static int io_unlink(const struct io_operations *self _unused_, int dir_fd, const char *path)
{
	return RETRY_ON_EINTR(unlinkat(dir_fd, path, 0));
}

static int io_mkdir(const struct io_operations *self _unused_, int dir_fd, const char *path,
		    mode_t mode)
{
	int r = RETRY_ON_EINTR(mkdirat(dir_fd, path, mode));

	return r == -EEXIST ? 0 : r;
}

const struct io_operations io_default = {
	.open = io_open,
	.write = io_write,
	.write_at = io_write_at,
	.truncate = io_truncate,
	.fsync = io_fsync,
	.rename = io_rename,
	.link_fd = io_link_fd,
	.unlink = io_unlink,
	.mkdir = io_mkdir,
};
