/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table of jobs: the unfinished ones, and the last ended ones to be read. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "engine/payload.h"
#include "engine/private.h"
#include "engine/request.h"

struct job *manager_find_job(struct manager *manager, uint64_t id)
{
	for (size_t i = 0; i < manager->job_count; i++)
		if (manager->jobs[i]->job.record.id == id)
			return &manager->jobs[i]->job;
	return NULL;
}

struct job *manager_next_job(struct manager *manager, const struct job *after)
{
	for (size_t i = 0; i < manager->job_count; i++)
		if (!after || manager->jobs[i]->job.record.id > after->record.id)
			return &manager->jobs[i]->job;
	return NULL;
}

size_t manager_count_unfinished(struct manager *manager)
{
	size_t count = 0;

	for (size_t i = 0; i < manager->job_count; i++)
		count += !job_phase_is_final(manager->jobs[i]->job.record.phase);
	return count;
}

int manager_add_job(struct manager *manager, const struct job_record *record, const char *message,
		    struct job_entry **ret)
{
	struct job_entry *entry;
	size_t at = manager->job_count;

	if (manager->job_count == ARRAY_SIZE(manager->jobs))
		return -ENOSPC;
	entry = calloc(1, sizeof(*entry));
	if (!entry)
		return -ENOMEM;
	entry->manager = manager;
	entry->bundle_fd = -EBADF;
	entry->wake_usec = UINT64_MAX;
	entry->job.record = *record;
	entry->job.message = message && message[0] ? strdup(message) : NULL;
	entry->job.knowledge.resumed_usec = manager_now(manager);
	entry->job.knowledge.away_since_usec = entry->job.knowledge.resumed_usec;
	if (job_phase_is_final(record->phase))
		entry->job.percent = 100;
	for (; at > 0 && manager->jobs[at - 1]->job.record.id > record->id; at--)
		manager->jobs[at] = manager->jobs[at - 1];
	manager->jobs[at] = entry;
	manager->job_count++;
	*ret = entry;
	return 0;
}

void job_stop_works(struct job_entry *entry)
{
	const struct engine_ops *ops = entry->manager->ops;

	for (enum work_kind kind = 0; kind < WORK_KIND_MAX; kind++)
		ops->work_stop(ops, &entry->job, kind);
}

void manager_drop_job(struct manager *manager, struct job_entry *entry)
{
	size_t at = 0;

	job_stop_works(entry);
	while (manager->jobs[at] != entry)
		at++;
	manager->job_count--;
	memmove(&manager->jobs[at], &manager->jobs[at + 1],
		(manager->job_count - at) * sizeof(manager->jobs[0]));
	sd_event_source_disable_unref(entry->timer);
	close_fd(entry->bundle_fd);
	free(entry->work_message);
	free(entry->job.message);
	free(entry);
}

static struct job_entry *longest_ended(struct manager *manager)
{
	struct job_entry *found = NULL;

	for (size_t i = 0; i < manager->job_count; i++) {
		struct job_entry *entry = manager->jobs[i];

		if (job_phase_is_final(entry->job.record.phase) &&
		    (!found || entry->job.record.phase_usec < found->job.record.phase_usec))
			found = entry;
	}
	return found;
}

void manager_forget_old_jobs(struct manager *manager)
{
	while (manager->job_count - manager_count_unfinished(manager) > MANAGER_JOBS_KEPT) {
		struct job_entry *entry = longest_ended(manager);

		if (manager->events->job_forgotten)
			manager->events->job_forgotten(&entry->job, manager->userdata);
		manager_drop_job(manager, entry);
	}
}

static uint64_t settle_usec(const struct manager *manager)
{
	return manager->config.trial_usec < STEP_TRIAL_SETTLE_USEC ? manager->config.trial_usec :
								     STEP_TRIAL_SETTLE_USEC;
}

static int resume_one(const struct job_record *record, const char *message, void *userdata)
{
	struct manager *manager = userdata;
	struct job_entry *entry;
	int r;

	r = manager_add_job(manager, record, message, &entry);
	if (r == -ENOSPC) {
		log_warning("Job %llu is not shown: more jobs are stored than are kept.",
			    (unsigned long long)record->id);
		return 0;
	}
	if (r < 0)
		return r;
	if (!job_phase_is_final(record->phase)) {
		clock_follow(&manager->clock, manager_now(manager), settle_usec(manager),
			     &entry->job.record);
		entry->job.knowledge.has_payload =
			payload_is_there(manager, record->digest, record->length_bytes);
		entry->job.knowledge.has_bundle = request_open_bundle_again(entry) >= 0;
	}
	if (manager->events->job_added)
		manager->events->job_added(&entry->job, manager->userdata);
	return 0;
}

/* Each waits for its device to appear; a step without it only arms the timers. */
int manager_resume_jobs(struct manager *manager)
{
	int r;

	r = store_load_jobs(manager->store, resume_one, manager);
	if (r < 0)
		return r;
	manager_forget_old_jobs(manager);
	held_take_back(manager);
	for (size_t i = 0; i < manager->job_count; i++)
		if (!job_phase_is_final(manager->jobs[i]->job.record.phase))
			job_run(manager->jobs[i]);
	return 0;
}
