/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Rows of the phase backing-up: what the target slot holds is read back and kept before it is overwritten. Nothing of
 * the device is changed here. Pure.
 */
#include <string.h>

#include "base/macros.h"
#include "engine/rules.h"

static bool is_backing_up(const struct situation *s)
{
	return s->knowledge->back_up == WORK_RUNNING;
}

static bool is_busy(const struct situation *s)
{
	return !device_is_idle(s);
}

static bool not_begun(const struct situation *s)
{
	return s->knowledge->back_up == WORK_NONE;
}

static bool has_failed(const struct situation *s)
{
	return s->knowledge->back_up == WORK_FAILED;
}

static bool is_install(const struct situation *s)
{
	return s->job->type == JOB_INSTALL;
}

/* Without it a bad update could not be taken back. Going back itself is never refused for want of a backup. */
static bool needed_one_failed(const struct situation *s)
{
	return has_failed(s) && is_install(s) && s->device->num_slots == 1 &&
	       !(s->job->flags & MANAGER_FLAG_NO_WAY_BACK);
}

static bool install_goes_on_without(const struct situation *s)
{
	return has_failed(s) && is_install(s);
}

static bool scheduled_goes_on_without(const struct situation *s)
{
	return install_goes_on_without(s) && is_scheduled(s);
}

static void take_backup(const struct situation *s, struct job_step *step)
{
	const struct job_backup *made = &s->knowledge->made;

	/* Where there is another slot that is the way back. */
	if (s->device->num_slots > 1)
		return;
	memcpy(step->next.backup_digest, made->digest, sizeof(made->digest));
	step->next.backup_length_bytes = made->length_bytes;
}

static const struct rule backing_up[] = {
	{ "slot-gone", "The device came back with fewer slots.", target_has_gone, ACTION_FINISH,
	  JOB_FAILED, REASON_NO_SUCH_SLOT, NULL },
	{ "backing-up", "The worker reads the slot back.", is_backing_up, ACTION_WAIT, STAYS,
	  REASON_OK, NULL },
	{ "device-busy", "The device does something: read it back afterwards.", is_busy,
	  ACTION_WAIT, STAYS, REASON_OK, NULL },
	{ "back-up", "What the slot holds is not saved (or a crash came between): read it back.",
	  not_begun, ACTION_BACK_UP, STAYS, REASON_OK, NULL },
	{ "backup-failed",
	  "The only slot could not be saved, and nobody said to do it all the same: change nothing.",
	  needed_one_failed, ACTION_FINISH, JOB_FAILED, REASON_OK, reason_of_work },
	{ "wait-without-backup",
	  "It could not be saved, which nobody minds; the job was begun by itself: ask whether it may write.",
	  scheduled_goes_on_without, ACTION_WAIT, JOB_WAITING, REASON_OK, NULL },
	{ "write-without-backup",
	  "It could not be saved; there is another slot to go back to, or nobody minds.",
	  install_goes_on_without, ACTION_WAIT, JOB_WRITING, REASON_OK, NULL },
	{ "restore-without-backup", "It could not be saved; going back matters more.", has_failed,
	  ACTION_WAIT, JOB_RESTORING, REASON_OK, begin_restoring },
	{ "backed-up-wait",
	  "What the slot held is safe; the job was begun by itself: ask whether it may write.",
	  is_scheduled, ACTION_WAIT, JOB_WAITING, REASON_OK, take_backup },
	{ "backed-up", "What the slot held is safe: write the new image.", is_install, ACTION_WAIT,
	  JOB_WRITING, REASON_OK, take_backup },
	{ "backed-up-restore", "What the slot held is safe: write the backup that was asked for.",
	  always, ACTION_WAIT, JOB_RESTORING, REASON_OK, begin_restoring },
};
const struct rule_table rules_backing_up = { JOB_BACKING_UP, backing_up, ARRAY_SIZE(backing_up) };
