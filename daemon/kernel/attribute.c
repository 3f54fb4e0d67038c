// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * sysfs as it is: folders that vanish under us, attributes that exist only where the device has the
 * ability. Knows where sysfs is and how one attribute is read and written; what the attributes mean
 * is device.c and orders.c.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "kernel/attribute.h"
#include "kernel/device.h"

#define CLASS_PATH_MAX 512

const char *kernel_sysfs_root(void)
{
	const char *root = secure_getenv("FWSLOT_SYSFS");

	return root && root[0] == '/' ? root : "/sys";
}

static int open_folder(int dir_fd, const char *path)
{
	int fd = openat(dir_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0)
		return fd;
	return errno == ENOENT ? -ENODEV : -errno;
}

int attribute_open_device(unsigned index)
{
	char path[CLASS_PATH_MAX];
	int length = snprintf(path, sizeof(path), "%s/class/fwslot/fwslot%u", kernel_sysfs_root(),
			      index);

	if (length < 0 || (size_t)length >= sizeof(path))
		return -ENAMETOOLONG;
	return open_folder(AT_FDCWD, path);
}

int attribute_open_slot(unsigned index, unsigned slot)
{
	_cleanup_close_ int device_fd = attribute_open_device(index);
	char name[32];

	if (device_fd < 0)
		return device_fd;
	snprintf(name, sizeof(name), "fwslot%u.%u", index, slot);
	return open_folder(device_fd, name);
}

/*
 * kernfs answers ENOENT both for an ability the device lacks and for a device that went: look
 * which.
 */
static int tell_missing(int dir_fd, int missing)
{
	return faccessat(dir_fd, "uevent", F_OK, 0) < 0 && errno == ENOENT ? -ENODEV : missing;
}

int attribute_read(int dir_fd, const char *path, char *text, size_t size)
{
	_cleanup_close_ int fd = openat(dir_fd, path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	ssize_t length;

	text[0] = '\0';
	if (fd < 0)
		return errno == ENOENT ? tell_missing(dir_fd, -ENOENT) : -errno;

	/*
	 * One read: the kernel makes the value anew for a read at offset 0, and a value fits in a
	 * page.
	 */
	do
		length = read(fd, text, size);
	while (length < 0 && errno == EINTR);
	if (length < 0) {
		length = -errno;
		text[0] = '\0';
		return (int)length;
	}

	if (length > 0 && text[length - 1] == '\n')
		length--;
	else if ((size_t)length == size) {
		text[size - 1] = '\0';
		return -EOVERFLOW;
	}
	text[length] = '\0';
	return (int)length;
}

int attribute_write(int dir_fd, const char *path, const char *word)
{
	_cleanup_close_ int fd = openat(dir_fd, path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
	size_t length = strlen(word);
	ssize_t written;

	if (fd < 0)
		return errno == ENOENT ? tell_missing(dir_fd, -EOPNOTSUPP) : -errno;
	do
		written = write(fd, word, length);
	while (written < 0 && errno == EINTR);
	if (written < 0)
		return -errno;
	return (size_t)written == length ? 0 : -EIO;
}
