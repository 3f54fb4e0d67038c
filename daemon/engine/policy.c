/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Two tables: the first row that applies decides; and of what stands in the way every row counts. */
#include "engine/policy.h"

#include <string.h>

#include "base/macros.h"
#include "base/time.h"

/* What both tables look at. */
struct moment {
	const struct policy_question *q;
	uint64_t deadline_usec; /* 0 = none */
	struct calendar_span window; /* open, or the next */
	bool is_approved, is_forced;
};

static bool policy_is(const struct moment *m, const char *word)
{
	return strcmp(m->q->policy, word) == 0;
}

static bool decision_is(const struct moment *m, enum decision decision)
{
	return m->q->decision->decision == decision;
}

/* Who decides. */

static bool is_dismissed(const struct moment *m)
{
	return decision_is(m, DECISION_DISMISSED);
}

static bool is_settled(const struct moment *m)
{
	return decision_is(m, DECISION_SETTLED);
}

static bool was_tried(const struct moment *m)
{
	uint64_t until = m->q->decision->until_usec;

	return decision_is(m, DECISION_STARTED) && m->q->now_usec < until &&
	       until - m->q->now_usec <= POLICY_TRIED_MAX_USEC;
}

static bool is_approved(const struct moment *m)
{
	return m->is_approved;
}

static bool is_postponed(const struct moment *m)
{
	return decision_is(m, DECISION_POSTPONED) && m->q->now_usec < m->q->decision->until_usec;
}

static bool is_forbidden(const struct moment *m)
{
	return policy_is(m, "never");
}

static bool is_past_deadline(const struct moment *m)
{
	return m->is_forced;
}

static bool is_automatic(const struct moment *m)
{
	return policy_is(m, "automatic");
}

static bool is_automatic_security(const struct moment *m)
{
	return policy_is(m, "security") && m->q->is_security;
}

static bool otherwise(const struct moment *m)
{
	(void)m;
	return true;
}

enum fate { FATE_NOTHING, FATE_ASK, FATE_LATER, FATE_DUE };

static const struct row {
	const char *name, *sentence;
	bool (*applies)(const struct moment *m);
	enum fate fate;
} rows[] = {
	{ "dismissed", "Somebody decided that this version is never to be installed.", is_dismissed,
	  FATE_NOTHING },
	{ "settled", "It was installed before, or taken back: only a person may want it again.",
	  is_settled, FATE_ASK },
	{ "tried", "It was begun in this window already; it is not tried twice in one.", was_tried,
	  FATE_ASK },
	{ "approved", "Somebody approved it: it is due in the next window.", is_approved,
	  FATE_DUE },
	{ "postponed", "Somebody postponed it, and that time has not come.", is_postponed,
	  FATE_LATER },
	{ "never", "Policy=never: it is neither installed nor asked about.", is_forbidden,
	  FATE_NOTHING },
	{ "past-deadline", "Its deadline has passed: it is due, whoever was to be asked.",
	  is_past_deadline, FATE_DUE },
	{ "automatic", "Policy=automatic: it is due without asking.", is_automatic, FATE_DUE },
	{ "security",
	  "Policy=security, and its urgency is high or critical: it is due without asking.",
	  is_automatic_security, FATE_DUE },
	{ "ask", "A person is to decide.", otherwise, FATE_ASK },
};

/* What stands in the way. What is forced waits neither for people to go away nor for their wishes. */

static bool clock_is_wrong(const struct moment *m)
{
	return m->q->now_usec < m->q->earliest_usec;
}

static bool shutdown_is_near(const struct moment *m)
{
	const struct policy_world *world = m->q->world;

	/* A plan for a time that has passed was not carried out: it counts until it is withdrawn. */
	return world->is_shutting_down || (world->shutdown_usec > 0 &&
					   (world->shutdown_usec <= m->q->now_usec ||
					    world->shutdown_usec - m->q->now_usec < USEC_PER_HOUR));
}

static bool sleep_is_near(const struct moment *m)
{
	return m->q->world->is_going_to_sleep;
}

static bool is_inhibited(const struct moment *m)
{
	return m->q->is_inhibited && !m->is_forced;
}

static bool is_in_use(const struct moment *m)
{
	return m->q->is_in_use;
}

static uint64_t sum(uint64_t a, uint64_t b)
{
	return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

/* Some desktops never say that nobody is there: what a person approved waits only for the first half of its window. */
static bool waiting_for_idle_is_over(const struct moment *m)
{
	return m->is_forced ||
	       (m->is_approved && m->window.end_usec != UINT64_MAX &&
		m->q->now_usec >=
			m->window.begin_usec + (m->window.end_usec - m->window.begin_usec) / 2);
}

static bool is_not_idle(const struct moment *m)
{
	uint64_t idle_usec = sum(m->q->world->idle_since_usec, m->q->rules->require_idle_usec);

	return m->q->rules->require_idle_usec > 0 && m->q->now_usec < idle_usec &&
	       !waiting_for_idle_is_over(m);
}

static bool is_on_battery(const struct moment *m)
{
	return m->q->rules->requires_mains && m->q->world->is_on_battery;
}

static bool battery_is_low(const struct moment *m)
{
	return m->q->world->is_on_battery &&
	       m->q->world->battery_percent < m->q->rules->minimum_battery_percent;
}

static bool device_battery_is_low(const struct moment *m)
{
	return m->q->device_battery_percent != POLICY_BATTERY_NONE &&
	       m->q->device_battery_percent < m->q->rules->minimum_battery_percent;
}

static bool is_metered(const struct moment *m)
{
	return m->q->world->is_metered && !m->q->rules->allows_metered;
}

static const struct gate {
	const char *word, *sentence;
	bool (*blocks)(const struct moment *m);
} gates[BLOCKER_MAX] = {
	[BLOCKER_CLOCK] = { "clock-untrusted",
			    "The clock shows an earlier time than was recorded before: it is wrong.",
			    clock_is_wrong },
	[BLOCKER_SHUTDOWN] = { "shutdown-pending",
			       "The machine is shutting down, or will be within an hour.",
			       shutdown_is_near },
	[BLOCKER_SLEEP] = { "sleep-pending", "The machine is going to sleep.", sleep_is_near },
	[BLOCKER_INHIBITED] = { "inhibited",
				"A program asked for the device to be left alone; not past the deadline.",
				is_inhibited },
	[BLOCKER_IN_USE] = { "in-use", "Something else writes to the device or restarts it.",
			     is_in_use },
	[BLOCKER_NOT_IDLE] = { "not-idle",
			       "Somebody was at work within RequireIdleSec=. What was approved waits for that only in the "
			       "first half of its window, what is past its deadline not at all.",
			       is_not_idle },
	[BLOCKER_ON_BATTERY] = { "on-battery", "The machine has no mains power.", is_on_battery },
	[BLOCKER_BATTERY_LOW] = { "battery-low",
				  "The machine is on battery, with less than MinimumBattery=.",
				  battery_is_low },
	[BLOCKER_DEVICE_BATTERY_LOW] = { "device-battery-low",
					 "The device's own battery has less than MinimumBattery=.",
					 device_battery_is_low },
	[BLOCKER_METERED] = { "metered", "The network is paid for by volume.", is_metered },
};

static uint64_t deadline_of(const struct policy_question *q)
{
	uint64_t span = q->is_security ? q->rules->security_deadline_usec : q->rules->deadline_usec;
	uint64_t deadline = sum(q->decision->offered_usec, span);

	if (q->decision->offered_usec == 0 || deadline == UINT64_MAX ||
	    strcmp(q->policy, "never") == 0)
		return 0;
	return deadline;
}

static void look(const struct policy_question *q, struct moment *ret)
{
	*ret = (struct moment){
		.q = q,
		.deadline_usec = deadline_of(q),
		.window = calendar_find(&q->rules->windows, q->rules->window_usec, q->now_usec,
					POLICY_START_USEC),
		.is_approved = q->decision->decision == DECISION_APPROVED,
	};
	ret->is_forced = ret->deadline_usec > 0 && q->now_usec >= ret->deadline_usec;
}

static const struct row *row_for(const struct moment *m)
{
	const struct row *row = rows;

	while (!row->applies(m))
		row++;
	return row;
}

static bool is_open(const struct moment *m)
{
	return m->window.begin_usec <= m->q->now_usec;
}

static unsigned blockers_of(const struct moment *m)
{
	unsigned blockers = 0;

	for (unsigned i = 0; i < BLOCKER_MAX; i++)
		if (gates[i].blocks(m))
			blockers |= 1u << i;
	return blockers;
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* When to look again at what blocks: soonest when somebody has been away long enough, or approval stops waiting. */
static uint64_t wake_of_blocked(const struct moment *m)
{
	uint64_t now = m->q->now_usec, wake = sum(now, POLICY_LOOK_AGAIN_USEC),
		 idle = sum(m->q->world->idle_since_usec, m->q->rules->require_idle_usec);

	if (idle > now)
		wake = earlier(wake, idle);
	return wake;
}

static void plan_due(const struct moment *m, struct policy_plan *plan)
{
	plan->verdict = VERDICT_WAIT;
	if (!is_open(m)) {
		plan->not_before_usec = m->window.begin_usec == UINT64_MAX ? 0 :
									     m->window.begin_usec;
		plan->wake_usec = m->window.begin_usec;
		return;
	}
	plan->not_before_usec = m->window.begin_usec > m->q->decision->usec ? m->window.begin_usec :
									      m->q->decision->usec;
	plan->blockers = blockers_of(m);
	if (plan->blockers)
		plan->wake_usec = wake_of_blocked(m);
	else
		plan->verdict = VERDICT_INSTALL;
}

void policy_plan(const struct policy_question *question, struct policy_plan *ret)
{
	const struct decision_record *decision = question->decision;
	const struct row *row;
	struct moment m;

	look(question, &m);
	row = row_for(&m);
	*ret = (struct policy_plan){
		.rule = row->name,
		.deadline_usec = m.deadline_usec,
		.is_forced = row->applies == is_past_deadline,
		.wake_usec = UINT64_MAX,
	};
	switch (row->fate) {
	case FATE_DUE:
		plan_due(&m, ret);
		break;
	case FATE_LATER:
		ret->verdict = VERDICT_WAIT;
		ret->postponed_usec = decision->until_usec;
		ret->wake_usec = decision->until_usec;
		break;
	case FATE_ASK:
		ret->verdict = VERDICT_ASK;
		if (row->applies == was_tried)
			ret->wake_usec = decision->until_usec;
		else if (m.deadline_usec > question->now_usec && row->applies == otherwise)
			ret->wake_usec = m.deadline_usec;
		break;
	case FATE_NOTHING:
		ret->verdict = VERDICT_NOTHING;
		break;
	}
}

bool policy_is_due(const struct policy_question *question)
{
	struct moment m;

	look(question, &m);
	return row_for(&m)->fate == FATE_DUE && is_open(&m);
}

uint64_t policy_window_end(const struct policy_rules *rules, uint64_t now_usec)
{
	struct calendar_span span = calendar_find(&rules->windows, rules->window_usec, now_usec, 0);

	/* A window without end ends with the day, as far as trying again is concerned. */
	if (span.begin_usec > now_usec)
		return now_usec;
	return span.end_usec == UINT64_MAX ? sum(now_usec, USEC_PER_DAY) : span.end_usec;
}

const char *policy_blocker_word(enum policy_blocker blocker)
{
	return gates[blocker].word;
}

bool policy_row_at(size_t number, struct policy_row_text *ret)
{
	static const char *const verdicts[] = { [FATE_NOTHING] = "nothing",
						[FATE_ASK] = "ask",
						[FATE_LATER] = "wait",
						[FATE_DUE] = "due" };

	if (number >= ARRAY_SIZE(rows))
		return false;
	*ret = (struct policy_row_text){ rows[number].name, rows[number].sentence,
					 verdicts[rows[number].fate] };
	return true;
}

bool policy_gate_at(size_t number, struct policy_row_text *ret)
{
	if (number >= ARRAY_SIZE(gates))
		return false;
	*ret = (struct policy_row_text){ gates[number].word, gates[number].sentence, "blocks" };
	return true;
}
