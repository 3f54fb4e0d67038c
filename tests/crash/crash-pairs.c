/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * timeout: 3600
 *
 * Several faults in one run, pseudo-random: a second and third crash while recovering from the
 * first, with messages lost between. Usage: crash-pairs [SEED [RUNS]], or CRASH_SEED, CRASH_RUNS.
 */
#include <stdio.h>
#include <stdlib.h>

#include "lab.h"
#include "rows.h"
#include "run.h"
#include "tap.h"

#define RUNS_DEFAULT 600
#define FAULTS_MAX 3
#define FEW_RUNS 20 /* by chance none of them has several faults */
/* Operations of a life: of a whole one, and of one that only finishes something. */
#define LONG_LIFE 110
#define SHORT_LIFE 30
#define MESSAGES_GUESS 40
#define DAY_USEC (INT64_C(86400) * (int64_t)SECOND)

static unsigned draw(unsigned *random, unsigned below)
{
	*random = *random * 1664525u + 1013904223u;
	return (*random >> 10) % below;
}

struct story {
	char text[400];
	size_t length;
};

static void tell(struct story *story, const struct stop_plan *plan, enum disk_loss loss)
{
	story->length +=
		(size_t)snprintf(story->text + story->length, sizeof(story->text) - story->length,
				 "%s %s operation %u (%s); ", stop_what_word(plan->what),
				 stop_when_word(plan->when), plan->at, disk_loss_word(loss));
}

/* A machine whose clock has no battery, and somebody who sets it, also while the daemon is gone. */
static void set_clock(struct lab *lab, unsigned *random, struct story *story)
{
	static const int64_t errors[] = { -DAY_USEC, 3600 * DAY_USEC };

	if (draw(random, 4) != 0)
		return;
	lab->clock_error_usec = errors[draw(random, ARRAY_SIZE(errors))];
	story->length += (size_t)snprintf(story->text + story->length,
					  sizeof(story->text) - story->length, "clock %+lld s; ",
					  (long long)(lab->clock_error_usec / (int64_t)SECOND));
}

/* A life with a fault in it; returns whether it came to that. */
static bool live_with_fault(struct lab *lab, unsigned *random, struct story *story)
{
	struct stop_plan plan = {
		.at = 1 + draw(random, draw(random, 2) ? LONG_LIFE : SHORT_LIFE),
		.when = (enum stop_when)draw(random, STOP_WHEN_MAX),
		.what = (enum stop_what)draw(random, STOP_WHAT_MAX),
	};
	enum disk_loss loss = (enum disk_loss)draw(random, DISK_LOSS_MAX);
	unsigned turns = draw(random, 4) ? 0 : draw(random, 6);

	lab_live(lab, plan);
	if (!lab->stopper.is_hit)
		return false;
	tell(story, &plan, loss);
	lab_fall(lab, plan.what, loss, draw(random, 1000));
	lab_turn_alone(lab, turns);
	set_clock(lab, random, story);
	return true;
}

static unsigned run_one(struct lab *lab, unsigned seed, struct story *story)
{
	unsigned random = seed * 2654435761u, faults = 0;
	const struct scenario *scenario = &scenarios[draw(&random, (unsigned)scenario_count)];

	story->length = 0;
	story->text[0] = '\0';
	lab_begin(lab, scenario);
	lab->may_exhaust = scenario->traits.assesses_itself;
	if (draw(&random, 4) == 0) {
		lab->any_end = true;
		lab->messages.at = 1 + draw(&random, MESSAGES_GUESS);
		lab->messages.fault = (enum message_fault)draw(&random, MESSAGE_FAULT_MAX);
	}
	for (unsigned i = 0; i < FAULTS_MAX && !lab_is_broken(lab); i++)
		faults += live_with_fault(lab, &random, story);
	lab_live(lab, (struct stop_plan){ 0 });
	laws_start_again(lab);
	return faults + lab->messages.is_hit;
}

int main(int argc, char **argv)
{
	unsigned seed = argc > 1 ? (unsigned)atoi(argv[1]) : setting("CRASH_SEED", 1);
	unsigned runs = argc > 2 ? (unsigned)atoi(argv[2]) : setting("CRASH_RUNS", RUNS_DEFAULT);
	struct lab *lab = lab_new();
	unsigned long faults = 0, pairs = 0;
	struct story story;
	unsigned lost = 0;

	for (unsigned i = 0; i < runs && lost < 20; i++) {
		unsigned count = run_one(lab, seed + i, &story);

		faults += count;
		pairs += count > 1;
		if (!lab_is_broken(lab))
			continue;
		lost++;
		printf("# seed %u: %s: %s%s\n#   DEBUG=1 crash-pairs %u 1\n", seed + i,
		       lab->scenario->name, story.text, lab->broken, seed + i);
		stop_if_asked();
	}
	tap_ok(lost == 0 && (pairs > runs / 4 || runs < FEW_RUNS),
	       "%u runs from seed %u: %lu faults, %lu runs with several, %u lost", runs, seed,
	       faults, pairs, lost);
	rows_print();
	lab_free(lab);
	return tap_done();
}
