/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Names, paths and descriptors of the folders of images; nothing is judged here. */
#include "engine/images.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/log.h"

static const struct {
	const char *name;
	const char *suffix;
} folders[] = {
	[IMAGES_PAYLOAD] = { "payload", "" },
	[IMAGES_BACKUP] = { "backup", ".zst" },
};

const char *images_hex(const char *digest)
{
	static const char prefix[] = "sha256:";
	const char *hex;

	if (strncmp(digest, prefix, strlen(prefix)) != 0)
		return NULL;
	hex = digest + strlen(prefix);
	return strlen(hex) == IMAGES_HEX_LENGTH &&
			       strspn(hex, "0123456789abcdef") == IMAGES_HEX_LENGTH ?
		       hex :
		       NULL;
}

bool images_file_name(enum image_folder which, const char *digest,
		      char name[static IMAGES_NAME_SIZE])
{
	const char *hex = images_hex(digest);

	if (hex)
		snprintf(name, IMAGES_NAME_SIZE, "%s%s", hex, folders[which].suffix);
	return hex;
}

char *images_folder_path(const struct manager *manager, enum image_folder which)
{
	char *path = NULL;

	return asprintf(&path, "%s/%s", manager->folders.state, folders[which].name) < 0 ? NULL :
											   path;
}

int images_open_folder(const struct manager *manager, enum image_folder which)
{
	_cleanup_free_ char *path = images_folder_path(manager, which);

	return path ? folder_open(manager->ops->io, AT_FDCWD, path, true, 0700) : -ENOMEM;
}

int images_open(const struct manager *manager, enum image_folder which, const char *digest)
{
	_cleanup_close_ int folder = -EBADF;
	char name[IMAGES_NAME_SIZE];
	int fd;

	if (!images_file_name(which, digest, name))
		return -EINVAL;
	folder = images_open_folder(manager, which);
	if (folder < 0)
		return folder;
	fd = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	return fd < 0 ? -errno : fd;
}

void images_remove(const struct manager *manager, enum image_folder which, int folder_fd,
		   const char *name)
{
	int r = file_remove(manager->ops->io, folder_fd, name);

	if (r < 0)
		log_warning("The file %s in the folder \"%s\" cannot be removed: %s.", name,
			    folders[which].name, strerror(-r));
}
