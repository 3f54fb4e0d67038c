/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * timeout: 900
 *
 * Every message between daemon and kernel dropped, doubled, delayed or (the image's bytes)
 * corrupted. The update may end otherwise than without that, but never wrongly.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lab.h"
#include "rows.h"
#include "run.h"
#include "tap.h"

static unsigned count_messages(struct lab *lab, const struct scenario *scenario)
{
	lab_begin(lab, scenario);
	lab_live(lab, (struct stop_plan){ 0 });
	return lab->messages.count;
}

static bool run_message(struct lab *lab, const struct scenario *scenario, enum message_fault fault,
			unsigned at)
{
	lab_begin(lab, scenario);
	lab->any_end = true;
	lab->messages.at = at;
	lab->messages.fault = fault;
	lab_live(lab, (struct stop_plan){ 0 });
	laws_start_again(lab);
	return lab->messages.is_hit;
}

static void run_messages(struct lab *lab, const struct scenario *scenario, struct figures *figures)
{
	unsigned spread = setting("CRASH_SPREAD", 3), turn = setting("CRASH_SEED", 1);
	unsigned messages = count_messages(lab, scenario), points = 0, lost = 0;

	for (enum message_fault fault = 0; fault < MESSAGE_FAULT_MAX; fault++) {
		for (unsigned at = 1; at <= messages; at++) {
			if (turn++ % spread != 0 || !run_message(lab, scenario, fault, at))
				continue;
			points++;
			if (!lab_is_broken(lab))
				continue;
			lost++;
			printf("# %s: message %u %s: %s\n", scenario->name, at,
			       message_fault_word(fault), lab->broken);
		}
	}
	figures->points += points;
	figures->lost += lost;
	tap_ok(lost == 0, "%s: %u messages, %u faults, %u lost", scenario->name, messages, points,
	       lost);
}

int main(void)
{
	struct lab *lab = lab_new();
	struct figures figures = { 0 };
	const char *only = getenv("CRASH_ONLY");

	for (size_t i = 0; i < scenario_count; i++)
		if (scenarios[i].wish != WISH_NOTHING && (!only || strstr(scenarios[i].name, only)))
			run_messages(lab, &scenarios[i], &figures);
	printf("# %lu faults of messages tried, %lu lost states\n", figures.points, figures.lost);
	rows_print();
	lab_free(lab);
	return tap_done();
}
