/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rows of the bus as a table that fits the terminal, or as JSON objects. */
#pragma once

#include "ctl/values.h"

enum cell {
	CELL_TEXT,
	CELL_STATE, /* a word with a colour */
	CELL_NUMBER,
	CELL_TIME, /* microseconds since 1970 */
	CELL_BYTES,
	CELL_PERCENT,
	CELL_USER, /* user id */
};

/**
 * struct column - one member of the rows
 * @key: its name in JSON
 * @heading: above the table; NULL: not in it
 * @cell: how it is shown
 */
struct column {
	const char *key;
	const char *heading;
	enum cell cell;
};

/*
 * Prints @rows, an array of arrays; @empty_sentence instead of a table of none. Returns an exit
 * status.
 */
int table_show(struct ctl *ctl, const json_t *rows, const struct column *columns,
	       size_t column_count, const char *empty_sentence);

/* Calls a method of the manager whose reply is rows, and shows them. */
int table_show_reply(struct ctl *ctl, sd_bus_message *reply, const struct column *columns,
		     size_t column_count, const char *empty_sentence);
