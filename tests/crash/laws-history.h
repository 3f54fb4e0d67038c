/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The laws about history: it tells what happened and why, and nothing that did not happen. */
#pragma once

#include "lab.h"

/* Of a job at rest. */
void law_history(struct lab *lab, const struct job *job);
/* Of all jobs at a start: what history says people asked for, the jobs know. */
void law_requests(struct lab *lab);
/* Of a store at rest that was damaged. */
void law_damage_is_told(struct lab *lab);
