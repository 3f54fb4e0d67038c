/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rows of the tables "decisions" and "policies": what people decided about updates, and how it is to be decided. */
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "store/columns.h"
#include "store/internal.h"

#define DECISION_COLUMN(field, kind)                              \
	{ COLUMN_##kind, offsetof(struct decision_record, field), \
	  sizeof(((struct decision_record *)0)->field) },

static const struct column columns[] = { DECISION_COLUMNS(DECISION_COLUMN) };
#define OFFERED_COLUMN ((int)ARRAY_SIZE(columns))

static int bind_time(sqlite3_stmt *statement, int parameter, uint64_t usec)
{
	return sql_errno(sqlite3_bind_int64(statement, parameter, (sqlite3_int64)usec));
}

static int prune(struct store *store, const char *device_id)
{
	_cleanup_statement_ sqlite3_stmt *statement = NULL;
	int r;

	r = statement_get(store, STATEMENT_PRUNE_DECISIONS, &statement);
	if (r >= 0)
		r = bind_text(statement, 1, device_id);
	return r < 0 ? r : statement_run(statement);
}

/* Only the statement that starts them has a fourth parameter. */
static int change(struct store *store, enum statement number, const char *device_id,
		  const char *version, uint64_t now_usec, uint64_t until_usec)
{
	_cleanup_statement_ sqlite3_stmt *statement = NULL;
	int r;

	r = statement_get(store, number, &statement);
	if (r >= 0)
		r = bind_text(statement, 1, device_id);
	if (r >= 0)
		r = bind_text(statement, 2, version);
	if (r >= 0)
		r = bind_time(statement, 3, now_usec);
	if (r >= 0 && number == STATEMENT_START_DECISION)
		r = bind_time(statement, 4, until_usec);
	return r < 0 ? r : statement_run(statement);
}

int store_note_offered(struct store *store, const char *device_id, const char *version,
		       const char *digest, uint64_t now_usec)
{
	_cleanup_statement_ sqlite3_stmt *statement = NULL;
	int r;

	r = statement_get(store, STATEMENT_NOTE_OFFERED, &statement);
	if (r >= 0)
		r = bind_text(statement, 1, device_id);
	if (r >= 0)
		r = bind_text(statement, 2, version);
	if (r >= 0)
		r = bind_text(statement, 3, digest);
	if (r >= 0)
		r = bind_time(statement, 4, now_usec);
	if (r >= 0)
		r = statement_run(statement);
	/* The clock was wrong then and has been set since: nothing was offered later than now. */
	if (r >= 0)
		r = change(store, STATEMENT_OFFERED_EARLIER, device_id, version, now_usec, 0);
	return r < 0 ? r : prune(store, device_id);
}

int store_save_decision(struct store *store, const struct decision_record *record)
{
	_cleanup_statement_ sqlite3_stmt *statement = NULL;
	int r;

	r = statement_get(store, STATEMENT_SAVE_DECISION, &statement);
	if (r >= 0)
		r = columns_bind(statement, columns, ARRAY_SIZE(columns), record);
	if (r >= 0)
		r = bind_time(statement, OFFERED_COLUMN + 1, record->offered_usec);
	return r < 0 ? r : statement_run(statement);
}

int store_find_decision(struct store *store, const char *device_id, const char *version,
			struct decision_record *ret)
{
	_cleanup_statement_ sqlite3_stmt *statement = NULL;
	struct decision_record record = { 0 };
	int r;

	r = statement_get(store, STATEMENT_FIND_DECISION, &statement);
	if (r >= 0)
		r = bind_text(statement, 1, device_id);
	if (r >= 0)
		r = bind_text(statement, 2, version);
	if (r >= 0)
		r = statement_next(statement);
	if (r <= 0)
		return r < 0 ? r : -ENOENT;
	r = columns_read(statement, columns, ARRAY_SIZE(columns), &record);
	if (r < 0)
		return r;
	record.offered_usec = (uint64_t)sqlite3_column_int64(statement, OFFERED_COLUMN);
	*ret = record;
	return 0;
}

int store_start_decisions(struct store *store, const char *device_id, const char *version,
			  uint64_t now_usec, uint64_t until_usec)
{
	return change(store, STATEMENT_START_DECISION, device_id, version, now_usec, until_usec);
}

int store_settle_decision(struct store *store, const char *device_id, const char *version,
			  uint64_t now_usec)
{
	return change(store, STATEMENT_SETTLE_DECISION, device_id, version, now_usec, 0);
}

int store_save_policy(struct store *store, const char *device_id, const char *policy)
{
	_cleanup_statement_ sqlite3_stmt *statement = NULL;
	int r;

	r = statement_get(store, policy[0] ? STATEMENT_SAVE_POLICY : STATEMENT_FORGET_POLICY,
			  &statement);
	if (r >= 0)
		r = bind_text(statement, 1, device_id);
	if (r >= 0 && policy[0])
		r = bind_text(statement, 2, policy);
	return r < 0 ? r : statement_run(statement);
}

int store_list_policies(struct store *store,
			int (*row)(const struct policy_record *record, void *userdata),
			void *userdata)
{
	_cleanup_statement_ sqlite3_stmt *statement = NULL;
	int r;

	r = statement_get(store, STATEMENT_LIST_POLICIES, &statement);
	if (r < 0)
		return r;
	while ((r = statement_next(statement)) > 0) {
		const char *device_id = column_text(statement, 0),
			   *policy = column_text(statement, 1);
		struct policy_record record = { 0 };

		if (strlen(device_id) > RECORD_DEVICE_ID_MAX || strlen(policy) > RECORD_POLICY_MAX)
			return -EBADMSG;
		memcpy(record.device_id, device_id, strlen(device_id));
		memcpy(record.policy, policy, strlen(policy));
		r = row(&record, userdata);
		if (r != 0)
			return r;
	}
	return r;
}
