/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rows of the table "history": added, listed, and dropped only when STORE_HISTORY_ROWS_MAX newer ones are there. */
#include <errno.h>
#include <string.h>

#include "store/internal.h"

static int prune(struct store *store)
{
	_cleanup_statement_ sqlite3_stmt *statement = NULL;
	int r;

	r = statement_get(store, STATEMENT_PRUNE_HISTORY, &statement);
	return r < 0 ? r : statement_run(statement);
}

/* Cut between two characters, not inside one. */
static int bind_details(sqlite3_stmt *statement, int parameter, const char *details)
{
	size_t length = strnlen(details, STORE_DETAILS_MAX);

	if (length == STORE_DETAILS_MAX)
		while (length > 0 && ((unsigned char)details[length] & 0xc0) == 0x80)
			length--;
	return sql_errno(
		sqlite3_bind_text(statement, parameter, details, (int)length, SQLITE_TRANSIENT));
}

int store_add_history(struct store *store, const struct history_row *row)
{
	const char *const words[] = { row->device_id,  row->action, row->version_from,
				      row->version_to, row->result, row->reason };
	_cleanup_statement_ sqlite3_stmt *statement = NULL;
	int r;

	r = statement_get(store, STATEMENT_ADD_HISTORY, &statement);
	if (r >= 0)
		r = sql_errno(sqlite3_bind_int64(statement, 1, (sqlite3_int64)row->usec));
	for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(words); i++)
		r = bind_text(statement, (int)i + 2, words[i]);
	if (r >= 0)
		r = bind_details(statement, 8, row->details ? row->details : "");
	if (r >= 0)
		r = sql_errno(sqlite3_bind_int64(statement, 9, row->uid));
	if (r >= 0)
		r = sql_errno(sqlite3_bind_int64(statement, 10, (sqlite3_int64)row->job_id));
	if (r >= 0)
		r = statement_run(statement);
	return r < 0 ? r : prune(store);
}

int store_list_history(struct store *store, const char *device_id, unsigned limit,
		       int (*row)(const struct history_row *row, void *userdata), void *userdata)
{
	_cleanup_statement_ sqlite3_stmt *statement = NULL;
	int r;

	r = statement_get(store, STATEMENT_LIST_HISTORY, &statement);
	if (r >= 0)
		r = bind_text(statement, 1, device_id);
	if (r >= 0)
		r = sql_errno(sqlite3_bind_int64(statement, 2, limit));
	if (r < 0)
		return r;
	while ((r = statement_next(statement)) > 0) {
		const struct history_row found = {
			.usec = (uint64_t)sqlite3_column_int64(statement, 0),
			.device_id = column_text(statement, 1),
			.action = column_text(statement, 2),
			.version_from = column_text(statement, 3),
			.version_to = column_text(statement, 4),
			.result = column_text(statement, 5),
			.reason = column_text(statement, 6),
			.details = column_text(statement, 7),
			.uid = (uint32_t)sqlite3_column_int64(statement, 8),
			.job_id = (uint64_t)sqlite3_column_int64(statement, 9),
		};

		r = row(&found, userdata);
		if (r != 0)
			return r;
	}
	return r;
}
