/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The update sources with a server (remote/remote-conf.h), when each is asked, and who waits for it. Asking is
 * refresh.h's. Nothing wakes up where no source is enabled or no device is there.
 */
#pragma once

#include "engine/private.h"
#include "remote/remote-conf.h"

struct source {
	char name[RECORD_REMOTE_MAX + 1];
	struct remote_conf conf;
	char *mistake; /* in its remote.conf; NULL: none */
	struct remote_record record;
	char *message; /* of the last time, NULL: none */
	bool is_wanted; /* to be asked as soon as nobody else is */
};

/* At the start and at a reload. What goes wrong is logged, and the source concerned is not asked. */
void sources_load(struct manager *manager);
void sources_stop(struct manager *manager);

bool sources_is_enabled(struct manager *manager, const char *name);
struct source *sources_find(struct manager *manager, const char *name);
/* All that are enabled are asked as soon as can be, also one that is being asked: the questions have changed. */
void sources_ask_anew(struct manager *manager);
/* Sets the timer to the next one that is due. Called whenever that may be another one. */
void sources_arm(struct manager *manager);
/* The refresh under way has ended: plans, tells who waited, and begins the next one. */
void sources_refreshed(struct manager *manager, const char *name, const struct failure *failure);
