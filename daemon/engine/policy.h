/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is to become of an offered update, now? Given what was decided about it, the policy, the windows, the state of
 * the machine and the device, and the time. Pure: all of it is passed in, and both tables (who decides; what stands in
 * the way) are in the manual from the same source. Does nothing itself: schedule.c does.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/conf.h"
#include "engine/calendar.h"
#include "store/record.h"

#define POLICY_START_USEC \
	UINT64_C(600000000) /* nothing starts later than that before a window ends */
#define POLICY_POSTPONE_MAX_USEC (UINT64_C(366) * 24 * 3600 * 1000000)
#define POLICY_TRIED_MAX_USEC (UINT64_C(8) * 24 * 3600 * 1000000) /* longer: the clock went back */
#define POLICY_LOOK_AGAIN_USEC \
	UINT64_C(300000000) /* at what stands in the way and tells nobody of its end */

/* What is configured for a device: fwslotd.conf, globally or in its section. */
struct policy_rules {
	char policy[CONF_WORD_MAX + 1]; /* Policy= */
	uint64_t deadline_usec,
		security_deadline_usec; /* DeadlineSec=, SecurityDeadlineSec=; USEC_INFINITY = none */
	struct calendar windows; /* Window= */
	uint64_t window_usec; /* WindowSec= */
	uint64_t require_idle_usec; /* RequireIdleSec= */
	bool requires_mains; /* RequireACPower= */
	uint64_t minimum_battery_percent; /* MinimumBattery= */
	bool allows_metered; /* AllowMetered= */
};

/* The machine; what is not known stands in no update's way. Starts as POLICY_WORLD_UNKNOWN. */
#define POLICY_NEVER_IDLE UINT64_MAX
struct policy_world {
	uint64_t
		idle_since_usec; /* POLICY_NEVER_IDLE = somebody is at work; 0 = idle for ever, or not known */
	bool is_on_battery, is_metered, is_shutting_down, is_going_to_sleep;
	unsigned battery_percent; /* POLICY_BATTERY_NONE = has none */
	uint64_t shutdown_usec; /* when one is planned for, 0 = none */
};
#define POLICY_BATTERY_NONE 255
#define POLICY_WORLD_UNKNOWN                           \
	(struct policy_world)                          \
	{                                              \
		.battery_percent = POLICY_BATTERY_NONE \
	}

struct policy_question {
	const struct policy_rules *rules;
	const char *policy; /* rules->policy, or what was set over the bus in its place */
	const struct decision_record *decision;
	bool is_security; /* of urgency high or critical */
	const struct policy_world *world;
	bool is_inhibited, is_in_use; /* the device */
	unsigned device_battery_percent; /* POLICY_BATTERY_NONE */
	uint64_t now_usec; /* the wall clock */
	uint64_t earliest_usec; /* it was that late already: a clock that shows less is wrong */
};

enum policy_verdict {
	VERDICT_NOTHING, /* nothing happens, nobody is asked */
	VERDICT_ASK, /* a person is to decide */
	VERDICT_WAIT, /* for the window, for what blocks to end, or for the time it was postponed to */
	VERDICT_INSTALL,
};

/* What stands in the way; the words are the bus's. */
enum policy_blocker {
	BLOCKER_CLOCK,
	BLOCKER_SHUTDOWN,
	BLOCKER_SLEEP,
	BLOCKER_INHIBITED,
	BLOCKER_IN_USE,
	BLOCKER_NOT_IDLE,
	BLOCKER_ON_BATTERY,
	BLOCKER_BATTERY_LOW,
	BLOCKER_DEVICE_BATTERY_LOW,
	BLOCKER_METERED,
	BLOCKER_MAX,
};

struct policy_plan {
	enum policy_verdict verdict;
	const char *rule; /* the row that decided */
	bool is_forced; /* its deadline has passed */
	uint64_t deadline_usec; /* 0 = none */
	uint64_t
		not_before_usec; /* when it may be installed: the window opens, or was open; 0 = will not be */
	uint64_t postponed_usec; /* until when; 0 = is not */
	unsigned blockers; /* bits of enum policy_blocker; only while the window is open */
	uint64_t wake_usec; /* when the answer may change by itself, UINT64_MAX = never */
};

void policy_plan(const struct policy_question *question, struct policy_plan *ret);

/* Whether what blocks matters at all now: the window is open for it. */
bool policy_is_due(const struct policy_question *question);

/* When the window in which @now_usec lies ends; @now_usec itself if there is none. */
uint64_t policy_window_end(const struct policy_rules *rules, uint64_t now_usec);

const char *policy_blocker_word(enum policy_blocker blocker);
/* Both tables, row by row; false after the last. */
struct policy_row_text {
	const char *name, *sentence,
		*verdict; /* "nothing", "ask", "wait", "due"; of a gate "blocks" */
};
bool policy_row_at(size_t number, struct policy_row_text *ret);
bool policy_gate_at(size_t number, struct policy_row_text *ret);
