/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Rows of the phase restoring: until the device runs the backup. Serves an update of a device with one slot that is taken
 * back, and a backup that somebody wants back. The backup is unpacked and its hash compared before the device is touched,
 * and the kernel's digest of the slot afterwards. There is no trial: this firmware ran here before. Pure.
 */
#include <string.h>

#include "base/macros.h"
#include "engine/rules.h"

static bool target_now_runs(const struct situation *s)
{
	return s->device->num_slots > 1 && target_is_running(s) && s->job->restart_tries == 0;
}

static bool holds_backup(const struct situation *s)
{
	return s->target->image_size_bytes == s->job->backup_length_bytes &&
	       strcmp(s->target->digest, s->job->backup_digest) == 0 &&
	       s->target->state != KERNEL_SLOT_INVALID_IMAGE;
}

static const char *restored_version(const struct situation *s)
{
	return s->job->type == JOB_INSTALL ? s->job->version_before : s->job->version;
}

/* As far as it says: a device that came back as another one in the kernel's eyes may know no digest any more. */
static bool runs_backup(const struct situation *s)
{
	const struct kernel_slot *target = s->target;

	if (has_restarted(s) && device_is_idle(s) && s->running >= 0 &&
	    strcmp(s->device->slots[s->running].digest, s->job->backup_digest) == 0)
		return true; /* also where the boot loader swapped the images of two slots */
	if (!has_restarted(s) || !device_is_idle(s) || !target_is_running(s) ||
	    target->state == KERNEL_SLOT_INVALID_IMAGE || target->state == KERNEL_SLOT_PARTIAL)
		return false;
	if (target->digest[0])
		return holds_backup(s);
	return !target->version[0] || !restored_version(s)[0] ||
	       strcmp(target->version, restored_version(s)) == 0;
}

static bool runs_unconfirmed(const struct situation *s)
{
	return runs_backup(s) && s->device->boot.is_present &&
	       s->device->boot.state == KERNEL_BOOT_TRIAL;
}

static bool runs_after_update(const struct situation *s)
{
	return runs_backup(s) && s->job->type == JOB_INSTALL;
}

static void clear_reason(const struct situation *s, struct job_step *step)
{
	(void)s;
	step->next.reason = REASON_OK;
}

static bool must_choose(const struct situation *s)
{
	return holds_backup(s) && s->device->boot.is_present && !s->job->is_activated &&
	       s->target->state != KERNEL_SLOT_PENDING && !was_ordered(s, ACTION_ACTIVATE_PREVIOUS);
}

static bool waits_for_boot(const struct situation *s)
{
	return holds_backup(s) && (was_ordered(s, ACTION_RESTART) || !s->device->can_restart) &&
	       !restart_has_timed_out(s);
}

static bool restarts_are_used_up(const struct situation *s)
{
	return holds_backup(s) &&
	       (s->job->restart_tries >= STEP_RESTARTS_MAX || !s->device->can_restart);
}

static bool asked_one_is_bad(const struct situation *s)
{
	return s->knowledge->unpack == WORK_FAILED && s->job->type == JOB_RESTORE;
}

static bool there_is_another(const struct situation *s)
{
	return s->knowledge->unpack == WORK_FAILED && s->knowledge->other.digest[0] &&
	       strcmp(s->knowledge->other.digest, s->job->backup_digest) != 0;
}

static void take_other(const struct situation *s, struct job_step *step)
{
	const struct job_backup *other = &s->knowledge->other;

	memcpy(step->next.backup_digest, other->digest, sizeof(other->digest));
	step->next.backup_length_bytes = other->length_bytes;
	if (s->job->type == JOB_INSTALL)
		memcpy(step->next.version_before, other->version, sizeof(other->version));
	else
		memcpy(step->next.version, other->version, sizeof(other->version));
	at_once(s, step);
}

static bool unpacking_failed(const struct situation *s)
{
	return s->knowledge->unpack == WORK_FAILED;
}

static bool is_unpacking(const struct situation *s)
{
	return s->knowledge->unpack == WORK_RUNNING;
}

static bool not_unpacked(const struct situation *s)
{
	return s->knowledge->unpack == WORK_NONE;
}

static bool tries_are_used_up(const struct situation *s)
{
	return s->job->write_tries >= STEP_WRITES_MAX &&
	       !(s->knowledge->last_action == ACTION_LOAD && s->knowledge->last_error != 0);
}

static void note_writing_backup(const struct situation *s, struct job_step *step)
{
	note_load(s, step);
	step->next.is_activated = false;
	step->next.restart_tries = 0;
}

static void give_up(const struct situation *s, struct job_step *step)
{
	reason_of_work(s, step);
	until_next_boot(s, step);
}

static const struct rule restoring[] = {
	{ "slot-gone", "The device came back with fewer slots.", target_has_gone, ACTION_FINISH,
	  JOB_FAILED, REASON_NO_SUCH_SLOT, NULL },
	{ "slot-now-runs",
	  "The device went to the slot that was to be written: never overwrite what runs.",
	  target_now_runs, ACTION_FINISH, JOB_FAILED, REASON_NO_SUCH_SLOT, NULL },
	{ "confirm-backup", "The backup runs, and the device still counts its attempts: tell it.",
	  runs_unconfirmed, ACTION_CONFIRM, STAYS, REASON_OK, NULL },
	{ "reverted", "The device runs what it ran before the update.", runs_after_update,
	  ACTION_FINISH, JOB_REVERTED, REASON_OK, NULL },
	{ "restored", "The device runs the backup that was asked for.", runs_backup, ACTION_FINISH,
	  JOB_DONE, REASON_OK, clear_reason },
	{ "write-timeout", "The write takes longer than any write may.", write_timed_out,
	  ACTION_FINISH, JOB_FAILED, REASON_TRANSFER_FAILED, until_next_boot },
	{ "copying", "The worker copies the image to the kernel.", copy_is_running, ACTION_WAIT,
	  STAYS, REASON_OK, until_write_deadline },
	{ "commit", "All bytes are with the kernel: hand them over.", all_is_received,
	  ACTION_COMMIT, STAYS, REASON_OK, note_commit },
	{ "abort-dead-load", "A load is open and nobody feeds it: drop it.", slot_is_receiving,
	  ACTION_ABORT_LOAD, STAYS, REASON_OK, NULL },
	{ "device-working", "The kernel writes, or the device restarts.", kernel_is_working,
	  ACTION_WAIT, STAYS, REASON_OK, until_write_deadline },
	{ "choose-backup",
	  "The slot holds the backup, as the kernel's digest says: choose it for good.",
	  must_choose, ACTION_ACTIVATE_PREVIOUS, STAYS, REASON_OK, NULL },
	{ "waiting-for-boot", "The device was told to restart, or only a person can do it.",
	  waits_for_boot, ACTION_WAIT, STAYS, REASON_OK, until_restart_timeout },
	{ "will-not-start", "Restarted often enough, and the device does not run the backup.",
	  restarts_are_used_up, ACTION_FINISH, JOB_FAILED, REASON_DID_NOT_START, until_next_boot },
	{ "restart-backup", "The slot holds the backup: restart the device.", holds_backup,
	  ACTION_RESTART, STAYS, REASON_OK, note_restart },
	{ "asked-backup-bad", "The backup that was asked for cannot be used: change nothing.",
	  asked_one_is_bad, ACTION_FINISH, JOB_FAILED, REASON_OK, reason_of_work },
	{ "other-backup", "The backup cannot be used: take the next one that is sound.",
	  there_is_another, ACTION_WAIT, STAYS, REASON_OK, take_other },
	{ "no-sound-backup", "The backup cannot be used, and there is no other.", unpacking_failed,
	  ACTION_FINISH, JOB_FAILED, REASON_OK, give_up },
	{ "unpacking", "The worker unpacks the backup and compares its hash.", is_unpacking,
	  ACTION_WAIT, STAYS, REASON_OK, NULL },
	{ "unpack", "Unpack the backup and compare its hash, before the device is touched.",
	  not_unpacked, ACTION_UNPACK, STAYS, REASON_OK, NULL },
	{ "write-failed", "The backup could not be written, again and again.", tries_are_used_up,
	  ACTION_FINISH, JOB_FAILED, REASON_TRANSFER_FAILED, until_next_boot },
	{ "load",
	  "The backup is sound and the slot does not hold it: begin to write it (once more).",
	  always, ACTION_LOAD, STAYS, REASON_OK, note_writing_backup },
};
const struct rule_table rules_restoring = { JOB_RESTORING, restoring, ARRAY_SIZE(restoring) };
