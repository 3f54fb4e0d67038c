/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a person was told of already, beyond the end of a session: that an update failed last night is
 * said once, not at every login. Kept in $XDG_STATE_HOME/fwslot-agent/told, a line for each device.
 */
#pragma once

#include <stdbool.h>

#include "base/macros.h"

struct told;

/* A file that cannot be read is one of nothing told. 0 or -ENOMEM. */
_warn_unused_ int told_new(struct told **ret);
void told_free(struct told *told);

bool told_contains(const struct told *told, const char *device_id, const char *key);
/* In the place of what was told of the device before; what cannot be written is told again some day. */
void told_note(struct told *told, const char *device_id, const char *key);
