/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is stored of each step. A step's record and its row of history are one transaction; so is the end of a job with
 * all its consequences: result, history, what the device runs now, its floor, a failed release. After a crash either
 * all of it happened or nothing, and the step is taken again.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "engine/private.h"
#include "engine/schedule.h"
#include "engine/updates.h"

static void copy_version(char to[static RECORD_VERSION_MAX + 1], const char *from)
{
	size_t length = strnlen(from, RECORD_VERSION_MAX);

	memset(to, 0, RECORD_VERSION_MAX + 1);
	memcpy(to, from, length);
}

/* An install that is kept: the floor rises here and nowhere else. */
static void device_after_install(struct device_record *device, const struct job_record *job)
{
	device->previous_slot = job->previous_slot;
	device->previous_counter = strcmp(device->installed_version, job->version_before) == 0 ?
					   device->installed_counter :
					   0;
	copy_version(device->previous_version, job->version_before);
	device->installed_counter = job->counter;
	copy_version(device->installed_version, job->version);
	if (job->new_floor > device->floor_counter)
		device->floor_counter = job->new_floor;
}

/* A revert that was asked for: what was left behind is now the other one. */
static void device_after_revert(struct device_record *device, const struct job_record *job)
{
	uint64_t counter = device->installed_counter;
	bool is_known = strcmp(device->previous_version, job->version) == 0;

	/* Of a backup the job knows it; else it was remembered with the slot. */
	device->installed_counter = job->counter ? job->counter :
				    is_known	 ? device->previous_counter :
						   0;
	copy_version(device->installed_version, job->version);
	device->previous_slot = job->target_slot;
	device->previous_counter = counter;
	copy_version(device->previous_version, job->version_before);
}

static void device_after(struct device_record *device, const struct job_record *job)
{
	if (job->phase == JOB_DONE && job->type == JOB_INSTALL)
		device_after_install(device, job);
	else if (job->phase == JOB_DONE)
		device_after_revert(device, job);
	if (job->phase != JOB_CANCELLED)
		device->problem = job->phase == JOB_DONE ? REASON_OK : job->reason;
}

/* The firmware's own fault, and not the cable's or the disk's. */
static bool release_has_failed(const struct job_record *job)
{
	if (job->type != JOB_INSTALL || !job->digest[0])
		return false;
	switch (job->reason) {
	case REASON_ATTEMPTS_EXHAUSTED:
	case REASON_DID_NOT_START:
	case REASON_WRONG_VERSION_RUNNING:
	case REASON_HEALTH_FAILED:
	case REASON_HEALTH_TIMEOUT:
		return true;
	default:
		return false;
	}
}

static int add_history(struct manager *manager, const struct job_record *job, const char *result,
		       const char *details)
{
	return store_add_history(manager->store, &(struct history_row){
							 .usec = manager_wall_clock(manager),
							 .device_id = job->device_id,
							 .action = job_type_to_string(job->type),
							 .version_from = job->version_before,
							 .version_to = job->version,
							 .result = result,
							 .reason = reason_word(job->reason),
							 .details = details ? details : "",
							 .uid = job->uid,
							 .job_id = job->id,
						 });
}

/* The window ended before anything was written: what a person approved is due in the next one. */
static int approve_again(struct manager *manager, const struct job_record *job)
{
	struct decision_record decision;
	int r = store_find_decision(manager->store, job->device_id, job->version, &decision);

	if (r == -ENOENT)
		return 0;
	if (r < 0 || decision.decision != DECISION_STARTED)
		return r;
	decision.decision = job->flags & JOB_FLAG_APPROVED ? DECISION_APPROVED : DECISION_PENDING;
	decision.until_usec = 0;
	return store_save_decision(manager->store, &decision);
}

/* What is kept, taken back or left behind is not installed by itself again. */
static int settle_decision(struct manager *manager, const struct job_record *job)
{
	const char *version = job->type == JOB_INSTALL ? job->version : job->version_before;

	if (job->reason == REASON_OUTSIDE_WINDOW)
		return approve_again(manager, job);
	if (job->phase != JOB_DONE && job->phase != JOB_REVERTED)
		return 0;
	return store_settle_decision(manager->store, job->device_id, version,
				     manager_wall_clock(manager));
}

static int store_end(struct job_entry *entry, struct job_record *job, const char *message)
{
	struct manager *manager = entry->manager;
	struct device *present = manager_find_device(manager, job->device_id);
	struct device_record device;
	int r;

	r = store_find_device(manager->store, job->device_id, &device);
	if (r < 0)
		return r;
	device_after(&device, job);
	r = store_save_device(manager->store, &device);
	if (r >= 0)
		r = settle_decision(manager, job);
	if (r >= 0 && job->type == JOB_INSTALL && job->phase == JOB_DONE)
		r = store_forget_failed(manager->store, job->device_id, job->digest);
	if (r >= 0 && release_has_failed(job))
		r = store_add_failed(manager->store, job->device_id, job->digest, job->reason,
				     manager_now(manager));
	if (r >= 0)
		r = add_history(manager, job, job_phase_to_string(job->phase), message);
	if (r >= 0)
		r = store_prune_jobs(manager->store, MANAGER_JOBS_KEPT);
	if (r >= 0 && present)
		present->record =
			device; /* seen by the bus only after the commit, in this same turn of the loop */
	return r;
}

/* Phases whose beginning is an event worth a row. */
static const char *beginning(enum job_phase phase)
{
	switch (phase) {
	case JOB_WRITING:
		return "writing";
	case JOB_TRIAL:
		return "on-trial";
	case JOB_REVERTING:
		return "reverting";
	case JOB_RESTORING:
		return "restoring";
	default:
		return NULL;
	}
}

/* The backup is known from the moment in which the job may rely on it. */
static int store_backup(struct job_entry *entry, const struct job_record *next)
{
	struct manager *manager = entry->manager;
	struct device *device = manager_find_device(manager, next->device_id);
	const struct job_backup *made = &entry->job.knowledge.made;
	struct backup_record backup = {
		.usec = manager_wall_clock(manager),
		.slot = (unsigned)next->target_slot,
		.length_bytes = made->length_bytes,
		.stored_bytes = made->stored_bytes,
	};
	int r;

	memcpy(backup.device_id, next->device_id, sizeof(backup.device_id));
	memcpy(backup.digest, made->digest, sizeof(backup.digest));
	copy_version(backup.version, made->version);
	if (device && next->target_slot == engine_running_slot(&device->now))
		backup.counter = device_installed_counter(device);
	r = store_add_backup(manager->store, &backup);
	return r < 0 ? r : add_history(manager, next, "backed-up", made->digest);
}

static int store_rows(struct job_entry *entry, struct job_record *next, const char *message)
{
	bool begins = next->phase != entry->job.record.phase;
	int r;

	r = store_save_job(entry->manager->store, next, message);
	if (r < 0 || !begins)
		return r;
	if (entry->job.record.phase == JOB_BACKING_UP &&
	    entry->job.knowledge.back_up == WORK_SUCCEEDED) {
		r = store_backup(entry, next);
		if (r < 0)
			return r;
	}
	if (job_phase_is_final(next->phase))
		return store_end(entry, next, message);
	return beginning(next->phase) ?
		       add_history(entry->manager, next, beginning(next->phase), message) :
		       0;
}

int job_store_step(struct job_entry *entry, struct job_step *step)
{
	struct manager *manager = entry->manager;
	struct device *present = manager_find_device(manager, entry->job.record.device_id);
	struct device_record before = present ? present->record : (struct device_record){ 0 };
	_cleanup_free_ char *message = NULL;
	int r;

	if (step->next.reason != REASON_OK)
		message = job_explain(entry, &step->next);
	r = store_begin(manager->store);
	if (r >= 0)
		r = store_rows(entry, &step->next, message);
	if (r >= 0)
		r = store_commit(manager->store);
	if (r < 0) {
		store_rollback(manager->store);
		if (present)
			present->record = before;
		return r;
	}
	free(entry->job.message);
	entry->job.message = TAKE_PTR(message);
	return 0;
}

int job_store_new(struct manager *manager, struct job_record *record)
{
	int r;

	clock_stamp(&manager->clock, record);
	r = store_begin(manager->store);
	if (r >= 0)
		r = store_save_job(manager->store, record, NULL);
	if (r >= 0)
		r = add_history(manager, record, "requested", NULL);
	/* With the job, or not at all: an approval is used up by what was begun with it. */
	if (r >= 0)
		r = store_start_decisions(manager->store, record->device_id, record->version,
					  manager_wall_clock(manager),
					  schedule_window_end(manager, record->device_id));
	if (r >= 0)
		r = store_commit(manager->store);
	if (r < 0) {
		store_rollback(manager->store);
		record->id = 0;
		return r;
	}
	updates_read_decisions(manager, record->device_id);
	return 0;
}

static int add_request(struct job_entry *entry, const struct job_record *job, const char *action,
		       uint32_t uid)
{
	return store_add_history(entry->manager->store,
				 &(struct history_row){
					 .usec = manager_wall_clock(entry->manager),
					 .device_id = job->device_id,
					 .action = action,
					 .version_from = job->version_before,
					 .version_to = job->version,
					 .result = "requested",
					 .reason = reason_word(REASON_OK),
					 .details = "",
					 .uid = uid,
					 .job_id = job->id,
				 });
}

int job_store_request(struct job_entry *entry, struct job_record *record, const char *action,
		      uint32_t uid)
{
	struct store *store = entry->manager->store;
	int r;

	r = store_begin(store);
	if (r >= 0)
		r = store_save_job(store, record, entry->job.message);
	if (r >= 0)
		r = add_request(entry, record, action, uid);
	if (r >= 0)
		r = store_commit(store);
	if (r < 0)
		store_rollback(store);
	else
		entry->job.record = *record;
	return r;
}

void job_store_health(struct job_entry *entry, enum reason reason, const char *checks)
{
	const struct job_record *job = &entry->job.record;
	int r = store_add_history(entry->manager->store,
				  &(struct history_row){
					  .usec = manager_wall_clock(entry->manager),
					  .device_id = job->device_id,
					  .action = "health",
					  .version_from = job->version_before,
					  .version_to = job->version,
					  .result = reason == REASON_OK ? "healthy" : "unhealthy",
					  .reason = reason_word(reason),
					  .details = checks,
					  .uid = job->uid,
					  .job_id = job->id,
				  });

	/* Telling of it decides nothing: the checks said what they said. */
	if (r < 0)
		log_warning("Job %llu: history does not have its health checks: %s.",
			    (unsigned long long)job->id, strerror(-r));
}

int manager_store_event(struct manager *manager, const struct device *device, const char *action,
			const char *result, enum reason reason, uint32_t uid)
{
	const char *version = device_running_version(device);

	return store_add_history(manager->store, &(struct history_row){
							 .usec = manager_wall_clock(manager),
							 .device_id = device->id,
							 .action = action,
							 .version_from = version,
							 .version_to = version,
							 .result = result,
							 .reason = reason_word(reason),
							 .details = "",
							 .uid = uid,
						 });
}

int manager_store_decision(struct manager *manager, const struct device *device,
			   const struct decision_record *decision, const char *action)
{
	struct store *store = manager->store;
	int r;

	r = store_begin(store);
	if (r >= 0)
		r = store_save_decision(store, decision);
	if (r >= 0)
		r = store_add_history(store, &(struct history_row){
						     .usec = manager_wall_clock(manager),
						     .device_id = device->id,
						     .action = action,
						     .version_from = device_running_version(device),
						     .version_to = decision->version,
						     .result = "requested",
						     .reason = reason_word(REASON_OK),
						     .details = "",
						     .uid = decision->uid,
					     });
	if (r >= 0)
		r = store_commit(store);
	if (r < 0)
		store_rollback(store);
	else
		updates_read_decisions(manager, device->id);
	return r;
}
