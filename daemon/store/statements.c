/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The text of every statement but the schema, and how statements are prepared, bound, run and read. */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "store/columns.h"
#include "store/internal.h"

#define NUMBER(number) TEXT_OF(number)
#define TEXT_OF(number) #number

static const char *const texts[STATEMENT_MAX] = {
	[STATEMENT_BEGIN] = "BEGIN IMMEDIATE",
	[STATEMENT_COMMIT] = "COMMIT",
	[STATEMENT_ROLLBACK] = "ROLLBACK",

	[STATEMENT_SAVE_JOB] = "INSERT OR REPLACE INTO jobs (" JOB_COLUMNS(
		COLUMN_NAME) "message) VALUES (" JOB_COLUMNS(COLUMN_MARK) "?)",
	[STATEMENT_LOAD_JOBS] = "SELECT " JOB_COLUMNS(COLUMN_NAME) "message FROM jobs ORDER BY id",
	[STATEMENT_PRUNE_JOBS] =
		"DELETE FROM jobs WHERE phase IN ('done', 'reverted', 'failed', 'cancelled') AND id NOT IN"
		" (SELECT id FROM jobs WHERE phase IN ('done', 'reverted', 'failed', 'cancelled')"
		" ORDER BY phase_usec DESC, id DESC LIMIT ?)",

	[STATEMENT_FIND_DEVICE_BY_IDENTITY] = "SELECT " DEVICE_COLUMNS(
		COLUMN_NAME) "last_seen_usec FROM devices WHERE hardware_id = ? AND serial = ? AND parent = ?",
	[STATEMENT_FIND_DEVICE] =
		"SELECT " DEVICE_COLUMNS(COLUMN_NAME) "last_seen_usec FROM devices WHERE id = ?",
	[STATEMENT_NEXT_DEVICE_NUMBER] =
		"SELECT COALESCE(MAX(number) + 1, 0) FROM devices WHERE stem = ?",
	[STATEMENT_COUNT_DEVICES] = "SELECT COUNT(*) FROM devices",
	[STATEMENT_FORGET_DEVICE] =
		"DELETE FROM devices WHERE id = (SELECT id FROM devices WHERE installed_counter = 0 AND"
		" floor_counter = 0 AND id NOT IN (SELECT device_id FROM jobs UNION SELECT device_id FROM versions) ORDER BY last_seen_usec LIMIT 1)",
	[STATEMENT_ADD_DEVICE] =
		"INSERT INTO devices (id, stem, number, hardware_id, serial, parent, first_seen_usec,"
		" last_seen_usec) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7)",
	[STATEMENT_SAVE_DEVICE] =
		"UPDATE devices SET installed_counter = ?2, floor_counter = ?3, installed_version = ?4,"
		" previous_slot = ?5, previous_version = ?6, previous_counter = ?7, problem = ?8"
		" WHERE id = ?1",
	[STATEMENT_SEEN_DEVICE] = "UPDATE devices SET last_seen_usec = ?2 WHERE id = ?1",

	[STATEMENT_ADD_HISTORY] =
		"INSERT INTO history (usec, device_id, action, version_from, version_to, result, reason,"
		" details, uid, job_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
	[STATEMENT_PRUNE_HISTORY] =
		"DELETE FROM history WHERE id <= (SELECT MAX(id) FROM history) - " NUMBER(
			STORE_HISTORY_ROWS_MAX),
	[STATEMENT_LIST_HISTORY] =
		"SELECT usec, device_id, action, version_from, version_to, result, reason, details,"
		" uid, job_id FROM history WHERE ?1 = '' OR device_id = ?1 ORDER BY id DESC LIMIT ?2",

	[STATEMENT_ADD_FAILED] =
		"INSERT OR REPLACE INTO failed (device_id, digest, reason, usec) VALUES (?, ?, ?, ?)",
	[STATEMENT_PRUNE_FAILED] =
		"DELETE FROM failed WHERE device_id = ?1 AND digest NOT IN (SELECT digest FROM failed"
		" WHERE device_id = ?1 ORDER BY usec DESC LIMIT " NUMBER(STORE_FAILED_MAX) ")",
	[STATEMENT_FORGET_FAILED] = "DELETE FROM failed WHERE device_id = ? AND digest = ?",
	[STATEMENT_HAS_FAILED] = "SELECT 1 FROM failed WHERE device_id = ? AND digest = ?",

	[STATEMENT_FORGET_BACKUP] =
		"DELETE FROM backups WHERE device_id = ? AND slot = ? AND digest = ?",
	[STATEMENT_ADD_BACKUP] = "INSERT INTO backups (" BACKUP_COLUMNS(
		COLUMN_NAME) "id) VALUES (" BACKUP_COLUMNS(COLUMN_MARK) "NULL)",
	[STATEMENT_LIST_BACKUPS] = "SELECT " BACKUP_COLUMNS(
		COLUMN_NAME) "id FROM backups WHERE ?1 = '' OR device_id = ?1 ORDER BY usec DESC, id DESC",
	[STATEMENT_FIND_BACKUP] =
		"SELECT " BACKUP_COLUMNS(COLUMN_NAME) "id FROM backups WHERE id = ?",
	[STATEMENT_DAMAGED_BACKUP] = "UPDATE backups SET is_damaged = 1 WHERE digest = ?",
	[STATEMENT_SOUND_BACKUP] = "UPDATE backups SET is_damaged = 0 WHERE digest = ?",
	[STATEMENT_REMOVE_BACKUP] = "DELETE FROM backups WHERE id = ?",

	[STATEMENT_ADD_OFFER] = "INSERT OR REPLACE INTO offers (" OFFER_COLUMNS(
		COLUMN_NAME) "usec) VALUES (" OFFER_COLUMNS(COLUMN_MARK) "?)",
	[STATEMENT_LIST_OFFERS] =
		"SELECT " OFFER_COLUMNS(COLUMN_NAME) "usec FROM offers ORDER BY device_id, remote",
	[STATEMENT_SAVE_REMOTE] = "INSERT OR REPLACE INTO remotes (" REMOTE_COLUMNS(
		COLUMN_NAME) "message) VALUES (" REMOTE_COLUMNS(COLUMN_MARK) "?)",
	[STATEMENT_FIND_REMOTE] =
		"SELECT " REMOTE_COLUMNS(COLUMN_NAME) "message FROM remotes WHERE name = ?",

	/* Another content under the same version is another release: what was decided does not hold for it. */
	[STATEMENT_NOTE_OFFERED] =
		"INSERT INTO decisions (device_id, version, digest, decision, uid, usec, until_usec, offered_usec)"
		" VALUES (?1, ?2, ?3, 'pending', 0, ?4, 0, ?4) ON CONFLICT (device_id, version) DO UPDATE SET"
		" digest = excluded.digest, decision = 'pending', flags = 0, uid = 0, usec = excluded.usec,"
		" until_usec = 0, offered_usec = excluded.offered_usec WHERE digest <> excluded.digest",
	[STATEMENT_OFFERED_EARLIER] =
		"UPDATE decisions SET offered_usec = ?3 WHERE device_id = ?1 AND version = ?2 AND offered_usec > ?3",
	[STATEMENT_PRUNE_DECISIONS] =
		"DELETE FROM decisions WHERE device_id = ?1 AND version NOT IN (SELECT version FROM decisions"
		" WHERE device_id = ?1 ORDER BY offered_usec DESC, version LIMIT " NUMBER(
			STORE_DECISIONS_MAX) ")",
	[STATEMENT_SAVE_DECISION] = "INSERT OR REPLACE INTO decisions (" DECISION_COLUMNS(
		COLUMN_NAME) "offered_usec) VALUES (" DECISION_COLUMNS(COLUMN_MARK) "?)",
	[STATEMENT_FIND_DECISION] = "SELECT " DECISION_COLUMNS(
		COLUMN_NAME) "offered_usec FROM decisions WHERE device_id = ? AND version = ?",
	[STATEMENT_START_DECISION] =
		"UPDATE decisions SET decision = 'started', usec = ?3, until_usec = ?4 WHERE device_id = ?1"
		" AND (decision = 'approved' OR (version = ?2 AND decision NOT IN ('dismissed', 'settled')))",
	[STATEMENT_SETTLE_DECISION] =
		"UPDATE decisions SET decision = 'settled', usec = ?3 WHERE device_id = ?1 AND version = ?2"
		" AND decision <> 'dismissed'",
	[STATEMENT_SAVE_POLICY] =
		"INSERT OR REPLACE INTO policies (device_id, policy) VALUES (?, ?)",
	[STATEMENT_FORGET_POLICY] = "DELETE FROM policies WHERE device_id = ?",
	[STATEMENT_LIST_POLICIES] =
		"SELECT device_id, policy FROM policies ORDER BY device_id LIMIT " NUMBER(
			STORE_POLICIES_MAX),
	[STATEMENT_SAVE_VERSION] = "INSERT OR REPLACE INTO versions (" VERSION_COLUMNS(
		COLUMN_NAME) "usec) VALUES (" VERSION_COLUMNS(COLUMN_MARK) "?)",
	[STATEMENT_FORGET_VERSIONS] =
		"DELETE FROM versions WHERE device_id = ?1 AND rule = ?2 AND (?3 = '' OR version = ?3)",
	[STATEMENT_LIST_VERSIONS] = "SELECT " VERSION_COLUMNS(
		COLUMN_NAME) "usec FROM versions ORDER BY device_id, version LIMIT " NUMBER(STORE_VERSIONS_MAX),
	[STATEMENT_LIST_FLOORS] =
		"SELECT json_group_array(json_array(floor_counter, hardware_id, serial, parent))"
		" FROM (SELECT * FROM devices ORDER BY stem, number)",
	[STATEMENT_READ_FLOORS] =
		"SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]'), json_extract(value, '$[2]'),"
		" json_extract(value, '$[3]') FROM json_each(?)",
};

const char *statement_text(enum statement statement)
{
	return texts[statement];
}

int sql_errno(int result)
{
	switch (result & 0xff) {
	case SQLITE_OK:
	case SQLITE_ROW:
	case SQLITE_DONE:
		return 0;
	case SQLITE_FULL:
		return -ENOSPC;
	case SQLITE_READONLY:
		return -EROFS;
	case SQLITE_PERM:
	case SQLITE_CANTOPEN:
	case SQLITE_AUTH:
		return -EACCES;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return -EBUSY;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
	case SQLITE_SCHEMA:
	case SQLITE_FORMAT:
		return -EBADMSG;
	case SQLITE_NOMEM:
		return -ENOMEM;
	case SQLITE_CONSTRAINT:
		return -EEXIST;
	default:
		return -EIO;
	}
}

int statement_get(struct store *store, enum statement number, sqlite3_stmt **ret)
{
	sqlite3_stmt **statement = &store->statements[number];

	if (!*statement) {
		int result = sqlite3_prepare_v3(store->database, texts[number], -1,
						SQLITE_PREPARE_PERSISTENT, statement, NULL);

		/* A table that is missing here is a damaged database: schema_prepare() made them all. */
		if (result == SQLITE_ERROR)
			return -EBADMSG;
		if (result != SQLITE_OK)
			return sql_errno(result);
	}
	sqlite3_reset(*statement);
	sqlite3_clear_bindings(*statement);
	*ret = *statement;
	return 0;
}

int statement_run(sqlite3_stmt *statement)
{
	int result = sqlite3_step(statement);

	sqlite3_reset(statement);
	return sql_errno(result);
}

int statement_next(sqlite3_stmt *statement)
{
	int result = sqlite3_step(statement);

	if (result == SQLITE_ROW)
		return 1;
	sqlite3_reset(statement);
	return sql_errno(result);
}

void statement_resetp(sqlite3_stmt **statement)
{
	if (*statement)
		sqlite3_reset(*statement);
}

int bind_text(sqlite3_stmt *statement, int parameter, const char *text)
{
	return sql_errno(
		sqlite3_bind_text(statement, parameter, text ? text : "", -1, SQLITE_TRANSIENT));
}

const char *column_text(sqlite3_stmt *statement, int column)
{
	const unsigned char *text = sqlite3_column_text(statement, column);

	return text ? (const char *)text : "";
}

static int bind_column(sqlite3_stmt *statement, int parameter, const struct column *column,
		       const char *field)
{
	switch (column->kind) {
	case COLUMN_U64:
		return sql_errno(sqlite3_bind_int64(statement, parameter,
						    (sqlite3_int64) * (const uint64_t *)field));
	case COLUMN_UNSIGNED:
		return sql_errno(
			sqlite3_bind_int64(statement, parameter, *(const unsigned *)field));
	case COLUMN_INT:
		return sql_errno(sqlite3_bind_int(statement, parameter, *(const int *)field));
	case COLUMN_BOOL:
		return sql_errno(sqlite3_bind_int(statement, parameter, *(const bool *)field));
	case COLUMN_TEXT:
		return bind_text(statement, parameter, field);
	case COLUMN_TYPE:
		return bind_text(statement, parameter,
				 job_type_to_string(*(const enum job_type *)field));
	case COLUMN_PHASE:
		return bind_text(statement, parameter,
				 job_phase_to_string(*(const enum job_phase *)field));
	case COLUMN_REASON:
		return bind_text(statement, parameter, reason_word(*(const enum reason *)field));
	case COLUMN_DECISION:
		return bind_text(statement, parameter,
				 decision_to_string(*(const enum decision *)field));
	case COLUMN_VERSION_RULE:
		return bind_text(statement, parameter,
				 version_rule_to_string(*(const enum version_rule *)field));
	}
	return -EINVAL;
}

int columns_bind(sqlite3_stmt *statement, const struct column *columns, size_t count,
		 const void *row)
{
	for (size_t i = 0; i < count; i++) {
		int r = bind_column(statement, (int)i + 1, &columns[i],
				    (const char *)row + columns[i].offset);

		if (r < 0)
			return r;
	}
	return 0;
}

/* Rows are read as carefully as anything from outside: a disk can change them. */
static int read_column(sqlite3_stmt *statement, int number, const struct column *column,
		       char *field)
{
	sqlite3_int64 value = sqlite3_column_int64(statement, number);
	const char *text = column_text(statement, number);
	int word;

	switch (column->kind) {
	case COLUMN_U64:
		*(uint64_t *)field = (uint64_t)value;
		return 0;
	case COLUMN_UNSIGNED:
		if (value < 0 || value > UINT32_MAX)
			return -EBADMSG;
		*(unsigned *)field = (unsigned)value;
		return 0;
	case COLUMN_INT:
		if (value < INT32_MIN || value > INT32_MAX)
			return -EBADMSG;
		*(int *)field = (int)value;
		return 0;
	case COLUMN_BOOL:
		*(bool *)field = value != 0;
		return 0;
	case COLUMN_TEXT:
		if (strlen(text) >= column->size)
			return -EBADMSG;
		memset(field, 0, column->size);
		memcpy(field, text, strlen(text));
		return 0;
	case COLUMN_TYPE:
		word = job_type_from_string(text);
		*(enum job_type *)field = (enum job_type)word;
		return word < 0 ? -EBADMSG : 0;
	case COLUMN_PHASE:
		word = job_phase_from_string(text);
		*(enum job_phase *)field = (enum job_phase)word;
		return word < 0 ? -EBADMSG : 0;
	case COLUMN_REASON:
		word = reason_from_word(text);
		/* A word of a newer version is no damage. */
		*(enum reason *)field = word < 0 ? REASON_INTERNAL : (enum reason)word;
		return 0;
	case COLUMN_DECISION:
		word = decision_from_string(text);
		*(enum decision *)field = (enum decision)word;
		return word < 0 ? -EBADMSG : 0;
	case COLUMN_VERSION_RULE:
		word = version_rule_from_string(text);
		*(enum version_rule *)field = (enum version_rule)word;
		return word < 0 ? -EBADMSG : 0;
	}
	return -EINVAL;
}

int columns_read(sqlite3_stmt *statement, const struct column *columns, size_t count, void *row)
{
	for (size_t i = 0; i < count; i++) {
		int r = read_column(statement, (int)i, &columns[i],
				    (char *)row + columns[i].offset);

		if (r < 0)
			return r;
	}
	return 0;
}
