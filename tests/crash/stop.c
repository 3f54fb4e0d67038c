/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See stop.h. */
#include "stop.h"

void stopper_set(struct stopper *stopper, struct stop_plan plan)
{
	*stopper = (struct stopper){
		.plan = plan,
		.unplug = stopper->unplug,
		.userdata = stopper->userdata,
	};
}

bool operation_can_tear(enum operation_kind kind)
{
	return kind == OPERATION_WRITE || kind == OPERATION_SYNC || kind == OPERATION_FLASH ||
	       kind == OPERATION_RECORD;
}

static bool is_in_device(enum operation_kind kind)
{
	return kind == OPERATION_FLASH || kind == OPERATION_RECORD;
}

/* Only what is torn from its power is torn. */
static bool can_tear(enum stop_what what, enum operation_kind kind)
{
	switch (what) {
	case STOP_DAEMON:
		return kind == OPERATION_WRITE;
	case STOP_HOST:
		return kind == OPERATION_WRITE || kind == OPERATION_SYNC;
	case STOP_POWER:
		return operation_can_tear(kind);
	case STOP_DEVICE:
		return is_in_device(kind);
	default:
		return false;
	}
}

/* Does this operation go on although the daemon, or the host, is no more? */
static bool outlives(enum stop_what what, enum operation_kind kind)
{
	return (what == STOP_DAEMON && is_in_device(kind)) ||
	       (what == STOP_HOST && kind == OPERATION_RECORD);
}

static bool the_daemon_lives(enum stop_what what)
{
	return what == STOP_DEVICE || what == STOP_PROVIDER;
}

static enum permission stop_here(struct stopper *stopper, enum operation_kind kind)
{
	const struct stop_plan *plan = &stopper->plan;

	stopper->is_hit = true;
	stopper->hit_kind = kind;
	if (plan->when != STOP_BEFORE) {
		stopper->is_dying = true;
		return plan->when == STOP_TORN ? MAY_HALF : MAY;
	}
	if (the_daemon_lives(plan->what)) {
		stopper->unplug(stopper->userdata);
		/* What the device does for itself it does without a provider, too. */
		return kind == OPERATION_FLASH ||
				       (kind == OPERATION_RECORD && plan->what == STOP_DEVICE) ?
			       MAY_NOT :
			       MAY;
	}
	stopper->is_stopped = true;
	return outlives(plan->what, kind) ? MAY : MAY_NOT;
}

enum permission stopper_begin(struct stopper *stopper, enum operation_kind kind)
{
	const struct stop_plan *plan = &stopper->plan;

	if (stopper->is_stopped)
		return outlives(plan->what, kind) ? MAY : MAY_NOT;
	stopper->kinds[kind]++;
	if (++stopper->count != plan->at ||
	    (plan->when == STOP_TORN && !can_tear(plan->what, kind)))
		return MAY;
	return stop_here(stopper, kind);
}

void stopper_end(struct stopper *stopper)
{
	if (!stopper->is_dying)
		return;
	stopper->is_dying = false;
	if (the_daemon_lives(stopper->plan.what))
		stopper->unplug(stopper->userdata);
	else
		stopper->is_stopped = true;
}

const char *stop_when_word(enum stop_when when)
{
	static const char *const words[STOP_WHEN_MAX] = {
		[STOP_BEFORE] = "before",
		[STOP_AFTER] = "after",
		[STOP_TORN] = "in the middle of",
	};

	return words[when];
}

const char *stop_what_word(enum stop_what what)
{
	static const char *const words[STOP_WHAT_MAX] = {
		[STOP_DAEMON] = "daemon killed",   [STOP_HOST] = "host dies",
		[STOP_POWER] = "power fails",	   [STOP_DEVICE] = "device unplugged",
		[STOP_PROVIDER] = "provider dies",
	};

	return words[what];
}
