/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The loop around engine_step(): ask, write the record, act, ask again, until there is something to wait for.
 * The record is durable BEFORE the action, so a crash between the two repeats an action, never forgets one; every
 * action may be repeated (step-*.c look at the kernel's picture first). If the record cannot be written, nothing is done.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "engine/backups.h"
#include "engine/payload.h"
#include "engine/private.h"
#include "engine/schedule.h"
#include "engine/updates.h"
#include "engine/versions.h"

#define STEPS_MAX 64 /* in a row without anything to wait for: more is a circle in the table */
#define RETRY_USEC UINT64_C(5000000) /* the disk is full, or something does not answer */

struct device *job_device(struct job_entry *entry)
{
	struct device *device = manager_find_device(entry->manager, entry->job.record.device_id);

	return device && device->job == &entry->job ? device : NULL;
}

void job_changed(struct job_entry *entry)
{
	struct manager *manager = entry->manager;

	if (manager->events->job_changed)
		manager->events->job_changed(&entry->job, manager->userdata);
}

void job_set_percent(struct job_entry *entry, unsigned percent)
{
	if (entry->job.percent == percent)
		return;
	entry->job.percent = percent;
	job_changed(entry);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
	(void)source;
	(void)usec;
	job_wake(userdata);
	return 0;
}

/* Timers count the time that passes, not what the wall clock is set to: suspended time counts too. */
static void arm_timer(struct job_entry *entry, uint64_t wake_usec)
{
	struct manager *manager = entry->manager;
	uint64_t now = manager_now(manager);
	int r;

	entry->timer = sd_event_source_disable_unref(entry->timer);
	entry->wake_usec = wake_usec;
	if (wake_usec == UINT64_MAX)
		return;
	r = sd_event_add_time_relative(manager->event, &entry->timer, CLOCK_BOOTTIME,
				       wake_usec > now ? wake_usec - now : 0, 0, on_timer, entry);
	if (r < 0)
		log_error("Job %llu: no timer: %s.", (unsigned long long)entry->job.record.id,
			  strerror(-r));
}

static void policy_of(const struct manager *manager, struct job_policy *ret)
{
	*ret = (struct job_policy){
		.trial_usec = manager->config.trial_usec,
		.auto_confirm = manager->config.auto_confirm,
		.restart_timeout_usec = manager->config.restart_timeout_usec,
		.reappear_timeout_usec = manager->config.reappear_timeout_usec,
		.write_timeout_usec = manager->config.write_timeout_usec,
		.write_tries_max = (unsigned)manager->config.write_tries,
		.backs_up_spares = manager->config.backs_up_spares,
	};
}

/* What was known about the phase that ended does not hold for the next. */
static void begin_phase(struct job_entry *entry, enum job_phase phase)
{
	struct job_knowledge *knowledge = &entry->job.knowledge;

	knowledge->last_action = ACTION_WAIT;
	knowledge->last_error = 0;
	knowledge->last_usec = 0;
	knowledge->tries = 0;
	if (phase == JOB_TRIAL)
		knowledge->health = WORK_NONE;
	if (phase == JOB_REVERTING || phase == JOB_RESTARTING || phase == JOB_RESTORING) {
		knowledge->was_away = false;
		job_stop_works(entry);
	}
	if (phase == JOB_RESTORING)
		knowledge->copy = knowledge->unpack = WORK_NONE;
	entry->job.percent = 0;
}

static void take_record(struct job_entry *entry, const struct job_record *next)
{
	struct job_record before = entry->job.record;

	entry->job.record = *next;
	held_end(entry);
	if (next->phase != before.phase)
		begin_phase(entry, next->phase);
	/* It booted again: what the checks said of the boot before does not count. */
	if (next->trial_end_usec != before.trial_end_usec &&
	    entry->job.knowledge.health != WORK_NONE) {
		entry->manager->ops->work_stop(entry->manager->ops, &entry->job, WORK_HEALTH);
		entry->job.knowledge.health = WORK_NONE;
	}
	/* Another backup is to be written than the one that was unpacked. */
	if (strcmp(next->backup_digest, before.backup_digest) != 0)
		entry->job.knowledge.unpack = WORK_NONE;
	if (next->phase == JOB_TRIAL && before.phase != JOB_TRIAL)
		job_announce(next, ANNOUNCE_ON_TRIAL, NULL);
	if (next->phase == JOB_WRITING &&
	    (before.phase == JOB_VERIFYING || before.phase == JOB_BACKING_UP ||
	     before.phase == JOB_WAITING))
		job_announce(next, ANNOUNCE_STARTED, NULL);
	if (next->phase != before.phase)
		job_changed(entry);
	if (next->phase == JOB_WAITING && before.phase != JOB_WAITING)
		schedule_ask_gate(entry->manager);
}

static void note_action(struct job_entry *entry, enum job_action action, int error)
{
	struct job_knowledge *knowledge = &entry->job.knowledge;

	knowledge->tries = knowledge->last_action == action ? knowledge->tries + 1 : 1;
	knowledge->last_action = action;
	knowledge->last_error = error;
	knowledge->last_usec = manager_now(entry->manager);
	if (action == ACTION_RESTART)
		knowledge->was_away = false;
	if (action == ACTION_RESTORE_ATTEMPTS && error && knowledge->tries >= STEP_ORDER_TRIES_MAX)
		knowledge->cannot_restore = true;
	if (action == ACTION_RESTORE_ATTEMPTS && error && error != -EBUSY && error != -ENODEV)
		knowledge->cannot_restore = true;
	if (error)
		log_info("Job %llu: could not %s: %s.", (unsigned long long)entry->job.record.id,
			 job_action_to_string(action), strerror(-error));
}

static void announce_end(const struct job *job)
{
	static const enum announcement of_phase[JOB_PHASE_MAX] = {
		[JOB_DONE] = ANNOUNCE_CONFIRMED,
		[JOB_REVERTED] = ANNOUNCE_REVERTED,
		[JOB_FAILED] = ANNOUNCE_FAILED,
		[JOB_CANCELLED] = ANNOUNCE_FAILED,
	};
	bool is_asked_revert = job->record.type != JOB_INSTALL && job->record.phase == JOB_DONE;

	job_announce(&job->record,
		     is_asked_revert ? ANNOUNCE_REVERTED : of_phase[job->record.phase],
		     job->message);
}

/* The end is stored already: from here on everything may be lost to a crash, and the next start tidies up. */
static void end_job(struct job_entry *entry)
{
	struct manager *manager = entry->manager;
	struct device *device = job_device(entry);
	struct job *job = &entry->job;

	job_stop_works(entry);
	entry->timer = sd_event_source_disable_unref(entry->timer);
	if (device && job->record.target_slot >= 0 &&
	    (unsigned)job->record.target_slot < device->now.num_slots &&
	    device->now.slots[job->record.target_slot].status == KERNEL_STATUS_RECEIVING)
		(void)manager->ops->load_abort(manager->ops, device->now.index,
					       (unsigned)job->record.target_slot);
	payload_drop(manager, entry);
	backups_apply_retention(manager);
	updates_judge(manager, job->record.device_id);
	updates_read_decisions(manager, job->record.device_id);
	job->percent = 100;
	announce_end(job);
	if (device)
		device->job = NULL;
	if (manager->events->job_ended)
		manager->events->job_ended(job, manager->userdata);
	manager_forget_old_jobs(manager);
	schedule_review(manager);
}

/*
 * One question and what follows from it. Returns true to ask again at once. A job that has ended may have been
 * forgotten and freed: the caller does not look at it after false.
 */
static bool take_step(struct job_entry *entry)
{
	struct device *device = job_device(entry);
	struct job_policy policy;
	struct job_step step;
	int r;

	/* What was true before the last order may be the opposite now. */
	if (device && device->is_outdated) {
		r = device_refresh(entry->manager, device);
		if (device->is_outdated) {
			log_error("Device %s cannot be read (%s); nothing is done until it can.",
				  device->id, strerror(-r));
			arm_timer(entry, manager_now(entry->manager) + RETRY_USEC);
			return false;
		}
	}
	policy_of(entry->manager, &policy);
	engine_step(&entry->job.record, device && !device->is_gone ? &device->now : NULL,
		    &entry->job.knowledge, &policy, manager_now(entry->manager), &step);
	entry->job.knowledge.gate = GATE_UNKNOWN;
	log_debug("Job %llu on %s: %s: %s.", (unsigned long long)entry->job.record.id,
		  entry->job.record.device_id, step.rule, job_action_to_string(step.action));

	if (memcmp(&step.next, &entry->job.record, sizeof(step.next)) != 0 ||
	    step.action == ACTION_FINISH) {
		r = job_store_step(entry, &step);
		if (r < 0) {
			log_error(
				"Job %llu: its record cannot be written (%s); nothing is done until it can.",
				(unsigned long long)entry->job.record.id, strerror(-r));
			arm_timer(entry, manager_now(entry->manager) + RETRY_USEC);
			return false;
		}
		take_record(entry, &step.next);
	}
	if (step.action == ACTION_FINISH)
		return false;
	if (step.action != ACTION_WAIT) {
		r = job_perform(entry, step.action);
		note_action(entry, step.action, r);
		if (device && device_refresh(entry->manager, device) == -ENODEV)
			log_debug("Device %s went.", device->id);
		return true;
	}
	if (step.wake_usec <= manager_now(entry->manager))
		return true;
	arm_timer(entry, step.wake_usec);
	return entry->is_asked_again;
}

/* What is called from inside a step (an event handler asks for something) is done after it. */
void job_run(struct job_entry *entry)
{
	unsigned steps = 0;
	bool again = true;

	entry->is_asked_again = true;
	if (entry->is_running)
		return;
	entry->is_running = true;
	while (again && !job_phase_is_final(entry->job.record.phase)) {
		if (steps++ == STEPS_MAX) {
			log_error("Job %llu on %s goes in circles in phase %s; it pauses.",
				  (unsigned long long)entry->job.record.id,
				  entry->job.record.device_id,
				  job_phase_to_string(entry->job.record.phase));
			arm_timer(entry, manager_now(entry->manager) + RETRY_USEC);
			break;
		}
		entry->is_asked_again = false;
		again = take_step(entry);
	}
	entry->is_running = false;
	if (job_phase_is_final(entry->job.record.phase))
		end_job(entry);
}

/* An event may have been lost: what is too late is said of the device as it is, not as it was told last. */
void job_wake(struct job_entry *entry)
{
	struct device *device = job_device(entry);

	if (device)
		(void)device_refresh(entry->manager, device);
	job_run(entry);
}

void manager_work_ended(struct job *job, enum work_kind kind, enum reason reason,
			const char *message)
{
	struct job_entry *entry = job_entry_of(job);
	struct job_knowledge *knowledge = &job->knowledge;
	enum work_state *states[WORK_KIND_MAX] = {
		[WORK_VERIFY] = &knowledge->verify, [WORK_BACK_UP] = &knowledge->back_up,
		[WORK_UNPACK] = &knowledge->unpack, [WORK_COPY] = &knowledge->copy,
		[WORK_HEALTH] = &knowledge->health, [WORK_DOWNLOAD] = &knowledge->download,
	};

	*states[kind] = reason == REASON_OK ? WORK_SUCCEEDED : WORK_FAILED;
	if (reason != REASON_OK) {
		knowledge->reason = reason;
		free(entry->work_message);
		entry->work_message = message && message[0] ? strdup(message) : NULL;
	}
	if (kind == WORK_DOWNLOAD && reason != REASON_OK) {
		knowledge->downloads++;
		knowledge->download_failed_usec = manager_now(entry->manager);
		log_info("Job %llu: the download ended: %s", (unsigned long long)job->record.id,
			 message && message[0] ? message : reason_sentence(reason));
	}
	if ((kind == WORK_VERIFY || kind == WORK_DOWNLOAD) && reason == REASON_OK) {
		knowledge->verify = WORK_SUCCEEDED;
		knowledge->has_payload = true;
		knowledge->has_failed_before = store_has_failed(entry->manager->store,
								job->record.device_id,
								knowledge->release.digest) > 0;
		knowledge->version_verdict = versions_verdict(entry->manager, job->record.device_id,
							      knowledge->release.version);
	}
	if (kind == WORK_UNPACK && reason == REASON_BACKUP_DAMAGED)
		backups_note_damaged(entry, message);
	if (kind == WORK_BACK_UP && reason != REASON_OK)
		log_warning("Job %llu: the firmware of %s could not be saved: %s",
			    (unsigned long long)job->record.id, job->record.device_id,
			    message && message[0] ? message : reason_sentence(reason));
	job_run(entry);
}
