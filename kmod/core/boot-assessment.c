// SPDX-License-Identifier: GPL-2.0
/*
 * Boot assessment: one table says what a boot means, small functions say what people may change.
 *
 * It decides and counts; it never talks to a device, tells anybody or takes a lock (boot.c does).
 */
#include <linux/errno.h>

#include "boot-assessment.h"

/* What was waiting to be booted. */
enum waiting { NOTHING, TRIAL, PERMANENT, SOMETHING, ANYTHING };

/* Was the running firmware on trial? */
enum trial { ON_TRIAL, NOT_ON_TRIAL, EITHER };

/* Which slot the device starts from. */
enum started { THE_NEXT, THE_RUNNING, ANOTHER, NONE_AT_ALL, WHICHEVER };

/* How the trial stands before this boot is counted. */
enum left { SOME_LEFT, SPENT, SPENT_WITH_WAY_BACK, WENT_BACK, ANY_LEFT };

enum attempts_change { KEEP, CLEAR, FIRST, ONE_MORE };

enum failed { NO_ONE, THE_WAITING, THE_TRIED };

/* New state that is not one of enum fwslot_boot_state. */
#define SAME_STATE (-1)

/*
 * The first row that fits is taken; the last one fits all. "Goes back" rows are not boots: the
 * device is turned away before its firmware is given another chance.
 */
static const struct assessment {
	enum waiting waiting;
	enum started started;
	enum trial trial;
	enum left left;

	int state;
	enum attempts_change attempts;
	enum failed failed;
	bool goes_back;
} assessments[] = {
	/* It did what it was told. */
	{ TRIAL,     THE_NEXT,    EITHER,       ANY_LEFT,
	  FWSLOT_BOOT_STATE_TRIAL,     FIRST,    NO_ONE,      false },
	{ PERMANENT, THE_NEXT,    EITHER,       ANY_LEFT,
	  FWSLOT_BOOT_STATE_CONFIRMED, CLEAR,    NO_ONE,      false },

	/* It found nothing it could start. */
	{ SOMETHING, NONE_AT_ALL, EITHER,       ANY_LEFT,
	  FWSLOT_BOOT_STATE_UNKNOWN,   CLEAR,    THE_WAITING, false },
	{ NOTHING,   NONE_AT_ALL, EITHER,       ANY_LEFT,
	  FWSLOT_BOOT_STATE_UNKNOWN,   CLEAR,    THE_TRIED,   false },

	/* Its boot loader refused what was waiting. */
	{ SOMETHING, THE_RUNNING, ON_TRIAL,     ANY_LEFT,
	  SAME_STATE,                  ONE_MORE, THE_WAITING, false },
	{ SOMETHING, THE_RUNNING, NOT_ON_TRIAL, ANY_LEFT,
	  FWSLOT_BOOT_STATE_FALLBACK,  CLEAR,    THE_WAITING, false },
	{ SOMETHING, ANOTHER,     EITHER,       ANY_LEFT,
	  FWSLOT_BOOT_STATE_FALLBACK,  CLEAR,    THE_WAITING, false },

	/* The trial goes on, or is over. */
	{ NOTHING,   THE_RUNNING, ON_TRIAL,     SOME_LEFT,
	  SAME_STATE,                  ONE_MORE, NO_ONE,      false },
	{ NOTHING,   THE_RUNNING, ON_TRIAL,     SPENT_WITH_WAY_BACK,
	  SAME_STATE,                  KEEP,     NO_ONE,      true },
	{ NOTHING,   THE_RUNNING, ON_TRIAL,     ANY_LEFT,
	  SAME_STATE,                  KEEP,     NO_ONE,      false },
	{ NOTHING,   ANOTHER,     ON_TRIAL,     ANY_LEFT,
	  FWSLOT_BOOT_STATE_FALLBACK,  CLEAR,    THE_TRIED,   false },

	/* A restart of what is known is never an attempt. */
	{ NOTHING,   THE_RUNNING, NOT_ON_TRIAL, ANY_LEFT,
	  SAME_STATE,                  KEEP,     NO_ONE,      false },

	/* It runs something nobody asked for. */
	{ ANYTHING,  WHICHEVER,   EITHER,       ANY_LEFT,
	  FWSLOT_BOOT_STATE_UNKNOWN,   CLEAR,    NO_ONE,      false },
};

static enum started which_started(const struct fwslot_boot *boot, int slot)
{
	if (slot == FWSLOT_NO_SLOT)
		return NONE_AT_ALL;
	if (boot->pending != FWSLOT_PENDING_NONE && slot == boot->next)
		return THE_NEXT;
	return slot == boot->running ? THE_RUNNING : ANOTHER;
}

static enum left what_is_left(const struct fwslot_boot *boot)
{
	if (boot->attempts < boot->limit)
		return SOME_LEFT;
	if (boot->is_going_back)
		return WENT_BACK;
	return boot->fallback == FWSLOT_NO_SLOT ? SPENT : SPENT_WITH_WAY_BACK;
}

static bool waiting_fits(enum waiting wanted, enum fwslot_pending pending)
{
	switch (wanted) {
	case NOTHING:
		return pending == FWSLOT_PENDING_NONE;
	case TRIAL:
		return pending == FWSLOT_PENDING_TRIAL;
	case PERMANENT:
		return pending == FWSLOT_PENDING_PERMANENT;
	case SOMETHING:
		return pending != FWSLOT_PENDING_NONE;
	case ANYTHING:
		break;
	}
	return true;
}

static const struct assessment *find_assessment(const struct fwslot_boot *boot, int slot)
{
	enum trial trial = boot->state == FWSLOT_BOOT_STATE_TRIAL ? ON_TRIAL : NOT_ON_TRIAL;
	enum started started = which_started(boot, slot);
	enum left left = what_is_left(boot);
	const struct assessment *row = assessments;

	while (!(waiting_fits(row->waiting, boot->pending) &&
		 (row->started == WHICHEVER || row->started == started) &&
		 (row->trial == EITHER || row->trial == trial) &&
		 (row->left == ANY_LEFT || row->left == left)))
		row++;
	return row;
}

/* Where a trial that begins now goes back to: the last firmware that was not itself on trial. */
static int choose_fallback(const struct fwslot_boot *boot, int slot)
{
	int fallback = boot->state == FWSLOT_BOOT_STATE_TRIAL ? boot->fallback : boot->running;

	return fallback == slot ? FWSLOT_NO_SLOT : fallback;
}

static void change_attempts(struct fwslot_boot *boot, enum attempts_change change)
{
	switch (change) {
	case KEEP:
		break;
	case CLEAR:
		boot->attempts = 0;
		break;
	case FIRST:
		boot->attempts = 1;
		break;
	case ONE_MORE:
		if (boot->attempts < boot->limit)
			boot->attempts++;
		break;
	}
}

struct fwslot_boot_outcome fwslot_boot_assess(struct fwslot_boot *boot, int slot,
					      enum fwslot_restart_reason reason)
{
	struct fwslot_boot_outcome outcome = { .failed_slot = FWSLOT_NO_SLOT };
	const struct assessment *row = find_assessment(boot, slot);

	if (row->goes_back) {
		boot->is_going_back = true;
		boot->next = boot->fallback;
		outcome.must_go_back = true;
		return outcome;
	}

	if (row->failed == THE_WAITING)
		outcome.failed_slot = boot->next;
	else if (row->failed == THE_TRIED)
		outcome.failed_slot = boot->running;
	outcome.has_fallen_back = row->state == FWSLOT_BOOT_STATE_FALLBACK;

	if (outcome.has_fallen_back && boot->is_going_back)
		reason = FWSLOT_RESTART_REASON_ATTEMPTS_EXHAUSTED;
	if (row->attempts == FIRST)
		boot->fallback = choose_fallback(boot, slot);
	if (row->state != SAME_STATE)
		boot->state = row->state;
	if (boot->state != FWSLOT_BOOT_STATE_TRIAL)
		boot->fallback = FWSLOT_NO_SLOT;
	change_attempts(boot, row->attempts);

	if (boot->state != FWSLOT_BOOT_STATE_TRIAL || row->attempts == FIRST)
		boot->is_going_back = false;
	boot->total++;
	boot->last_restart_reason = reason;
	boot->pending = FWSLOT_PENDING_NONE;
	boot->running = slot;
	boot->next = slot;
	return outcome;
}

static int activate_running(struct fwslot_boot *boot, bool is_permanent)
{
	if (boot->state == FWSLOT_BOOT_STATE_UNKNOWN) {
		boot->state = is_permanent ? FWSLOT_BOOT_STATE_CONFIRMED : FWSLOT_BOOT_STATE_TRIAL;
		if (is_permanent)
			boot->attempts = 0;
	} else if (!is_permanent) {
		return -ETXTBSY;
	}
	boot->pending = FWSLOT_PENDING_NONE;
	boot->next = boot->running;
	return 0;
}

int fwslot_boot_activate(struct fwslot_boot *boot, int slot, bool is_permanent, bool is_new)
{
	if (slot == boot->running && !is_new)
		return activate_running(boot, is_permanent);

	boot->next = slot;
	boot->pending = is_permanent ? FWSLOT_PENDING_PERMANENT : FWSLOT_PENDING_TRIAL;
	if (boot->state != FWSLOT_BOOT_STATE_TRIAL)
		boot->attempts = 0;
	return 0;
}

bool fwslot_boot_withdraw(struct fwslot_boot *boot, int slot)
{
	if (boot->pending == FWSLOT_PENDING_NONE || boot->next != slot)
		return false;
	boot->pending = FWSLOT_PENDING_NONE;
	boot->next = boot->running;
	return true;
}

void fwslot_boot_forget_running(struct fwslot_boot *boot)
{
	boot->state = FWSLOT_BOOT_STATE_UNKNOWN;
	boot->running = FWSLOT_NO_SLOT;
	boot->fallback = FWSLOT_NO_SLOT;
	boot->attempts = 0;
}

int fwslot_boot_confirm(struct fwslot_boot *boot)
{
	if (boot->state != FWSLOT_BOOT_STATE_TRIAL || boot->is_going_back)
		return -ENOENT;
	boot->state = FWSLOT_BOOT_STATE_CONFIRMED;
	boot->fallback = FWSLOT_NO_SLOT;
	boot->attempts = 0;
	return 0;
}

int fwslot_boot_set_limit(struct fwslot_boot *boot, unsigned int limit)
{
	if (limit < 1 || limit > FWSLOT_BOOT_LIMIT_MAX)
		return -ERANGE;
	if (limit < boot->attempts)
		return -EBUSY;
	boot->limit = limit;
	return 0;
}

int fwslot_boot_set_attempts(struct fwslot_boot *boot, unsigned int attempts)
{
	if (boot->state != FWSLOT_BOOT_STATE_UNKNOWN && boot->state != FWSLOT_BOOT_STATE_TRIAL)
		return -EPERM;
	if (attempts > boot->limit)
		return -ERANGE;
	if (attempts < boot->attempts)
		return -EINVAL;
	boot->attempts = attempts;
	return 0;
}

unsigned int fwslot_boot_attempts_left(const struct fwslot_boot *boot)
{
	return boot->limit - boot->attempts;
}

enum fwslot_slot_state fwslot_boot_slot_state(const struct fwslot_boot *boot, int slot,
					      enum fwslot_slot_state content, bool is_new)
{
	/* Many devices cannot tell what a slot holds; those two say nothing against it. */
	if (content != FWSLOT_SLOT_STATE_VALID && content != FWSLOT_SLOT_STATE_UNKNOWN)
		return content;
	if (boot->pending != FWSLOT_PENDING_NONE && slot == boot->next)
		return FWSLOT_SLOT_STATE_PENDING;
	if (is_new)
		return content;
	if (boot->state == FWSLOT_BOOT_STATE_TRIAL) {
		if (slot == boot->running)
			return FWSLOT_SLOT_STATE_TRIAL;
		if (slot == boot->fallback)
			return FWSLOT_SLOT_STATE_CONFIRMED;
	}
	if (slot == boot->running && (boot->state == FWSLOT_BOOT_STATE_CONFIRMED ||
				      boot->state == FWSLOT_BOOT_STATE_FALLBACK))
		return FWSLOT_SLOT_STATE_CONFIRMED;
	return content;
}
