/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Is the person of this session at the desk? logind knows. */
#pragma once

#include <stdbool.h>

#include <systemd/sd-bus.h>

#include "base/macros.h"

struct session;

/*
 * Follows the session of this process, on the system bus; @changed is called when the answer becomes
 * another. Without logind everybody is at his desk. 0 or a negative errno.
 */
_warn_unused_ int session_new(sd_bus *bus, void (*changed)(void *userdata), void *userdata,
			      struct session **ret);
void session_free(struct session *session);

/* Active, local, unlocked, and a person's: may be asked. */
bool session_is_attended(const struct session *session);
