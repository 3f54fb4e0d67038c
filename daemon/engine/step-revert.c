/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Rows of the phase reverting: until the previous slot runs and will run after the next restart too. Serves both an
 * update that is taken back and a revert that somebody asked for. Pure.
 */
#include "base/macros.h"
#include "engine/rules.h"

static bool is_busy(const struct situation *s)
{
	return !device_is_idle(s);
}

/* A delayed or doubled order chose it for one boot only: at the next it would leave again. */
static bool old_is_on_trial(const struct situation *s)
{
	return previous_is_running(s) && s->device->boot.is_present &&
	       s->device->boot.state == KERNEL_BOOT_TRIAL;
}

static bool old_is_safe(const struct situation *s)
{
	bool stays = !s->device->boot.is_present || s->device->boot.next_slot < 0 ||
		     s->device->boot.next_slot == s->job->previous_slot;

	return previous_is_running(s) && stays && !target_is_chosen(s);
}

static bool revert_is_done(const struct situation *s)
{
	return s->job->type == JOB_REVERT && old_is_safe(s);
}

static void clear_reason(const struct situation *s, struct job_step *step)
{
	(void)s;
	step->next.reason = REASON_OK;
}

static bool there_is_no_old(const struct situation *s)
{
	return !s->previous;
}

static bool old_is_not_good(const struct situation *s)
{
	return !previous_is_running(s) && (s->previous->state == KERNEL_SLOT_EMPTY ||
					   s->previous->state == KERNEL_SLOT_INVALID_IMAGE ||
					   s->previous->state == KERNEL_SLOT_PARTIAL);
}

static bool is_chosen(const struct situation *s)
{
	if (s->device->boot.is_present && s->device->boot.next_slot >= 0)
		return s->device->boot.next_slot == s->job->previous_slot && !target_is_chosen(s);
	return s->job->is_activated || was_ordered(s, ACTION_ACTIVATE_PREVIOUS);
}

static bool must_choose_old(const struct situation *s)
{
	return !is_chosen(s);
}

static bool waits_for_boot(const struct situation *s)
{
	return (was_ordered(s, ACTION_RESTART) || !s->device->can_restart) &&
	       !restart_has_timed_out(s);
}

static bool restarts_are_used_up(const struct situation *s)
{
	return s->job->restart_tries >= STEP_RESTARTS_MAX || !s->device->can_restart;
}

static bool stayed_busy(const struct situation *s)
{
	return is_busy(s) && restart_has_timed_out(s);
}

static const struct rule reverting[] = {
	{ "write-backup",
	  "The device has no other slot, but what its only one held before is saved: write it back.",
	  has_way_back_by_backup, ACTION_WAIT, JOB_RESTORING, REASON_OK, begin_restoring },
	{ "no-old-slot", "There is no previous slot to go back to.", there_is_no_old, ACTION_FINISH,
	  JOB_FAILED, REASON_NO_REVERT_SLOT, NULL },
	{ "device-stuck", "The device does not come to rest.", stayed_busy, ACTION_FINISH,
	  JOB_FAILED, REASON_DID_NOT_START, until_next_boot },
	{ "restarting", "The device is restarting, or finishes something.", is_busy, ACTION_WAIT,
	  STAYS, REASON_OK, until_restart_timeout },
	{ "old-on-trial", "The old firmware runs, but on trial: keep it.", old_is_on_trial,
	  ACTION_CONFIRM, STAYS, REASON_OK, NULL },
	{ "revert-done", "The slot that was asked for runs and will run.", revert_is_done,
	  ACTION_FINISH, JOB_DONE, REASON_OK, clear_reason },
	{ "reverted", "The old firmware runs and will run.", old_is_safe, ACTION_FINISH,
	  JOB_REVERTED, REASON_OK, NULL },
	{ "old-slot-bad", "The previous slot does not hold good firmware any more.",
	  old_is_not_good, ACTION_FINISH, JOB_FAILED, REASON_NO_REVERT_SLOT, NULL },
	{ "choose-old", "The next boot would not start the previous slot: choose it for good.",
	  must_choose_old, ACTION_ACTIVATE_PREVIOUS, STAYS, REASON_OK, NULL },
	{ "waiting-for-boot", "The device was told to restart, or only a person can do it.",
	  waits_for_boot, ACTION_WAIT, STAYS, REASON_OK, until_restart_timeout },
	{ "will-not-go-back", "Restarted often enough, and the previous slot still does not run.",
	  restarts_are_used_up, ACTION_FINISH, JOB_FAILED, REASON_DID_NOT_START, until_next_boot },
	{ "restart-old", "The previous slot is chosen: restart the device.", always, ACTION_RESTART,
	  STAYS, REASON_OK, note_restart },
};
const struct rule_table rules_reverting = { JOB_REVERTING, reverting, ARRAY_SIZE(reverting) };
