/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Until when the vendor of a device supports it: read from the bus, and said in a sentence. */
#pragma once

#include "ctl/values.h"

/* "SupportEndsUSec" and "SupportState" of the device at @path, at the end of @row; what has gone meanwhile is unknown. */
void support_append(struct ctl *ctl, const char *path, json_t *row);

/* What there is to say: until when, and what it means if that is near or past. NULL: nothing. The caller frees it. */
char *support_sentence(uint64_t ends_usec, const char *state, uint64_t now_usec);
