/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See clock.h. */
#include "engine/clock.h"

#include <stdio.h>
#include <string.h>

void clock_stamp(const struct clock *clock, struct job_record *record)
{
	memset(record->boot_id, 0, sizeof(record->boot_id));
	snprintf(record->boot_id, sizeof(record->boot_id), "%s", clock->boot_id);
	record->clock_offset_usec = clock->offset_usec;
}

void clock_follow(const struct clock *clock, uint64_t now_usec, uint64_t settle_usec,
		  struct job_record *record)
{
	bool is_same_boot = clock->boot_id[0] && strcmp(clock->boot_id, record->boot_id) == 0;
	uint64_t jump_usec = clock->offset_usec - record->clock_offset_usec;

	if (is_same_boot)
		record->phase_usec += jump_usec;
	if (is_same_boot && record->trial_end_usec)
		record->trial_end_usec += jump_usec;
	if (!is_same_boot && record->trial_end_usec &&
	    record->trial_end_usec < now_usec + settle_usec)
		record->trial_end_usec = now_usec + settle_usec;
	clock_stamp(clock, record);
}
