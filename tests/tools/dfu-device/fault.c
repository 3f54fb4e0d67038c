// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Faults of the test device: reading them and counting down to them.
 */
#include <stdio.h>
#include <string.h>

#include "fault.h"

static const char *const kinds[FAULT_KINDS] = {
	[FAULT_STALL] = "stall", [FAULT_ERROR] = "error", [FAULT_VANISH] = "vanish",
	[FAULT_HANG] = "hang",	 [FAULT_SHORT] = "short", [FAULT_BUSY] = "busy",
	[FAULT_POLL] = "poll",	 [FAULT_STATE] = "state", [FAULT_FLIP] = "flip",
	[FAULT_DELAY] = "delay",
};

bool fault_add(struct faults *faults, const char *text)
{
	struct fault fault = { 0 };
	char kind[8];
	int fields, used = 0;

	fields = sscanf(text, "%7[a-z]@%c%u%n:%u%n", kind, &fault.when, &fault.countdown, &used,
			&fault.argument, &used);
	if (fields < 3 || text[used] || !strchr("tdusm", fault.when) || !fault.countdown ||
	    faults->count == FAULTS_MAX)
		return false;
	fault.has_argument = fields == 4;
	while (fault.kind < FAULT_KINDS && strcmp(kinds[fault.kind], kind))
		fault.kind++;
	if (fault.kind == FAULT_KINDS)
		return false;
	faults->list[faults->count++] = fault;
	return true;
}

void fault_request(struct faults *faults, char letter)
{
	unsigned int kept = 0;

	for (unsigned int i = 0; i < faults->count; i++) {
		struct fault fault = faults->list[i];

		if (fault.is_due)
			continue;
		if (fault.when == 't' || fault.when == letter)
			fault.is_due = --fault.countdown == 0;
		faults->list[kept++] = fault;
	}
	faults->count = kept;
}

const struct fault *fault_due(const struct faults *faults, enum fault_kind kind)
{
	for (unsigned int i = 0; i < faults->count; i++)
		if (faults->list[i].is_due && faults->list[i].kind == kind)
			return &faults->list[i];
	return NULL;
}

uint32_t fault_argument(const struct fault *fault, uint32_t otherwise)
{
	return fault && fault->has_argument ? fault->argument : otherwise;
}
