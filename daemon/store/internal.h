/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the files of the store share: the handle, its statements, and the two ways to run one. */
#pragma once

#include <sqlite3.h>

#include "store/store.h"
#include "store/vfs.h"

enum statement {
	STATEMENT_BEGIN,
	STATEMENT_COMMIT,
	STATEMENT_ROLLBACK,
	STATEMENT_SAVE_JOB,
	STATEMENT_LOAD_JOBS,
	STATEMENT_PRUNE_JOBS,
	STATEMENT_FIND_DEVICE_BY_IDENTITY,
	STATEMENT_FIND_DEVICE,
	STATEMENT_NEXT_DEVICE_NUMBER,
	STATEMENT_COUNT_DEVICES,
	STATEMENT_FORGET_DEVICE,
	STATEMENT_ADD_DEVICE,
	STATEMENT_SAVE_DEVICE,
	STATEMENT_SEEN_DEVICE,
	STATEMENT_ADD_HISTORY,
	STATEMENT_PRUNE_HISTORY,
	STATEMENT_LIST_HISTORY,
	STATEMENT_ADD_FAILED,
	STATEMENT_PRUNE_FAILED,
	STATEMENT_FORGET_FAILED,
	STATEMENT_HAS_FAILED,
	STATEMENT_FORGET_BACKUP,
	STATEMENT_ADD_BACKUP,
	STATEMENT_LIST_BACKUPS,
	STATEMENT_FIND_BACKUP,
	STATEMENT_DAMAGED_BACKUP,
	STATEMENT_SOUND_BACKUP,
	STATEMENT_REMOVE_BACKUP,
	STATEMENT_ADD_OFFER,
	STATEMENT_LIST_OFFERS,
	STATEMENT_SAVE_REMOTE,
	STATEMENT_FIND_REMOTE,
	STATEMENT_NOTE_OFFERED,
	STATEMENT_OFFERED_EARLIER,
	STATEMENT_PRUNE_DECISIONS,
	STATEMENT_SAVE_DECISION,
	STATEMENT_FIND_DECISION,
	STATEMENT_START_DECISION,
	STATEMENT_SETTLE_DECISION,
	STATEMENT_SAVE_POLICY,
	STATEMENT_FORGET_POLICY,
	STATEMENT_LIST_POLICIES,
	STATEMENT_SAVE_VERSION,
	STATEMENT_FORGET_VERSIONS,
	STATEMENT_LIST_VERSIONS,
	STATEMENT_LIST_FLOORS,
	STATEMENT_READ_FLOORS,
	STATEMENT_MAX,
};

struct store {
	const struct io_operations *io;
	struct store_vfs *vfs; /* NULL: in memory only */
	sqlite3 *database;
	char *set_aside_path;
	char *folder; /* where a copy of the floors is kept, NULL: none */
	bool has_changed_devices; /* since that copy was made */
	sqlite3_stmt *statements[STATEMENT_MAX]; /* prepared when first used */
};

/* A row as SQL sees it and as C does; the first column of every table of columns is number 0. */
enum column_kind {
	COLUMN_U64,
	COLUMN_UNSIGNED,
	COLUMN_INT,
	COLUMN_BOOL,
	COLUMN_TEXT, /* char[size] */
	COLUMN_TYPE,
	COLUMN_PHASE,
	COLUMN_REASON,
	COLUMN_DECISION,
	COLUMN_VERSION_RULE,
};
struct column {
	enum column_kind kind;
	size_t offset, size;
};

/* The errno of an SQLite result. */
int sql_errno(int result);

/* Text of each statement: statements.c. */
const char *statement_text(enum statement statement);

/* A prepared statement, reset and without bindings. -errno */
_warn_unused_ int statement_get(struct store *store, enum statement statement, sqlite3_stmt **ret);
/* Runs a statement that gives no rows, and resets it. */
_warn_unused_ int statement_run(sqlite3_stmt *statement);
/* 1 a row, 0 no (more) rows and reset, -errno and reset. */
_warn_unused_ int statement_next(sqlite3_stmt *statement);
/* For cleanup of a statement that was not run to its end. */
void statement_resetp(sqlite3_stmt **statement);
#define _cleanup_statement_ _cleanup_(statement_resetp)

/* Columns of a C structure: bound from parameter 1 on, read from column 0 on. -EBADMSG: not what was written. */
_warn_unused_ int columns_bind(sqlite3_stmt *statement, const struct column *columns, size_t count,
			       const void *row);
_warn_unused_ int columns_read(sqlite3_stmt *statement, const struct column *columns, size_t count,
			       void *row);
/* NULL is bound as "". */
int bind_text(sqlite3_stmt *statement, int parameter, const char *text);
const char *column_text(sqlite3_stmt *statement, int column); /* never NULL */

/* Brings the tables to this program's version; schema.c. -EPROTO: the database is of a newer program. */
_warn_unused_ int schema_prepare(sqlite3 *database);
