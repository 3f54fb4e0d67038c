/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The file that a caller gave by descriptor, kept for the daemon after this one: a crash while it is being authenticated
 * costs nothing then. Held from the record of the request to the record that does not need it any more. Where nobody
 * holds files for us (no systemd, the host died), the job says that it was interrupted, as the table has it.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "engine/private.h"

#define NAME_FORMAT "job-%llu"

static void write_name(const struct job_entry *entry, char name[static HELD_NAME_SIZE])
{
	snprintf(name, HELD_NAME_SIZE, NAME_FORMAT, (unsigned long long)entry->job.record.id);
}

void held_begin(struct job_entry *entry)
{
	const struct engine_ops *ops = entry->manager->ops;
	char name[HELD_NAME_SIZE];
	int r;

	/* A file in STATE/import is found again by its name. */
	if (!ops->file_hold || entry->bundle_fd < 0 || entry->job.record.source[0])
		return;
	write_name(entry, name);
	r = ops->file_hold(ops, name, entry->bundle_fd);
	entry->is_bundle_held = r >= 0;
	if (r < 0)
		log_debug("Nobody holds the file of %s for us: %s.", name, strerror(-r));
}

void held_end(struct job_entry *entry)
{
	char name[HELD_NAME_SIZE];

	if (!entry->is_bundle_held || entry->job.record.phase <= JOB_VERIFYING)
		return;
	write_name(entry, name);
	entry->manager->ops->file_let_go(entry->manager->ops, name);
	entry->is_bundle_held = false;
}

static struct job_entry *find_waiting(struct manager *manager, const char *name)
{
	for (size_t i = 0; i < manager->job_count; i++) {
		struct job_entry *entry = manager->jobs[i];
		char its_name[HELD_NAME_SIZE];

		write_name(entry, its_name);
		if (strcmp(name, its_name) == 0 && entry->job.record.phase <= JOB_VERIFYING &&
		    entry->bundle_fd < 0)
			return entry;
	}
	return NULL;
}

void held_take_back(struct manager *manager)
{
	const struct engine_ops *ops = manager->ops;
	struct held_file files[HELD_FILES_MAX];
	size_t count = ops->files_held ? ops->files_held(ops, files) : 0;

	for (size_t i = 0; i < count; i++) {
		struct job_entry *entry = find_waiting(manager, files[i].name);

		if (!entry && manager->events->file_held &&
		    manager->events->file_held(files[i].name, files[i].fd, manager->userdata))
			continue;
		if (!entry) {
			ops->file_let_go(ops, files[i].name);
			close_fd(files[i].fd);
			continue;
		}
		entry->bundle_fd = files[i].fd;
		entry->is_bundle_held = true;
		entry->job.knowledge.has_bundle = true;
	}
}
