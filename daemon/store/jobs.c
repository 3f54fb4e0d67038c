/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rows of the table "jobs": written whole, read whole. */
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "store/columns.h"
#include "store/internal.h"

#define JOB_COLUMN(field, kind)                              \
	{ COLUMN_##kind, offsetof(struct job_record, field), \
	  sizeof(((struct job_record *)0)->field) },

static const struct column columns[] = { JOB_COLUMNS(JOB_COLUMN) };
#define MESSAGE_COLUMN ((int)ARRAY_SIZE(columns))

int store_save_job(struct store *store, struct job_record *record, const char *message)
{
	_cleanup_statement_ sqlite3_stmt *statement = NULL;
	int r;

	r = statement_get(store, STATEMENT_SAVE_JOB, &statement);
	if (r >= 0)
		r = columns_bind(statement, columns, ARRAY_SIZE(columns), record);
	if (r >= 0 && record->id == 0)
		r = sql_errno(sqlite3_bind_null(
			statement, 1)); /* gives it the next number, never one used before */
	if (r >= 0)
		r = bind_text(statement, MESSAGE_COLUMN + 1, message);
	if (r >= 0)
		r = statement_run(statement);
	if (r < 0)
		return r;
	if (record->id == 0)
		record->id = (uint64_t)sqlite3_last_insert_rowid(store->database);
	return 0;
}

int store_load_jobs(struct store *store,
		    int (*row)(const struct job_record *record, const char *message,
			       void *userdata),
		    void *userdata)
{
	_cleanup_statement_ sqlite3_stmt *statement = NULL;
	int r;

	r = statement_get(store, STATEMENT_LOAD_JOBS, &statement);
	if (r < 0)
		return r;
	while ((r = statement_next(statement)) > 0) {
		struct job_record record = { 0 };

		r = columns_read(statement, columns, ARRAY_SIZE(columns), &record);
		if (r < 0)
			return r;
		r = row(&record, column_text(statement, MESSAGE_COLUMN), userdata);
		if (r != 0)
			return r;
	}
	return r;
}

int store_prune_jobs(struct store *store, unsigned keep)
{
	_cleanup_statement_ sqlite3_stmt *statement = NULL;
	int r;

	r = statement_get(store, STATEMENT_PRUNE_JOBS, &statement);
	if (r >= 0)
		r = sql_errno(sqlite3_bind_int64(statement, 1, keep));
	return r < 0 ? r : statement_run(statement);
}
