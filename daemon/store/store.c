/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Opens, closes and brackets the database. Durability: write-ahead log with synchronous=FULL, so one fsync of the log
 * per commit and nothing is reported as stored before it; locked exclusively, so SQLite keeps the index of the log in
 * its own memory (no shared file) and a second daemon is refused.
 */
#include "store/store.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/damage.h"
#include "store/floors.h"
#include "store/internal.h"

/* Memory: a few pages of 4 KiB are enough for tables this small, and no pools are taken in advance. */
#define CACHE_KIBIBYTES "96"
#define LOG_PAGES_BEFORE_CHECKPOINT "64"

static const char *const pragmas = "PRAGMA locking_mode = EXCLUSIVE;"
				   "PRAGMA journal_mode = WAL;"
				   "PRAGMA synchronous = FULL;"
				   "PRAGMA cache_size = -" CACHE_KIBIBYTES ";"
				   "PRAGMA wal_autocheckpoint = " LOG_PAGES_BEFORE_CHECKPOINT ";"
				   "PRAGMA journal_size_limit = 0;"
				   "PRAGMA temp_store = MEMORY;"
				   "PRAGMA trusted_schema = OFF;"
				   "PRAGMA cell_size_check = ON;";

/* One thread, no statistics, no memory kept in reserve. Without effect after the first connection: that is fine. */
static void configure_library(void)
{
	(void)sqlite3_config(SQLITE_CONFIG_SINGLETHREAD);
	(void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
	(void)sqlite3_config(SQLITE_CONFIG_LOOKASIDE, 0, 0);
	(void)sqlite3_config(SQLITE_CONFIG_PAGECACHE, NULL, 0, 0);
}

static int run_text(sqlite3 *database, const char *text)
{
	return sql_errno(sqlite3_exec(database, text, NULL, NULL, NULL));
}

/*
 * SQLite tells of a page that could not be read as of one that is damaged, with the reason in words. A disk that does not
 * answer may answer the next time: that is no damage.
 */
static bool is_of_the_moment(const char *finding)
{
	const char *code = strstr(finding, "error code=");
	int result = code ? atoi(code + strlen("error code=")) & 0xff : SQLITE_CORRUPT;

	return result == SQLITE_IOERR || result == SQLITE_NOMEM ||
	       strstr(finding, "failed to get page");
}

static int quick_check(sqlite3 *database)
{
	sqlite3_stmt *statement = NULL;
	int result, r = -EBADMSG;

	result = sqlite3_prepare_v2(database, "PRAGMA quick_check(1)", -1, &statement, NULL);
	if (result == SQLITE_OK)
		result = sqlite3_step(statement);
	if (result == SQLITE_ROW && strcmp(column_text(statement, 0), "ok") == 0)
		r = 0;
	else if (result == SQLITE_ROW && is_of_the_moment(column_text(statement, 0)))
		r = -EIO;
	else if (result != SQLITE_ROW)
		r = sql_errno(result);
	sqlite3_finalize(statement);
	return r;
}

static int prepare_database(sqlite3 *database, bool check)
{
	int r;

	(void)sqlite3_db_config(database, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	r = run_text(database, pragmas);
	/* The schema first: on an empty file it is also what takes the lock. */
	if (r >= 0)
		r = schema_prepare(database);
	if (r >= 0 && check)
		r = quick_check(database);
	/* What is damaged is read once more, and kept, as it was found: its log is not put into it. */
	if (r == -EBADMSG)
		(void)sqlite3_db_config(database, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	return r;
}

/* @io: NULL for ":memory:". @check: look through the whole file, which nobody has written just now. */
static int open_database(const struct io_operations *io, const char *path, bool check,
			 struct store **ret)
{
	_cleanup_store_ struct store *store = calloc(1, sizeof(*store));
	int r = 0;

	if (!store)
		return -ENOMEM;
	configure_library();
	store->io = io;
	if (io)
		r = store_vfs_new(io, &store->vfs);
	if (r >= 0)
		r = sql_errno(sqlite3_open_v2(path, &store->database,
					      SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE |
						      SQLITE_OPEN_NOFOLLOW,
					      store_vfs_name(store->vfs)));
	if (r >= 0)
		r = prepare_database(store->database, check);
	if (r >= 0)
		*ret = TAKE_PTR(store);
	return r;
}

int store_open_volatile(struct store **ret)
{
	return open_database(NULL, ":memory:", false, ret);
}

/* What the damaged database has to say is said first, then that it was damaged. */
static int fill_heir(struct store *heir, const char *path, const char *aside, uint64_t now_usec)
{
	const struct history_row row = {
		.usec = now_usec,
		.action = "store",
		.result = "replaced",
		.reason = reason_word(REASON_MALFORMED),
		.details = aside,
		.uid = (uint32_t)getuid(),
	};
	int r = store_begin(heir);

	if (r >= 0)
		r = damage_take_over(path, heir);
	if (r >= 0)
		r = store_add_history(heir, &row);
	if (r >= 0)
		r = store_commit(heir);
	if (r < 0)
		return r;
	/* All into the file itself, durably: its log does not move with it. */
	return sql_errno(sqlite3_wal_checkpoint_v2(heir->database, NULL, SQLITE_CHECKPOINT_TRUNCATE,
						   NULL, NULL));
}

static int replace_damaged(const struct io_operations *io, const char *path, uint64_t now_usec,
			   struct store **ret)
{
	_cleanup_free_ char *aside = NULL, *heir_path = NULL;
	_cleanup_store_ struct store *heir = NULL;
	int r;

	r = damage_aside_path(path, now_usec, &aside);
	if (r >= 0)
		r = damage_heir_path(path, &heir_path);
	if (r >= 0)
		r = open_database(io, heir_path, false, &heir);
	if (r >= 0)
		r = fill_heir(heir, path, aside, now_usec);
	if (r < 0)
		return r;
	heir = store_close(heir);
	r = damage_exchange(io, path, aside);
	if (r >= 0)
		r = open_database(io, path, false, ret);
	if (r >= 0)
		(*ret)->set_aside_path = TAKE_PTR(aside);
	return r;
}

int store_open(const struct io_operations *io, const char *folder, uint64_t now_usec,
	       struct store **ret)
{
	_cleanup_free_ char *path = NULL;
	_cleanup_store_ struct store *store = NULL;
	int r;

	if (asprintf(&path, "%s/" STORE_FILE_NAME, folder) < 0)
		return -ENOMEM;
	r = damage_finish(io, path);
	if (r < 0)
		return r;
	/* A disk loses bytes also while nothing runs. What is found now need not be found in the middle of a job. */
	r = open_database(io, path, true, &store);
	if (r == -EBADMSG)
		r = replace_damaged(io, path, now_usec, &store);
	if (r < 0)
		return r;
	store->folder = strdup(folder);
	r = store->folder ? floors_restore(store, now_usec) : -ENOMEM;
	if (r >= 0)
		*ret = TAKE_PTR(store);
	return r;
}

struct store *store_close(struct store *store)
{
	if (!store)
		return NULL;
	for (size_t i = 0; i < STATEMENT_MAX; i++)
		sqlite3_finalize(store->statements[i]);
	sqlite3_close(store->database);
	store_vfs_free(store->vfs);
	free(store->set_aside_path);
	free(store->folder);
	free(store);
	return NULL;
}

const char *store_set_aside_path(const struct store *store)
{
	return store->set_aside_path;
}

static int run(struct store *store, enum statement number)
{
	_cleanup_statement_ sqlite3_stmt *statement = NULL;
	int r;

	r = statement_get(store, number, &statement);
	return r < 0 ? r : statement_run(statement);
}

int store_begin(struct store *store)
{
	return run(store, STATEMENT_BEGIN);
}

int store_commit(struct store *store)
{
	int r = run(store, STATEMENT_COMMIT);

	if (r >= 0)
		floors_keep(store);
	return r;
}

void store_rollback(struct store *store)
{
	if (!sqlite3_get_autocommit(store->database))
		(void)run(store, STATEMENT_ROLLBACK);
}
