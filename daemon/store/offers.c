/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rows of the tables "offers" and "remotes": what update sources said last, and when they are asked next. */
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "store/columns.h"
#include "store/internal.h"

#define OFFER_COLUMN(field, kind)                              \
	{ COLUMN_##kind, offsetof(struct offer_record, field), \
	  sizeof(((struct offer_record *)0)->field) },
#define REMOTE_COLUMN(field, kind)                              \
	{ COLUMN_##kind, offsetof(struct remote_record, field), \
	  sizeof(((struct remote_record *)0)->field) },

static const struct column offer_columns[] = { OFFER_COLUMNS(OFFER_COLUMN) };
static const struct column remote_columns[] = { REMOTE_COLUMNS(REMOTE_COLUMN) };
#define MESSAGE_COLUMN ((int)ARRAY_SIZE(remote_columns))

int store_save_offer(struct store *store, const struct offer_record *record, uint64_t now_usec)
{
	_cleanup_statement_ sqlite3_stmt *statement = NULL;
	int r;

	r = statement_get(store, STATEMENT_ADD_OFFER, &statement);
	if (r >= 0)
		r = columns_bind(statement, offer_columns, ARRAY_SIZE(offer_columns), record);
	if (r >= 0)
		r = sql_errno(sqlite3_bind_int64(statement, (int)ARRAY_SIZE(offer_columns) + 1,
						 (sqlite3_int64)now_usec));
	return r < 0 ? r : statement_run(statement);
}

int store_list_offers(struct store *store,
		      int (*row)(const struct offer_record *record, void *userdata), void *userdata)
{
	_cleanup_statement_ sqlite3_stmt *statement = NULL;
	int r;

	r = statement_get(store, STATEMENT_LIST_OFFERS, &statement);
	if (r < 0)
		return r;
	while ((r = statement_next(statement)) > 0) {
		struct offer_record record = { 0 };

		r = columns_read(statement, offer_columns, ARRAY_SIZE(offer_columns), &record);
		if (r >= 0)
			r = row(&record, userdata);
		if (r != 0)
			return r;
	}
	return r;
}

int store_save_remote(struct store *store, const struct remote_record *record, const char *message)
{
	_cleanup_statement_ sqlite3_stmt *statement = NULL;
	int r;

	r = statement_get(store, STATEMENT_SAVE_REMOTE, &statement);
	if (r >= 0)
		r = columns_bind(statement, remote_columns, ARRAY_SIZE(remote_columns), record);
	if (r >= 0)
		r = bind_text(statement, MESSAGE_COLUMN + 1, message);
	return r < 0 ? r : statement_run(statement);
}

int store_find_remote(struct store *store, const char *name, struct remote_record *ret,
		      char **ret_message)
{
	_cleanup_statement_ sqlite3_stmt *statement = NULL;
	struct remote_record record = { 0 };
	int r;

	r = statement_get(store, STATEMENT_FIND_REMOTE, &statement);
	if (r >= 0)
		r = bind_text(statement, 1, name);
	if (r >= 0)
		r = statement_next(statement);
	if (r <= 0)
		return r < 0 ? r : -ENOENT;
	r = columns_read(statement, remote_columns, ARRAY_SIZE(remote_columns), &record);
	if (r < 0)
		return r;
	*ret_message = strdup(column_text(statement, MESSAGE_COLUMN));
	if (!*ret_message)
		return -ENOMEM;
	*ret = record;
	return 0;
}
