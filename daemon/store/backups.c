/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rows of the table "backups": whose firmware is kept in which file. The files are not looked at here. */
#include <errno.h>
#include <stddef.h>

#include "store/columns.h"
#include "store/internal.h"

#define BACKUP_COLUMN(field, kind)                              \
	{ COLUMN_##kind, offsetof(struct backup_record, field), \
	  sizeof(((struct backup_record *)0)->field) },

static const struct column columns[] = { BACKUP_COLUMNS(BACKUP_COLUMN) };
#define ID_COLUMN ((int)ARRAY_SIZE(columns))

static int forget_same(struct store *store, const struct backup_record *record)
{
	_cleanup_statement_ sqlite3_stmt *statement = NULL;
	int r;

	r = statement_get(store, STATEMENT_FORGET_BACKUP, &statement);
	if (r >= 0)
		r = bind_text(statement, 1, record->device_id);
	if (r >= 0)
		r = sql_errno(sqlite3_bind_int64(statement, 2, record->slot));
	if (r >= 0)
		r = bind_text(statement, 3, record->digest);
	return r < 0 ? r : statement_run(statement);
}

static int run_with_digest(struct store *store, enum statement number, const char *digest)
{
	_cleanup_statement_ sqlite3_stmt *statement = NULL;
	int r;

	r = statement_get(store, number, &statement);
	if (r >= 0)
		r = bind_text(statement, 1, digest);
	return r < 0 ? r : statement_run(statement);
}

/* Those of the same image share one file: when it has been saved anew, they are as sound as it is. */
int store_add_backup(struct store *store, struct backup_record *record)
{
	_cleanup_statement_ sqlite3_stmt *statement = NULL;
	int r;

	r = forget_same(store, record);
	if (r >= 0 && !record->is_damaged)
		r = run_with_digest(store, STATEMENT_SOUND_BACKUP, record->digest);
	if (r >= 0)
		r = statement_get(store, STATEMENT_ADD_BACKUP, &statement);
	if (r >= 0)
		r = columns_bind(statement, columns, ARRAY_SIZE(columns), record);
	if (r >= 0)
		r = statement_run(statement);
	if (r >= 0)
		record->id = (uint64_t)sqlite3_last_insert_rowid(store->database);
	return r;
}

static int read_backup(sqlite3_stmt *statement, struct backup_record *ret)
{
	struct backup_record record = { 0 };
	int r = columns_read(statement, columns, ARRAY_SIZE(columns), &record);

	if (r < 0)
		return r;
	record.id = (uint64_t)sqlite3_column_int64(statement, ID_COLUMN);
	*ret = record;
	return 0;
}

int store_list_backups(struct store *store, const char *device_id,
		       int (*row)(const struct backup_record *record, void *userdata),
		       void *userdata)
{
	_cleanup_statement_ sqlite3_stmt *statement = NULL;
	int r;

	r = statement_get(store, STATEMENT_LIST_BACKUPS, &statement);
	if (r >= 0)
		r = bind_text(statement, 1, device_id);
	if (r < 0)
		return r;
	while ((r = statement_next(statement)) > 0) {
		struct backup_record record;

		r = read_backup(statement, &record);
		if (r >= 0)
			r = row(&record, userdata);
		if (r != 0)
			return r;
	}
	return r;
}

static int get_with_id(struct store *store, enum statement number, uint64_t id, sqlite3_stmt **ret)
{
	int r = statement_get(store, number, ret);

	return r < 0 ? r : sql_errno(sqlite3_bind_int64(*ret, 1, (sqlite3_int64)id));
}

int store_find_backup(struct store *store, uint64_t id, struct backup_record *ret)
{
	_cleanup_statement_ sqlite3_stmt *statement = NULL;
	int r;

	r = get_with_id(store, STATEMENT_FIND_BACKUP, id, &statement);
	if (r >= 0)
		r = statement_next(statement);
	if (r <= 0)
		return r < 0 ? r : -ENOENT;
	return read_backup(statement, ret);
}

int store_mark_backup_damaged(struct store *store, const char *digest)
{
	return run_with_digest(store, STATEMENT_DAMAGED_BACKUP, digest);
}

int store_remove_backup(struct store *store, uint64_t id)
{
	_cleanup_statement_ sqlite3_stmt *statement = NULL;
	int r;

	r = get_with_id(store, STATEMENT_REMOVE_BACKUP, id, &statement);
	return r < 0 ? r : statement_run(statement);
}
