/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One look at all devices, as often as needed. The wall clock is asked anew each time: it may have been set, and the
 * timer follows it, too. The machine's state is asked for only while an update is due in an open window, and is not
 * believed for longer than a few seconds.
 */
#include "engine/schedule.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/time.h"
#include "engine/request.h"
#include "engine/updates.h"
#include "engine/versions.h"

#define WORLD_FRESH_USEC (5 * USEC_PER_SEC)
#define REVIEWS_MAX 8 /* in a row; what is left then is done when the timer rings */

/* Set over the bus, in the place of what is configured. */
struct set_policy {
	struct set_policy *next;
	struct policy_record record;
};

/* Somebody wants it left alone. */
struct inhibited {
	struct inhibited *next;
	char device_id[RECORD_DEVICE_ID_MAX + 1]; /* "" = all */
};

static bool is_inhibited(const struct manager *manager, const struct device *device)
{
	for (const struct inhibited *i = manager->inhibited; i; i = i->next)
		if (!i->device_id[0] || strcmp(i->device_id, device->id) == 0)
			return true;
	return false;
}

const struct policy_rules *schedule_rules(struct manager *manager, const struct device *device)
{
	return config_rules_of(&manager->config, device->id, device->now.hardware_id);
}

static const char *find_policy(const struct manager *manager, const char *device_id)
{
	for (const struct set_policy *set = manager->policies; set; set = set->next)
		if (strcmp(set->record.device_id, device_id) == 0)
			return set->record.policy;
	return NULL;
}

const char *manager_default_policy(const struct manager *manager)
{
	const char *set = find_policy(manager, "");

	return set ? set : manager->config.rules.policy;
}

void manager_next_window(struct manager *manager, uint64_t *ret_begin_usec,
			 uint64_t *ret_duration_usec)
{
	const struct policy_rules *rules = &manager->config.rules;
	struct calendar_span span =
		calendar_find(&rules->windows, rules->window_usec, manager_wall_clock(manager), 0);
	bool is_none = span.begin_usec == UINT64_MAX, is_endless = span.end_usec == UINT64_MAX;

	*ret_begin_usec = is_none ? 0 : span.begin_usec;
	*ret_duration_usec = is_none	? 0 :
			     is_endless ? UINT64_MAX :
					  span.end_usec - span.begin_usec;
}

/* A device's own comes first, whichever way it was set. */
static const char *policy_of(struct manager *manager, const struct device *device)
{
	const struct policy_rules *rules = schedule_rules(manager, device);
	const char *set = find_policy(manager, device->id);

	if (set)
		return set;
	return rules == &manager->config.rules ? manager_default_policy(manager) : rules->policy;
}

int schedule_set_policy(struct manager *manager, const char *device_id, const char *policy)
{
	struct set_policy **link = &manager->policies, *set;

	while (*link && strcmp((*link)->record.device_id, device_id) != 0)
		link = &(*link)->next;
	set = *link;
	if (!policy[0]) {
		if (set)
			*link = set->next;
		free(set);
		return 0;
	}
	if (!set) {
		set = calloc(1, sizeof(*set));
		if (!set)
			return -ENOMEM;
		snprintf(set->record.device_id, sizeof(set->record.device_id), "%s", device_id);
		*link = set;
	}
	snprintf(set->record.policy, sizeof(set->record.policy), "%s", policy);
	return 0;
}

static int load_policy(const struct policy_record *record, void *userdata)
{
	/* A word of a newer version: what is configured counts. */
	return config_policy_is_known(record->policy) ?
		       schedule_set_policy(userdata, record->device_id, record->policy) :
		       0;
}

int schedule_load(struct manager *manager)
{
	return store_list_policies(manager->store, load_policy, manager);
}

void schedule_stop(struct manager *manager)
{
	manager->schedule_timer = sd_event_source_disable_unref(manager->schedule_timer);
	while (manager->policies) {
		struct set_policy *first = manager->policies;

		manager->policies = first->next;
		free(first);
	}
	while (manager->inhibited) {
		struct inhibited *first = manager->inhibited;

		manager->inhibited = first->next;
		free(first);
	}
}

uint64_t schedule_window_end(struct manager *manager, const char *device_id)
{
	const struct device *device = manager_find_device(manager, device_id);
	const struct policy_rules *rules = device ? schedule_rules(manager, device) :
						    &manager->config.rules;

	return policy_window_end(rules, manager_wall_clock(manager));
}

const struct update *schedule_considers(struct manager *manager, const struct device *device)
{
	for (const struct update *update = manager->updates; update; update = update->next)
		if (strcmp(update->record.device_id, device->id) == 0 &&
		    update->decision.decision == DECISION_APPROVED &&
		    versions_verdict(manager, device->id, update->record.version) == REASON_OK &&
		    updates_find(manager, device->id, update->record.version) == update)
			return update;
	return manager_update_of(manager, device);
}

static bool is_security(const struct offer_record *record)
{
	return strcmp(record->urgency, "high") == 0 || strcmp(record->urgency, "critical") == 0;
}

static struct policy_question question_about(struct manager *manager, const struct device *device,
					     const struct update *update)
{
	return (struct policy_question){
		.rules = schedule_rules(manager, device),
		.policy = policy_of(manager, device),
		.decision = &update->decision,
		.is_security = is_security(&update->record),
		.world = &manager->world,
		.is_inhibited = is_inhibited(manager, device),
		.is_in_use = device->now.status != KERNEL_STATUS_IDLE,
		.device_battery_percent = POLICY_BATTERY_NONE,
		.now_usec = manager_wall_clock(manager),
		.earliest_usec = update->decision.offered_usec,
	};
}

/* Until it has been told how things are nothing begins; its times are another clock's when that has been set since. */
static bool world_is_fresh(struct manager *manager)
{
	uint64_t age = manager->ops->boottime_usec(manager->ops) - manager->world_usec;
	uint64_t wall_age = manager_wall_clock(manager) - manager->world_realtime_usec;

	return !manager->events->world_wanted ||
	       (manager->world_usec > 0 && age < WORLD_FRESH_USEC && wall_age < WORLD_FRESH_USEC);
}

static void ask_for_world(struct manager *manager)
{
	if (manager->is_world_asked)
		return;
	manager->is_world_asked = true;
	manager->events->world_wanted(manager->userdata);
}

static void note_refusal(struct manager *manager, struct device *device,
			 const struct failure *failure, uint64_t until_usec)
{
	/* When another job ends it is looked at again. */
	if (failure->reason == REASON_LIMIT_REACHED || failure->reason == REASON_BUSY)
		return;
	device->schedule.refused = failure->reason;
	device->schedule.refused_until_usec = until_usec;
	log_warning("%s: the update that was due cannot begin: %s", device->id,
		    failure_message(failure));
	(void)!manager_store_event(manager, device, "schedule", "refused", failure->reason,
				   (uint32_t)getuid());
}

static void begin(struct manager *manager, struct device *device, const struct update *update)
{
	const struct decision_record *decision = &update->decision;
	bool is_asked_for = decision->decision == DECISION_APPROVED;
	uint64_t flags = JOB_FLAG_SCHEDULED |
			 (is_asked_for ? decision->flags | JOB_FLAG_APPROVED : 0);
	_cleanup_failure_ struct failure failure = { 0 };
	char version[RECORD_VERSION_MAX + 1];
	struct job *job;

	memcpy(version, update->record.version, sizeof(version));
	log_info("%s: version %s begins (%s).", device->id, version, device->schedule.plan.rule);
	if (request_install_offered(manager, device->id, version, flags,
				    is_asked_for ? decision->uid : (uint32_t)getuid(), &job,
				    &failure) < 0)
		note_refusal(manager, device, &failure, schedule_window_end(manager, device->id));
}

/* What was refused is not tried again before this window's end, unless something is decided anew. */
static bool was_refused(const struct device *device, uint64_t now_usec)
{
	return device->schedule.refused != REASON_OK &&
	       now_usec < device->schedule.refused_until_usec;
}

/* All but when it is looked at next. */
static bool is_same(const struct device_schedule *a, const struct device_schedule *b)
{
	return a->policy == b->policy && a->decision == b->decision && a->refused == b->refused &&
	       strcmp(a->version, b->version) == 0 && a->plan.verdict == b->plan.verdict &&
	       a->plan.is_forced == b->plan.is_forced &&
	       a->plan.deadline_usec == b->plan.deadline_usec &&
	       a->plan.not_before_usec == b->plan.not_before_usec &&
	       a->plan.postponed_usec == b->plan.postponed_usec &&
	       a->plan.blockers == b->plan.blockers;
}

/* What was decided before the job used it up; what somebody decided since counts. */
static struct decision_record decision_of_job(const struct job_record *job,
					      const struct update *update)
{
	struct decision_record decision = { 0 };

	if (update)
		decision = update->decision;
	if (!update || decision.decision == DECISION_STARTED)
		decision.decision = job->flags & JOB_FLAG_APPROVED ? DECISION_APPROVED :
								     DECISION_PENDING;
	return decision;
}

/* The job of @device is about to write: may it still? Returns when to look again. */
static uint64_t review_waiting(struct manager *manager, struct device *device)
{
	struct job_entry *entry = job_entry_of(device->job);
	const struct job_record *job = &entry->job.record;
	const struct update *update = updates_find(manager, device->id, job->version);
	struct decision_record decision = decision_of_job(job, update);
	struct update none = { 0 };
	struct policy_question question = question_about(manager, device, update ? update : &none);
	struct policy_plan plan;

	question.decision = &decision;
	policy_plan(&question, &plan);
	if (policy_is_due(&question) && !world_is_fresh(manager)) {
		ask_for_world(manager);
		return UINT64_MAX;
	}
	device->schedule.plan.blockers = plan.blockers;
	if (plan.blockers)
		return plan.wake_usec;
	entry->job.knowledge.gate = plan.verdict == VERDICT_INSTALL ? GATE_OPEN : GATE_OVER;
	job_run(entry);
	return UINT64_MAX;
}

/* Returns when to look at the device again. */
static uint64_t review_device(struct manager *manager, struct device *device)
{
	const struct update *update = device->job ? NULL : schedule_considers(manager, device);
	struct device_schedule before = device->schedule, *now = &device->schedule;
	bool is_blind = false;

	now->policy = policy_of(manager, device);
	now->version[0] = '\0';
	now->decision = DECISION_PENDING;
	now->plan = (struct policy_plan){ .rule = "", .wake_usec = UINT64_MAX };
	if (update) {
		struct policy_question question = question_about(manager, device, update);

		memcpy(now->version, update->record.version, sizeof(now->version));
		now->decision = update->decision.decision;
		policy_plan(&question, &now->plan);
		is_blind = policy_is_due(&question) && !world_is_fresh(manager);
		if (!was_refused(device, question.now_usec))
			now->refused = REASON_OK;
		else if (now->plan.verdict == VERDICT_INSTALL)
			now->plan.wake_usec = now->refused_until_usec;
	} else {
		now->refused = REASON_OK;
	}
	if (is_blind) {
		/* What stood in the way when it was looked last is what is told meanwhile. */
		now->plan.blockers = before.plan.blockers;
		now->plan.wake_usec = UINT64_MAX;
		ask_for_world(manager);
	} else if (update && now->plan.verdict == VERDICT_INSTALL && now->refused == REASON_OK) {
		begin(manager, device, update);
	} else if (device->job && device->job->record.phase == JOB_WAITING) {
		now->plan.blockers = before.plan.blockers;
		now->plan.wake_usec = review_waiting(manager, device);
	}
	if (!is_same(&before, now) && manager->events->update_changed)
		manager->events->update_changed(device, manager->userdata);
	return now->plan.wake_usec;
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
	(void)source;
	(void)usec;
	schedule_wake(userdata);
	return 0;
}

/* By the wall clock, as windows are: when it is set, the timer is right again by itself. */
static void arm(struct manager *manager, uint64_t wake_usec)
{
	int r;

	if (wake_usec == manager->schedule_wake_usec)
		return;
	manager->schedule_timer = sd_event_source_disable_unref(manager->schedule_timer);
	manager->schedule_wake_usec = wake_usec;
	if (wake_usec == UINT64_MAX)
		return;
	r = sd_event_add_time(manager->event, &manager->schedule_timer, CLOCK_REALTIME, wake_usec,
			      USEC_PER_SEC, on_timer, manager);
	if (r < 0)
		log_error("No update begins by itself: no timer: %s.", strerror(-r));
}

void schedule_wake(struct manager *manager)
{
	manager->schedule_timer = sd_event_source_disable_unref(manager->schedule_timer);
	manager->schedule_wake_usec = UINT64_MAX;
	schedule_review(manager);
}

/* Devices may come and go while a job begins: by id. */
static uint64_t review_all(struct manager *manager)
{
	uint64_t wake = UINT64_MAX;

	for (size_t i = 0; i < manager->device_count; i++) {
		uint64_t next = review_device(manager, manager->devices[i]);

		if (next < wake)
			wake = next;
	}
	return wake;
}

void schedule_review(struct manager *manager)
{
	uint64_t wake = UINT64_MAX;

	manager->is_review_wanted = true;
	if (manager->is_reviewing || manager->is_volatile || !manager->store)
		return;
	manager->is_reviewing = true;
	for (unsigned i = 0; manager->is_review_wanted && i < REVIEWS_MAX; i++) {
		manager->is_review_wanted = false;
		wake = review_all(manager);
	}
	manager->is_reviewing = false;
	if (manager->is_review_wanted)
		wake = manager_wall_clock(manager) + USEC_PER_MINUTE;
	arm(manager, wake);
}

void schedule_ask_gate(struct manager *manager)
{
	manager->world_usec = 0;
	schedule_review(manager);
}

void manager_take_world(struct manager *manager, const struct policy_world *world)
{
	manager->world = *world;
	manager->world_usec = manager->ops->boottime_usec(manager->ops);
	manager->world_realtime_usec = manager_wall_clock(manager);
	manager->is_world_asked = false;
	schedule_review(manager);
}

bool manager_needs_world(const struct manager *manager)
{
	for (size_t i = 0; i < manager->device_count; i++)
		if (manager->devices[i]->schedule.plan.blockers)
			return true;
	return manager->is_world_asked;
}

int manager_inhibit(struct manager *manager, const char *device_id)
{
	struct inhibited *inhibited = calloc(1, sizeof(*inhibited));

	if (!inhibited)
		return -ENOMEM;
	snprintf(inhibited->device_id, sizeof(inhibited->device_id), "%s", device_id);
	inhibited->next = manager->inhibited;
	manager->inhibited = inhibited;
	schedule_review(manager);
	return 0;
}

void manager_uninhibit(struct manager *manager, const char *device_id)
{
	struct inhibited **link = &manager->inhibited, *found;

	while (*link && strcmp((*link)->device_id, device_id) != 0)
		link = &(*link)->next;
	found = *link;
	if (!found)
		return;
	*link = found->next;
	free(found);
	schedule_review(manager);
}
