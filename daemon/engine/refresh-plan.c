/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sums of times. */
#include "engine/refresh-plan.h"

/* 0...@max_usec, both included */
static uint64_t spread(uint64_t random, uint64_t max_usec)
{
	return max_usec == UINT64_MAX ? random : random % (max_usec + 1);
}

static uint64_t back_off(const struct refresh_policy *policy, unsigned failures)
{
	uint64_t span = REFRESH_RETRY_USEC;

	for (unsigned i = 1; i < failures && span < policy->interval_usec; i++)
		span *= 2;
	return span < policy->interval_usec ? span : policy->interval_usec;
}

void refresh_plan_tried(struct remote_record *record, const struct refresh_policy *policy,
			const struct failure *failure, uint64_t now_usec, uint64_t random)
{
	enum reason reason = failure->reason;

	record->tried_usec = now_usec;
	record->reason = reason;
	if (reason == REASON_OK) {
		record->failures = 0;
		record->refreshed_usec = now_usec;
		record->next_usec = now_usec + policy->interval_usec +
				    spread(random, policy->random_delay_usec);
	} else {
		uint64_t asked = failure->retry_after_sec * UINT64_C(1000000), span;

		record->failures += record->failures < UINT32_MAX;
		span = back_off(policy, record->failures);
		if (span < asked)
			span = asked;
		record->next_usec = now_usec + (asked < span / 2 ? span / 2 : asked) +
				    spread(random, span - span / 2);
	}
}

/* A server may ask for more than the interval: counted from when it did, unless that is said to be still to come. */
static bool is_as_the_server_asked(const struct remote_record *record, uint64_t now_usec)
{
	return record->failures > 0 && record->tried_usec <= now_usec &&
	       record->next_usec - record->tried_usec <= REFRESH_ASKED_MAX_USEC;
}

void refresh_plan_begin(struct remote_record *record, const struct refresh_policy *policy,
			uint64_t now_usec, uint64_t random)
{
	uint64_t latest = now_usec + policy->interval_usec + policy->random_delay_usec;
	bool is_plan = record->next_usec > now_usec &&
		       (record->next_usec <= latest || is_as_the_server_asked(record, now_usec));

	if (!is_plan)
		record->next_usec = now_usec + spread(random, policy->random_delay_usec);
}
