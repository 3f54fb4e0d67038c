/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which health checks there are; how they are run is health.c's. */
#pragma once

#include "engine/folders.h"

#define HEALTH_CHECKS_MAX 64
#define HEALTH_OUTPUT_MAX 2048 /* bytes of a failed check's output that go into history */

/*
 * The executables of VENDOR/health.d and CONFIG/health.d, sorted by name; CONFIG's takes the place of VENDOR's of the
 * same name, and a link to /dev/null there means: not this one. Returns the count; the caller frees each path.
 */
unsigned health_collect(const struct folders *folders, char *ret_paths[static HEALTH_CHECKS_MAX]);
