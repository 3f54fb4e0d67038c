/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The folders of a vendor's repository, and files in them. */
#include "repo/site.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/file.h"

#define FOLDER_MODE 0755
#define KEYS_MODE 0700

static const struct {
	const char *path;
	mode_t mode;
	size_t member;
} folders[] = {
	{ "keys", KEYS_MODE, offsetof(struct site, keys_fd) },
	{ "site/metadata", FOLDER_MODE, offsetof(struct site, metadata_fd) },
	{ "site/targets", FOLDER_MODE, offsetof(struct site, targets_fd) },
	{ "work", FOLDER_MODE, offsetof(struct site, work_fd) },
	{ "work/targets", FOLDER_MODE, offsetof(struct site, work_targets_fd) },
};

/* Makes the folders above the last segment of @path. */
static int make_parents(const struct io_operations *io, int folder_fd, const char *path)
{
	_cleanup_free_ char *copy = strdup(path);

	if (!copy)
		return -ENOMEM;
	for (char *slash = strchr(copy + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		int r;

		*slash = 0;
		r = io->mkdir(io, folder_fd, copy, FOLDER_MODE);
		if (r < 0)
			return r;
		*slash = '/';
	}
	return 0;
}

static int open_folders(const char *folder, bool create, struct site *ret, struct failure *failure)
{
	struct site site = SITE_CLOSED;
	_cleanup_close_ int top = -EBADF;

	site.io = &io_default;
	top = folder_open(site.io, AT_FDCWD, folder, create, FOLDER_MODE);
	if (top < 0)
		return fail_errno(failure, top, "Cannot open the folder %s", folder);
	for (size_t i = 0; i < ARRAY_SIZE(folders); i++) {
		int *fd = (int *)((char *)&site + folders[i].member);
		int r = create ? make_parents(site.io, top, folders[i].path) : 0;

		if (r >= 0)
			r = *fd =
				folder_open(site.io, top, folders[i].path, create, folders[i].mode);
		if (r < 0) {
			site_close(&site);
			return fail(
				failure, REASON_INVALID_ARGUMENT,
				"%s is not a repository: %s/%s: %s. Make one with \"fwslot-repo init\".",
				folder, folder, folders[i].path, strerror(-r));
		}
	}
	*ret = site;
	return 0;
}

int site_create(const char *folder, struct site *ret, struct failure *failure)
{
	int r = make_parents(&io_default, AT_FDCWD, folder);

	if (r < 0)
		return fail_errno(failure, r, "Cannot make the folder %s", folder);
	return open_folders(folder, true, ret, failure);
}

int site_open(const char *folder, struct site *ret, struct failure *failure)
{
	return open_folders(folder, false, ret, failure);
}

void site_close(struct site *site)
{
	for (size_t i = 0; i < ARRAY_SIZE(folders); i++)
		close_fdp((int *)((char *)site + folders[i].member));
}

int site_write(const struct site *site, int folder_fd, const char *path, const void *bytes,
	       size_t size, mode_t mode, struct failure *failure)
{
	const char *slash = strrchr(path, '/');
	_cleanup_free_ char *parent = slash ? strndup(path, (size_t)(slash - path)) : strdup(".");
	_cleanup_close_ int parent_fd = -EBADF;
	int r;

	if (!parent)
		return fail_memory(failure);
	r = make_parents(site->io, folder_fd, path);
	if (r >= 0)
		r = parent_fd = folder_open(site->io, folder_fd, parent, false, 0);
	if (r >= 0)
		r = file_write_atomic(site->io, parent_fd, slash ? slash + 1 : path, bytes, size,
				      mode);
	return r < 0 ? fail_errno(failure, r, "Cannot write %s", path) : 0;
}

int site_read(int folder_fd, const char *path, size_t max_bytes, char **ret, size_t *ret_size,
	      struct failure *failure)
{
	int r = file_read(folder_fd, path, max_bytes, ret, ret_size);

	if (r < 0 && r != -ENOENT)
		return fail_errno(failure, r, "Cannot read %s", path);
	return r;
}
