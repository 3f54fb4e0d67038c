/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rows tried first in every phase, and the predicates and amendments that several phases share. Pure. */
#include <errno.h>
#include <string.h>

#include "base/macros.h"
#include "engine/rules.h"

bool always(const struct situation *s)
{
	(void)s;
	return true;
}

bool is_from_remote(const struct situation *s)
{
	return s->job->type == JOB_INSTALL && s->job->remote[0];
}

bool is_revert_requested(const struct situation *s)
{
	return s->job->is_revert_requested;
}

bool target_has_gone(const struct situation *s)
{
	return !s->target;
}

bool target_holds_image(const struct situation *s)
{
	/* Not by its length: what wraps an image (a DFU suffix) counts for the digest and is not stored. */
	return s->target && s->job->digest[0] && strcmp(s->target->digest, s->job->digest) == 0;
}

bool target_is_chosen(const struct situation *s)
{
	if (!s->target)
		return false;
	/*
	 * A device with one slot starts what it holds: only a trial has to be armed, where the kernel can. It cannot
	 * when it forgot (the host died after the write) that what is called confirmed has not run yet.
	 */
	if (s->device->num_slots == 1 &&
	    (!s->device->boot.is_present || s->device->boot.state == KERNEL_BOOT_TRIAL ||
	     s->target->state == KERNEL_SLOT_CONFIRMED))
		return true;
	return s->target->state == KERNEL_SLOT_PENDING ||
	       (s->device->boot.next_slot == s->job->target_slot &&
		s->running != s->job->target_slot);
}

bool target_is_running(const struct situation *s)
{
	return s->target && s->running == s->job->target_slot;
}

bool target_runs_otherwise(const struct situation *s)
{
	if (!target_is_running(s))
		return false;
	if (s->target->digest[0] && strcmp(s->target->digest, s->job->digest) != 0)
		return true;
	return s->target->version[0] && s->job->version[0] &&
	       strcmp(s->target->version, s->job->version) != 0;
}

bool previous_is_running(const struct situation *s)
{
	return s->previous && s->running == s->job->previous_slot &&
	       s->running != s->job->target_slot;
}

bool device_is_idle(const struct situation *s)
{
	return s->device->status == KERNEL_STATUS_IDLE;
}

/* What could start again one day; a slot that cannot say what it holds may. */
bool slot_is_worth_a_backup(const struct situation *s, int slot)
{
	const struct kernel_slot *k = &s->device->slots[slot];

	return k->is_readable && k->state != KERNEL_SLOT_EMPTY && k->state != KERNEL_SLOT_PARTIAL &&
	       k->state != KERNEL_SLOT_INVALID_IMAGE &&
	       (s->device->num_slots == 1 || s->policy->backs_up_spares);
}

bool has_way_back_by_backup(const struct situation *s)
{
	return s->device->num_slots == 1 && s->job->target_slot == 0 && s->job->backup_digest[0];
}

bool only_slot_was_refused(const struct situation *s)
{
	return s->device->num_slots == 1 && s->target && device_is_idle(s) &&
	       s->target->state == KERNEL_SLOT_INVALID_IMAGE;
}

bool error_is_lasting(int error)
{
	switch (-error) {
	case 0:
	case EAGAIN:
	case EBUSY:
	case ECONNRESET:
	case EINTR:
	case EIO: /* a wire may be better next time */
	case ENODEV:
	case ENOMEM:
	case EPIPE:
	case EPROTO:
	case ETIMEDOUT:
		return false;
	default:
		return true;
	}
}

bool was_ordered(const struct situation *s, enum job_action action)
{
	return s->knowledge->last_action == action && s->knowledge->last_error == 0;
}

static uint64_t later(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static uint64_t sum(uint64_t time_usec, uint64_t span_usec)
{
	return time_usec > UINT64_MAX - span_usec ? UINT64_MAX : time_usec + span_usec;
}

uint64_t waiting_since(const struct situation *s)
{
	return later(later(s->job->phase_usec, s->knowledge->resumed_usec),
		     s->knowledge->last_usec);
}

static uint64_t restart_deadline(const struct situation *s)
{
	/* A device that cannot restart itself waits for a person to pull the plug. */
	bool by_hand = s->device && !s->device->can_restart;

	return sum(waiting_since(s),
		   by_hand ? s->policy->reappear_timeout_usec : s->policy->restart_timeout_usec);
}

bool restart_has_timed_out(const struct situation *s)
{
	return s->now_usec >= restart_deadline(s);
}

void at_once(const struct situation *s, struct job_step *step)
{
	step->wake_usec = s->now_usec;
}

void until_restart_timeout(const struct situation *s, struct job_step *step)
{
	step->wake_usec = restart_deadline(s);
}

void begin_reverting(const struct situation *s, struct job_step *step)
{
	(void)s;
	step->next.is_activated = false;
	step->next.restart_tries = 0;
	step->next.trial_end_usec = 0;
}

void begin_restoring(const struct situation *s, struct job_step *step)
{
	begin_reverting(s, step);
	step->next.is_committed = false;
	step->next.write_tries = 0;
}

void reason_of_work(const struct situation *s, struct job_step *step)
{
	if (step->next.reason == REASON_OK)
		step->next.reason = s->knowledge->reason == REASON_OK ? REASON_INTERNAL :
									s->knowledge->reason;
}

void reason_of_order(const struct situation *s, struct job_step *step)
{
	if (step->next.reason != REASON_OK)
		return;
	/* The kernel has no trial to confirm any more: the device is on its way back. */
	if (s->knowledge->last_action == ACTION_CONFIRM && s->knowledge->last_error == -ENOENT)
		step->next.reason = REASON_ATTEMPTS_EXHAUSTED;
	else
		step->next.reason = s->knowledge->last_error ?
					    reason_from_errno(s->knowledge->last_error) :
					    REASON_TRANSFER_FAILED;
}

void note_restart(const struct situation *s, struct job_step *step)
{
	bool is_repetition = s->knowledge->last_action == ACTION_RESTART &&
			     s->knowledge->last_error != 0;

	if (!is_repetition)
		step->next.restart_tries++;
	step->next.is_activated = true;
	step->next.boots_before = s->device->boot.total;
}

void until_next_boot(const struct situation *s, struct job_step *step)
{
	step->next.boots_before = s->device->boot.total;
}

/* The rows. */

static bool is_cancelled(const struct situation *s)
{
	return s->job->is_cancel_requested && job_is_cancellable(s->job);
}

static bool clock_went_back(const struct situation *s)
{
	return s->now_usec < s->job->phase_usec ||
	       (s->job->trial_end_usec &&
		s->job->trial_end_usec > sum(s->now_usec, s->policy->trial_usec));
}

static void anchor_anew(const struct situation *s, struct job_step *step)
{
	if (s->now_usec < s->job->phase_usec)
		step->next.phase_usec = s->now_usec;
	if (s->job->trial_end_usec)
		step->next.trial_end_usec = sum(s->now_usec, s->policy->trial_usec);
	at_once(s, step);
}

/* It may count its boots from nought when it comes back: whatever it says then, it has started since (adopt.c). */
static void forget_boots(const struct situation *s, struct job_step *step)
{
	if (s->job->phase == JOB_WRITING || s->job->phase == JOB_REVERTING ||
	    s->job->phase == JOB_RESTORING)
		step->next.boots_before = STEP_BOOTS_UNKNOWN;
}

static uint64_t away_deadline(const struct situation *s)
{
	if (s->job->phase == JOB_RESTARTING || s->job->phase == JOB_REVERTING)
		return sum(waiting_since(s), s->policy->restart_timeout_usec);
	if (s->job->phase == JOB_TRIAL)
		return sum(s->knowledge->away_since_usec, STEP_TRIAL_AWAY_MAX_USEC);
	return sum(s->knowledge->away_since_usec, s->policy->reappear_timeout_usec);
}

static bool is_lost(const struct situation *s)
{
	return !s->device && s->now_usec >= away_deadline(s);
}

static bool is_away(const struct situation *s)
{
	return !s->device;
}

static void until_away_deadline(const struct situation *s, struct job_step *step)
{
	step->wake_usec = away_deadline(s);
}

/* Where nothing but a version is known, one that was there before the update proves nothing. */
static bool holds_new_image(const struct kernel_slot *slot, const struct job_record *job)
{
	if (slot->digest[0])
		return strcmp(slot->digest, job->digest) == 0;
	return slot->version[0] && strcmp(slot->version, job->version) == 0 &&
	       strcmp(job->version, job->version_before) != 0;
}

static bool holds_by_version(const struct kernel_slot *slot, const struct job_record *job)
{
	return slot->version[0] && strcmp(slot->version, job->version) == 0;
}

/*
 * A boot loader that swaps (MCUboot) always starts slot 0 and moves the images: at the restart the
 * new one changes places with the old one, and again when it is taken back.
 */
static bool images_changed_places(const struct situation *s)
{
	bool may_have_restarted = s->job->phase == JOB_RESTARTING ||
				  s->job->phase == JOB_CHECKING || s->job->phase == JOB_TRIAL ||
				  s->job->phase == JOB_REVERTING;

	if (!may_have_restarted || !s->target || !s->previous ||
	    s->job->target_slot == s->job->previous_slot)
		return false;
	/* The version of a revert is that of the firmware to go back to. */
	if (s->job->type == JOB_REVERT)
		return holds_by_version(s->target, s->job) &&
		       !holds_by_version(s->previous, s->job);
	return holds_new_image(s->previous, s->job) && !holds_new_image(s->target, s->job);
}

static void follow_images(const struct situation *s, struct job_step *step)
{
	step->next.target_slot = s->job->previous_slot;
	step->next.previous_slot = s->job->target_slot;
	at_once(s, step);
}

static const struct rule common[] = {
	{ "cancelled", "Somebody cancelled the job before anything was written.", is_cancelled,
	  ACTION_FINISH, JOB_CANCELLED, REASON_CANCELLED, NULL },
	{ "clock-went-back", "The clock shows an earlier time than the record: spans begin anew.",
	  clock_went_back, ACTION_WAIT, STAYS, REASON_OK, anchor_anew },
	{ "device-lost", "The device is away for longer than allowed in this phase.", is_lost,
	  ACTION_FINISH, JOB_FAILED, REASON_DEVICE_LOST, forget_boots },
	{ "device-away", "The device is away: wait for it to come back.", is_away, ACTION_WAIT,
	  STAYS, REASON_OK, until_away_deadline },
	{ "images-changed-places",
	  "The boot loader swapped the images of both slots: the job is about the images.",
	  images_changed_places, ACTION_WAIT, STAYS, REASON_OK, follow_images },
};

const struct rule_table rules_common = { JOB_PHASE_INVALID, common, ARRAY_SIZE(common) };
