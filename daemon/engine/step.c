/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Asks the table: the rows common to all phases, then those of the job's phase; the first that applies decides.
 * Orders to the kernel pass one more gate, which spaces out repetitions and gives up after some. The rows themselves
 * are in step-*.c. Nothing here reads a clock, allocates or has a side effect.
 */
#include "engine/step.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "base/macros.h"
#include "engine/rules.h"

static const struct rule_table *const tables[] = {
	&rules_queued,	&rules_downloading, &rules_verifying,  &rules_backing_up,
	&rules_waiting, &rules_writing,	    &rules_restarting, &rules_checking,
	&rules_trial,	&rules_reverting,   &rules_restoring,
};

static const char *const action_words[ACTION_MAX] = {
	[ACTION_WAIT] = "wait",
	[ACTION_VERIFY] = "verify",
	[ACTION_DOWNLOAD] = "download",
	[ACTION_BACK_UP] = "back-up",
	[ACTION_UNPACK] = "unpack",
	[ACTION_LOAD] = "load",
	[ACTION_COMMIT] = "commit",
	[ACTION_ABORT_LOAD] = "abort-load",
	[ACTION_ACTIVATE] = "activate",
	[ACTION_RESTART] = "restart",
	[ACTION_CHECK_HEALTH] = "check-health",
	[ACTION_CONFIRM] = "confirm",
	[ACTION_ACTIVATE_PREVIOUS] = "activate-previous",
	[ACTION_RESTORE_ATTEMPTS] = "restore-attempts",
	[ACTION_FINISH] = "finish",
};

/* Actions that are one order to the kernel: they can be refused and may be repeated. */
static bool action_is_order(enum job_action action)
{
	switch (action) {
	case ACTION_LOAD:
	case ACTION_COMMIT:
	case ACTION_ABORT_LOAD:
	case ACTION_ACTIVATE:
	case ACTION_RESTART:
	case ACTION_CONFIRM:
	case ACTION_ACTIVATE_PREVIOUS:
	case ACTION_RESTORE_ATTEMPTS:
		return true;
	default:
		return false;
	}
}

static bool order_is_exhausted(const struct situation *s, enum job_action action)
{
	return s->knowledge->last_action == action && (error_is_lasting(s->knowledge->last_error) ||
						       s->knowledge->tries >= STEP_ORDER_TRIES_MAX);
}

/* After an order was refused for good or had no effect again and again: what the phase does instead. */

static bool refused_attempts(const struct situation *s)
{
	return s->knowledge->last_action == ACTION_RESTORE_ATTEMPTS;
}

static bool refused_nothing_changed(const struct situation *s)
{
	return s->job->phase == JOB_WRITING ||
	       (s->job->phase == JOB_RESTARTING && s->job->restart_tries == 0 &&
		s->knowledge->last_action == ACTION_ACTIVATE);
}

static bool refused_going_forward(const struct situation *s)
{
	return s->job->phase != JOB_REVERTING && s->job->phase != JOB_RESTORING;
}

static void reason_then_reverting(const struct situation *s, struct job_step *step)
{
	reason_of_order(s, step);
	begin_reverting(s, step);
}

static void give_up(const struct situation *s, struct job_step *step)
{
	reason_of_order(s, step);
	until_next_boot(s, step);
}

static void after_pause(const struct situation *s, struct job_step *step)
{
	step->wake_usec = s->knowledge->last_usec + STEP_ORDER_RETRY_USEC;
}

static const struct rule refusal_rules[] = {
	{ "attempts-not-taken",
	  "The kernel does not take the attempts back: the trial goes on without them.",
	  refused_attempts, ACTION_WAIT, STAYS, REASON_OK, after_pause },
	{ "refused-before-change",
	  "The kernel refuses for good before the device was touched: the job fails.",
	  refused_nothing_changed, ACTION_FINISH, JOB_FAILED, REASON_OK, reason_of_order },
	{ "refused-going-forward", "The kernel refuses for good after that: go back.",
	  refused_going_forward, ACTION_WAIT, JOB_REVERTING, REASON_OK, reason_then_reverting },
	{ "refused-going-back", "The kernel refuses even to go back: the job fails and says so.",
	  always, ACTION_FINISH, JOB_FAILED, REASON_OK, give_up },
};

static const struct rule pause_rule = {
	"pause",     "The same order was given a moment ago: wait before giving it again.",
	always,	     ACTION_WAIT,
	STAYS,	     REASON_OK,
	after_pause,
};

static const struct rule stuck_rule = {
	"impossible", "No row applies: a mistake in the table, never reached.",
	always,	      ACTION_FINISH,
	JOB_FAILED,   REASON_INTERNAL,
	NULL,
};

static const struct rule *first_that_applies(const struct rule *rules, size_t count,
					     const struct situation *s)
{
	for (size_t i = 0; i < count; i++)
		if (rules[i].applies(s))
			return &rules[i];
	return NULL;
}

static const struct rule_table *table_of(enum job_phase phase)
{
	for (size_t i = 0; i < ARRAY_SIZE(tables); i++)
		if (tables[i]->phase == phase)
			return tables[i];
	return NULL;
}

static const struct rule *find_rule(const struct situation *s)
{
	const struct rule_table *table = table_of(s->job->phase);
	const struct rule *rule = first_that_applies(rules_common.rules, rules_common.count, s);

	if (!rule && table)
		rule = first_that_applies(table->rules, table->count, s);
	if (!rule)
		return &stuck_rule;
	if (!action_is_order(rule->action) || s->knowledge->last_action != rule->action)
		return rule;
	if (order_is_exhausted(s, rule->action))
		return first_that_applies(refusal_rules, ARRAY_SIZE(refusal_rules), s);
	if (s->now_usec < s->knowledge->last_usec + STEP_ORDER_RETRY_USEC)
		return &pause_rule;
	return rule;
}

static const struct kernel_slot *slot_at(const struct kernel_device *device, int slot)
{
	return device && slot >= 0 && (unsigned)slot < device->num_slots ? &device->slots[slot] :
									   NULL;
}

void engine_step(const struct job_record *job, const struct kernel_device *device,
		 const struct job_knowledge *knowledge, const struct job_policy *policy,
		 uint64_t now_usec, struct job_step *ret)
{
	const struct situation situation = {
		.job = job,
		.device = device,
		.knowledge = knowledge,
		.policy = policy,
		.now_usec = now_usec,
		.target = slot_at(device, job->target_slot),
		.previous = slot_at(device, job->previous_slot),
		.running = device ? engine_running_slot(device) : -1,
	};
	const struct rule *rule;

	assert(!job_phase_is_final(job->phase));

	rule = find_rule(&situation);
	*ret = (struct job_step){
		.action = rule->action,
		.next = *job,
		.wake_usec = UINT64_MAX,
		.rule = rule->name,
	};
	if (rule->next != STAYS && rule->next != job->phase) {
		ret->next.phase = rule->next;
		ret->next.phase_usec = now_usec;
		if (rule->action == ACTION_WAIT)
			ret->wake_usec = now_usec;
	}
	if (rule->amend)
		rule->amend(&situation, ret);
	if (ret->next.reason == REASON_OK)
		ret->next.reason = rule->reason;
}

/* The only slot is what runs, unless it is known to hold nothing that could. */
static bool only_slot_may_run(const struct kernel_device *device)
{
	enum kernel_slot_state state = device->slots[0].state;

	return device->num_slots == 1 && state != KERNEL_SLOT_EMPTY &&
	       state != KERNEL_SLOT_PARTIAL && state != KERNEL_SLOT_INVALID_IMAGE;
}

int engine_running_slot(const struct kernel_device *device)
{
	if (device->boot.is_present && device->boot.running_slot >= 0)
		return device->boot.running_slot;
	for (unsigned i = 0; i < device->num_slots; i++)
		if (device->slots[i].is_active)
			return (int)i;
	return only_slot_may_run(device) ? 0 : -1;
}

/* How gladly a slot is overwritten: what holds nothing of worth first, the way back of the running firmware last. */
static int reluctance_to_overwrite(const struct kernel_device *device, unsigned slot)
{
	static const int by_state[KERNEL_SLOT_STATE_MAX] = {
		[KERNEL_SLOT_EMPTY] = 0,   [KERNEL_SLOT_INVALID_IMAGE] = 1,
		[KERNEL_SLOT_PARTIAL] = 2, [KERNEL_SLOT_UNKNOWN] = 3,
		[KERNEL_SLOT_VALID] = 4,   [KERNEL_SLOT_PENDING] = 5,
		[KERNEL_SLOT_TRIAL] = 6,   [KERNEL_SLOT_CONFIRMED] = 7,
	};
	enum kernel_slot_state state = device->slots[slot].state;
	int reluctance = state >= 0 && state < KERNEL_SLOT_STATE_MAX ? by_state[state] : 3;

	return device->boot.is_present && device->boot.fallback_slot == (int)slot ?
		       reluctance + 10 :
		       reluctance;
}

int engine_choose_target(const struct kernel_device *device, const char *label)
{
	int running = engine_running_slot(device), best = -1;

	/* Which of several is running must be known before any is overwritten. */
	if (running < 0 && device->num_slots > 1)
		return -1;
	for (unsigned i = 0; i < device->num_slots; i++) {
		if (device->num_slots > 1 && (int)i == running)
			continue;
		if (label && label[0] && strcmp(device->slots[i].label, label) != 0)
			continue;
		if (best < 0 || reluctance_to_overwrite(device, i) <
					reluctance_to_overwrite(device, (unsigned)best))
			best = (int)i;
	}
	return best;
}

static bool slot_is_good(const struct kernel_device *device, int slot)
{
	const struct kernel_slot *s = slot_at(device, slot);

	return s && slot != engine_running_slot(device) &&
	       (s->state == KERNEL_SLOT_VALID || s->state == KERNEL_SLOT_CONFIRMED);
}

int engine_choose_previous(const struct kernel_device *device, int remembered)
{
	if (device->boot.is_present && slot_is_good(device, device->boot.fallback_slot))
		return device->boot.fallback_slot;
	if (slot_is_good(device, remembered))
		return remembered;
	for (unsigned i = 0; i < device->num_slots; i++)
		if (slot_is_good(device, (int)i))
			return (int)i;
	return -1;
}

bool job_is_cancellable(const struct job_record *job)
{
	return job->phase < JOB_WRITING;
}

const char *job_action_to_string(enum job_action action)
{
	return action >= 0 && action < ACTION_MAX ? action_words[action] : "unknown";
}

static void describe(const char *phase, const struct rule *rule, struct engine_rule_text *ret)
{
	*ret = (struct engine_rule_text){
		.phase = phase,
		.name = rule->name,
		.sentence = rule->sentence,
		.action = job_action_to_string(rule->action),
		.next_phase = rule->next == STAYS ? "" : job_phase_to_string(rule->next),
	};
}

bool engine_rule_at(size_t number, struct engine_rule_text *ret)
{
	if (number < rules_common.count) {
		describe("any", &rules_common.rules[number], ret);
		return true;
	}
	number -= rules_common.count;
	for (size_t i = 0; i < ARRAY_SIZE(tables); i++) {
		if (number < tables[i]->count) {
			describe(job_phase_to_string(tables[i]->phase), &tables[i]->rules[number],
				 ret);
			return true;
		}
		number -= tables[i]->count;
	}
	if (number == 0) {
		describe("any", &pause_rule, ret);
		return true;
	}
	number--;
	if (number < ARRAY_SIZE(refusal_rules)) {
		describe("any", &refusal_rules[number], ret);
		return true;
	}
	return false;
}
