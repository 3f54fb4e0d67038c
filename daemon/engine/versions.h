/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which version a device stays at (pinned), and which ones it passes over (skipped), as administrators said: kept in the
 * store, asked by whatever offers or installs something. Going back to earlier firmware is not installing: a revert, a
 * fallback and a restored backup are never refused here.
 */
#pragma once

#include "engine/private.h"

/* At the start: what the store has. */
int versions_load(struct manager *manager);
void versions_forget_all(struct manager *manager);

/* REASON_OK: nothing is ruled against it; else REASON_PINNED or REASON_SKIPPED. */
enum reason versions_verdict(const struct manager *manager, const char *device_id,
			     const char *version);
/* The same with a sentence that says what to do. */
int versions_check(const struct manager *manager, const char *device_id, const char *version,
		   struct failure *failure);
/* Which one it is pinned to; NULL: none. */
const char *versions_pin(const struct manager *manager, const char *device_id);
