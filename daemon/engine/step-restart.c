/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Rows of the phases restarting and checking: the written slot is chosen for one trial boot, the device restarts, and
 * what runs afterwards is compared with what was written. No slot is ever chosen without its digest. Pure.
 */
#include "base/macros.h"
#include "engine/rules.h"

/* Fewer boots than noted prove none: the count begins anew where nobody but the kernel keeps it. */
bool has_restarted(const struct situation *s)
{
	return s->job->restart_tries > 0 &&
	       (s->device->boot.is_present ? s->device->boot.total > s->job->boots_before :
					     s->knowledge->was_away);
}

/* Nobody ordered it: the power failed after the write, and a device with one slot starts what it holds. */
static bool has_booted_since_write(const struct situation *s)
{
	return s->job->is_committed && s->device->boot.is_present &&
	       s->device->boot.state != KERNEL_BOOT_UNKNOWN &&
	       s->device->boot.total > s->job->boots_before;
}

static bool restarts_are_used_up(const struct situation *s)
{
	return s->job->restart_tries >= STEP_RESTARTS_MAX && !was_ordered(s, ACTION_RESTART);
}

/*
 * With one slot only the boot counter (or the device's absence) tells old firmware from new. Where neither could be seen,
 * because the host died each time, there is still nothing else that could run after so many restarts.
 */
static bool target_has_started(const struct situation *s)
{
	return target_is_running(s) && device_is_idle(s) &&
	       (s->device->num_slots > 1 || has_restarted(s) || has_booted_since_write(s) ||
		(restarts_are_used_up(s) && target_holds_image(s)));
}

/* The slot was good when this phase began: only a boot, ordered or not, can have shown otherwise. */
static bool target_was_refused(const struct situation *s)
{
	return s->target->state == KERNEL_SLOT_INVALID_IMAGE;
}

static bool other_runs_after_restart(const struct situation *s)
{
	return (has_restarted(s) || target_was_refused(s)) && device_is_idle(s) &&
	       s->running >= 0 && !target_is_running(s) && !target_is_chosen(s);
}

static bool fell_back(const struct situation *s)
{
	return other_runs_after_restart(s) && s->device->boot.state == KERNEL_BOOT_FALLBACK &&
	       s->device->boot.last_restart_reason == KERNEL_RESTART_ATTEMPTS_EXHAUSTED;
}

static bool never_started(const struct situation *s)
{
	/* A device that says "unknown" forgot the choice when the host restarted: that proves nothing. */
	return other_runs_after_restart(s) &&
	       (s->device->boot.state != KERNEL_BOOT_UNKNOWN || target_was_refused(s));
}

static bool is_refused_after_restart(const struct situation *s)
{
	return has_restarted(s) && only_slot_was_refused(s);
}

static bool is_busy(const struct situation *s)
{
	return !device_is_idle(s) || s->target->status != KERNEL_STATUS_IDLE;
}

static bool not_chosen_but_good(const struct situation *s)
{
	return !target_is_chosen(s) && target_holds_image(s);
}

static bool chosen_but_not_good(const struct situation *s)
{
	return !target_holds_image(s);
}

static bool waits_for_boot(const struct situation *s)
{
	return was_ordered(s, ACTION_RESTART) || !s->device->can_restart;
}

static void write_again(const struct situation *s, struct job_step *step)
{
	(void)s;
	step->next.is_committed = false;
	step->next.is_activated = false;
}

static const struct rule restarting[] = {
	{ "slot-gone", "The device came back with fewer slots.", target_has_gone, ACTION_FINISH,
	  JOB_FAILED, REASON_NO_SUCH_SLOT, NULL },
	{ "asked-to-go-back", "Somebody asked to go back.", is_revert_requested, ACTION_WAIT,
	  JOB_REVERTING, REASON_REQUESTED, begin_reverting },
	{ "started", "The device runs the new slot: see what it is.", target_has_started,
	  ACTION_WAIT, JOB_CHECKING, REASON_OK, NULL },
	{ "fell-back", "All attempts are used up and the device went back by itself.", fell_back,
	  ACTION_WAIT, JOB_REVERTING, REASON_ATTEMPTS_EXHAUSTED, begin_reverting },
	{ "only-slot-refused", "The device restarted and does not start what its only slot holds.",
	  is_refused_after_restart, ACTION_WAIT, JOB_REVERTING, REASON_DID_NOT_START,
	  begin_reverting },
	{ "never-started",
	  "The device restarted into the old slot: it would not start the new one.", never_started,
	  ACTION_WAIT, JOB_REVERTING, REASON_DID_NOT_START, begin_reverting },
	{ "restart-timeout", "The device has not started the new slot in time.",
	  restart_has_timed_out, ACTION_WAIT, JOB_REVERTING, REASON_DID_NOT_START,
	  begin_reverting },
	{ "restarting", "The device is restarting.", is_busy, ACTION_WAIT, STAYS, REASON_OK,
	  until_restart_timeout },
	{ "too-many-restarts", "The device was restarted often enough and still runs the old slot.",
	  restarts_are_used_up, ACTION_WAIT, JOB_REVERTING, REASON_DID_NOT_START, begin_reverting },
	{ "activate",
	  "The slot holds the authenticated image and is not chosen yet (or the device forgot): choose it.",
	  not_chosen_but_good, ACTION_ACTIVATE, STAYS, REASON_OK, NULL },
	{ "slot-changed", "The slot cannot prove any more that it holds the image: write it again.",
	  chosen_but_not_good, ACTION_WAIT, JOB_WRITING, REASON_OK, write_again },
	{ "waiting-for-boot", "The device was told to restart, or only a person can do it.",
	  waits_for_boot, ACTION_WAIT, STAYS, REASON_OK, until_restart_timeout },
	{ "restart", "The slot is chosen: restart the device.", always, ACTION_RESTART, STAYS,
	  REASON_OK, note_restart },
};
const struct rule_table rules_restarting = { JOB_RESTARTING, restarting, ARRAY_SIZE(restarting) };

static bool target_does_not_run(const struct situation *s)
{
	return !target_is_running(s) && device_is_idle(s) && s->running >= 0;
}

static bool target_is_unknown(const struct situation *s)
{
	return !target_is_running(s) || (!s->target->digest[0] && !s->target->version[0]);
}

static bool never_identified(const struct situation *s)
{
	return target_is_unknown(s) && restart_has_timed_out(s);
}

static void begin_trial(const struct situation *s, struct job_step *step)
{
	step->next.trial_end_usec = s->now_usec + s->policy->trial_usec;
	step->next.boots_before = s->device->boot.total;
	step->next.attempts = s->device->boot.attempts;
	step->next.trial_boots = 0;
}

static const struct rule checking[] = {
	{ "asked-to-go-back", "Somebody asked to go back.", is_revert_requested, ACTION_WAIT,
	  JOB_REVERTING, REASON_REQUESTED, begin_reverting },
	{ "gone-again", "The device does not run the new slot any more.", target_does_not_run,
	  ACTION_WAIT, JOB_RESTARTING, REASON_OK, NULL },
	{ "wrong-version", "What runs says it is another firmware than the one written.",
	  target_runs_otherwise, ACTION_WAIT, JOB_REVERTING, REASON_WRONG_VERSION_RUNNING,
	  begin_reverting },
	{ "never-identified", "What runs does not say what it is, for too long.", never_identified,
	  ACTION_WAIT, JOB_REVERTING, REASON_WRONG_VERSION_RUNNING, begin_reverting },
	{ "not-identified", "What runs does not say yet what it is.", target_is_unknown,
	  ACTION_WAIT, STAYS, REASON_OK, until_restart_timeout },
	{ "right-version", "The new firmware runs: its trial begins.", always, ACTION_WAIT,
	  JOB_TRIAL, REASON_OK, begin_trial },
};
const struct rule_table rules_checking = { JOB_CHECKING, checking, ARRAY_SIZE(checking) };
