/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Finds and removes images in STATE/payload. Making them is the worker's business. */
#include "engine/payload.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"

char *payload_folder_path(struct manager *manager)
{
	char *path = NULL;

	return asprintf(&path, "%s/payload", manager->folders.state) < 0 ? NULL : path;
}

int payload_open_folder(struct manager *manager)
{
	_cleanup_free_ char *path = payload_folder_path(manager);

	return path ? folder_open(manager->ops->io, AT_FDCWD, path, true, 0700) : -ENOMEM;
}

/* NULL: not a digest, and so no file name either. */
static const char *file_name(const char *digest)
{
	const char *hex = strncmp(digest, "sha256:", 7) == 0 ? digest + 7 : "";

	return strlen(hex) == 64 && strspn(hex, "0123456789abcdef") == 64 ? hex : NULL;
}

int payload_open(struct manager *manager, const char *digest)
{
	_cleanup_close_ int folder = -EBADF;
	const char *name = file_name(digest);
	int fd;

	if (!name)
		return -EINVAL;
	folder = payload_open_folder(manager);
	if (folder < 0)
		return folder;
	fd = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	return fd < 0 ? -errno : fd;
}

bool payload_is_there(struct manager *manager, const char *digest, uint64_t length_bytes)
{
	_cleanup_close_ int fd = -EBADF;
	struct stat status;

	if (!file_name(digest))
		return false;
	fd = payload_open(manager, digest);
	return fd >= 0 && fstat(fd, &status) >= 0 && S_ISREG(status.st_mode) &&
	       (uint64_t)status.st_size == length_bytes;
}

static bool is_needed(struct manager *manager, const char *name)
{
	for (size_t i = 0; i < manager->job_count; i++) {
		const struct job_record *record = &manager->jobs[i]->job.record;
		const char *needed = file_name(record->digest);
		const char *restored =
			record->phase == JOB_RESTORING ? file_name(record->backup_digest) : NULL;

		if (job_phase_is_final(record->phase))
			continue;
		if ((needed && strcmp(needed, name) == 0) ||
		    (restored && strcmp(restored, name) == 0))
			return true;
	}
	return false;
}

static void remove_file(struct manager *manager, int folder, const char *name)
{
	int r = file_remove(manager->ops->io, folder, name);

	if (r < 0)
		log_warning("The file %s in the payload folder cannot be removed: %s.", name,
			    strerror(-r));
}

static void drop(struct manager *manager, const char *digest)
{
	const char *name = file_name(digest);
	_cleanup_close_ int folder = -EBADF;

	if (!name || is_needed(manager, name))
		return;
	folder = payload_open_folder(manager);
	if (folder >= 0 && faccessat(folder, name, F_OK, 0) == 0)
		remove_file(manager, folder, name);
}

void payload_drop(struct manager *manager, struct job_entry *entry)
{
	const struct job_record *record = &entry->job.record;

	/* A job that never got that far has its release in memory at most. */
	drop(manager, record->digest[0] ? record->digest : entry->job.knowledge.release.digest);
	if (record->backup_digest[0])
		drop(manager, record->backup_digest);
}

void payload_remove_leftovers(struct manager *manager)
{
	int folder = payload_open_folder(manager);
	struct dirent *entry;
	DIR *opened;

	opened = folder < 0 ? NULL : fdopendir(folder);
	if (!opened) {
		if (folder >= 0)
			close(folder);
		return;
	}
	while ((entry = readdir(opened)))
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
		    !is_needed(manager, entry->d_name))
			remove_file(manager, dirfd(opened), entry->d_name);
	closedir(opened);
}
