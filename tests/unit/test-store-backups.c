/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table of backups, how a database from before there were any gets it, and what is saved of a damaged one. */
#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/store.h"
#include "tap.h"

#define DIGEST_A "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define DIGEST_B "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

static char folder[] = "/tmp/fwslot-test-backups-XXXXXX";

static struct store *open_store(void)
{
	struct store *store = NULL;
	int r = store_open(&io_default, folder, 1000, &store);

	if (r < 0)
		tap_bail("store_open: %s", strerror(-r));
	return store;
}

static struct backup_record add(struct store *store, const char *device, const char *digest,
				uint64_t usec)
{
	struct backup_record backup = { .usec = usec,
					.slot = 1,
					.version = "1.0",
					.counter = 7,
					.length_bytes = 1000,
					.stored_bytes = 10 };

	snprintf(backup.device_id, sizeof(backup.device_id), "%s", device);
	snprintf(backup.digest, sizeof(backup.digest), "%s", digest);
	if (store_add_backup(store, &backup) < 0)
		tap_bail("cannot add");
	return backup;
}

struct listing {
	struct backup_record rows[8];
	unsigned count;
};

static int add_row(const struct backup_record *backup, void *userdata)
{
	struct listing *listing = userdata;

	listing->rows[listing->count++] = *backup;
	return 0;
}

static struct listing list(struct store *store, const char *device)
{
	struct listing listing = { .count = 0 };

	if (store_list_backups(store, device, add_row, &listing) < 0)
		tap_bail("cannot list");
	return listing;
}

static void test_rows(void)
{
	struct store *store = open_store();
	struct backup_record first = add(store, "sim0", DIGEST_A, 1), found;
	struct listing listing;

	add(store, "sim0", DIGEST_B, 3);
	add(store, "sim1", DIGEST_A, 2);
	store = store_close(store);
	store = open_store();
	listing = list(store, "");
	tap_is(listing.count, 3, "backups come back");
	tap_is_string(listing.rows[0].digest, DIGEST_B, "the newest first");
	tap_is(list(store, "sim0").count, 2, "or those of one device");
	tap_ok(store_find_backup(store, first.id, &found) == 0 &&
		       memcmp(&found, &first, sizeof(found)) == 0,
	       "one is as it was");
	tap_is(store_find_backup(store, 99, &found), -ENOENT, "one that is not there");
	first = add(store, "sim0", DIGEST_A, 9);
	tap_is(list(store, "").count, 3, "the same content of the same slot is one backup");
	tap_is_string(list(store, "").rows[0].digest, DIGEST_A, "which is the newest now");
	tap_is(store_mark_backup_damaged(store, DIGEST_A), 0, "damage");
	listing = list(store, "");
	tap_ok(listing.rows[0].is_damaged && !listing.rows[1].is_damaged &&
		       listing.rows[2].is_damaged,
	       "is noted of all that share the file");
	add(store, "sim2", DIGEST_A, 10);
	listing = list(store, "");
	tap_ok(!listing.rows[1].is_damaged && !listing.rows[3].is_damaged,
	       "until the file is saved anew, for whichever device");
	tap_is(store_remove_backup(store, listing.rows[0].id), 0, "the newest is removed");
	tap_is(store_remove_backup(store, first.id), 0, "removed");
	tap_is(list(store, "").count, 2, "it is gone");
	store_close(store);
}

static int count_job(const struct job_record *job, const char *message, void *userdata)
{
	(void)message;
	*(unsigned *)userdata += strcmp(job->device_id, "sim0") == 0 && !job->backup_digest[0];
	return 0;
}

/* What a fwslotd that knew no backups left behind. */
static void make_old(void)
{
	struct store *store = open_store();
	struct job_record job = { .device_id = "sim0", .target_slot = 0, .previous_slot = -1 };
	sqlite3 *database = NULL;
	char path[128];

	if (store_save_job(store, &job, NULL) < 0)
		tap_bail("cannot save a job");
	store_close(store);
	snprintf(path, sizeof(path), "%s/" STORE_FILE_NAME, folder);
	if (sqlite3_open(path, &database) != SQLITE_OK ||
	    sqlite3_exec(
		    database,
		    "DROP TABLE backups; ALTER TABLE jobs DROP COLUMN backup_digest;"
		    "ALTER TABLE jobs DROP COLUMN backup_length_bytes;"
		    "DROP TABLE offers; DROP TABLE remotes; ALTER TABLE jobs DROP COLUMN remote;"
		    "ALTER TABLE decisions DROP COLUMN digest; ALTER TABLE decisions DROP COLUMN flags;"
		    "ALTER TABLE decisions DROP COLUMN offered_usec; DROP TABLE policies; DROP TABLE versions;"
		    "ALTER TABLE jobs DROP COLUMN boot_id; ALTER TABLE jobs DROP COLUMN clock_offset_usec;"
		    "PRAGMA user_version = 1",
		    NULL, NULL, NULL) != SQLITE_OK)
		tap_bail("cannot make it old: %s", sqlite3_errmsg(database));
	sqlite3_close(database);
}

static void test_migration(void)
{
	struct store *store;
	unsigned jobs = 0;

	make_old();
	store = open_store();
	tap_is(store_set_aside_path(store) == NULL, true, "an older database is not damaged");
	tap_is(store_load_jobs(store, count_job, &jobs), 0, "its jobs are read");
	tap_is(jobs, 1, "and have no backup");
	add(store, "sim0", DIGEST_A, 5);
	tap_is(list(store, "sim0").count, 1, "a backup can be added");
	store_close(store);
}

/* A page of history, which grew last, as a crash may have left it. */
static void test_damaged(void)
{
	const struct history_row row = { .usec = 5,
					 .device_id = "sim0",
					 .action = "install",
					 .version_from = "",
					 .version_to = "",
					 .result = "",
					 .reason = "",
					 .details = "" };
	struct store *store = open_store();
	char path[128], zeros[4096] = "";
	struct stat status;
	int fd, r = 0;

	add(store, "sim0", DIGEST_A, 5);
	for (unsigned i = 0; r >= 0 && i < 300; i++)
		r = store_add_history(store, &row);
	store_close(store);
	snprintf(path, sizeof(path), "%s/" STORE_FILE_NAME, folder);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (r < 0 || fd < 0 || fstat(fd, &status) < 0 ||
	    pwrite(fd, zeros, sizeof(zeros), status.st_size - 4096) != 4096)
		tap_bail("cannot damage");
	close(fd);
	strcat(path, "-wal");
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	close(fd);
	store = open_store();
	tap_ok(store_set_aside_path(store) != NULL, "a damaged database is set aside");
	tap_is(list(store, "sim0").count, 1, "and its backups are still known");
	store_close(store);
}

int main(void)
{
	static void (*const tests[])(void) = { test_rows, test_migration, test_damaged };
	char command[128];

	if (!mkdtemp(folder))
		tap_bail("no folder");
	for (size_t i = 0; i < ARRAY_SIZE(tests); i++) {
		snprintf(command, sizeof(command), "rm -rf %s && mkdir -m 0700 %s", folder, folder);
		if (system(command) != 0)
			tap_bail("cannot empty %s", folder);
		tests[i]();
	}
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	tap_is(system(command), 0, "cleaned up");
	return tap_done();
}
