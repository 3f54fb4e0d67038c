/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The agent itself: sees what the daemon shows, tells the person at the desk what concerns a person,
 * and carries answers to the daemon. One notification for each device over its life, one for all
 * when there is more than two to ask about.
 */
#pragma once

#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#include "base/macros.h"

struct agent;

/* @language: "de". The daemon need not run yet. 0 or a negative errno. */
_warn_unused_ int agent_new(sd_event *event, sd_bus *system_bus, sd_bus *session_bus,
			    const char *language, struct agent **ret);
void agent_free(struct agent *agent);
