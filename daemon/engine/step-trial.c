/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Rows of the phase trial: the new firmware runs and has to stay up, boots are counted, then it is healthy and kept, or
 * taken back. The device is confirmed only from here, and the floor rises only with the end of this phase. Pure.
 */
#include "base/macros.h"
#include "engine/rules.h"

static bool device_fell_back(const struct situation *s)
{
	return s->device->boot.is_present && s->device->boot.state == KERNEL_BOOT_FALLBACK;
}

static bool device_went_back_exhausted(const struct situation *s)
{
	return s->running >= 0 && !target_is_running(s) && device_is_idle(s) &&
	       s->device->boot.last_restart_reason == KERNEL_RESTART_ATTEMPTS_EXHAUSTED;
}

static bool device_went_back(const struct situation *s)
{
	return s->running >= 0 && !target_is_running(s) && device_is_idle(s);
}

static bool running_is_unknown(const struct situation *s)
{
	return !target_is_running(s);
}

static bool device_forgot(const struct situation *s)
{
	return s->device->boot.is_present && s->device->boot.state == KERNEL_BOOT_UNKNOWN &&
	       !s->knowledge->cannot_restore && device_is_idle(s);
}

/*
 * It was switched on again, or the host was: the time it was off is no time it stayed up. Not the whole trial anew, or
 * what is switched off every evening would never be kept.
 */
static void note_boots(const struct situation *s, struct job_step *step)
{
	uint64_t settle_usec = s->policy->trial_usec < STEP_TRIAL_SETTLE_USEC ?
				       s->policy->trial_usec :
				       STEP_TRIAL_SETTLE_USEC;

	if (step->next.trial_end_usec < s->now_usec + settle_usec)
		step->next.trial_end_usec = s->now_usec + settle_usec;
	step->next.boots_before = s->device->boot.total;
	if (s->device->boot.attempts > step->next.attempts)
		step->next.attempts = s->device->boot.attempts;
}

/* Not a sign of bad firmware: somebody switched the device on, or told it to restart. */
static bool boot_was_wanted(const struct situation *s)
{
	return s->device->boot.last_restart_reason == KERNEL_RESTART_POWER_ON ||
	       s->device->boot.last_restart_reason == KERNEL_RESTART_COMMANDED;
}

static bool booted_again(const struct situation *s)
{
	return s->device->boot.is_present && s->device->boot.total > s->job->boots_before;
}

/* A device that could fall back does so by itself; one with a single slot needs us after as many attempts. */
static unsigned trial_boots_max(const struct situation *s)
{
	if (has_way_back_by_backup(s) && s->device->boot.limit > 0 &&
	    s->device->boot.limit < STEP_TRIAL_BOOTS_MAX)
		return s->device->boot.limit - 1;
	return STEP_TRIAL_BOOTS_MAX;
}

static bool booted_too_often(const struct situation *s)
{
	return booted_again(s) && !boot_was_wanted(s) && s->job->trial_boots >= trial_boots_max(s);
}

static bool booted_by_fault(const struct situation *s)
{
	return booted_again(s) && !boot_was_wanted(s);
}

static void begin_staying_up_anew(const struct situation *s, struct job_step *step)
{
	note_boots(s, step);
	step->next.trial_boots++;
	step->next.trial_end_usec = s->now_usec + s->policy->trial_usec;
	at_once(s, step);
}

/* The counter of boots starts at nought again when the module or the host does. */
static bool boots_differ(const struct situation *s)
{
	return s->device->boot.is_present && (s->device->boot.total != s->job->boots_before ||
					      s->device->boot.attempts > s->job->attempts);
}

static void note_boots_at_once(const struct situation *s, struct job_step *step)
{
	note_boots(s, step);
	at_once(s, step);
}

static bool must_stay_up(const struct situation *s)
{
	return s->now_usec < s->job->trial_end_usec && !s->job->is_confirm_requested;
}

static void until_trial_end(const struct situation *s, struct job_step *step)
{
	step->wake_usec = s->job->trial_end_usec;
}

static bool is_busy(const struct situation *s)
{
	return !device_is_idle(s);
}

/* A person's word replaces time and health checks, nothing else. */
static bool health_not_asked(const struct situation *s)
{
	return s->knowledge->health == WORK_NONE && !s->job->is_confirm_requested;
}

static bool health_is_running(const struct situation *s)
{
	return s->knowledge->health == WORK_RUNNING && !s->job->is_confirm_requested;
}

static bool health_is_bad(const struct situation *s)
{
	return s->knowledge->health == WORK_FAILED && !s->job->is_confirm_requested;
}

static void reason_of_health(const struct situation *s, struct job_step *step)
{
	reason_of_work(s, step);
	begin_reverting(s, step);
}

static bool waits_for_person(const struct situation *s)
{
	return !s->policy->auto_confirm && !s->job->is_confirm_requested;
}

static bool not_confirmed_yet(const struct situation *s)
{
	return s->device->boot.is_present && s->device->boot.state == KERNEL_BOOT_TRIAL;
}

static const struct rule trial[] = {
	{ "asked-to-go-back", "Somebody asked to go back.", is_revert_requested, ACTION_WAIT,
	  JOB_REVERTING, REASON_REQUESTED, begin_reverting },
	{ "fell-back", "All attempts are used up and the device went back by itself.",
	  device_fell_back, ACTION_WAIT, JOB_REVERTING, REASON_ATTEMPTS_EXHAUSTED,
	  begin_reverting },
	{ "went-back-exhausted",
	  "The device runs the old slot and says that the attempts were used up.",
	  device_went_back_exhausted, ACTION_WAIT, JOB_REVERTING, REASON_ATTEMPTS_EXHAUSTED,
	  begin_reverting },
	{ "went-back", "The device runs another slot than the one on trial.", device_went_back,
	  ACTION_WAIT, JOB_REVERTING, REASON_DID_NOT_START, begin_reverting },
	{ "only-slot-refused", "The device does not start what its only slot holds any more.",
	  only_slot_was_refused, ACTION_WAIT, JOB_REVERTING, REASON_DID_NOT_START,
	  begin_reverting },
	{ "not-up", "The device is just starting.", running_is_unknown, ACTION_WAIT, STAYS,
	  REASON_OK, until_restart_timeout },
	{ "wrong-version", "What runs says it is another firmware than the one written.",
	  target_runs_otherwise, ACTION_WAIT, JOB_REVERTING, REASON_WRONG_VERSION_RUNNING,
	  begin_reverting },
	{ "device-forgot",
	  "The host restarted and the device cannot say that it is on trial: tell the kernel.",
	  device_forgot, ACTION_RESTORE_ATTEMPTS, STAYS, REASON_OK, note_boots },
	{ "booted-too-often", "Faults and watchdogs restarted it more often than allowed.",
	  booted_too_often, ACTION_WAIT, JOB_REVERTING, REASON_ATTEMPTS_EXHAUSTED,
	  begin_reverting },
	{ "booted-by-fault", "It crashed: it has to stay up for the whole trial time anew.",
	  booted_by_fault, ACTION_WAIT, STAYS, REASON_OK, begin_staying_up_anew },
	{ "booted",
	  "It was switched on again, or counts from nought: no attempt, but it has to settle.",
	  boots_differ, ACTION_WAIT, STAYS, REASON_OK, note_boots_at_once },
	{ "staying-up", "The trial time is not over.", must_stay_up, ACTION_WAIT, STAYS, REASON_OK,
	  until_trial_end },
	{ "busy", "The device does something: wait for its end.", is_busy, ACTION_WAIT, STAYS,
	  REASON_OK, NULL },
	{ "check-health", "It stayed up: ask the health checks.", health_not_asked,
	  ACTION_CHECK_HEALTH, STAYS, REASON_OK, NULL },
	{ "checking-health", "The health checks run.", health_is_running, ACTION_WAIT, STAYS,
	  REASON_OK, NULL },
	{ "unhealthy", "A health check failed.", health_is_bad, ACTION_WAIT, JOB_REVERTING,
	  REASON_OK, reason_of_health },
	{ "waiting-for-person",
	  "It is healthy, and AutoConfirm=no leaves the last word to a person.", waits_for_person,
	  ACTION_WAIT, STAYS, REASON_OK, NULL },
	{ "confirm", "It is good: tell the kernel, so that attempts are not counted any more.",
	  not_confirmed_yet, ACTION_CONFIRM, STAYS, REASON_OK, NULL },
	{ "kept", "It is good and the device knows: the floor rises, the job is done.", always,
	  ACTION_FINISH, JOB_DONE, REASON_OK, NULL },
};
const struct rule_table rules_trial = { JOB_TRIAL, trial, ARRAY_SIZE(trial) };
