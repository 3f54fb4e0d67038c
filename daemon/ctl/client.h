/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Calls to the daemon, and what went wrong with them in plain words. */
#pragma once

#include <stdarg.h>

#include "ctl/ctl.h"

#define CLIENT_SERVICE "org.fwslot1"
#define CLIENT_PATH "/org/fwslot1"
#define CLIENT_MANAGER "org.fwslot1.Manager"
#define CLIENT_DEVICES "/org/fwslot1/device"
#define CLIENT_JOBS "/org/fwslot1/job"

static inline void client_message_unrefp(sd_bus_message **message)
{
	sd_bus_message_unref(*message);
}
#define _cleanup_message_ _cleanup_(client_message_unrefp)

/* Connects; 0 or an exit status after a message. */
int client_open(struct ctl *ctl);

/*
 * Calls a method of the manager and waits for the reply as long as it takes: a person may be asked
 * for a password. 0 and the reply, or an exit status after a message.
 */
int client_call(struct ctl *ctl, const char *member, sd_bus_message **ret, const char *types, ...);
int client_callv(struct ctl *ctl, const char *member, sd_bus_message **ret, const char *types,
		 va_list arguments);

/* All properties of an object; likewise. */
int client_get_all(struct ctl *ctl, const char *path, const char *interface, sd_bus_message **ret);

/* Says what @error means; returns the exit status. */
int client_failed(const struct ctl *ctl, const sd_bus_error *error, int r);

/* The object of the device with that id; 0 and @ret (to be freed), or an exit status. */
int client_find_device(struct ctl *ctl, const char *id, char **ret);
