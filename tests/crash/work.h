/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the daemon's children do. */
#pragma once

#include "lab.h"

/* Ends the work that runs for the device's job, if any. */
void work_turn(struct lab *lab, unsigned index);
