/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whole files. Knows nothing of what is in them. */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define READ_FIRST_GUESS_BYTES 4096

int close_fd(int fd)
{
	int saved_errno = errno;

	if (fd >= 0)
		close(fd);
	errno = saved_errno;
	return -EBADF;
}

void close_fdp(int *fd)
{
	*fd = close_fd(*fd);
}

void close_fds(int *fds, size_t count)
{
	for (size_t i = 0; i < count; i++)
		fds[i] = close_fd(fds[i]);
}

/* @guess_bytes: how much there probably is; only saves reallocations. */
static int read_to_end(int fd, size_t guess_bytes, size_t max_bytes, char **ret, size_t *ret_size)
{
	_cleanup_free_ char *buffer = NULL;
	size_t capacity = guess_bytes < max_bytes ? guess_bytes : max_bytes, size = 0;

	for (;;) {
		/* One byte past the limit shows that there is more; one for the NUL. */
		char *larger = realloc(buffer, capacity + 2);
		ssize_t n;

		if (!larger)
			return -ENOMEM;
		buffer = larger;
		n = read(fd, buffer + size, capacity + 1 - size);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		size += (size_t)n;
		if (size > max_bytes)
			return -EFBIG;
		if (size > capacity)
			capacity = capacity > max_bytes / 2 ? max_bytes : capacity * 2;
	}
	buffer[size] = 0;
	*ret = TAKE_PTR(buffer);
	*ret_size = size;
	return 0;
}

int file_read_fd(int fd, size_t max_bytes, char **ret, size_t *ret_size)
{
	return read_to_end(fd, READ_FIRST_GUESS_BYTES, max_bytes, ret, ret_size);
}

int file_read(int dir_fd, const char *path, size_t max_bytes, char **ret, size_t *ret_size)
{
	_cleanup_close_ int fd = -EBADF;
	struct stat status;

	/* O_NONBLOCK: opening a FIFO must not wait for a writer. */
	fd = openat(dir_fd, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0 || fstat(fd, &status) < 0)
		return -errno;
	if (!S_ISREG(status.st_mode))
		return -EINVAL;
	if (status.st_size > 0 && (uint64_t)status.st_size > max_bytes)
		return -EFBIG;
	return read_to_end(fd, (size_t)status.st_size, max_bytes, ret, ret_size);
}

int file_write_all(const struct io_operations *io, int fd, const void *bytes, size_t size)
{
	const char *position = bytes;

	while (size > 0) {
		ssize_t n = io->write(io, fd, position, size);

		if (n < 0)
			return (int)n;
		if (n == 0)
			return -EIO;
		position += n;
		size -= (size_t)n;
	}
	return 0;
}

static int temporary_name(const char *name, char temporary[static NAME_MAX + 1])
{
	int length = snprintf(temporary, NAME_MAX + 1, ".%s.new", name);

	return length > NAME_MAX ? -ENAMETOOLONG : 0;
}

/* Writes the temporary file of @file; returns its descriptor, not synced yet. */
static int write_temporary(const struct io_operations *io, int dir_fd,
			   const struct file_content *file, mode_t mode)
{
	char name[NAME_MAX + 1];
	int fd, r = temporary_name(file->name, name);

	if (r < 0)
		return r;
	fd = io->open(io, dir_fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, mode);
	if (fd < 0)
		return fd;
	r = file_write_all(io, fd, file->bytes, file->size);
	if (r < 0) {
		close_fd(fd);
		return r;
	}
	return fd;
}

static int write_temporaries(const struct io_operations *io, int dir_fd,
			     const struct file_content *files, size_t count, mode_t mode, int *fds)
{
	int r = 0;

	for (size_t i = 0; r >= 0 && i < count; i++)
		r = fds[i] = write_temporary(io, dir_fd, &files[i], mode);
	for (size_t i = 0; r >= 0 && i < count; i++)
		r = io->fsync(io, fds[i]);
	return r;
}

static int rename_temporaries(const struct io_operations *io, int dir_fd,
			      const struct file_content *files, size_t count)
{
	char name[NAME_MAX + 1];
	int r = 0;

	for (size_t i = 0; r >= 0 && i < count; i++) {
		r = temporary_name(files[i].name, name);
		if (r >= 0)
			r = io->rename(io, dir_fd, name, files[i].name);
	}
	return r < 0 ? r : io->fsync(io, dir_fd);
}

/* After a failure; those that have their name already are not found. */
static void remove_temporaries(const struct io_operations *io, int dir_fd,
			       const struct file_content *files, size_t count)
{
	char name[NAME_MAX + 1];

	for (size_t i = 0; i < count; i++)
		if (temporary_name(files[i].name, name) >= 0)
			(void)io->unlink(io, dir_fd, name);
}

int file_write_set_atomic(const struct io_operations *io, int dir_fd,
			  const struct file_content *files, size_t count, mode_t mode)
{
	_cleanup_free_ int *fds = malloc((count + 1) * sizeof(*fds));
	int r;

	if (!fds)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		fds[i] = -EBADF;
	r = write_temporaries(io, dir_fd, files, count, mode, fds);
	close_fds(fds, count);
	if (r >= 0)
		r = rename_temporaries(io, dir_fd, files, count);
	if (r < 0)
		remove_temporaries(io, dir_fd, files, count);
	return r;
}

int file_write_atomic(const struct io_operations *io, int dir_fd, const char *name,
		      const void *bytes, size_t size, mode_t mode)
{
	const struct file_content file = { name, bytes, size };

	return file_write_set_atomic(io, dir_fd, &file, 1, mode);
}

int file_publish(const struct io_operations *io, int dir_fd, int fd, const char *name)
{
	char temporary[NAME_MAX + 1];
	int r = temporary_name(name, temporary);

	if (r < 0)
		return r;
	r = io->fsync(io, fd);
	if (r >= 0)
		r = io->unlink(io, dir_fd, temporary); /* left by a crash */
	if (r >= 0 || r == -ENOENT)
		r = io->link_fd(io, fd, dir_fd, temporary);
	if (r >= 0)
		r = io->rename(io, dir_fd, temporary, name);
	if (r >= 0)
		r = io->fsync(io, dir_fd);
	return r;
}

int file_remove(const struct io_operations *io, int dir_fd, const char *name)
{
	int r = io->unlink(io, dir_fd, name);

	if (r == -ENOENT)
		return 0;
	return r < 0 ? r : io->fsync(io, dir_fd);
}

/* Makes the folder durable too: who puts a file there and synchronizes it relies on both. */
static int make_folder(const struct io_operations *io, int dir_fd, const char *path, mode_t mode)
{
	_cleanup_free_ char *copy = strdup(path);
	_cleanup_close_ int parent_fd = -EBADF;
	int r;

	if (!copy)
		return -ENOMEM;
	r = io->mkdir(io, dir_fd, path, mode);
	if (r < 0)
		return r;
	parent_fd = io->open(io, dir_fd, dirname(copy), O_RDONLY | O_DIRECTORY, 0);
	return parent_fd < 0 ? parent_fd : io->fsync(io, parent_fd);
}

int folder_open(const struct io_operations *io, int dir_fd, const char *path, bool create,
		mode_t mode)
{
	int fd, r;

	fd = io->open(io, dir_fd, path, O_RDONLY | O_DIRECTORY, 0);
	if (fd != -ENOENT || !create)
		return fd;
	r = make_folder(io, dir_fd, path, mode);
	return r < 0 ? r : io->open(io, dir_fd, path, O_RDONLY | O_DIRECTORY, 0);
}
