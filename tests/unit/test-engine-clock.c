/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What stored times become when the wall clock was set before the daemon started again. */
#include <string.h>

#include "engine/clock.h"
#include "tap.h"

#define HOUR UINT64_C(3600000000)
#define NOW (1000 * HOUR)
#define SETTLE (UINT64_C(120) * 1000000)

static const struct clock before = { "a boot", 900 * HOUR };

static struct job_record stored(void)
{
	struct job_record record = { .created_usec = NOW - 3 * HOUR,
				     .phase_usec = NOW - 2 * HOUR,
				     .trial_end_usec = NOW + HOUR };

	clock_stamp(&before, &record);
	return record;
}

static void test_same_boot(void)
{
	static const int64_t jumps[] = { 0, (int64_t)(40000 * HOUR), -(int64_t)(400 * HOUR), 7 };

	for (size_t i = 0; i < sizeof(jumps) / sizeof(jumps[0]); i++) {
		struct clock now = { "a boot", before.offset_usec + (uint64_t)jumps[i] };
		uint64_t now_usec = NOW + (uint64_t)jumps[i];
		struct job_record record = stored();

		clock_follow(&now, now_usec, SETTLE, &record);
		tap_is(record.trial_end_usec - now_usec, HOUR, "what is left of the trial stays");
		tap_is(now_usec - record.phase_usec, 2 * HOUR, "so does the age of the phase");
		tap_is(record.created_usec, NOW - 3 * HOUR,
		       "when it was asked for was read from a clock");
		tap_is(record.clock_offset_usec, now.offset_usec, "it is of the new clock");
	}
}

static void test_no_trial(void)
{
	struct clock now = { "a boot", before.offset_usec + HOUR }, other = { "another boot", 5 };
	struct job_record record = stored();

	record.trial_end_usec = 0;
	clock_follow(&now, NOW + HOUR, SETTLE, &record);
	tap_is(record.trial_end_usec, 0, "what is not on trial does not get there");
	clock_follow(&other, NOW + HOUR, SETTLE, &record);
	tap_is(record.trial_end_usec, 0, "nor in another boot");
}

static void test_other_boot(void)
{
	struct clock now = { "another boot", 1 }, unknown = { "", before.offset_usec + HOUR };
	struct job_record record = stored();

	clock_follow(&now, NOW, SETTLE, &record);
	tap_is(record.trial_end_usec, NOW + HOUR, "what is left stays if the clock says so");
	tap_is(record.phase_usec, NOW - 2 * HOUR, "the phase, too");
	tap_is_string(record.boot_id, "another boot", "it is of the new boot");
	clock_follow(&before, NOW + 9 * HOUR, SETTLE, &record);
	tap_is(record.trial_end_usec, NOW + 9 * HOUR + SETTLE,
	       "what would be over has to settle first");

	record = stored();
	memset(record.boot_id, 0, sizeof(record.boot_id));
	clock_follow(&unknown, NOW + 2 * HOUR, SETTLE, &record);
	tap_is(record.trial_end_usec, NOW + 2 * HOUR + SETTLE,
	       "two unknown boots are not the same");
}

int main(void)
{
	test_same_boot();
	test_no_trial();
	test_other_boot();
	return tap_done();
}
