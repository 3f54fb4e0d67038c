/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Widths are measured first; when the terminal is too narrow, the widest column of text gives way. */
#include "ctl/table.h"

#include <pwd.h>
#include <stdio.h>
#include <string.h>

#include "base/time.h"
#include "ctl/terminal.h"

#define COLUMNS_MAX 12
#define GAP 2 /* between columns */
#define NARROWEST 8 /* what a cut column keeps */

struct table {
	const struct column *columns;
	size_t column_count, row_count;
	char **cells; /* row by row; what is not shown is NULL */
	size_t widths[COLUMNS_MAX];
};

static void table_release(struct table *table)
{
	for (size_t i = 0; table->cells && i < table->row_count * table->column_count; i++)
		free(table->cells[i]);
	free(table->cells);
}
#define _cleanup_table_ _cleanup_(table_release)

static char *user_name(uid_t uid)
{
	const struct passwd *entry = getpwuid(uid);
	char *text = NULL;

	if (entry)
		return strdup(entry->pw_name);
	return asprintf(&text, "%u", uid) < 0 ? NULL : text;
}

static char *cell_text(const struct column *column, const json_t *value)
{
	uint64_t number = (uint64_t)json_integer_value(value);
	char *text = NULL;
	int r;

	if (json_is_string(value)) {
		const char *word = json_string_value(value);

		return strdup(word[0] ? word : "-");
	}
	if (json_is_boolean(value))
		return strdup(json_is_true(value) ? "yes" : "no");
	switch (column->cell) {
	case CELL_TIME:
		return number ? terminal_time(number, time_now_realtime()) : strdup("-");
	case CELL_BYTES:
		return terminal_bytes(number);
	case CELL_USER:
		return user_name((uid_t)number);
	case CELL_PERCENT:
		r = asprintf(&text, "%u %%", (unsigned)number);
		break;
	default:
		r = asprintf(&text, "%lld", (long long)json_integer_value(value));
		break;
	}
	return r < 0 ? NULL : text;
}

/* 0 or -1: no memory. */
static int fill(struct table *table, const json_t *rows)
{
	table->row_count = json_array_size(rows);
	table->cells = calloc(table->row_count * table->column_count + 1, sizeof(char *));
	if (!table->cells)
		return -1;
	for (size_t i = 0; i < table->row_count * table->column_count; i++) {
		size_t c = i % table->column_count;
		const json_t *row = json_array_get(rows, i / table->column_count);
		size_t width;

		if (!table->columns[c].heading)
			continue;
		table->cells[i] = cell_text(&table->columns[c], json_array_get(row, c));
		if (!table->cells[i])
			return -1;
		width = terminal_text_width(table->cells[i]);
		if (width > table->widths[c])
			table->widths[c] = width;
	}
	return 0;
}

static bool is_number(const struct column *column)
{
	return column->cell == CELL_NUMBER || column->cell == CELL_BYTES ||
	       column->cell == CELL_PERCENT;
}

static size_t total_width(const struct table *table)
{
	size_t total = 0;

	for (size_t c = 0; c < table->column_count; c++)
		if (table->columns[c].heading)
			total += table->widths[c] + GAP;
	return total > GAP ? total - GAP : 0;
}

static void narrow(struct table *table, size_t width)
{
	while (total_width(table) > width) {
		size_t widest = COLUMNS_MAX;

		for (size_t c = 0; c < table->column_count; c++)
			if (table->columns[c].heading && table->columns[c].cell == CELL_TEXT &&
			    table->widths[c] > NARROWEST &&
			    (widest == COLUMNS_MAX || table->widths[c] > table->widths[widest]))
				widest = c;
		if (widest == COLUMNS_MAX)
			return; /* then the terminal wraps it */
		table->widths[widest]--;
	}
}

static size_t last_shown(const struct table *table)
{
	size_t c = table->column_count;

	while (c > 0 && !table->columns[c - 1].heading)
		c--;
	return c - 1;
}

static void print_row(const struct table *table, char *const *cells)
{
	size_t last = last_shown(table);

	for (size_t c = 0; c <= last; c++) {
		const struct column *column = &table->columns[c];
		const char *text = cells ? cells[c] : column->heading;
		/* No spaces at the end of a line, unless there is something to cut. */
		bool is_short = c == last && !is_number(column) && text &&
				terminal_text_width(text) <= table->widths[c];
		size_t width = is_short ? 0 : table->widths[c];

		if (!text)
			continue;
		if (is_short)
			width = terminal_text_width(text);
		if (cells && column->cell == CELL_STATE)
			terminal_put_state(text, width);
		else
			terminal_put(text, width, is_number(column));
		if (c < last)
			printf("%*s", GAP, "");
	}
	putchar('\n');
}

static int show_as_table(struct ctl *ctl, const json_t *rows, const struct column *columns,
			 size_t column_count)
{
	_cleanup_table_ struct table table = { .columns = columns, .column_count = column_count };
	size_t width = terminal_width();

	for (size_t c = 0; c < column_count; c++)
		table.widths[c] = columns[c].heading ? terminal_text_width(columns[c].heading) : 0;
	if (fill(&table, rows) < 0)
		return ctl_fail(ctl, "No memory is left.");
	if (width > 0)
		narrow(&table, width);
	print_row(&table, NULL);
	for (size_t i = 0; i < table.row_count; i++)
		print_row(&table, table.cells + i * column_count);
	return CTL_EXIT_OK;
}

static int show_as_json(struct ctl *ctl, const json_t *rows, const struct column *columns,
			size_t column_count)
{
	_cleanup_value_ json_t *objects = json_array();
	size_t i;
	json_t *row;

	json_array_foreach(rows, i, row) {
		json_t *object = json_object();

		for (size_t c = 0; c < column_count; c++)
			(void)json_object_set(object, columns[c].key, json_array_get(row, c));
		if (json_array_append_new(objects, object) < 0)
			return ctl_fail(ctl, "No memory is left.");
	}
	values_print(objects);
	return CTL_EXIT_OK;
}

int table_show(struct ctl *ctl, const json_t *rows, const struct column *columns,
	       size_t column_count, const char *empty_sentence)
{
	if (ctl->options & CTL_JSON)
		return show_as_json(ctl, rows, columns, column_count);
	if (json_array_size(rows) > 0)
		return show_as_table(ctl, rows, columns, column_count);
	puts(empty_sentence);
	return CTL_EXIT_OK;
}

int table_show_reply(struct ctl *ctl, sd_bus_message *reply, const struct column *columns,
		     size_t column_count, const char *empty_sentence)
{
	_cleanup_value_ json_t *rows = values_read(reply);

	if (!rows)
		return ctl_fail(ctl, "The daemon's answer cannot be read.");
	return table_show(ctl, rows, columns, column_count, empty_sentence);
}
