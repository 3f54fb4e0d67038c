/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * See vfs.h. Reads are system calls, changes are operations of the table. Clock, randomness and path names are left to
 * SQLite's own VFS. No shared memory: with locking_mode=EXCLUSIVE the index of the log is in the process.
 */
#include "store/vfs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

#define FILE_MODE 0600
#define PATH_BYTES_MAX 512
#define SECTOR_BYTES 4096

struct store_vfs {
	sqlite3_vfs vfs; /* first */
	const struct io_operations *io;
	sqlite3_vfs *system; /* SQLite's own */
	char name[32];
};

struct vfs_file {
	sqlite3_file file; /* first */
	const struct io_operations *io;
	const char *path; /* SQLite's, valid as long as the file is open */
	int fd;
	bool has_doubtful_name; /* made by us, or by a daemon that was killed before it synchronized */
};

int store_sync_folder_of(const struct io_operations *io, const char *path)
{
	_cleanup_close_ int fd = -EBADF;
	const char *slash = strrchr(path, '/');
	char folder[PATH_BYTES_MAX + 1] = ".";

	if (slash && (size_t)(slash - path) >= sizeof(folder))
		return -ENAMETOOLONG;
	if (slash)
		snprintf(folder, sizeof(folder), "%.*s", slash == path ? 1 : (int)(slash - path),
			 path);
	fd = folder_open(io, AT_FDCWD, folder, false, 0);
	return fd < 0 ? fd : io->fsync(io, fd);
}

static int sqlite_result(int r, int otherwise)
{
	switch (r) {
	case 0:
		return SQLITE_OK;
	case -ENOSPC:
	case -EDQUOT:
		return SQLITE_FULL;
	case -EROFS:
		return SQLITE_READONLY;
	case -ENOMEM:
		return SQLITE_NOMEM;
	default:
		return otherwise;
	}
}

/* One file. */

static int file_close(sqlite3_file *opened)
{
	struct vfs_file *file = (struct vfs_file *)opened;

	file->fd = close_fd(file->fd);
	return SQLITE_OK;
}

static int file_read_at(sqlite3_file *opened, void *bytes, int size, sqlite3_int64 offset)
{
	struct vfs_file *file = (struct vfs_file *)opened;
	int done = 0;

	while (done < size) {
		ssize_t n =
			pread(file->fd, (char *)bytes + done, (size_t)(size - done), offset + done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return SQLITE_IOERR_READ;
		if (n == 0)
			break;
		done += (int)n;
	}
	if (done == size)
		return SQLITE_OK;
	memset((char *)bytes + done, 0, (size_t)(size - done));
	return SQLITE_IOERR_SHORT_READ;
}

static int file_write_at(sqlite3_file *opened, const void *bytes, int size, sqlite3_int64 offset)
{
	struct vfs_file *file = (struct vfs_file *)opened;
	int done = 0;

	while (done < size) {
		ssize_t n = file->io->write_at(file->io, file->fd, (const char *)bytes + done,
					       (size_t)(size - done), offset + done);

		if (n <= 0)
			return sqlite_result(n < 0 ? (int)n : -ENOSPC, SQLITE_IOERR_WRITE);
		done += (int)n;
	}
	return SQLITE_OK;
}

static int file_truncate(sqlite3_file *opened, sqlite3_int64 size)
{
	struct vfs_file *file = (struct vfs_file *)opened;

	return sqlite_result(file->io->truncate(file->io, file->fd, size), SQLITE_IOERR_TRUNCATE);
}

static int file_sync(sqlite3_file *opened, int flags)
{
	struct vfs_file *file = (struct vfs_file *)opened;
	int r;

	(void)flags;
	r = file->io->fsync(file->io, file->fd);
	if (r >= 0 && file->has_doubtful_name)
		r = store_sync_folder_of(file->io, file->path);
	if (r < 0)
		return sqlite_result(r, SQLITE_IOERR_FSYNC);
	file->has_doubtful_name = false;
	return SQLITE_OK;
}

static int file_size(sqlite3_file *opened, sqlite3_int64 *ret)
{
	struct stat status;

	if (fstat(((struct vfs_file *)opened)->fd, &status) < 0)
		return SQLITE_IOERR_FSTAT;
	*ret = status.st_size;
	return SQLITE_OK;
}

static int set_lock(struct vfs_file *file, short type)
{
	/* Of the open file, not of the process: no other close() of the same file gives it up. */
	struct flock lock = { .l_type = type, .l_whence = SEEK_SET };

	if (fcntl(file->fd, F_OFD_SETLK, &lock) < 0)
		return errno == EAGAIN || errno == EACCES ? SQLITE_BUSY : SQLITE_IOERR_LOCK;
	return SQLITE_OK;
}

/* Every level of SQLite's is the whole file for us alone. */
static int file_lock(sqlite3_file *opened, int level)
{
	(void)level;
	return set_lock((struct vfs_file *)opened, F_WRLCK);
}

static int file_unlock(sqlite3_file *opened, int level)
{
	return level == SQLITE_LOCK_NONE ? set_lock((struct vfs_file *)opened, F_UNLCK) : SQLITE_OK;
}

static int file_is_reserved(sqlite3_file *opened, int *ret)
{
	(void)opened;
	*ret = 0; /* by another process: never while we have it */
	return SQLITE_OK;
}

static int file_control(sqlite3_file *opened, int operation, void *argument)
{
	(void)opened;
	(void)operation;
	(void)argument;
	return SQLITE_NOTFOUND;
}

static int file_sector_bytes(sqlite3_file *opened)
{
	(void)opened;
	return SECTOR_BYTES;
}

static int file_characteristics(sqlite3_file *opened)
{
	(void)opened;
	/* A torn write harms only what was being written, as SQLite assumes on every Unix. */
	return SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}

static const sqlite3_io_methods file_methods = {
	.iVersion = 1,
	.xClose = file_close,
	.xRead = file_read_at,
	.xWrite = file_write_at,
	.xTruncate = file_truncate,
	.xSync = file_sync,
	.xFileSize = file_size,
	.xLock = file_lock,
	.xUnlock = file_unlock,
	.xCheckReservedLock = file_is_reserved,
	.xFileControl = file_control,
	.xSectorSize = file_sector_bytes,
	.xDeviceCharacteristics = file_characteristics,
};

/*
 * The log of a daemon that was killed: what it holds may be in the disk's cache only. It is acted
 * upon from now on, so it has to outlive the host.
 */
static int make_log_durable(struct vfs_file *file)
{
	struct stat status;

	if (fstat(file->fd, &status) < 0)
		return SQLITE_IOERR_FSTAT;
	return status.st_size > 0 ? file_sync(&file->file, 0) : SQLITE_OK;
}

/* All files. */

static int vfs_open(sqlite3_vfs *vfs, const char *path, sqlite3_file *opened, int flags,
		    int *ret_flags)
{
	const struct io_operations *io = ((struct store_vfs *)vfs)->io;
	struct vfs_file *file = (struct vfs_file *)opened;
	int open_flags = (flags & SQLITE_OPEN_READWRITE ? O_RDWR : O_RDONLY) | O_NOFOLLOW;
	int fd = -ENOENT;

	file->file.pMethods = NULL;
	/* Nameless and temporary files: temp_store=MEMORY keeps them away from here. */
	if (!path || (flags & SQLITE_OPEN_DELETEONCLOSE))
		return SQLITE_CANTOPEN;
	if (!(flags & SQLITE_OPEN_EXCLUSIVE))
		fd = io->open(io, AT_FDCWD, path, open_flags, 0);
	*file = (struct vfs_file){ .io = io, .path = path, .has_doubtful_name = true };
	if (fd == -ENOENT && (flags & SQLITE_OPEN_CREATE))
		fd = io->open(io, AT_FDCWD, path, open_flags | O_CREAT | O_EXCL, FILE_MODE);
	if (fd < 0)
		return sqlite_result(fd, SQLITE_CANTOPEN);
	file->fd = fd;
	if (flags & SQLITE_OPEN_WAL && make_log_durable(file) != SQLITE_OK) {
		file->fd = close_fd(file->fd);
		return SQLITE_CANTOPEN;
	}
	file->file.pMethods = &file_methods;
	if (ret_flags)
		*ret_flags = flags;
	return SQLITE_OK;
}

static int vfs_delete(sqlite3_vfs *vfs, const char *path, int is_durable)
{
	const struct io_operations *io = ((struct store_vfs *)vfs)->io;
	int r;

	r = io->unlink(io, AT_FDCWD, path);
	if (r == -ENOENT)
		return SQLITE_IOERR_DELETE_NOENT;
	if (r < 0)
		return SQLITE_IOERR_DELETE;
	return is_durable && store_sync_folder_of(io, path) < 0 ? SQLITE_IOERR_DIR_FSYNC :
								  SQLITE_OK;
}

static int vfs_access(sqlite3_vfs *vfs, const char *path, int question, int *ret)
{
	struct stat status;

	(void)vfs;
	/* An empty journal is as good as none. */
	if (question == SQLITE_ACCESS_EXISTS)
		*ret = stat(path, &status) >= 0 && (!S_ISREG(status.st_mode) || status.st_size > 0);
	else
		*ret = access(path, R_OK | W_OK) >= 0;
	return SQLITE_OK;
}

static sqlite3_vfs *system_of(sqlite3_vfs *vfs)
{
	return ((struct store_vfs *)vfs)->system;
}

static int vfs_full_path(sqlite3_vfs *vfs, const char *path, int size, char *ret)
{
	return system_of(vfs)->xFullPathname(system_of(vfs), path, size, ret);
}

static int vfs_randomness(sqlite3_vfs *vfs, int size, char *ret)
{
	return system_of(vfs)->xRandomness(system_of(vfs), size, ret);
}

static int vfs_sleep(sqlite3_vfs *vfs, int usec)
{
	return system_of(vfs)->xSleep(system_of(vfs), usec);
}

static int vfs_time(sqlite3_vfs *vfs, double *ret)
{
	return system_of(vfs)->xCurrentTime(system_of(vfs), ret);
}

int store_vfs_new(const struct io_operations *io, struct store_vfs **ret)
{
	struct store_vfs *vfs = calloc(1, sizeof(*vfs));

	if (!vfs)
		return -ENOMEM;
	vfs->io = io;
	vfs->system = sqlite3_vfs_find(NULL);
	/* Several may be registered at a time (tests): the name tells them apart. */
	snprintf(vfs->name, sizeof(vfs->name), "fwslot-%p", (void *)vfs);
	vfs->vfs = (sqlite3_vfs){
		.iVersion = 1,
		.szOsFile = sizeof(struct vfs_file),
		.mxPathname = PATH_BYTES_MAX,
		.zName = vfs->name,
		.xOpen = vfs_open,
		.xDelete = vfs_delete,
		.xAccess = vfs_access,
		.xFullPathname = vfs_full_path,
		.xRandomness = vfs_randomness,
		.xSleep = vfs_sleep,
		.xCurrentTime = vfs_time,
	};
	if (!vfs->system || sqlite3_vfs_register(&vfs->vfs, 0) != SQLITE_OK) {
		free(vfs);
		return -ENOMEM;
	}
	*ret = vfs;
	return 0;
}

void store_vfs_free(struct store_vfs *vfs)
{
	if (!vfs)
		return;
	(void)sqlite3_vfs_unregister(&vfs->vfs);
	free(vfs);
}

const char *store_vfs_name(const struct store_vfs *vfs)
{
	return vfs ? vfs->name : NULL;
}
