/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A folder for a store, emptied before each test; a job, and what is found of jobs. */
#include "store-bed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tap.h"

char folder[] = "/tmp/fwslot-test-store-XXXXXX";

char *path_in_folder(const char *name)
{
	char *path = NULL;

	if (asprintf(&path, "%s/%s", folder, name) < 0)
		tap_bail("no memory");
	return path;
}

static void empty_folder(void)
{
	char *command = NULL;

	if (asprintf(&command, "rm -rf '%s' && mkdir -m 0700 '%s'", folder, folder) < 0 ||
	    system(command) != 0)
		tap_bail("cannot empty %s", folder);
	free(command);
}

struct store *open_store(void)
{
	struct store *store = NULL;
	int r = store_open(&io_default, folder, 1000, &store);

	if (r < 0)
		tap_bail("store_open: %s", strerror(-r));
	return store;
}

struct job_record some_job(void)
{
	return (struct job_record){
		.type = JOB_INSTALL,
		.phase = JOB_WRITING,
		.device_id = "sim0",
		.source = "a file.fwb",
		.remote = "acme",
		.flags = UINT64_MAX,
		.uid = UINT32_MAX,
		.created_usec = 1,
		.phase_usec = 2,
		.trial_end_usec = 3,
		.target_slot = 1,
		.previous_slot = -1,
		.version = "1.1'; DROP TABLE jobs; --",
		.version_before = "1.0",
		.counter = 7,
		.new_floor = 5,
		.digest = "sha256:0000000000000000000000000000000000000000000000000000000000000000",
		.length_bytes = UINT64_C(1) << 40,
		.boots_before = 9,
		.attempts = 2,
		.is_committed = true,
		.is_revert_requested = true,
		.write_tries = 2,
		.restart_tries = 3,
		.trial_boots = 4,
		.reason = REASON_HEALTH_FAILED,
	};
}

int collect_job(const struct job_record *record, const char *message, void *userdata)
{
	struct found_jobs *found = userdata;

	found->count++;
	found->last = *record;
	snprintf(found->message, sizeof(found->message), "%s", message);
	return 0;
}

int store_bed_run(void (*const tests[])(void), size_t count)
{
	if (!mkdtemp(folder))
		tap_bail("mkdtemp");
	for (size_t i = 0; i < count; i++) {
		empty_folder();
		tests[i]();
	}
	empty_folder();
	rmdir(folder);
	return tap_done();
}
