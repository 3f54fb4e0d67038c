/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * timeout: 7200
 *
 * Every scenario, stopped at every operation, in every way; started again; and the laws.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lab.h"
#include "rows.h"
#include "run.h"
#include "tap.h"

#define FEW_OPERATIONS 10 /* a large spread may leave out all of their points */

/* CRASH_PART=2/3: of all scenarios the second, the fifth and so on. */
static bool is_in_part(size_t scenario)
{
	unsigned part = 1, parts = 1;
	const char *text = getenv("CRASH_PART");

	if (text && (sscanf(text, "%u/%u", &part, &parts) != 2 || part < 1 || part > parts))
		tap_bail("CRASH_PART=%s is no part", text);
	return scenario % parts == part - 1;
}

int main(void)
{
	struct lab *lab = lab_new();
	struct figures figures = { 0 };
	int again = run_one_again(lab);

	if (again >= 0)
		tap_ok(again == 0, "point %s", getenv("CRASH_POINT"));
	for (size_t i = 0; again < 0 && i < scenario_count; i++) {
		const char *only = getenv("CRASH_ONLY");
		struct outcome outcome;

		if ((only && !strstr(scenarios[i].name, only)) || !is_in_part(i))
			continue;
		outcome = run_scenario(lab, &scenarios[i], &figures);
		tap_ok(outcome.lost == 0 &&
			       (outcome.points > 0 || outcome.operations < FEW_OPERATIONS),
		       "%s: %u operations, stopped at %lu points, %u lost", scenarios[i].name,
		       outcome.operations, outcome.points, outcome.lost);
	}
	figures_print(&figures);
	rows_print();
	lab_free(lab);
	return tap_done();
}
