/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Starting a job and following it to its end, with a bar on a terminal. */
#pragma once

#include "ctl/client.h"

/*
 * Calls a method of the manager whose reply is the number and the object of a job, and waits for the
 * job's end unless --no-wait is given. Prints what becomes of it; returns an exit status.
 */
int job_run(struct ctl *ctl, const char *member, const char *types, ...);
