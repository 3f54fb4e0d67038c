/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files of a folder, read under the limits that the client gives. */
#include "repo/site-fetcher.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

static const struct site *site_of(struct fetcher *fetcher)
{
	return ((struct site_fetcher *)fetcher)->site;
}

static int fetch_metadata(struct fetcher *fetcher, const char *file_name, size_t max_bytes,
			  char **ret, size_t *ret_size, struct failure *failure)
{
	int r = file_read(site_of(fetcher)->metadata_fd, file_name, max_bytes, ret, ret_size);

	if (r >= 0 || r == -ENOENT)
		return r;
	if (r == -EFBIG)
		return fail(failure, REASON_TOO_LARGE, "metadata/%s is larger than allowed.",
			    file_name);
	return fail_errno(failure, r, "Cannot read metadata/%s", file_name);
}

static int fetch_target(struct fetcher *fetcher, const char *path, uint64_t max_bytes,
			struct fetched_file *ret, struct failure *failure)
{
	_cleanup_close_ int fd =
		openat(site_of(fetcher)->targets_fd, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat status;
	int r;

	if (fd < 0 && errno == ENOENT)
		return -ENOENT;
	if (fd < 0 || fstat(fd, &status) < 0)
		return fail_errno(failure, errno, "Cannot open targets/%s", path);
	if (!S_ISREG(status.st_mode) || (uint64_t)status.st_size > max_bytes)
		return fail(failure, REASON_TOO_LARGE,
			    "targets/%s is no file of at most the length that is signed.", path);
	r = hash_file(HASH_SHA256, fd, (uint64_t)status.st_size, ret->sha256);
	if (r < 0)
		return fail_errno(failure, r, "Cannot read targets/%s", path);
	ret->size = (uint64_t)status.st_size;
	ret->fd = TAKE_FD(fd);
	return 0;
}

void site_fetcher_init(const struct site *site, struct site_fetcher *ret)
{
	*ret = (struct site_fetcher){ { fetch_metadata, fetch_target }, site };
}
