/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The tables, as a list of steps from nothing to today: PRAGMA user_version says how many were taken. A step, once
 * released, is never edited; a change is a new step.
 */
#include <errno.h>
#include <stdio.h>

#include "store/internal.h"

#define TEXT_OF(number) #number
#define NUMBER_TEXT(number) TEXT_OF(number)

static const char *const steps[] = {
	/* 1 */
	"CREATE TABLE devices ("
	" id TEXT PRIMARY KEY, stem TEXT NOT NULL, number INTEGER NOT NULL,"
	" hardware_id TEXT NOT NULL, serial TEXT NOT NULL, parent TEXT NOT NULL,"
	" first_seen_usec INTEGER NOT NULL, last_seen_usec INTEGER NOT NULL,"
	" installed_counter INTEGER NOT NULL DEFAULT 0, floor_counter INTEGER NOT NULL DEFAULT 0,"
	" installed_version TEXT NOT NULL DEFAULT '',"
	" previous_slot INTEGER NOT NULL DEFAULT -1, previous_version TEXT NOT NULL DEFAULT '',"
	" previous_counter INTEGER NOT NULL DEFAULT 0, problem TEXT NOT NULL DEFAULT 'ok',"
	" UNIQUE (hardware_id, serial, parent), UNIQUE (stem, number)) WITHOUT ROWID;"

	"CREATE TABLE jobs ("
	" id INTEGER PRIMARY KEY AUTOINCREMENT, type TEXT NOT NULL, phase TEXT NOT NULL, device_id TEXT NOT NULL,"
	" source TEXT NOT NULL, flags INTEGER NOT NULL, uid INTEGER NOT NULL,"
	" created_usec INTEGER NOT NULL, phase_usec INTEGER NOT NULL, trial_end_usec INTEGER NOT NULL,"
	" target_slot INTEGER NOT NULL, previous_slot INTEGER NOT NULL,"
	" version TEXT NOT NULL, version_before TEXT NOT NULL, counter INTEGER NOT NULL, new_floor INTEGER NOT NULL,"
	" digest TEXT NOT NULL, length_bytes INTEGER NOT NULL, boots_before INTEGER NOT NULL, attempts INTEGER NOT NULL,"
	" is_committed INTEGER NOT NULL, is_activated INTEGER NOT NULL, is_cancel_requested INTEGER NOT NULL,"
	" is_confirm_requested INTEGER NOT NULL, is_revert_requested INTEGER NOT NULL,"
	" write_tries INTEGER NOT NULL, restart_tries INTEGER NOT NULL, trial_boots INTEGER NOT NULL,"
	" reason TEXT NOT NULL, message TEXT NOT NULL);"

	"CREATE TABLE history ("
	" id INTEGER PRIMARY KEY AUTOINCREMENT, usec INTEGER NOT NULL, device_id TEXT NOT NULL, action TEXT NOT NULL,"
	" version_from TEXT NOT NULL, version_to TEXT NOT NULL, result TEXT NOT NULL, reason TEXT NOT NULL,"
	" details TEXT NOT NULL, uid INTEGER NOT NULL, job_id INTEGER NOT NULL);"
	"CREATE INDEX history_by_device ON history (device_id, id);"
	"CREATE TRIGGER history_is_not_edited BEFORE UPDATE ON history"
	" BEGIN SELECT RAISE(ABORT, 'history is append-only'); END;"
	/* Retention is the only door: a row may go when as many newer ones as are kept are there. */
	"CREATE TRIGGER history_is_not_removed BEFORE DELETE ON history"
	" WHEN OLD.id > (SELECT MAX(id) FROM history) - " NUMBER_TEXT(
		STORE_HISTORY_ROWS_MAX) " BEGIN SELECT RAISE(ABORT, 'history is append-only'); END;"

					"CREATE TABLE failed ("
					" device_id TEXT NOT NULL, digest TEXT NOT NULL, reason TEXT NOT NULL, usec INTEGER NOT NULL,"
					" PRIMARY KEY (device_id, digest)) WITHOUT ROWID;"

					/* What people decided about an offered release: pending, approved, postponed, dismissed. */
					"CREATE TABLE decisions ("
					" device_id TEXT NOT NULL, version TEXT NOT NULL, decision TEXT NOT NULL, uid INTEGER NOT NULL,"
					" usec INTEGER NOT NULL, until_usec INTEGER NOT NULL,"
					" PRIMARY KEY (device_id, version)) WITHOUT ROWID;",
	/* 2: backups */
	"CREATE TABLE backups ("
	" id INTEGER PRIMARY KEY AUTOINCREMENT, usec INTEGER NOT NULL, device_id TEXT NOT NULL, slot INTEGER NOT NULL,"
	" version TEXT NOT NULL, counter INTEGER NOT NULL, digest TEXT NOT NULL, length_bytes INTEGER NOT NULL,"
	" stored_bytes INTEGER NOT NULL, is_damaged INTEGER NOT NULL, UNIQUE (device_id, slot, digest));"
	"ALTER TABLE jobs ADD COLUMN backup_digest TEXT NOT NULL DEFAULT '';"
	"ALTER TABLE jobs ADD COLUMN backup_length_bytes INTEGER NOT NULL DEFAULT 0;",
	/* 3: update sources */
	"CREATE TABLE offers ("
	" device_id TEXT NOT NULL, remote TEXT NOT NULL, version TEXT NOT NULL, counter INTEGER NOT NULL,"
	" urgency TEXT NOT NULL, signer TEXT NOT NULL, digest TEXT NOT NULL, length_bytes INTEGER NOT NULL,"
	" published_usec INTEGER NOT NULL, is_in_rollout INTEGER NOT NULL, notes TEXT NOT NULL, usec INTEGER NOT NULL,"
	" PRIMARY KEY (device_id, remote)) WITHOUT ROWID;"
	"CREATE TABLE remotes ("
	" name TEXT PRIMARY KEY, tried_usec INTEGER NOT NULL, refreshed_usec INTEGER NOT NULL,"
	" next_usec INTEGER NOT NULL, failures INTEGER NOT NULL, reason TEXT NOT NULL,"
	" message TEXT NOT NULL) WITHOUT ROWID;"
	"ALTER TABLE jobs ADD COLUMN remote TEXT NOT NULL DEFAULT '';",
	/* 4: also why nothing is offered */
	("ALTER TABLE offers ADD COLUMN reason TEXT NOT NULL DEFAULT 'ok';"
	 "ALTER TABLE offers ADD COLUMN message TEXT NOT NULL DEFAULT '';"),
	/* 5: what decisions are about, and policies set over the bus */
	("ALTER TABLE decisions ADD COLUMN digest TEXT NOT NULL DEFAULT '';"
	 "ALTER TABLE decisions ADD COLUMN flags INTEGER NOT NULL DEFAULT 0;"
	 "ALTER TABLE decisions ADD COLUMN offered_usec INTEGER NOT NULL DEFAULT 0;"
	 "CREATE TABLE policies (device_id TEXT PRIMARY KEY, policy TEXT NOT NULL) WITHOUT ROWID;"),
	/* 6: by which clock a job's times are */
	("ALTER TABLE jobs ADD COLUMN boot_id TEXT NOT NULL DEFAULT '';"
	 "ALTER TABLE jobs ADD COLUMN clock_offset_usec INTEGER NOT NULL DEFAULT 0;"),
	/* 7: versions that are pinned or skipped; of pins one for each device */
	("CREATE TABLE versions ("
	 " device_id TEXT NOT NULL, version TEXT NOT NULL, rule TEXT NOT NULL, uid INTEGER NOT NULL,"
	 " usec INTEGER NOT NULL, PRIMARY KEY (device_id, version)) WITHOUT ROWID;"
	 "CREATE UNIQUE INDEX one_pin_of_a_device ON versions (device_id) WHERE rule = 'pinned';"),
	/* 8: until when vendors support a device */
	"ALTER TABLE offers ADD COLUMN support_ends_usec INTEGER NOT NULL DEFAULT 0;",
};
#define SCHEMA_VERSION ((int)(sizeof(steps) / sizeof(steps[0])))

static int read_version(sqlite3 *database, int *ret)
{
	sqlite3_stmt *statement = NULL;
	int result = sqlite3_prepare_v2(database, "PRAGMA user_version", -1, &statement, NULL);

	if (result == SQLITE_OK) {
		result = sqlite3_step(statement);
		if (result == SQLITE_ROW)
			*ret = sqlite3_column_int(statement, 0);
	}
	sqlite3_finalize(statement);
	return result == SQLITE_ROW ? 0 : sql_errno(result);
}

static int take_step(sqlite3 *database, int step)
{
	char *text = sqlite3_mprintf("BEGIN IMMEDIATE;%sPRAGMA user_version=%d;COMMIT;",
				     steps[step], step + 1);
	int result;

	if (!text)
		return -ENOMEM;
	result = sqlite3_exec(database, text, NULL, NULL, NULL);
	sqlite3_free(text);
	if (result != SQLITE_OK && !sqlite3_get_autocommit(database))
		(void)sqlite3_exec(database, "ROLLBACK", NULL, NULL, NULL);
	return sql_errno(result);
}

int schema_prepare(sqlite3 *database)
{
	int version = 0, r;

	r = read_version(database, &version);
	if (r < 0)
		return r;
	if (version < 0 || version > SCHEMA_VERSION)
		return -EPROTO;
	for (; version < SCHEMA_VERSION; version++) {
		r = take_step(database, version);
		if (r < 0)
			return r;
	}
	return 0;
}
