/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table: each operation is counted, done in the folder, and noted in the shadow (disk-shadow.c). */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/macros.h"
#include "disk-shadow.h"
#include "tap.h"

/* What a ghost is answered. */
#define GHOST (-EIO)

static struct disk *disk_of(const struct io_operations *io)
{
	return (struct disk *)(uintptr_t)io;
}

static struct node *node_of_fd(struct disk *disk, int fd)
{
	struct stat status;
	struct node *node;

	if (fstat(fd, &status) < 0)
		tap_bail("a change through descriptor %d, which is not open", fd);
	node = shadow_find(disk, status.st_ino);
	if (!node)
		tap_bail("a change of a file that the laboratory has not seen opened");
	return node;
}

/* The folder in which @path is, and its last part. */
static struct node *folder_of(struct disk *disk, int dir_fd, const char *path, const char **name)
{
	_cleanup_free_ char *copy = strdup(path);
	const char *slash = strrchr(path, '/');
	struct node *node;
	struct stat status;

	*name = slash ? slash + 1 : path;
	if (!copy || (slash == NULL && dir_fd == AT_FDCWD))
		tap_bail("%s is not in a folder of the laboratory", path);
	if (slash ? fstatat(dir_fd, dirname(copy), &status, 0) < 0 : fstat(dir_fd, &status) < 0)
		return NULL;
	node = shadow_find(disk, status.st_ino);
	if (!node)
		tap_bail("%s is not in a folder of the laboratory", path);
	return node;
}

/* O_TMPFILE has the bit of O_DIRECTORY too. */
static bool is_nameless(int flags)
{
	return (flags & O_TMPFILE) == O_TMPFILE;
}

static int open_anew(struct disk *disk, int dir_fd, const char *path, int flags, mode_t mode)
{
	enum permission permission = stopper_begin(disk->stopper, OPERATION_NAME);
	const char *name;
	struct node *folder;
	bool is_there;
	int fd;

	if (permission == MAY_NOT)
		return GHOST;
	is_there = !is_nameless(flags) && faccessat(dir_fd, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
	fd = openat(dir_fd, path, flags | O_CLOEXEC, mode);
	if (fd >= 0 && is_there) {
		if (flags & O_TRUNC)
			shadow_truncate(node_of_fd(disk, fd), 0);
	} else if (fd >= 0) {
		struct node *node = shadow_add(disk, fd);

		folder = is_nameless(flags) ? NULL : folder_of(disk, dir_fd, path, &name);
		if (folder)
			shadow_name(folder, name, node);
	}
	stopper_end(disk->stopper);
	return fd < 0 ? -errno : fd;
}

static int disk_open(const struct io_operations *io, int dir_fd, const char *path, int flags,
		     mode_t mode)
{
	int fd;

	if ((flags & (O_CREAT | O_TRUNC)) || is_nameless(flags))
		return open_anew(disk_of(io), dir_fd, path, flags, mode);
	fd = openat(dir_fd, path, flags | O_CLOEXEC, mode);
	return fd < 0 ? -errno : fd;
}

static ssize_t write_at(struct disk *disk, int fd, const void *bytes, size_t size, off_t offset)
{
	enum permission permission = stopper_begin(disk->stopper, OPERATION_WRITE);
	ssize_t n;

	if (permission == MAY_NOT)
		return GHOST;
	if (permission == MAY_HALF)
		size /= 2;
	n = pwrite(fd, bytes, size, offset);
	if (n > 0)
		shadow_write(node_of_fd(disk, fd), bytes, (size_t)n, offset);
	stopper_end(disk->stopper);
	return n < 0 ? -errno : n;
}

static ssize_t disk_write_at(const struct io_operations *io, int fd, const void *bytes, size_t size,
			     off_t offset)
{
	return write_at(disk_of(io), fd, bytes, size, offset);
}

static ssize_t disk_write(const struct io_operations *io, int fd, const void *bytes, size_t size)
{
	off_t offset = lseek(fd, 0, SEEK_CUR);
	ssize_t n = offset < 0 ? -errno : write_at(disk_of(io), fd, bytes, size, offset);

	if (n > 0)
		(void)lseek(fd, offset + n, SEEK_SET);
	return n;
}

static int disk_truncate(const struct io_operations *io, int fd, off_t length)
{
	struct disk *disk = disk_of(io);
	int r;

	if (stopper_begin(disk->stopper, OPERATION_NAME) == MAY_NOT)
		return GHOST;
	r = ftruncate(fd, length) < 0 ? -errno : 0;
	if (r >= 0)
		shadow_truncate(node_of_fd(disk, fd), length);
	stopper_end(disk->stopper);
	return r;
}

/* The real one is not needed: nothing here is told to the disk below. */
static int disk_fsync(const struct io_operations *io, int fd)
{
	struct disk *disk = disk_of(io);
	enum permission permission = stopper_begin(disk->stopper, OPERATION_SYNC);

	if (permission == MAY_NOT)
		return GHOST;
	shadow_sync(node_of_fd(disk, fd), permission == MAY_HALF);
	stopper_end(disk->stopper);
	return 0;
}

static int disk_rename(const struct io_operations *io, int dir_fd, const char *from, const char *to)
{
	struct disk *disk = disk_of(io);
	const char *from_name, *to_name;
	struct node *folder;
	int r;

	if (stopper_begin(disk->stopper, OPERATION_NAME) == MAY_NOT)
		return GHOST;
	folder = folder_of(disk, dir_fd, from, &from_name);
	if (folder_of(disk, dir_fd, to, &to_name) != folder)
		tap_bail("%s would go to another folder", from);
	r = renameat(dir_fd, from, dir_fd, to) < 0 ? -errno : 0;
	if (r >= 0)
		shadow_rename(folder, from_name, to_name);
	stopper_end(disk->stopper);
	return r;
}

static int disk_link_fd(const struct io_operations *io, int fd, int dir_fd, const char *name)
{
	struct disk *disk = disk_of(io);
	struct node *folder;
	const char *last;
	int r;

	if (stopper_begin(disk->stopper, OPERATION_NAME) == MAY_NOT)
		return GHOST;
	r = io_default.link_fd(&io_default, fd, dir_fd, name);
	if (r >= 0) {
		folder = folder_of(disk, dir_fd, name, &last);
		shadow_name(folder, last, node_of_fd(disk, fd));
	}
	stopper_end(disk->stopper);
	return r;
}

static int disk_unlink(const struct io_operations *io, int dir_fd, const char *path)
{
	struct disk *disk = disk_of(io);
	struct node *folder;
	const char *name;
	int r;

	if (stopper_begin(disk->stopper, OPERATION_NAME) == MAY_NOT)
		return GHOST;
	r = unlinkat(dir_fd, path, 0) < 0 ? -errno : 0;
	if (r >= 0) {
		folder = folder_of(disk, dir_fd, path, &name);
		shadow_name(folder, name, NULL);
	}
	stopper_end(disk->stopper);
	return r;
}

static int disk_mkdir(const struct io_operations *io, int dir_fd, const char *path, mode_t mode)
{
	struct disk *disk = disk_of(io);
	struct node *folder;
	const char *name;
	int fd;

	/* Nothing changes: no operation. */
	if (faccessat(dir_fd, path, F_OK, 0) == 0)
		return 0;
	if (stopper_begin(disk->stopper, OPERATION_NAME) == MAY_NOT)
		return GHOST;
	if (mkdirat(dir_fd, path, mode) < 0)
		tap_bail("mkdir %s: %s", path, strerror(errno));
	fd = openat(dir_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	folder = folder_of(disk, dir_fd, path, &name);
	shadow_name(folder, name, shadow_add(disk, fd));
	close(fd);
	stopper_end(disk->stopper);
	return 0;
}

const struct io_operations disk_operations = {
	.open = disk_open,
	.write = disk_write,
	.write_at = disk_write_at,
	.truncate = disk_truncate,
	.fsync = disk_fsync,
	.rename = disk_rename,
	.link_fd = disk_link_fd,
	.unlink = disk_unlink,
	.mkdir = disk_mkdir,
};
