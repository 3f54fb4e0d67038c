/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Replies that several methods make. Private to bus/. */
#pragma once

#include <systemd/sd-bus.h>

#include "base/reason.h"

/*
 * Replies to @call with an array of @row_type, whose rows @append_rows appends. Returns what an
 * sd-bus handler returns.
 */
int bus_reply_rows(sd_bus_message *call, const char *row_type,
		   int (*append_rows)(sd_bus_message *reply, void *userdata), void *userdata);

/*
 * Something that was asked for has ended: replies to the call @userdata, whose reference it takes.
 * The caller may have left.
 */
void bus_reply_outcome(const struct failure *failure, void *userdata);
