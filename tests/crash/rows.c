/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Looks on when the engine decides (ld --wrap=engine_step): which rows of the table were reached. */
#include "rows.h"

#include <stdio.h>
#include <string.h>

#include "engine/step.h"

#define ROWS_MAX 256

static bool was_reached[ROWS_MAX];

void __real_engine_step(const struct job_record *job, const struct kernel_device *device,
			const struct job_knowledge *knowledge, const struct job_policy *policy,
			uint64_t now_usec, struct job_step *ret);
void __wrap_engine_step(const struct job_record *job, const struct kernel_device *device,
			const struct job_knowledge *knowledge, const struct job_policy *policy,
			uint64_t now_usec, struct job_step *ret);

void __wrap_engine_step(const struct job_record *job, const struct kernel_device *device,
			const struct job_knowledge *knowledge, const struct job_policy *policy,
			uint64_t now_usec, struct job_step *ret)
{
	const char *phase = job_phase_to_string(job->phase);
	struct engine_rule_text text;

	__real_engine_step(job, device, knowledge, policy, now_usec, ret);
	for (size_t i = 0; i < ROWS_MAX && engine_rule_at(i, &text); i++)
		if (strcmp(text.name, ret->rule) == 0 &&
		    (strcmp(text.phase, phase) == 0 || strcmp(text.phase, "any") == 0))
			was_reached[i] = true;
}

unsigned rows_print(void)
{
	struct engine_rule_text text;
	unsigned reached = 0;
	size_t i;

	for (i = 0; i < ROWS_MAX && engine_rule_at(i, &text); i++) {
		reached += was_reached[i];
		if (!was_reached[i])
			printf("# row not reached: %s/%s\n", text.phase, text.name);
	}
	printf("# %u of %zu rows of the decision table reached\n", reached, i);
	return reached;
}
