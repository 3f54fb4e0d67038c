/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A device whose job was given up before it was through. One that stayed away for too long ends its job as lost, one that
 * hangs when it shall go back ends it as failed. When it comes back one day and runs the new firmware on trial, somebody
 * has to watch over it, or every start would use up an attempt until it falls back; and when its only slot was being
 * written, it needs its backup. So the job goes on as a new one with the old one's record, where it was: after the
 * restart, or on its way back.
 */
#include <string.h>

#include "base/log.h"
#include "engine/private.h"

static const struct job_record *last_record(struct manager *manager, const struct device *device)
{
	const struct job_record *last = NULL;

	for (size_t i = 0; i < manager->job_count; i++) {
		const struct job_record *record = &manager->jobs[i]->job.record;

		if (strcmp(record->device_id, device->id) == 0 && (!last || record->id > last->id))
			last = record;
	}
	return last;
}

/* Given up on the way back, and it has started anew since: before, trying again would have the same end. */
static bool was_going_back(const struct device *device, const struct job_record *record)
{
	return record->reason != REASON_DEVICE_LOST && record->previous_slot >= 0 &&
	       device->now.boot.total != record->boots_before;
}

static bool was_given_up(const struct device *device, const struct job_record *record)
{
	if (record->type != JOB_INSTALL || record->phase != JOB_FAILED || record->target_slot < 0)
		return false;
	return was_going_back(device, record) ||
	       (record->reason == REASON_DEVICE_LOST && record->is_activated);
}

static bool runs_lost_update(const struct device *device, const struct job_record *record)
{
	int running = engine_running_slot(&device->now);
	const struct kernel_slot *slot;

	if (!was_given_up(device, record) || running < 0 || running != record->target_slot)
		return false;
	slot = &device->now.slots[running];
	if (slot->digest[0])
		return strcmp(slot->digest, record->digest) == 0;
	return slot->version[0] && strcmp(slot->version, record->version) == 0;
}

static bool may_be_on_trial(const struct device *device)
{
	return device->now.boot.is_present && (device->now.boot.state == KERNEL_BOOT_TRIAL ||
					       device->now.boot.state == KERNEL_BOOT_UNKNOWN);
}

static bool slot_is_spoilt(const struct kernel_slot *slot)
{
	return slot->state == KERNEL_SLOT_PARTIAL || slot->state == KERNEL_SLOT_INVALID_IMAGE;
}

/* As far as a slot says what it holds. */
static bool holds(const struct kernel_slot *slot, const char *digest, const char *version)
{
	if (slot->digest[0])
		return strcmp(slot->digest, digest) == 0;
	return slot->version[0] && strcmp(slot->version, version) == 0;
}

/*
 * The only slot was to get its backup back, or what was written to it did not get there whole. Whatever else it holds
 * by now somebody else has put there.
 */
static bool needs_backup(const struct device *device, const struct job_record *record)
{
	const struct kernel_slot *slot = &device->now.slots[0];

	if (device->now.num_slots != 1 || record->target_slot != 0 || !record->backup_digest[0] ||
	    record->phase != JOB_FAILED || device->now.boot.total == record->boots_before)
		return false;
	if (slot_is_spoilt(slot))
		return true;
	if (record->type != JOB_INSTALL || record->reason == REASON_DEVICE_LOST)
		return false;
	return holds(slot, record->digest, record->version) ||
	       (holds(slot, record->backup_digest, record->version_before) &&
		device->now.boot.is_present && device->now.boot.state == KERNEL_BOOT_TRIAL);
}

/* How the job goes on. */
enum adoption { ADOPT_NOTHING, ADOPT_TRIAL, ADOPT_GOING_BACK, ADOPT_RESTORING };

static enum adoption judge(const struct device *device, const struct job_record *record)
{
	if (needs_backup(device, record))
		return ADOPT_RESTORING;
	if (!may_be_on_trial(device) || !runs_lost_update(device, record))
		return ADOPT_NOTHING;
	return was_going_back(device, record) ? ADOPT_GOING_BACK : ADOPT_TRIAL;
}

/* An update that was lost was not taken back for another reason; a backup that was asked for needs none. */
static enum reason reason_to_restore(const struct job_record *lost)
{
	return lost->type == JOB_INSTALL ? lost->reason : REASON_OK;
}

static void go_on(struct job_record *record, enum adoption how, const struct job_record *lost)
{
	switch (how) {
	case ADOPT_RESTORING:
		record->phase = JOB_RESTORING;
		record->reason = reason_to_restore(lost);
		record->is_activated = record->is_committed = false;
		record->restart_tries = record->write_tries = 0;
		break;
	case ADOPT_GOING_BACK:
		record->phase = JOB_REVERTING;
		record->reason = lost->reason;
		record->restart_tries = 0;
		break;
	default:
		record->phase = JOB_RESTARTING;
		record->reason = REASON_OK;
	}
}

struct job_entry *manager_adopt_job(struct manager *manager, struct device *device)
{
	const struct job_record *lost = last_record(manager, device);
	enum adoption how = lost ? judge(device, lost) : ADOPT_NOTHING;
	struct job_record record;
	struct job_entry *entry;
	uint64_t lost_id;

	if (how == ADOPT_NOTHING || manager->is_volatile ||
	    manager_count_unfinished(manager) >= MANAGER_JOBS_MAX)
		return NULL;
	lost_id = lost->id;
	record = *lost;
	record.id = 0;
	go_on(&record, how, lost);
	record.created_usec = manager_wall_clock(manager);
	record.phase_usec = manager_now(manager);
	record.trial_end_usec = 0;
	record.is_confirm_requested = record.is_revert_requested = false;
	if (job_store_new(manager, &record) < 0 ||
	    manager_add_job(manager, &record, NULL, &entry) < 0)
		return NULL;
	entry->job.knowledge.away_since_usec = 0;
	device->job = &entry->job;
	log_notice("%s is back and %s: job %llu goes on as job %llu.", device->id,
		   how == ADOPT_RESTORING ? "needs its backup" : "runs the update on trial",
		   (unsigned long long)lost_id, (unsigned long long)record.id);
	return entry;
}
