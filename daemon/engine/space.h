/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Is there room on the disk for all that a job will keep there? Asked before anything is touched. */
#pragma once

#include "engine/private.h"

/* For the database and its log, which grow a little with each job. */
#define SPACE_JOURNAL_BYTES (UINT64_C(1) << 20)

/*
 * An image of @payload_bytes, a backup of slot @target (uncompressed: it may be noise; -1: none) and the journal.
 * REASON_NO_SPACE with a sentence that says how much.
 */
int space_check(struct manager *manager, const struct device *device, int target,
		uint64_t payload_bytes, struct failure *failure);
