/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A damaged database is never repaired in place: it is set aside for whoever wants to look, and what can still be read
 * row by row is taken over. Most of all the devices: they hold the anti-rollback floors, and a thief of the disk's
 * sectors must not lower them by damaging a page elsewhere.
 */
#include "store/damage.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/time.h"
#include "store/internal.h"

int damage_set_aside(const struct io_operations *io, const char *path, uint64_t now_usec,
		     char **ret)
{
	_cleanup_free_ char *aside = NULL, *log = NULL, *log_aside = NULL;
	char time_text[TIME_TEXT_SIZE];
	int r;

	if (asprintf(&aside, "%s.damaged-%s", path, time_format(now_usec, time_text)) < 0)
		return -ENOMEM;
	if (asprintf(&log, "%s-wal", path) < 0 || asprintf(&log_aside, "%s-wal", aside) < 0)
		return -ENOMEM;
	/* The log first: a log beside a database it does not belong to would be worse than none. */
	r = io->rename(io, AT_FDCWD, log, log_aside);
	if (r >= 0 || r == -ENOENT)
		r = io->rename(io, AT_FDCWD, path, aside);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(aside);
	return store_sync_folder_of(io, path);
}

/* Runs @query on the damaged database and @insert on the new one with the same columns; a bad row ends it. */
static void copy_rows(sqlite3 *from, sqlite3 *to, const char *query, const char *insert)
{
	sqlite3_stmt *reading = NULL, *writing = NULL;

	if (sqlite3_prepare_v2(from, query, -1, &reading, NULL) == SQLITE_OK &&
	    sqlite3_prepare_v2(to, insert, -1, &writing, NULL) == SQLITE_OK) {
		while (sqlite3_step(reading) == SQLITE_ROW) {
			sqlite3_reset(writing);
			for (int i = 0; i < sqlite3_column_count(reading); i++)
				(void)sqlite3_bind_value(writing, i + 1,
							 sqlite3_column_value(reading, i));
			(void)sqlite3_step(writing);
		}
	}
	sqlite3_finalize(reading);
	sqlite3_finalize(writing);
}

/* Only rows that will read well: a value of another type or length came from the damage. */
static const struct {
	const char *query, *insert;
} copies[] = {
	{ "SELECT id, stem, number, hardware_id, serial, parent, first_seen_usec, last_seen_usec, installed_counter,"
	  " floor_counter, installed_version, previous_slot, previous_version, previous_counter, problem FROM devices"
	  " WHERE typeof(id) = 'text' AND length(id) BETWEEN 1 AND 31 AND typeof(number) = 'integer'"
	  " AND typeof(installed_counter) = 'integer' AND typeof(floor_counter) = 'integer'"
	  " AND length(installed_version) < 64 AND length(previous_version) < 64"
	  " AND previous_slot BETWEEN -1 AND 1024 AND typeof(previous_counter) = 'integer'",
	  "INSERT OR IGNORE INTO devices (id, stem, number, hardware_id, serial, parent, first_seen_usec,"
	  " last_seen_usec, installed_counter, floor_counter, installed_version, previous_slot, previous_version,"
	  " previous_counter, problem) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)" },
	{ "SELECT device_id, digest, reason, usec FROM failed WHERE length(digest) = 71",
	  "INSERT OR IGNORE INTO failed (device_id, digest, reason, usec) VALUES (?, ?, ?, ?)" },
};

static int copy_job(const struct job_record *record, const char *message, void *userdata)
{
	struct job_record copy = *record;

	(void)!store_save_job(userdata, &copy, message);
	return 0;
}

void damage_take_over(const char *path, struct store *store)
{
	_cleanup_store_ struct store *damaged = calloc(1, sizeof(*damaged));

	if (!damaged)
		return;
	if (store_vfs_new(store->io, &damaged->vfs) < 0 ||
	    sqlite3_open_v2(path, &damaged->database, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOFOLLOW,
			    store_vfs_name(damaged->vfs)) != SQLITE_OK)
		return;
	(void)sqlite3_exec(damaged->database, "PRAGMA locking_mode = EXCLUSIVE", NULL, NULL, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(copies); i++)
		copy_rows(damaged->database, store->database, copies[i].query, copies[i].insert);
	(void)store_load_jobs(damaged, copy_job, store);
}
