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
#include "engine/images.h"
#include "remote/partial.h"

bool payload_is_there(struct manager *manager, const char *digest, uint64_t length_bytes)
{
	_cleanup_close_ int fd = images_open(manager, IMAGES_PAYLOAD, digest);
	struct stat status;

	return fd >= 0 && fstat(fd, &status) >= 0 && S_ISREG(status.st_mode) &&
	       (uint64_t)status.st_size == length_bytes;
}

/* The image itself, or what a download of it has left. */
static bool is_file_of(const char *hex, const char *name)
{
	size_t length = strlen(hex);

	return strncmp(hex, name, length) == 0 && (name[length] == '\0' || name[length] == '.');
}

static bool is_needed(struct manager *manager, const char *name)
{
	for (size_t i = 0; i < manager->job_count; i++) {
		const struct job_record *record = &manager->jobs[i]->job.record;
		const char *needed = images_hex(record->digest);
		const char *restored =
			record->phase == JOB_RESTORING ? images_hex(record->backup_digest) : NULL;

		if (job_phase_is_final(record->phase))
			continue;
		if ((needed && is_file_of(needed, name)) ||
		    (restored && is_file_of(restored, name)))
			return true;
	}
	return false;
}

static void drop(struct manager *manager, const char *digest)
{
	static const char *const suffixes[] = { PARTIAL_RESUME_SUFFIX, PARTIAL_SUFFIX,
						REBUILD_TRIED_SUFFIX, "" };
	const char *name = images_hex(digest);
	_cleanup_close_ int folder = -EBADF;

	if (!name || is_needed(manager, name))
		return;
	folder = images_open_folder(manager, IMAGES_PAYLOAD);
	for (size_t i = 0; folder >= 0 && i < ARRAY_SIZE(suffixes); i++) {
		char file[IMAGES_HEX_LENGTH + 16];

		snprintf(file, sizeof(file), "%s%s", name, suffixes[i]);
		if (faccessat(folder, file, F_OK, 0) == 0)
			images_remove(manager, IMAGES_PAYLOAD, folder, file);
	}
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
	int folder = images_open_folder(manager, IMAGES_PAYLOAD);
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
			images_remove(manager, IMAGES_PAYLOAD, dirfd(opened), entry->d_name);
	closedir(opened);
}
