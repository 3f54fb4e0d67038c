/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the files of the engine share: the manager, its devices and jobs, and what each file does for the others. Tests
 * include it to drive a manager without a kernel.
 */
#pragma once

#include <systemd/sd-event.h>

#include "base/macros.h"
#include "engine/clock.h"
#include "engine/config.h"
#include "engine/folders.h"
#include "engine/manager.h"
#include "engine/ops.h"
#include "kernel/monitor.h"
#include "store/store.h"

struct work;
struct backup_export;
struct refresh;
struct refresh_waiter;
struct source;
struct set_policy;
struct ruled_version;
struct inhibited;

/* A job with what only the engine knows. &entry->job is what the others see. */
struct job_entry {
	struct job job; /* first */
	struct manager *manager;
	int bundle_fd; /* the caller's file until it is verified, -EBADF = none */
	bool is_bundle_held; /* also for the daemon after this one */
	struct work *works[WORK_KIND_MAX]; /* running ones; owned by whoever started them (ops) */
	char *work_message; /* sentence of the last work that failed */
	sd_event_source *timer;
	uint64_t wake_usec; /* when it rings, UINT64_MAX = it is not set */
	bool is_running, is_asked_again; /* job_run() is on the stack; and was called once more */
};

struct manager {
	sd_event *event;
	const struct manager_events *events;
	void *userdata;
	const struct engine_ops *ops;
	struct clock clock;
	struct folders folders;
	struct config config;
	struct store *store;
	bool is_volatile; /* the state folder cannot be written: nothing may be changed */
	uint64_t volatile_since_usec;
	sd_event_source *volatile_timer;
	struct kernel_monitor *monitor;
	struct device *devices[MANAGER_DEVICES_MAX]; /* sorted by id */
	size_t device_count;
	struct job_entry *jobs[MANAGER_JOBS_MAX + MANAGER_JOBS_KEPT + 1]; /* sorted by number */
	size_t job_count;
	struct backup_export *exports; /* under way */
	struct source *sources; /* by name */
	size_t source_count;
	sd_event_source *refresh_timer;
	struct refresh *refresh; /* under way, one at a time */
	struct refresh_waiter *refresh_waiters;
	struct update *updates; /* by device, then by update source */
	struct set_policy *policies; /* set over the bus */
	struct ruled_version *versions; /* pinned or skipped, by name */
	struct policy_world world;
	uint64_t world_usec; /* time since boot when it was told, 0 = never */
	uint64_t world_realtime_usec; /* and what the wall clock showed */
	bool is_world_asked; /* and was not told since */
	struct inhibited *inhibited; /* devices that are to be left alone, once for each who asks */
	sd_event_source *schedule_timer;
	uint64_t schedule_wake_usec; /* by the wall clock, UINT64_MAX = it is not set */
	bool is_reviewing, is_review_wanted;
};

static inline struct job_entry *job_entry_of(struct job *job)
{
	return (struct job_entry *)job;
}

/* manager.c */
/* manager_new() with other operations; @ops outlives the manager. */
int manager_new_with(sd_event *event, const struct manager_events *events, void *userdata,
		     const struct engine_ops *ops, struct manager **ret);
/* By which jobs are timed: see clock.h. */
uint64_t manager_now(struct manager *manager);
/* As people set it: for what is told to them, and for windows. */
uint64_t manager_wall_clock(struct manager *manager);

/* devices.c: pictures of the kernel */
struct device *manager_device_by_index(struct manager *manager, unsigned index);
void manager_device_added(struct manager *manager, unsigned index);
void manager_device_removed(struct manager *manager, unsigned index);
void manager_device_changed(struct manager *manager, unsigned index); /* reads it again */
void manager_forget_devices(struct manager *manager);
/* Reads the picture anew, without asking the job's next step. -errno: the old picture stays. */
int device_refresh(struct manager *manager, struct device *device);
/* The counter of what runs, 0 = unknown: what was installed may have been replaced behind our back. */
uint64_t device_installed_counter(const struct device *device);
/* "" = unknown */
const char *device_running_version(const struct device *device);

/* jobs.c: the table of jobs */
/* Adds a job that is in the store. -ENOMEM, -ENOSPC: too many. */
int manager_add_job(struct manager *manager, const struct job_record *record, const char *message,
		    struct job_entry **ret);
void manager_drop_job(struct manager *manager, struct job_entry *entry);
void manager_forget_old_jobs(struct manager *manager); /* ended ones beyond MANAGER_JOBS_KEPT */
int manager_resume_jobs(struct manager *manager);
size_t manager_count_unfinished(struct manager *manager);
void job_stop_works(struct job_entry *entry);

/* held.c: the caller's file outlives this process */
void held_begin(struct job_entry *entry);
void held_end(struct job_entry *entry); /* if the job has no need of it any more */
void held_take_back(struct manager *manager); /* when all jobs are loaded */

/* run.c: the loop */
void job_run(struct job_entry *entry);
/* The timer rings: looks at the device anew first. */
void job_wake(struct job_entry *entry);
struct device *job_device(struct job_entry *entry); /* NULL = away */
void job_set_percent(struct job_entry *entry, unsigned percent);
void job_changed(struct job_entry *entry);

/* adopt.c: a new job for a device that came back on trial, or needing its backup, after its job was given up; NULL: none */
struct job_entry *manager_adopt_job(struct manager *manager, struct device *device);

/* run.c: what the work of a job came to; called by whoever ops->work_start() set to work */
void manager_work_ended(struct job *job, enum work_kind kind, enum reason reason,
			const char *message);

/* action.c: performs the one step.action; 0 or -errno. */
int job_perform(struct job_entry *entry, enum job_action action);

/* record.c: what is stored of a step: the record, its history, and at the end the device, in one transaction */
int job_store_step(struct job_entry *entry, struct job_step *step);
int job_store_new(struct manager *manager, struct job_record *record);
/* A request to a job under way, with its row in history. */
int job_store_request(struct job_entry *entry, struct job_record *record, const char *action,
		      uint32_t uid);
/* What was run ("10-link, 20-picture") and what came of it. */
void job_store_health(struct job_entry *entry, enum reason reason, const char *checks);
/* A decision of a person, with its row in history. */
int manager_store_decision(struct manager *manager, const struct device *device,
			   const struct decision_record *decision, const char *action);
int manager_store_event(struct manager *manager, const struct device *device, const char *action,
			const char *result, enum reason reason, uint32_t uid);

/* explain.c: sentences. The caller frees @ret; NULL on lack of memory. */
char *job_explain(struct job_entry *entry, const struct job_record *record);

/* announce.c: lines of the journal with their message ids */
enum announcement {
	ANNOUNCE_STARTED,
	ANNOUNCE_ON_TRIAL,
	ANNOUNCE_CONFIRMED,
	ANNOUNCE_REVERTED,
	ANNOUNCE_FAILED,
	ANNOUNCE_OFFERED,
	ANNOUNCE_APPROVED,
	ANNOUNCE_POSTPONED,
	ANNOUNCE_MAX,
};
void job_announce(const struct job_record *record, enum announcement announcement,
		  const char *message);
