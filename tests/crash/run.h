/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Goes through the points of a scenario. Of all points every CRASH_SPREAD-th (from the environment;
 * 1: all) is tried; what is left out depends on CRASH_SEED.
 */
#pragma once

#include "lab.h"

struct figures {
	unsigned long points, lost;
	unsigned long operations; /* of all undisturbed runs */
	unsigned long whats[STOP_WHAT_MAX];
};

struct outcome {
	unsigned operations;
	unsigned long points;
	unsigned lost;
};
struct outcome run_scenario(struct lab *lab, const struct scenario *scenario,
			    struct figures *figures);
/*
 * CRASH_POINT in the environment: only that one, as a complaint named it. 0 it is right, 1 a state is
 * lost, -ENOENT nothing was asked for.
 */
int run_one_again(struct lab *lab);
void figures_print(const struct figures *figures);

/* Ends the program at the first lost state if CRASH_UNTIL_LOST says so. */
void stop_if_asked(void);

unsigned setting(const char *variable, unsigned otherwise);
