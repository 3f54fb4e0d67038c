/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rows of the table "versions": which version a device stays at, and which ones it passes over. */
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "store/columns.h"
#include "store/internal.h"

#define VERSION_COLUMN(field, kind)                              \
	{ COLUMN_##kind, offsetof(struct version_record, field), \
	  sizeof(((struct version_record *)0)->field) },

static const struct column columns[] = { VERSION_COLUMNS(VERSION_COLUMN) };
#define USEC_COLUMN ((int)ARRAY_SIZE(columns))

int store_save_version(struct store *store, const struct version_record *record)
{
	_cleanup_statement_ sqlite3_stmt *statement = NULL;
	int r;

	/* A device's other pin goes by itself: the table takes one of each device. */
	r = statement_get(store, STATEMENT_SAVE_VERSION, &statement);
	if (r >= 0)
		r = columns_bind(statement, columns, ARRAY_SIZE(columns), record);
	if (r >= 0)
		r = sql_errno(sqlite3_bind_int64(statement, USEC_COLUMN + 1,
						 (sqlite3_int64)record->usec));
	return r < 0 ? r : statement_run(statement);
}

int store_forget_versions(struct store *store, const char *device_id, enum version_rule rule,
			  const char *version)
{
	_cleanup_statement_ sqlite3_stmt *statement = NULL;
	int r;

	r = statement_get(store, STATEMENT_FORGET_VERSIONS, &statement);
	if (r >= 0)
		r = bind_text(statement, 1, device_id);
	if (r >= 0)
		r = bind_text(statement, 2, version_rule_to_string(rule));
	if (r >= 0)
		r = bind_text(statement, 3, version);
	return r < 0 ? r : statement_run(statement);
}

int store_list_versions(struct store *store,
			int (*row)(const struct version_record *record, void *userdata),
			void *userdata)
{
	_cleanup_statement_ sqlite3_stmt *statement = NULL;
	int r;

	r = statement_get(store, STATEMENT_LIST_VERSIONS, &statement);
	if (r < 0)
		return r;
	while ((r = statement_next(statement)) > 0) {
		struct version_record record = { 0 };

		r = columns_read(statement, columns, ARRAY_SIZE(columns), &record);
		record.usec = (uint64_t)sqlite3_column_int64(statement, USEC_COLUMN);
		if (r >= 0)
			r = row(&record, userdata);
		if (r != 0)
			return r;
	}
	return r;
}
