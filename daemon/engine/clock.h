/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The clock by which jobs are timed: the wall clock as it was when the daemon started, plus what has passed since
 * (suspended time counts). Somebody who sets the wall clock while a trial runs neither ends it nor makes it last for
 * years, and no restart of the daemon changes that: stored times say by which clock they are. Pure.
 */
#pragma once

#include "store/record.h"

struct clock {
	const char *boot_id; /* of the host; "" = unknown */
	uint64_t
		offset_usec; /* the wall clock less the time since boot; may wrap: so does the sum */
};

/* The times of @record are of @clock. */
void clock_stamp(const struct clock *clock, struct job_record *record);

/*
 * Turns the times of a job that is not ended, as an earlier daemon stored them, into times of @clock. In the same boot of
 * the host the spans stay what they were. In another one nobody knows how long the host was off, or whether its clock is
 * right: a trial that would be over goes on for another @settle_usec.
 */
void clock_follow(const struct clock *clock, uint64_t now_usec, uint64_t settle_usec,
		  struct job_record *record);
