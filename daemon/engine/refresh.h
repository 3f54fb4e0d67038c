/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One update source is asked, by a worker: its metadata, and what it offers for each device that is there. */
#pragma once

#include "engine/private.h"

/* Begins; sources_refreshed() is called at its end, never from within. */
int refresh_begin(struct manager *manager, const char *source, struct failure *failure);
/* Ends it without a result, if one is under way. */
void refresh_stop(struct manager *manager);
/* Its name. */
const char *refresh_source(const struct refresh *refresh);
