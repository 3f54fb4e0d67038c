/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * timeout: 1200
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

int main(void)
{
	struct lab *lab = lab_new();
	struct figures figures = { 0 };

	if (run_one_again(lab)) {
		lab_free(lab);
		return tap_done();
	}
	for (size_t i = 0; i < scenario_count; i++)
		run_scenario(lab, &scenarios[i], &figures);
	figures_print(&figures);
	rows_print();
	lab_free(lab);
	return tap_done();
}
