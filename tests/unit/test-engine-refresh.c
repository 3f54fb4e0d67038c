/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* When update sources are asked: the sums of engine/refresh-plan.h, and that many machines do not come at once. */
#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "engine/refresh-plan.h"
#include "tap.h"

#define NOW (UINT64_C(1700000000) * USEC_PER_SEC)
#define CLIENTS 10000
#define ANY UINT64_MAX

static const struct refresh_policy daily = { USEC_PER_DAY, USEC_PER_HOUR },
				   hourly = { USEC_PER_HOUR, USEC_PER_MINUTE };

static const struct failure good = { .reason = REASON_OK }, bad = { .reason = REASON_TIMEOUT };

static void test_success(void)
{
	struct remote_record record = { .failures = 3, .reason = REASON_TIMEOUT };

	refresh_plan_tried(&record, &daily, &good, NOW, 0);
	tap_is((intmax_t)record.next_usec, NOW + USEC_PER_DAY, "after the interval");
	tap_ok(record.failures == 0 && record.reason == REASON_OK && record.refreshed_usec == NOW &&
		       record.tried_usec == NOW,
	       "with everything remembered");
	refresh_plan_tried(&record, &daily, &good, NOW, USEC_PER_HOUR);
	tap_is((intmax_t)record.next_usec, NOW + USEC_PER_DAY + USEC_PER_HOUR,
	       "and at most the random delay");
	refresh_plan_tried(&record, &daily, &good, NOW, USEC_PER_HOUR + 1);
	tap_is((intmax_t)record.next_usec, NOW + USEC_PER_DAY, "never more");
}

static void test_failures(void)
{
	struct remote_record record = { .refreshed_usec = NOW };
	uint64_t span = REFRESH_RETRY_USEC;

	for (unsigned i = 0; i < 12; i++) {
		struct remote_record early = record, late = record;
		uint64_t expected = span < USEC_PER_DAY ? span : USEC_PER_DAY;

		refresh_plan_tried(&early, &daily, &bad, NOW + i, 0);
		refresh_plan_tried(&late, &daily, &bad, NOW + i, expected / 2);
		tap_ok(early.next_usec == NOW + i + expected / 2 &&
			       late.next_usec == NOW + i + expected,
		       "failure %u: in the second half of %llu s", i + 1,
		       (unsigned long long)(expected / USEC_PER_SEC));
		record = late;
		span *= 2;
	}
	tap_ok(record.failures == 12 && record.reason == REASON_TIMEOUT &&
		       record.refreshed_usec == NOW,
	       "the last good time stays");
	record.failures = UINT32_MAX;
	refresh_plan_tried(&record, &daily, &bad, NOW, 0);
	tap_is(record.failures, UINT32_MAX, "the count does not turn over");
}

static void test_retry_after(void)
{
	const struct failure busy = { .reason = REASON_SERVER_FAILED, .retry_after_sec = 3600 };
	const struct failure soon = { .reason = REASON_SERVER_FAILED, .retry_after_sec = 1 };
	struct remote_record record = { 0 };

	refresh_plan_tried(&record, &daily, &busy, NOW, 0);
	tap_is((intmax_t)record.next_usec, NOW + USEC_PER_HOUR, "not before the server asks");
	record = (struct remote_record){ 0 };
	refresh_plan_tried(&record, &daily, &busy, NOW, USEC_PER_HOUR / 2);
	tap_is((intmax_t)record.next_usec, NOW + USEC_PER_HOUR + USEC_PER_HOUR / 2,
	       "nor all in that second");
	record = (struct remote_record){ 0 };
	refresh_plan_tried(&record, &daily, &soon, NOW, 0);
	tap_is((intmax_t)record.next_usec, NOW + REFRESH_RETRY_USEC / 2,
	       "who asks for less gets what is usual");
}

/* A server that wants to be left alone for longer than the interval is, whatever happens to the daemon meanwhile. */
static void test_retry_after_a_restart(void)
{
	const struct failure closed = { .reason = REASON_SERVER_FAILED,
					.retry_after_sec = FETCH_RETRY_AFTER_SEC_MAX };
	struct remote_record record = { 0 }, restarted;

	refresh_plan_tried(&record, &hourly, &closed, NOW, ANY);
	tap_ok(record.next_usec >= NOW + FETCH_RETRY_AFTER_SEC_MAX * USEC_PER_SEC &&
		       record.next_usec <= NOW + REFRESH_ASKED_MAX_USEC,
	       "as long as can be asked for");
	restarted = record;
	refresh_plan_begin(&restarted, &hourly, NOW + 1, 7);
	tap_is((intmax_t)restarted.next_usec, (intmax_t)record.next_usec, "holds over a restart");
	restarted = record;
	refresh_plan_begin(&restarted, &hourly, record.next_usec, 7);
	tap_is((intmax_t)restarted.next_usec, (intmax_t)record.next_usec + 7, "and ends");
	restarted = record;
	refresh_plan_begin(&restarted, &hourly, NOW - 1, 7);
	tap_is((intmax_t)restarted.next_usec, NOW - 1 + 7,
	       "a clock that was set back ends it as well");
	restarted = record;
	restarted.next_usec = NOW + REFRESH_ASKED_MAX_USEC + 1;
	refresh_plan_begin(&restarted, &hourly, NOW + 1, 7);
	tap_is((intmax_t)restarted.next_usec, NOW + 1 + 7, "more than can be asked for is no plan");
}

static void test_begin(void)
{
	struct remote_record record = { 0 };

	refresh_plan_begin(&record, &daily, NOW, 5);
	tap_is((intmax_t)record.next_usec, NOW + 5, "a new source is asked soon");
	refresh_plan_begin(&record, &daily, NOW + 1, 7);
	tap_is((intmax_t)record.next_usec, NOW + 5, "a plan stays a plan over a restart");
	refresh_plan_begin(&record, &daily, NOW + 5, 7);
	tap_is((intmax_t)record.next_usec, NOW + 12,
	       "one that is late begins with a delay of its own");
	record.next_usec = NOW + 2 * USEC_PER_DAY;
	refresh_plan_begin(&record, &daily, NOW, 9);
	tap_is((intmax_t)record.next_usec, NOW + 9, "one beyond all plans is no plan");
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* 48 random bits, the same in every run. */
static uint64_t draw(unsigned short state[3])
{
	return (uint64_t)nrand48(state) << 31 | (uint64_t)nrand48(state);
}

/* The most that come in one second, for a source that all heard of in the same second. */
static unsigned most_in_a_second(const struct refresh_policy *policy)
{
	static uint64_t seconds[CLIENTS];
	unsigned short state[3] = { 1, 2, 3 };
	unsigned most = 0, run = 0;

	for (size_t i = 0; i < CLIENTS; i++) {
		struct remote_record record = { 0 };

		refresh_plan_tried(&record, policy, &good, NOW, draw(state));
		seconds[i] = record.next_usec / USEC_PER_SEC;
	}
	qsort(seconds, CLIENTS, sizeof(seconds[0]), compare);
	for (size_t i = 0; i < CLIENTS; i++) {
		run = i > 0 && seconds[i] == seconds[i - 1] ? run + 1 : 1;
		most = run > most ? run : most;
	}
	printf("# %d clients over %llu s: %.2f a second on average, %u at most\n", CLIENTS,
	       (unsigned long long)(policy->random_delay_usec / USEC_PER_SEC),
	       (double)CLIENTS * USEC_PER_SEC / (double)policy->random_delay_usec, most);
	return most;
}

/*
 * The most that come in one second of a month. Each machine draws its delay anew each day: those that came together
 * once drift apart, so the first day is the worst there is. Machines know nothing of each other; what is left is chance.
 */
static unsigned most_in_a_month(void)
{
	enum { DAYS = 30, SECONDS = (DAYS + 1) * (24 + 1) * 3600 };
	static uint16_t seconds[SECONDS];
	unsigned short state[3] = { 3, 2, 1 };
	unsigned most = 0;

	for (size_t i = 0; i < CLIENTS; i++) {
		struct remote_record record = { .next_usec = NOW };

		for (unsigned day = 0; day < DAYS; day++) {
			refresh_plan_tried(&record, &daily, &good, record.next_usec, draw(state));
			seconds[(record.next_usec - NOW) / USEC_PER_SEC]++;
		}
	}
	for (size_t i = 0; i < SECONDS; i++)
		most = seconds[i] > most ? seconds[i] : most;
	printf("# %d clients over %d days: %u at most in one second\n", CLIENTS, DAYS, most);
	return most;
}

static void test_spread(void)
{
	const struct refresh_policy quarter = { USEC_PER_DAY, 15 * USEC_PER_MINUTE };

	tap_ok(most_in_a_second(&quarter) <= 3 * CLIENTS / (15 * 60),
	       "over a quarter of an hour no second has three times the mean");
	/* Of fewer a second chance alone makes larger multiples: one of 3600 has 12 in 3 % of all days. */
	tap_ok(most_in_a_second(&daily) <= 12, "over an hour none is crowded either");
	tap_ok(most_in_a_month() <= 12, "and no later day is worse than the first");
}

int main(void)
{
	test_success();
	test_failures();
	test_retry_after();
	test_retry_after_a_restart();
	test_begin();
	test_spread();
	return tap_done();
}
