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
#include <unistd.h>

#include "base/time.h"
#include "store/internal.h"

#define HEIR_SUFFIX ".new"

int damage_heir_path(const char *path, char **ret)
{
	return asprintf(ret, "%s" HEIR_SUFFIX, path) < 0 ? -ENOMEM : 0;
}

int damage_aside_path(const char *path, uint64_t now_usec, char **ret)
{
	char time_text[TIME_TEXT_SIZE];

	return asprintf(ret, "%s.damaged-%s", path, time_format(now_usec, time_text)) < 0 ?
		       -ENOMEM :
		       0;
}

/* Removes a file that need not be there. */
static int forget(const struct io_operations *io, const char *path)
{
	int r = access(path, F_OK) < 0 && errno == ENOENT ? 0 : io->unlink(io, AT_FDCWD, path);

	return r == -ENOENT ? 0 : r;
}

/* What SQLite writes beside the heir while it is being made; of no use when it is complete. */
static int forget_companions(const struct io_operations *io, const char *heir)
{
	static const char *const suffixes[] = { "-wal", "-journal" };

	for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++) {
		_cleanup_free_ char *path = NULL;
		int r;

		if (asprintf(&path, "%s%s", heir, suffixes[i]) < 0)
			return -ENOMEM;
		r = forget(io, path);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Only when the damaged one is away is its log: the rest of it would be taken for the heir's. */
static int forget_log(const struct io_operations *io, const char *path)
{
	_cleanup_free_ char *log = NULL;
	int r;

	if (asprintf(&log, "%s-wal", path) < 0)
		return -ENOMEM;
	if (access(log, F_OK) < 0)
		return errno == ENOENT ? 0 : -errno;
	r = io->unlink(io, AT_FDCWD, log);
	return r < 0 ? r : store_sync_folder_of(io, path);
}

int damage_finish(const struct io_operations *io, const char *path)
{
	_cleanup_free_ char *heir = NULL;
	int r;

	r = damage_heir_path(path, &heir);
	if (r >= 0)
		r = forget_companions(io, heir);
	if (r < 0)
		return r;
	if (access(heir, F_OK) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (access(path, F_OK) == 0)
		return forget(io, heir);
	if (errno != ENOENT)
		return -errno;
	/* The damaged one has gone: then its heir was complete. */
	r = forget_log(io, path);
	if (r >= 0)
		r = io->rename(io, AT_FDCWD, heir, path);
	return r < 0 ? r : store_sync_folder_of(io, path);
}

int damage_exchange(const struct io_operations *io, const char *path, const char *aside)
{
	_cleanup_free_ char *log = NULL, *log_aside = NULL, *heir = NULL;
	int r;

	r = damage_heir_path(path, &heir);
	if (r < 0)
		return r;
	if (asprintf(&log, "%s-wal", path) < 0 || asprintf(&log_aside, "%s-wal", aside) < 0)
		return -ENOMEM;
	/* Before its log: whoever begins again needs both or, when the heir is complete, none. */
	r = io->rename(io, AT_FDCWD, path, aside);
	if (r >= 0)
		r = store_sync_folder_of(io, path);
	if (r >= 0)
		r = io->rename(io, AT_FDCWD, log, log_aside);
	/* And that before the heir has the name: a log that belongs to another database would be worse than none. */
	if (r >= 0)
		r = store_sync_folder_of(io, path);
	if (r >= 0 || r == -ENOENT)
		r = io->rename(io, AT_FDCWD, heir, path);
	return r < 0 ? r : store_sync_folder_of(io, path);
}

/*
 * What damage does, to a page or to the schema. A disk that does not answer is not that: it may answer the next time, and
 * until then nothing is given up.
 */
static bool is_damage(int result)
{
	return sql_errno(result) == -EBADMSG || result == SQLITE_ERROR;
}

/* Reads row by row; a bad one ends it. */
static int copy_each(sqlite3_stmt *reading, sqlite3_stmt *writing)
{
	int result;

	while ((result = sqlite3_step(reading)) == SQLITE_ROW) {
		sqlite3_reset(writing);
		for (int i = 0; i < sqlite3_column_count(reading); i++) {
			result = sqlite3_bind_value(writing, i + 1,
						    sqlite3_column_value(reading, i));
			if (result != SQLITE_OK)
				return sql_errno(result);
		}
		result = sqlite3_step(writing);
		/* A row that the tables do not take came from the damage. */
		if (result != SQLITE_DONE && (result & 0xff) != SQLITE_CONSTRAINT)
			return sql_errno(result);
	}
	return is_damage(result) ? 0 : sql_errno(result);
}

/* Runs @query on the damaged database and @insert on the new one with the same columns. */
static int copy_rows(sqlite3 *from, sqlite3 *to, const char *query, const char *insert)
{
	sqlite3_stmt *reading = NULL, *writing = NULL;
	int result = sqlite3_prepare_v2(from, query, -1, &reading, NULL), r;

	if (result != SQLITE_OK)
		return is_damage(result) ? 0 : sql_errno(result);
	r = sql_errno(sqlite3_prepare_v2(to, insert, -1, &writing, NULL));
	if (r >= 0)
		r = copy_each(reading, writing);
	sqlite3_finalize(reading);
	sqlite3_finalize(writing);
	return r;
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
	{ "SELECT usec, device_id, slot, version, counter, digest, length_bytes, stored_bytes, is_damaged FROM backups"
	  " WHERE length(digest) = 71 AND length(device_id) < 32 AND length(version) < 64 AND slot BETWEEN 0 AND 1024"
	  " AND typeof(usec) = 'integer' AND typeof(length_bytes) = 'integer'",
	  "INSERT OR IGNORE INTO backups (usec, device_id, slot, version, counter, digest, length_bytes, stored_bytes,"
	  " is_damaged) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)" },
	{ "SELECT device_id, version, digest, decision, flags, uid, usec, until_usec, offered_usec FROM decisions"
	  " WHERE length(device_id) < 32 AND length(version) < 64 AND length(digest) < 72 AND decision IN ('pending',"
	  " 'approved', 'postponed', 'dismissed', 'started', 'settled') AND uid BETWEEN 0 AND 4294967295",
	  "INSERT OR IGNORE INTO decisions (device_id, version, digest, decision, flags, uid, usec, until_usec,"
	  " offered_usec) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)" },
	{ "SELECT device_id, policy FROM policies WHERE length(device_id) < 32 AND length(policy) < 16",
	  "INSERT OR IGNORE INTO policies (device_id, policy) VALUES (?, ?)" },
	{ "SELECT device_id, version, rule, uid, usec FROM versions WHERE length(device_id) BETWEEN 1 AND 31"
	  " AND length(version) BETWEEN 1 AND 63 AND rule IN ('pinned', 'skipped') AND typeof(usec) = 'integer'"
	  " AND uid BETWEEN 0 AND 4294967295",
	  "INSERT OR IGNORE INTO versions (device_id, version, rule, uid, usec) VALUES (?, ?, ?, ?, ?)" },
};

static int copy_job(const struct job_record *record, const char *message, void *userdata)
{
	struct job_record copy = *record;

	return store_save_job(userdata, &copy, message);
}

/* @damaged is opened by its own kind of file: in the same folder, without a lock of its own. */
static int open_damaged(const char *path, const struct io_operations *io, struct store *damaged)
{
	int result, r = store_vfs_new(io, &damaged->vfs);

	if (r < 0)
		return r;
	result = sqlite3_open_v2(path, &damaged->database,
				 SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOFOLLOW,
				 store_vfs_name(damaged->vfs));
	if (result == SQLITE_OK)
		result = sqlite3_exec(damaged->database, "PRAGMA locking_mode = EXCLUSIVE", NULL,
				      NULL, NULL);
	/* What is looked at afterwards is the damaged database as it was found. */
	if (result == SQLITE_OK)
		(void)sqlite3_db_config(damaged->database, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1,
					NULL);
	return result == SQLITE_OK || is_damage(result) ? 0 : sql_errno(result);
}

int damage_take_over(const char *path, struct store *heir)
{
	_cleanup_store_ struct store *damaged = calloc(1, sizeof(*damaged));
	int r = damaged ? open_damaged(path, heir->io, damaged) : -ENOMEM;

	for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(copies); i++)
		r = copy_rows(damaged->database, heir->database, copies[i].query, copies[i].insert);
	if (r >= 0)
		r = store_load_jobs(damaged, copy_job, heir);
	/* The jobs' table may be what is damaged. */
	return r == -EBADMSG ? 0 : r;
}
