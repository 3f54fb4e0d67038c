/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What people decide about updates that are offered: approve, postpone, dismiss, and the policy. Each is stored before
 * it is true. When something happens is schedule.c's question.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/time.h"
#include "engine/request.h"
#include "engine/schedule.h"
#include "engine/updates.h"
#include "engine/versions.h"

#define APPROVE_FLAGS (MANAGER_FLAG_REINSTALL | MANAGER_FLAG_NO_WAY_BACK)

/* The device, and what is offered to it; @version "" = by itself. */
static int find(struct manager *manager, const char *device_id, const char *version,
		struct device **ret_device, const struct update **ret, struct failure *failure)
{
	int r = request_check_device(manager, device_id, ret_device, failure);

	if (r >= 0)
		r = request_check_store(manager, failure);
	if (r < 0)
		return r;
	*ret = version[0] ? updates_find(manager, device_id, version) :
			    schedule_considers(manager, *ret_device);
	if (*ret)
		return 0;
	return fail(
		failure, REASON_NO_SUCH_UPDATE,
		"No update source offers %s%.63s for %s; see ListUpdates, or ask them anew by Refresh.",
		version[0] ? "version " : "an update", version, device_id);
}

/* The row as it will be, with nothing but what the content is taken over. */
static struct decision_record new_decision(struct manager *manager, const struct update *update,
					   enum decision decision, uint64_t flags, uint32_t uid)
{
	struct decision_record record = update->decision;

	record.decision = decision;
	record.flags = flags;
	record.uid = uid;
	record.usec = manager_wall_clock(manager);
	record.until_usec = 0;
	if (record.offered_usec == 0)
		record.offered_usec = record.usec;
	return record;
}

static int decide(struct manager *manager, struct device *device,
		  const struct decision_record *decision, const char *action,
		  struct failure *failure)
{
	int r = manager_store_decision(manager, device, decision, action);

	if (r < 0)
		return fail_errno(failure, r, "The decision cannot be recorded in %s",
				  manager->folders.state);
	device->schedule.refused = REASON_OK;
	device->schedule.refused_until_usec = 0;
	return 0;
}

static void announce(const struct device *device, const struct decision_record *decision,
		     enum announcement announcement, uint64_t until_usec)
{
	struct job_record record = { .uid = decision->uid, .phase = JOB_WAITING };
	char time_text[TIME_TEXT_SIZE], message[64] = "";

	memcpy(record.device_id, decision->device_id, sizeof(record.device_id));
	memcpy(record.version, decision->version, sizeof(record.version));
	snprintf(record.version_before, sizeof(record.version_before), "%s",
		 device_running_version(device));
	if (until_usec)
		snprintf(message, sizeof(message), "Not before %s.",
			 time_format(until_usec, time_text));
	job_announce(&record, announcement, message);
}

static int check_approvable(const struct update *update, const struct device *device,
			    uint64_t flags, struct failure *failure)
{
	if (device->job)
		return fail(failure, REASON_BUSY, "Job %llu is under way on %s; wait for its end.",
			    (unsigned long long)device->job->record.id, device->id);
	return request_check_update(update, device, flags, failure);
}

int manager_approve(struct manager *manager, const char *device_id, const char *version,
		    uint64_t flags, uint32_t uid, uint64_t *ret_not_before_usec,
		    struct failure *failure)
{
	const struct update *update = NULL;
	struct decision_record decision;
	struct device *device = NULL;
	int r;

	r = request_check_flags(flags, APPROVE_FLAGS, failure);
	if (r >= 0 && version[0])
		r = versions_check(manager, device_id, version, failure);
	if (r >= 0)
		r = find(manager, device_id, version, &device, &update, failure);
	if (r >= 0)
		r = check_approvable(update, device, flags, failure);
	if (r >= 0)
		r = request_check_way_back(device, flags, failure);
	if (r < 0)
		return r;
	decision = new_decision(manager, update, DECISION_APPROVED, flags, uid);
	*ret_not_before_usec = calendar_find(&schedule_rules(manager, device)->windows,
					     schedule_rules(manager, device)->window_usec,
					     decision.usec, POLICY_START_USEC)
				       .begin_usec;
	if (*ret_not_before_usec == UINT64_MAX)
		*ret_not_before_usec = 0;
	else if (*ret_not_before_usec < decision.usec)
		*ret_not_before_usec = decision.usec;
	r = decide(manager, device, &decision, "approve", failure);
	if (r < 0)
		return r;
	announce(device, &decision, ANNOUNCE_APPROVED, *ret_not_before_usec);
	schedule_review(manager);
	return 0;
}

static int check_until(const struct device *device, uint64_t now_usec, uint64_t until_usec,
		       uint64_t flags, struct failure *failure)
{
	uint64_t deadline = device->schedule.plan.deadline_usec;
	char time_text[TIME_TEXT_SIZE];

	if (until_usec <= now_usec)
		return fail(failure, REASON_INVALID_ARGUMENT,
			    "%s is over; give a time to come, in microseconds since 1970.",
			    time_format(until_usec, time_text));
	if (until_usec - now_usec > POLICY_POSTPONE_MAX_USEC)
		return fail(
			failure, REASON_INVALID_ARGUMENT,
			"%s is further away than the 366 days for which an update may be postponed.",
			time_format(until_usec, time_text));
	if (deadline > 0 && until_usec > deadline && !(flags & MANAGER_FLAG_PAST_DEADLINE))
		return fail(
			failure, REASON_PAST_DEADLINE,
			"The update of %s has to be installed by %s. Set flag %llu to postpone it further.",
			device->id, time_format(deadline, time_text),
			(unsigned long long)MANAGER_FLAG_PAST_DEADLINE);
	return 0;
}

int manager_postpone(struct manager *manager, const char *device_id, uint64_t until_usec,
		     uint64_t flags, uint32_t uid, struct failure *failure)
{
	uint64_t now = manager_wall_clock(manager);
	const struct update *update = NULL;
	struct decision_record decision;
	struct device *device = NULL;
	int r;

	r = request_check_flags(flags, MANAGER_FLAG_PAST_DEADLINE, failure);
	if (r >= 0)
		r = find(manager, device_id, "", &device, &update, failure);
	if (r >= 0)
		r = check_until(device, now, until_usec, flags, failure);
	if (r < 0)
		return r;
	decision = new_decision(manager, update, DECISION_POSTPONED, flags, uid);
	decision.until_usec = until_usec;
	r = decide(manager, device, &decision, "postpone", failure);
	if (r < 0)
		return r;
	announce(device, &decision, ANNOUNCE_POSTPONED, until_usec);
	schedule_review(manager);
	return 0;
}

int manager_dismiss(struct manager *manager, const char *device_id, const char *version,
		    uint64_t flags, uint32_t uid, struct failure *failure)
{
	const struct update *update = NULL;
	struct decision_record decision;
	struct device *device = NULL;
	int r;

	r = request_check_flags(flags, MANAGER_FLAG_PAST_DEADLINE, failure);
	if (r >= 0)
		r = find(manager, device_id, version, &device, &update, failure);
	if (r < 0)
		return r;
	if (device->schedule.plan.deadline_usec > 0 && !(flags & MANAGER_FLAG_PAST_DEADLINE) &&
	    strcmp(device->schedule.version, update->record.version) == 0)
		return fail(
			failure, REASON_PAST_DEADLINE,
			"The update of %s has a deadline. Set flag %llu to dismiss it all the same.",
			device->id, (unsigned long long)MANAGER_FLAG_PAST_DEADLINE);
	decision = new_decision(manager, update, DECISION_DISMISSED, flags, uid);
	r = decide(manager, device, &decision, "dismiss", failure);
	if (r >= 0)
		schedule_review(manager);
	return r < 0 ? r : 0;
}

int manager_set_policy(struct manager *manager, const char *device_id, const char *policy,
		       uint64_t flags, uint32_t uid, struct failure *failure)
{
	struct device *device = NULL;
	int r;

	r = request_check_flags(flags, MANAGER_FLAG_RUNTIME, failure);
	if (r >= 0 && device_id[0])
		r = request_check_device(manager, device_id, &device, failure);
	if (r >= 0 && policy[0] && !config_policy_is_known(policy))
		r = fail(
			failure, REASON_INVALID_ARGUMENT,
			"\"%.32s\" is no policy: ask, automatic, security or never, or \"\" for what is configured.",
			policy);
	if (r >= 0 && !(flags & MANAGER_FLAG_RUNTIME)) {
		r = request_check_store(manager, failure);
		if (r >= 0)
			r = store_save_policy(manager->store, device_id, policy);
		if (r < 0)
			return fail_errno(failure, r, "The policy cannot be recorded in %s",
					  manager->folders.state);
	}
	if (r >= 0 && schedule_set_policy(manager, device_id, policy) < 0)
		r = fail_memory(failure);
	if (r < 0)
		return r;
	if (device)
		(void)!manager_store_event(manager, device, "policy",
					   policy[0] ? policy : "default", REASON_OK, uid);
	schedule_review(manager);
	return 0;
}
