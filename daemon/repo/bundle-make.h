/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Packing the published repository, or a part of it, into an offline file (.fwb). */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/reason.h"
#include "repo/site.h"

struct bundle_choice {
	const char *const *hardware_ids; /* none: all */
	size_t hardware_id_count;
	bool all_releases; /* else only the newest of each hardware id */
};

/* Writes @file, replacing it only when the new one is complete. */
_warn_unused_ int bundle_make(const struct site *site, const struct bundle_choice *choice,
			      const char *file, struct failure *failure);
