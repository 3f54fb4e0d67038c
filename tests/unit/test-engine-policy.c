/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What becomes of an offered update: both tables row by row, and nights in which the clock jumps, the machine sleeps or a
 * window is missed.
 */
#include <errno.h>
#include <time.h>

#include "base/time.h"
#include "engine/policy.h"
#include "tap.h"

#define HOUR USEC_PER_HOUR
#define DAY USEC_PER_DAY
/* Noon of a day in winter, UTC. The window of the tests is 22:00 to 06:00. */
#define NOON ((uint64_t)1768478400 * USEC_PER_SEC)
#define NIGHT (NOON + 11 * HOUR)
#define WINDOW_BEGIN (NOON + 10 * HOUR)
#define WINDOW_END (NOON + 18 * HOUR)

struct scene {
	struct policy_rules rules;
	struct decision_record decision;
	struct policy_world world;
	struct policy_question question;
};

static void set_scene(struct scene *scene)
{
	*scene = (struct scene){
		.rules = {
			.policy = "ask",
			.deadline_usec = USEC_INFINITY,
			.security_deadline_usec = 14 * DAY,
			.window_usec = HOUR,
			.require_idle_usec = 10 * USEC_PER_MINUTE,
			.requires_mains = true,
			.minimum_battery_percent = 30,
		},
		.decision = { .usec = NOON - DAY, .offered_usec = NOON - DAY },
		.world = POLICY_WORLD_UNKNOWN,
	};
	if (calendar_parse("22:00-06:00", &scene->rules.windows) < 0)
		tap_bail("the windows of the tests");
	scene->question = (struct policy_question){
		.rules = &scene->rules,
		.policy = scene->rules.policy,
		.decision = &scene->decision,
		.world = &scene->world,
		.device_battery_percent = POLICY_BATTERY_NONE,
		.now_usec = NOON,
	};
}

#define Q scene->question
#define D scene->decision
#define W scene->world
#define R scene->rules
#define POLICY(word) (Q.policy = (word))

/* name, row, verdict, not before (0: is not installed), what differs */
#define ROWS(ROW)                                                                                  \
	ROW(ask, "ask", ASK, 0, (void)scene)                                                       \
	ROW(ask_security, "ask", ASK, 0, Q.is_security = true)                                     \
	ROW(ask_at_night, "ask", ASK, 0, Q.now_usec = NIGHT)                                       \
	ROW(dismissed, "dismissed", NOTHING, 0, D.decision = DECISION_DISMISSED;                   \
	    POLICY("automatic"))                                                                   \
	ROW(dismissed_late, "dismissed", NOTHING, 0, D.decision = DECISION_DISMISSED;              \
	    Q.is_security = true; Q.now_usec += 90 * DAY)                                          \
	ROW(settled, "settled", ASK, 0, D.decision = DECISION_SETTLED; POLICY("automatic");        \
	    Q.now_usec = NIGHT)                                                                    \
	ROW(approved, "approved", WAIT, WINDOW_BEGIN, D.decision = DECISION_APPROVED)              \
	ROW(approved_never, "approved", WAIT, WINDOW_BEGIN, D.decision = DECISION_APPROVED;        \
	    POLICY("never"))                                                                       \
	ROW(approved_minute_before, "approved", WAIT, WINDOW_BEGIN,                                \
	    D.decision = DECISION_APPROVED;                                                        \
	    Q.now_usec = WINDOW_BEGIN - 1)                                                         \
	ROW(approved_begin, "approved", INSTALL, WINDOW_BEGIN, D.decision = DECISION_APPROVED;     \
	    Q.now_usec = WINDOW_BEGIN)                                                             \
	ROW(approved_night, "approved", INSTALL, WINDOW_BEGIN, D.decision = DECISION_APPROVED;     \
	    Q.now_usec = NIGHT)                                                                    \
	ROW(approved_last, "approved", INSTALL, WINDOW_BEGIN, D.decision = DECISION_APPROVED;      \
	    Q.now_usec = WINDOW_END - POLICY_START_USEC)                                           \
	ROW(approved_too_late, "approved", WAIT, WINDOW_BEGIN + DAY,                               \
	    D.decision = DECISION_APPROVED;                                                        \
	    Q.now_usec = WINDOW_END - POLICY_START_USEC + 1)                                       \
	ROW(approved_in_window, "approved", INSTALL, NIGHT, D.decision = DECISION_APPROVED;        \
	    D.usec = Q.now_usec = NIGHT)                                                           \
	ROW(postponed, "postponed", WAIT, 0, D.decision = DECISION_POSTPONED;                      \
	    D.until_usec = NIGHT + 1; Q.now_usec = NIGHT; POLICY("automatic"))                     \
	ROW(postponed_over, "automatic", INSTALL, WINDOW_BEGIN, D.decision = DECISION_POSTPONED;   \
	    D.until_usec = NIGHT; Q.now_usec = NIGHT; POLICY("automatic"))                         \
	ROW(postponed_asks, "ask", ASK, 0, D.decision = DECISION_POSTPONED; D.until_usec = NOON)   \
	ROW(tried, "tried", ASK, 0, D.decision = DECISION_STARTED; D.until_usec = WINDOW_END;      \
	    Q.now_usec = NIGHT; POLICY("automatic"))                                               \
	ROW(tried_next, "automatic", INSTALL, WINDOW_BEGIN + DAY, D.decision = DECISION_STARTED;   \
	    D.until_usec = WINDOW_END; Q.now_usec = NIGHT + DAY; POLICY("automatic"))              \
	ROW(tried_clock_back, "automatic", WAIT, WINDOW_BEGIN, D.decision = DECISION_STARTED;      \
	    D.until_usec = NOON + 400 * DAY; POLICY("automatic"))                                  \
	ROW(never, "never", NOTHING, 0, POLICY("never"))                                           \
	ROW(never_deadline, "never", NOTHING, 0, POLICY("never"); Q.is_security = true;            \
	    Q.now_usec += 90 * DAY)                                                                \
	ROW(deadline, "past-deadline", WAIT, WINDOW_BEGIN + 14 * DAY, Q.is_security = true;        \
	    Q.now_usec += 14 * DAY)                                                                \
	ROW(deadline_begins, "past-deadline", WAIT, WINDOW_BEGIN + 13 * DAY, Q.is_security = true; \
	    Q.now_usec += 13 * DAY)                                                                \
	ROW(deadline_not_yet, "ask", ASK, 0, Q.is_security = true; Q.now_usec += 13 * DAY - 1)     \
	ROW(deadline_other, "past-deadline", WAIT, WINDOW_BEGIN + 2 * DAY,                         \
	    R.deadline_usec = 2 * DAY;                                                             \
	    Q.now_usec += 2 * DAY)                                                                 \
	ROW(no_deadline, "ask", ASK, 0, Q.now_usec += 9000 * DAY)                                  \
	ROW(offered_unknown, "ask", ASK, 0, D.offered_usec = 0; Q.is_security = true)              \
	ROW(automatic, "automatic", WAIT, WINDOW_BEGIN, POLICY("automatic"))                       \
	ROW(security, "security", WAIT, WINDOW_BEGIN, POLICY("security"); Q.is_security = true)    \
	ROW(security_other, "ask", ASK, 0, POLICY("security"))                                     \
	ROW(no_window, "automatic", WAIT, 0, POLICY("automatic"); R.windows.count = 0)             \
	ROW(always, "automatic", INSTALL, NOON - DAY, POLICY("automatic");                         \
	    R.windows = (struct calendar){ .is_always = true })

#define DEFINE_ROW(name, row, verdict, not_before, changes) \
	static void arrange_##name(struct scene *scene)     \
	{                                                   \
		changes;                                    \
	}
#define LIST_ROW(name, row, verdict, not_before, changes) \
	{ #name, row, VERDICT_##verdict, not_before, arrange_##name },
ROWS(DEFINE_ROW)

static const struct {
	const char *name, *rule;
	enum policy_verdict verdict;
	uint64_t not_before_usec;
	void (*arrange)(struct scene *scene);
} rows[] = { ROWS(LIST_ROW) };

static void test_rows(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct scene scene;
		struct policy_plan plan;

		set_scene(&scene);
		rows[i].arrange(&scene);
		policy_plan(&scene.question, &plan);
		if (!tap_ok(strcmp(plan.rule, rows[i].rule) == 0 &&
				    plan.verdict == rows[i].verdict &&
				    plan.not_before_usec == rows[i].not_before_usec,
			    "row %s", rows[i].name))
			printf("# rule %s, verdict %d, not before %+" PRId64 " minutes\n",
			       plan.rule, plan.verdict,
			       ((int64_t)plan.not_before_usec - (int64_t)NOON) /
				       (int64_t)USEC_PER_MINUTE);
		tap_ok(plan.verdict == VERDICT_INSTALL || plan.wake_usec > scene.question.now_usec,
		       "row %s does not wake in circles", rows[i].name);
		tap_ok(policy_is_due(&scene.question) ==
			       (plan.verdict == VERDICT_INSTALL || plan.blockers != 0),
		       "row %s: it is due when only blockers could stop it", rows[i].name);
	}
	for (size_t i = 0;; i++) {
		struct policy_row_text text;
		bool is_reached = false;

		if (!policy_row_at(i, &text))
			break;
		for (size_t k = 0; k < ARRAY_SIZE(rows); k++)
			is_reached |= strcmp(rows[k].rule, text.name) == 0;
		tap_ok(is_reached, "the row \"%s\" is reached", text.name);
	}
}

/* What blocks an approved update at 23:00; what differs for one past its deadline and late in the window. */
#define BIT(name) (1u << BLOCKER_##name)
#define GATES(GATE)                                                                              \
	GATE(nothing, 0, 0, 0, (void)scene)                                                      \
	GATE(clock, BIT(CLOCK), BIT(CLOCK), BIT(CLOCK), Q.earliest_usec = Q.now_usec + 1)        \
	GATE(clock_right, 0, 0, 0, Q.earliest_usec = Q.now_usec)                                 \
	GATE(shutting_down, BIT(SHUTDOWN), BIT(SHUTDOWN), BIT(SHUTDOWN),                         \
	     W.is_shutting_down = true)                                                          \
	GATE(shutdown_soon, BIT(SHUTDOWN), BIT(SHUTDOWN), BIT(SHUTDOWN),                         \
	     W.shutdown_usec = Q.now_usec + HOUR - 1)                                            \
	GATE(shutdown_late, 0, 0, 0, W.shutdown_usec = Q.now_usec + HOUR)                        \
	GATE(sleeping, BIT(SLEEP), BIT(SLEEP), BIT(SLEEP), W.is_going_to_sleep = true)           \
	GATE(inhibited, BIT(INHIBITED), 0, BIT(INHIBITED), Q.is_inhibited = true)                \
	GATE(in_use, BIT(IN_USE), BIT(IN_USE), BIT(IN_USE), Q.is_in_use = true)                  \
	GATE(at_work, BIT(NOT_IDLE), 0, 0, W.idle_since_usec = POLICY_NEVER_IDLE)                \
	GATE(just_left, BIT(NOT_IDLE), 0, 0,                                                     \
	     W.idle_since_usec = Q.now_usec - 10 * USEC_PER_MINUTE + 1)                          \
	GATE(left, 0, 0, 0, W.idle_since_usec = Q.now_usec - 10 * USEC_PER_MINUTE)               \
	GATE(need_not_leave, 0, 0, 0, W.idle_since_usec = POLICY_NEVER_IDLE;                     \
	     R.require_idle_usec = 0)                                                            \
	GATE(battery, BIT(ON_BATTERY), BIT(ON_BATTERY), BIT(ON_BATTERY), W.is_on_battery = true; \
	     W.battery_percent = 100)                                                            \
	GATE(battery_allowed, 0, 0, 0, W.is_on_battery = true; W.battery_percent = 30;           \
	     R.requires_mains = false)                                                           \
	GATE(battery_low, BIT(BATTERY_LOW), BIT(BATTERY_LOW), BIT(BATTERY_LOW),                  \
	     W.is_on_battery = true;                                                             \
	     W.battery_percent = 29; R.requires_mains = false)                                   \
	GATE(battery_charges, 0, 0, 0, W.battery_percent = 2)                                    \
	GATE(device_battery, BIT(DEVICE_BATTERY_LOW), BIT(DEVICE_BATTERY_LOW),                   \
	     BIT(DEVICE_BATTERY_LOW), Q.device_battery_percent = 29)                             \
	GATE(device_charged, 0, 0, 0, Q.device_battery_percent = 30)                             \
	GATE(metered, BIT(METERED), BIT(METERED), BIT(METERED), W.is_metered = true)             \
	GATE(metered_allowed, 0, 0, 0, W.is_metered = true; R.allows_metered = true)             \
	GATE(two, BIT(METERED) | BIT(ON_BATTERY), BIT(METERED) | BIT(ON_BATTERY),                \
	     BIT(METERED) | BIT(ON_BATTERY), W.is_metered = true;                                \
	     W.is_on_battery = true; W.battery_percent = 99)

#define DEFINE_GATE(name, blockers, forced, late, changes) \
	static void close_##name(struct scene *scene)      \
	{                                                  \
		changes;                                   \
	}
#define LIST_GATE(name, blockers, forced, late, changes) \
	{ #name, { blockers, forced, late }, close_##name },
GATES(DEFINE_GATE)

static const struct {
	const char *name;
	unsigned blockers[3];
	void (*arrange)(struct scene *scene);
} gates[] = { GATES(LIST_GATE) };

static void test_gates(void)
{
	static const char *const kinds[] = { "approved", "past its deadline",
					     "approved, late in the window" };

	for (size_t i = 0; i < ARRAY_SIZE(gates); i++) {
		for (unsigned kind = 0; kind < ARRAY_SIZE(kinds); kind++) {
			struct scene scene;
			struct policy_plan plan;

			set_scene(&scene);
			scene.question.now_usec = kind == 2 ? NIGHT + 3 * HOUR : NIGHT;
			if (kind == 1)
				scene.rules.deadline_usec = HOUR;
			else
				scene.decision.decision = DECISION_APPROVED;
			gates[i].arrange(&scene);
			policy_plan(&scene.question, &plan);
			tap_ok(plan.blockers == gates[i].blockers[kind] &&
				       plan.verdict ==
					       (plan.blockers ? VERDICT_WAIT : VERDICT_INSTALL) &&
				       (!plan.blockers ||
					(plan.wake_usec > scene.question.now_usec &&
					 plan.wake_usec <=
						 scene.question.now_usec + POLICY_LOOK_AGAIN_USEC)),
			       "gate %s, %s (0x%x)", gates[i].name, kinds[kind], plan.blockers);
		}
	}
	for (size_t i = 0;; i++) {
		struct policy_row_text text;
		bool is_reached = false;

		if (!policy_gate_at(i, &text))
			break;
		for (size_t k = 0; k < ARRAY_SIZE(gates); k++)
			is_reached |= gates[k].blockers[0] & (1u << i);
		tap_ok(is_reached &&
			       strcmp(text.name, policy_blocker_word((enum policy_blocker)i)) == 0,
		       "the gate \"%s\" is reached", text.name);
	}
}

/* Minute after minute, as often as it says itself that it wants to be asked: when does an approved update begin? */
static uint64_t first_install(struct scene *scene, uint64_t until_usec)
{
	struct policy_plan plan;

	while (scene->question.now_usec < until_usec) {
		policy_plan(&scene->question, &plan);
		if (plan.verdict == VERDICT_INSTALL)
			return scene->question.now_usec;
		if (plan.wake_usec <= scene->question.now_usec || plan.wake_usec == UINT64_MAX)
			break;
		scene->question.now_usec = plan.wake_usec;
	}
	return 0;
}

static void test_nights(void)
{
	struct scene scene;
	struct policy_plan plan;

	set_scene(&scene);
	scene.decision.decision = DECISION_APPROVED;
	tap_is((intmax_t)first_install(&scene, NOON + 2 * DAY), (intmax_t)WINDOW_BEGIN,
	       "one timer later it begins with its window, not a microsecond before");

	set_scene(&scene);
	scene.decision.decision = DECISION_APPROVED;
	scene.question.now_usec = WINDOW_END + HOUR;
	policy_plan(&scene.question, &plan);
	tap_ok(plan.verdict == VERDICT_WAIT && plan.wake_usec == WINDOW_BEGIN + DAY,
	       "asleep over the whole window: nothing at breakfast, but the next night");

	set_scene(&scene);
	scene.decision.decision = DECISION_APPROVED;
	scene.question.now_usec = NIGHT + 30 * DAY;
	policy_plan(&scene.question, &plan);
	tap_is(plan.verdict, VERDICT_INSTALL, "the clock jumps into a window: it begins");
	scene.question.now_usec = NOON - 365 * DAY;
	scene.question.earliest_usec = NOON;
	policy_plan(&scene.question, &plan);
	tap_is(plan.verdict, VERDICT_WAIT, "the clock jumps back a year: it waits");
	scene.question.now_usec = NIGHT - 365 * DAY;
	policy_plan(&scene.question, &plan);
	tap_is(plan.blockers, BIT(CLOCK), "also in a window of that year: such a clock is wrong");

	set_scene(&scene);
	scene.decision.decision = DECISION_APPROVED;
	scene.question.now_usec = WINDOW_BEGIN;
	scene.world.idle_since_usec = WINDOW_BEGIN - 7 * USEC_PER_MINUTE;
	tap_is((intmax_t)first_install(&scene, NOON + 2 * DAY),
	       (intmax_t)(WINDOW_BEGIN + 3 * USEC_PER_MINUTE),
	       "it begins when somebody has been away for ten minutes");

	set_scene(&scene);
	scene.decision.decision = DECISION_APPROVED;
	scene.question.now_usec = WINDOW_BEGIN;
	scene.world.idle_since_usec = POLICY_NEVER_IDLE;
	tap_is((intmax_t)first_install(&scene, NOON + 2 * DAY), (intmax_t)(WINDOW_BEGIN + 4 * HOUR),
	       "a desktop that never says so: in the middle of the window");
}

static void test_window_end(void)
{
	struct scene scene;

	set_scene(&scene);
	tap_is((intmax_t)policy_window_end(&scene.rules, NIGHT), (intmax_t)WINDOW_END,
	       "an open window's end");
	tap_is((intmax_t)policy_window_end(&scene.rules, NOON), (intmax_t)NOON,
	       "outside of windows it is now");
	scene.rules.windows = (struct calendar){ .is_always = true };
	tap_is((intmax_t)policy_window_end(&scene.rules, NOON), (intmax_t)(NOON + DAY),
	       "always: a day later");
}

int main(void)
{
	setenv("TZ", "UTC", 1);
	test_rows();
	test_gates();
	test_nights();
	test_window_end();
	return tap_done();
}
