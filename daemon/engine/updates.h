/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What update sources offered when they were asked last: kept in the store, shown as far as it makes sense now. */
#pragma once

#include "engine/private.h"

/* At the start: what the store has. */
int updates_load(struct manager *manager);
void updates_forget_all(struct manager *manager);

/* What a source said of one device; a list. */
struct finding {
	struct finding *next;
	struct offer_record record;
};

/* Keeps all that a source said, or nothing of it: -errno. */
int updates_keep(struct manager *manager, const struct finding *findings);
/* What people decided has changed in the store. */
void updates_read_decisions(struct manager *manager, const char *device_id);
/* A job has ended: what failed on the device is not offered again. */
void updates_judge(struct manager *manager, const char *device_id);
/* support.c: the word for it: "unknown" (@ends_usec is 0), "supported", "ending" (in 90 days or less), "ended". */
const char *support_word(uint64_t ends_usec, uint64_t now_usec);
/* Tells the listeners about all devices. */
void updates_announce(struct manager *manager);

/* The offer of that version, shown or not; NULL: none. */
const struct update *updates_find(struct manager *manager, const char *device_id,
				  const char *version);
