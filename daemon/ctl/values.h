/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* D-Bus messages as JSON values, which is how everything is printed: as they are, or as a table. */
#pragma once

#include <jansson.h>

#include "ctl/ctl.h"

static inline void values_decrefp(json_t **value)
{
	json_decref(*value);
}
#define _cleanup_value_ _cleanup_(values_decrefp)

/*
 * The next complete value of @message: structures are arrays, dictionaries objects, variants what
 * is in them. NULL at the end, on lack of memory, or for what has no such form.
 */
json_t *values_read(sd_bus_message *message);

/* On standard output, with a line end. */
void values_print(const json_t *value);
void values_print_error(const char *name, const char *message);
