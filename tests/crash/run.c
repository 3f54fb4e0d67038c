/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See run.h. */
#include "run.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "tap.h"

#define SPREAD_DEFAULT 43
#define SEEDS_OF_A_WAY 1000003u
#define COMPLAINTS_MAX 8 /* of a scenario */

unsigned setting(const char *variable, unsigned otherwise)
{
	const char *text = getenv(variable);

	return text && text[0] ? (unsigned)strtoul(text, NULL, 10) : otherwise;
}

/* What can happen at a point: each row is tried with all of its losses. */
static const struct way {
	enum stop_what what;
	enum stop_when when;
	enum disk_loss losses[DISK_LOSS_MAX];
	unsigned loss_count;
	unsigned turns_alone; /* the kernel goes on before the daemon is back */
} ways[] = {
	{ STOP_DAEMON, STOP_BEFORE, { LOSS_NOTHING }, 1, 0 },
	{ STOP_DAEMON, STOP_AFTER, { LOSS_NOTHING }, 1, 5 },
	{ STOP_DAEMON, STOP_TORN, { LOSS_NOTHING }, 1, 0 },
	{ STOP_HOST, STOP_BEFORE, { LOSS_EVERYTHING, LOSS_BYTES, LOSS_NAMES, LOSS_SOME }, 4, 0 },
	{ STOP_HOST, STOP_AFTER, { LOSS_EVERYTHING, LOSS_ZEROS, LOSS_SOME }, 3, 0 },
	{ STOP_HOST, STOP_TORN, { LOSS_NOTHING, LOSS_BYTES, LOSS_SOME }, 3, 0 },
	{ STOP_POWER, STOP_BEFORE, { LOSS_NOTHING, LOSS_ZEROS, LOSS_SOME }, 3, 0 },
	{ STOP_POWER, STOP_AFTER, { LOSS_EVERYTHING, LOSS_BYTES, LOSS_NAMES, LOSS_SOME }, 4, 0 },
	{ STOP_POWER, STOP_TORN, { LOSS_EVERYTHING, LOSS_ZEROS, LOSS_NAMES, LOSS_SOME }, 4, 0 },
	{ STOP_DEVICE, STOP_BEFORE, { LOSS_NOTHING }, 1, 0 },
	{ STOP_DEVICE, STOP_AFTER, { LOSS_NOTHING }, 1, 0 },
	{ STOP_DEVICE, STOP_TORN, { LOSS_NOTHING }, 1, 0 },
	{ STOP_PROVIDER, STOP_BEFORE, { LOSS_NOTHING }, 1, 0 },
	{ STOP_PROVIDER, STOP_AFTER, { LOSS_NOTHING }, 1, 0 },
};

/* A process provides devices with MCUboot; the others are the kernel's own, which dies with the host. */
static bool can_happen(const struct way *way, const struct scenario *scenario)
{
	return way->what != STOP_PROVIDER || scenario->traits.swaps;
}

/* false: there is no such point. */
static bool run_point(struct lab *lab, const struct scenario *scenario, const struct way *way,
		      enum disk_loss loss, unsigned at)
{
	lab_begin(lab, scenario);
	lab_live(lab, (struct stop_plan){ at, way->when, way->what });
	if (!lab->stopper.is_hit)
		return false;
	/* What is lost of some differs from way to way. */
	lab_fall(lab, way->what, loss, at + SEEDS_OF_A_WAY * (unsigned)(way - ways));
	if (way->what != STOP_DEVICE && way->what != STOP_PROVIDER) {
		lab_turn_alone(lab, way->turns_alone);
		lab_live(lab, (struct stop_plan){ 0 });
	}
	laws_start_again(lab);
	return true;
}

/* The last line says how to see it again, with the daemon's own log. */
static void complain(const struct lab *lab, const struct way *way, enum disk_loss loss, unsigned at)
{
	printf("# %s: %s, %s operation %u, %s: %s\n#   DEBUG=1 CRASH_POINT=%zu.%zu.%u.%u\n",
	       lab->scenario->name, stop_what_word(way->what), stop_when_word(way->when), at,
	       disk_loss_word(loss), lab->broken, (size_t)(lab->scenario - scenarios),
	       (size_t)(way - ways), loss, at);
}

int run_one_again(struct lab *lab)
{
	const char *text = getenv("CRASH_POINT");
	unsigned scenario, way, loss, at;

	if (!text)
		return -ENOENT;
	if (sscanf(text, "%u.%u.%u.%u", &scenario, &way, &loss, &at) != 4 ||
	    scenario >= scenario_count || way >= ARRAY_SIZE(ways) || loss >= DISK_LOSS_MAX)
		tap_bail("CRASH_POINT=%s is no point", text);
	run_point(lab, &scenarios[scenario], &ways[way], loss, at);
	if (lab_is_broken(lab))
		complain(lab, &ways[way], loss, at);
	return lab_is_broken(lab);
}

/* Operations of the undisturbed run; its laws. */
static unsigned count_operations(struct lab *lab, const struct scenario *scenario)
{
	unsigned count;

	lab_begin(lab, scenario);
	lab_live(lab, (struct stop_plan){ 0 });
	count = lab->stopper.count;
	laws_start_again(lab);
	for (unsigned i = 0; i < scenario->devices; i++)
		if (scenario->request != REQUEST_NONE && !lab->approvals[i].request_is_acknowledged)
			lab_break(lab, "nobody came to ask for what the scenario is about");
	if (lab_is_broken(lab))
		printf("# %s, undisturbed: %s\n", scenario->name, lab->broken);
	return count;
}

void stop_if_asked(void)
{
	if (!setting("CRASH_UNTIL_LOST", 0))
		return;
	printf("# a state is lost, and no more was wanted\n");
	exit(EXIT_FAILURE);
}

struct outcome run_scenario(struct lab *lab, const struct scenario *scenario,
			    struct figures *figures)
{
	unsigned spread = setting("CRASH_SPREAD", SPREAD_DEFAULT);
	unsigned turn = setting("CRASH_SEED", 1) % spread;
	unsigned operations = count_operations(lab, scenario), lost = 0;
	unsigned long points = 0;

	figures->operations += operations;
	lost += lab_is_broken(lab);
	if (lost > 0)
		stop_if_asked();
	for (size_t w = 0; w < ARRAY_SIZE(ways); w++) {
		if (!can_happen(&ways[w], scenario))
			continue;
		for (unsigned l = 0; l < ways[w].loss_count; l++) {
			for (unsigned at = 1; at <= operations; at++) {
				if (turn++ % spread != 0 ||
				    !run_point(lab, scenario, &ways[w], ways[w].losses[l], at))
					continue;
				points++;
				figures->whats[ways[w].what]++;
				if (!lab_is_broken(lab))
					continue;
				if (lost++ < COMPLAINTS_MAX)
					complain(lab, &ways[w], ways[w].losses[l], at);
				stop_if_asked();
			}
		}
	}
	figures->points += points;
	figures->lost += lost;
	return (struct outcome){ operations, points, lost };
}

void figures_print(const struct figures *figures)
{
	printf("# %lu operations, %lu points tried, %lu lost states\n", figures->operations,
	       figures->points, figures->lost);
	for (enum stop_what what = 0; what < STOP_WHAT_MAX; what++)
		printf("# %lu points: %s\n", figures->whats[what], stop_what_word(what));
}
