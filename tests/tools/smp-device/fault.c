/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Faults by the number of the request in which they strike. */
#include <stdio.h>
#include <string.h>

#include "model.h"

#define FAULTS_MAX 32

static const char *const words[FAULT_MAX] = {
	[FAULT_LOSE_REQUEST] = "lose-request",
	[FAULT_LOSE_ANSWER] = "lose-answer",
	[FAULT_CORRUPT_ANSWER] = "corrupt-answer",
	[FAULT_DOUBLE_ANSWER] = "double-answer",
	[FAULT_DELAY_ANSWER] = "delay-answer",
	[FAULT_POWER_CUT] = "power-cut",
	[FAULT_REWIND] = "rewind",
	[FAULT_REFUSE] = "refuse",
};

static struct {
	enum fault fault;
	unsigned at, period; /* requests from now; 0: never again */
} planned[FAULTS_MAX];
static size_t planned_count;

bool fault_add(const char *text)
{
	char word[32];
	unsigned at = 1, period = 0;

	if (sscanf(text, "%31[a-z-]@%u+%u", word, &at, &period) < 1 || at < 1 ||
	    planned_count == FAULTS_MAX)
		return false;
	for (unsigned i = 0; i < FAULT_MAX; i++) {
		if (strcmp(words[i], word) != 0)
			continue;
		planned[planned_count].fault = (enum fault)i;
		planned[planned_count].at = at + 1; /* fault_count() comes first */
		planned[planned_count++].period = period;
		return true;
	}
	return false;
}

void fault_count(void)
{
	for (size_t i = 0; i < planned_count; i++) {
		if (planned[i].at == 1)
			planned[i].at = planned[i].period ? planned[i].period + 1 : 0;
		if (planned[i].at > 0)
			planned[i].at--;
	}
}

bool fault_strikes(enum fault fault)
{
	for (size_t i = 0; i < planned_count; i++)
		if (planned[i].fault == fault && planned[i].at == 1) {
			printf("fault: %s\n", words[fault]);
			fflush(stdout);
			return true;
		}
	return false;
}
