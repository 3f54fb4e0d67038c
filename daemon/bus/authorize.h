/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Who is calling, and may he? Asks the bus for the caller's uid and polkit for its verdict, without
 * blocking: the handler of the call is run again from its beginning when the answer is there.
 * Private to bus/.
 *
 * A handler reads and checks its arguments, then calls one of these and acts as they say:
 *   > 0  known, or allowed: go on
 *   0    asked: return 1, the handler will run again
 *   < 0  refused; @error is set: return it
 */
#pragma once

#include <stdint.h>

#include <systemd/sd-bus.h>

#include "base/macros.h"

struct bus;

/* Calls waiting for an answer, of all callers and of one. More are refused with LimitsExceeded. */
#define AUTHORIZATIONS_MAX 64
#define AUTHORIZATIONS_PER_CALLER_MAX 8

/*
 * What polkit's messages may mention and rules may look at: "device", "version", ...; ends with a
 * NULL key.
 */
struct authorize_detail {
	const char *key, *value;
};

_warn_unused_ int authorize_caller(struct bus *bus, sd_bus_message *call, uint32_t *ret_uid,
				   sd_bus_error *error);

/* @action: one of daemon/data/org.fwslot1.policy. Root needs no polkit. */
_warn_unused_ int authorize_action(struct bus *bus, sd_bus_message *call, const char *action,
				   const struct authorize_detail *details, uint32_t *ret_uid,
				   sd_bus_error *error);

/* Drops everything that still waits. */
void authorize_forget_all(struct bus *bus);
