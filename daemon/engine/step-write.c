/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Rows of the phase writing: until the target slot holds the authenticated image, as the kernel's own digest says.
 * The kernel's picture decides, not what we remember having ordered: so a crash at any point lands in some row. Pure.
 */
#include <errno.h>
#include <string.h>

#include "base/macros.h"
#include "engine/rules.h"

static bool slot_is_idle(const struct situation *s)
{
	return s->target->status == KERNEL_STATUS_IDLE && device_is_idle(s);
}

bool slot_is_receiving(const struct situation *s)
{
	return s->target->status == KERNEL_STATUS_RECEIVING;
}

static uint64_t write_deadline(const struct situation *s)
{
	return waiting_since(s) + s->policy->write_timeout_usec;
}

void until_write_deadline(const struct situation *s, struct job_step *step)
{
	step->wake_usec = write_deadline(s);
}

static bool target_now_runs(const struct situation *s)
{
	return s->device->num_slots > 1 && target_is_running(s) && !target_holds_image(s);
}

/* What the device refused once it does not choose again: it takes a new write to be given another chance. */
static bool holds_image(const struct situation *s)
{
	return slot_is_idle(s) && target_holds_image(s) &&
	       s->target->state != KERNEL_SLOT_INVALID_IMAGE;
}

bool write_timed_out(const struct situation *s)
{
	return s->now_usec >= write_deadline(s) &&
	       (!slot_is_idle(s) || s->knowledge->copy == WORK_RUNNING);
}

bool copy_is_running(const struct situation *s)
{
	return s->knowledge->copy == WORK_RUNNING;
}

static bool order_was_refused(const struct situation *s)
{
	return (s->knowledge->last_action == ACTION_LOAD ||
		s->knowledge->last_action == ACTION_COMMIT) &&
	       error_is_lasting(s->knowledge->last_error);
}

bool all_is_received(const struct situation *s)
{
	return slot_is_receiving(s) && s->knowledge->copy == WORK_SUCCEEDED;
}

void note_commit(const struct situation *s, struct job_step *step)
{
	step->next.is_committed = true;
	step->next.boots_before = s->device->boot.total;
}

bool kernel_is_working(const struct situation *s)
{
	return !slot_is_idle(s) && !slot_is_receiving(s);
}

static bool payload_is_gone(const struct situation *s)
{
	return !s->knowledge->has_payload;
}

/* Half written, and there is no other slot to start from: giving up would leave a dead device. */
static bool only_slot_is_spoilt(const struct situation *s)
{
	return s->device->num_slots == 1 &&
	       (s->target->state == KERNEL_SLOT_PARTIAL || s->target->state == KERNEL_SLOT_EMPTY ||
		s->target->state == KERNEL_SLOT_INVALID_IMAGE);
}

/* What a crash or a pulled cable cut short proves nothing against the device: it may be tried again. */
static bool last_write_was_bad(const struct situation *s)
{
	return s->target->error[0] || s->knowledge->copy == WORK_FAILED ||
	       (was_ordered(s, ACTION_COMMIT) && !s->knowledge->was_away && s->target->digest[0]);
}

/* Transient refusals (EBUSY, a wire that hiccups) have their own limit in the table's gate. */
static bool tries_are_used_up(const struct situation *s)
{
	bool last_load_failed = s->knowledge->last_action == ACTION_LOAD &&
				s->knowledge->last_error != 0;
	unsigned limit = s->policy->write_tries_max;

	if ((only_slot_is_spoilt(s) || !last_write_was_bad(s)) && limit < STEP_WRITES_MAX)
		limit = STEP_WRITES_MAX;
	return s->job->write_tries >= limit && !last_load_failed;
}

/* The device is told to go back to what it ran, rather than be left without firmware. */
static bool must_write_backup(const struct situation *s)
{
	return only_slot_is_spoilt(s) && has_way_back_by_backup(s) &&
	       (payload_is_gone(s) || tries_are_used_up(s));
}

static void reason_of_write(const struct situation *s, struct job_step *step)
{
	if (s->knowledge->copy == WORK_FAILED)
		reason_of_work(s, step);
	begin_reverting(s, step);
}

static bool wrong_digest_for_good(const struct situation *s)
{
	return tries_are_used_up(s) && s->job->is_committed && !s->target->error[0] &&
	       s->target->digest[0];
}

static bool copy_failed_for_good(const struct situation *s)
{
	return tries_are_used_up(s) && s->knowledge->copy == WORK_FAILED;
}

void note_load(const struct situation *s, struct job_step *step)
{
	bool is_repetition = s->knowledge->last_action == ACTION_LOAD &&
			     s->knowledge->last_error != 0;

	step->next.is_committed = false;
	if (!is_repetition)
		step->next.write_tries++;
}

/*
 * A boot that was told before the end of the write started what the slot held before. One too many costs only a
 * restart, so only a device that cannot be told to restart is believed to have started since.
 */
static void no_restarts_yet(const struct situation *s, struct job_step *step)
{
	step->next.is_activated = false;
	if (s->device->can_restart)
		step->next.boots_before = s->device->boot.total;
}

static const struct rule writing[] = {
	{ "slot-gone", "The device came back with fewer slots.", target_has_gone, ACTION_FINISH,
	  JOB_FAILED, REASON_NO_SUCH_SLOT, NULL },
	{ "slot-now-runs",
	  "The device went to the slot that was to be written: never overwrite what runs.",
	  target_now_runs, ACTION_FINISH, JOB_FAILED, REASON_NO_SUCH_SLOT, NULL },
	{ "slot-holds-image",
	  "The kernel's digest of the slot is the authenticated one: choose the slot.", holds_image,
	  ACTION_WAIT, JOB_RESTARTING, REASON_OK, no_restarts_yet },
	{ "write-timeout", "The write takes longer than any write may.", write_timed_out,
	  ACTION_FINISH, JOB_FAILED, REASON_TRANSFER_FAILED, NULL },
	{ "copying", "The worker copies the image to the kernel.", copy_is_running, ACTION_WAIT,
	  STAYS, REASON_OK, until_write_deadline },
	{ "write-refused",
	  "The kernel refuses the image or the slot, and trying again cannot help.",
	  order_was_refused, ACTION_FINISH, JOB_FAILED, REASON_OK, reason_of_order },
	{ "commit",
	  "All bytes are with the kernel: hand them over; from here no process is needed.",
	  all_is_received, ACTION_COMMIT, STAYS, REASON_OK, note_commit },
	{ "abort-dead-load",
	  "A load is open and nobody feeds it (a crash, or the worker failed): drop it.",
	  slot_is_receiving, ACTION_ABORT_LOAD, STAYS, REASON_OK, NULL },
	{ "kernel-working", "The kernel erases, writes and verifies by itself.", kernel_is_working,
	  ACTION_WAIT, STAYS, REASON_OK, until_write_deadline },
	{ "spoilt-for-good",
	  "The only slot is half written and the image cannot be written: go back to what it held.",
	  must_write_backup, ACTION_WAIT, JOB_REVERTING, REASON_TRANSFER_FAILED, reason_of_write },
	{ "payload-gone", "The image is neither in the slot nor in the payload folder.",
	  payload_is_gone, ACTION_FINISH, JOB_FAILED, REASON_IO_ERROR, NULL },
	{ "wrong-digest", "The slot holds other bytes than were authenticated, again and again.",
	  wrong_digest_for_good, ACTION_FINISH, JOB_FAILED, REASON_WRONG_DIGEST, NULL },
	{ "copy-failed", "The worker could not copy the image, again and again.",
	  copy_failed_for_good, ACTION_FINISH, JOB_FAILED, REASON_OK, reason_of_work },
	{ "write-failed", "The kernel could not write the slot, again and again.",
	  tries_are_used_up, ACTION_FINISH, JOB_FAILED, REASON_TRANSFER_FAILED, NULL },
	{ "load", "The slot does not hold the image: begin to write it (once more).", always,
	  ACTION_LOAD, STAYS, REASON_OK, note_load },
};
const struct rule_table rules_writing = { JOB_WRITING, writing, ARRAY_SIZE(writing) };
