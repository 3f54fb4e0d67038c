/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Rows of the phase waiting: a job that was begun by itself has all it needs, and asks once more whether it may write:
 * a download may take hours, in which mains power goes away or the window ends. Jobs that a person wants now do not
 * come here. What stands in the way is looked at by schedule.c. Pure.
 */
#include "base/macros.h"
#include "engine/rules.h"

bool is_scheduled(const struct situation *s)
{
	return s->job->flags & JOB_FLAG_SCHEDULED;
}

static bool is_open(const struct situation *s)
{
	return s->knowledge->gate == GATE_OPEN;
}

static bool is_over(const struct situation *s)
{
	return s->knowledge->gate == GATE_OVER;
}

static const struct rule waiting[] = {
	{ "slot-gone", "The device came back with fewer slots.", target_has_gone, ACTION_FINISH,
	  JOB_FAILED, REASON_NO_SUCH_SLOT, NULL },
	{ "may-write", "The window is open and nothing stands in the way: write the new image.",
	  is_open, ACTION_WAIT, JOB_WRITING, REASON_OK, NULL },
	{ "window-over",
	  "The window is over, or somebody decided otherwise: nothing is written, an approval holds for the next one.",
	  is_over, ACTION_FINISH, JOB_CANCELLED, REASON_OUTSIDE_WINDOW, NULL },
	{ "held-up", "Something stands in the way (see the gates), or that is not known yet.",
	  always, ACTION_WAIT, STAYS, REASON_OK, NULL },
};
const struct rule_table rules_waiting = { JOB_WAITING, waiting, ARRAY_SIZE(waiting) };
