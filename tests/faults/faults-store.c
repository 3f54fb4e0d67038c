/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * timeout: 900
 *
 * The store, each of its calls failing once: what it reported as stored is there, what it did not
 * report is there wholly or not at all, and the next start finds a store that works.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sqlite3.h>

#include "base/file.h"
#include "faults.h"
#include "store/store.h"
#include "tap.h"

#define DIGEST "sha256:00000000000000000000000000000000000000000000000000000000000000aa"
#define FLOOR 7
#define PAGE_BYTES 4096

static char folder[] = "/dev/shm/fwslot-test-faults-XXXXXX";

static const char *database_path(void)
{
	static char path[sizeof(folder) + sizeof("/" STORE_FILE_NAME)];

	snprintf(path, sizeof(path), "%s/" STORE_FILE_NAME, folder);
	return path;
}

static void begin_empty(void)
{
	faults_empty_folder(folder);
}

static int count_history(const struct history_row *row _unused_, void *count)
{
	++*(unsigned *)count;
	return 0;
}

static int keep_job(const struct job_record *record, const char *message _unused_, void *ret)
{
	*(struct job_record *)ret = *record;
	return 0;
}

/* As the engine does it: the job's row, the device's and history's in one transaction. */
static int save_all(struct store *store)
{
	struct job_record job = { .type = JOB_INSTALL, .phase = JOB_DONE, .device_id = "sim0" };
	struct history_row row = { .usec = 5,
				   .device_id = "sim0",
				   .action = "install",
				   .version_from = "1.0",
				   .version_to = "2.0",
				   .result = "done",
				   .reason = "ok",
				   .details = "" };
	struct device_record device;
	int r;

	r = store_know_device(store, "fwslot/sim", "s", "", 1, &device);
	if (r < 0)
		return r;
	r = store_begin(store);
	if (r < 0)
		return r;
	r = store_save_job(store, &job, "a sentence");
	if (r >= 0)
		r = store_add_history(store, &row);
	device.floor_counter = FLOOR;
	if (r >= 0)
		r = store_save_device(store, &device);
	if (r >= 0)
		r = store_commit(store);
	if (r < 0)
		store_rollback(store);
	return r;
}

static int save(struct failure *failure _unused_)
{
	_cleanup_store_ struct store *store = NULL;
	int r;

	r = store_open(&io_default, folder, 1000, &store);
	if (r >= 0)
		r = save_all(store);
	if (r >= 0)
		r = store_add_failed(store, "sim0", DIGEST, REASON_HEALTH_FAILED, 3);
	return r;
}

static struct backup_record some_backup(const char *version)
{
	struct backup_record backup = { .usec = 7,
					.device_id = "sim0",
					.digest = DIGEST,
					.length_bytes = 100,
					.stored_bytes = 50 };

	snprintf(backup.version, sizeof(backup.version), "%s", version);
	return backup;
}

/* One is saved, found damaged, saved again, forgotten; another one stays. */
static int keep_backups(struct failure *failure _unused_)
{
	_cleanup_store_ struct store *store = NULL;
	struct backup_record backup = some_backup("1.0"), stays = some_backup("2.0"), found;
	int r = store_open(&io_default, folder, 1000, &store);

	stays.slot = 1;
	if (r >= 0)
		r = store_add_backup(store, &stays);
	if (r >= 0)
		r = store_add_backup(store, &backup);
	if (r >= 0)
		r = store_mark_backup_damaged(store, DIGEST);
	if (r >= 0)
		r = store_add_backup(store, &backup);
	if (r >= 0)
		r = store_find_backup(store, backup.id, &found);
	if (r >= 0 && found.is_damaged)
		return -ERANGE;
	return r < 0 ? r : store_remove_backup(store, backup.id);
}

static int tell_version(const struct backup_record *backup, void *ret)
{
	strncat(ret, backup->is_damaged ? "damaged " : "sound ", 20);
	strncat(ret, backup->version, 4);
	return 0;
}

static const char *look_kept(int r)
{
	_cleanup_store_ struct store *store = NULL;
	char list[128] = "";

	if (r == -ERANGE)
		return "a backup that was saved again is still damaged";
	if (store_open(&io_default, folder, 2000, &store) < 0 ||
	    store_list_backups(store, "sim0", tell_version, list) < 0)
		return "backups cannot be listed";
	return r >= 0 && strcmp(list, "sound 2.0") != 0 ?
		       "there are other backups than those kept" :
		       NULL;
}

/* One pin is there, and another one takes its place. */
static struct version_record some_pin(const char *version)
{
	struct version_record record = { .rule = VERSION_PINNED, .device_id = "sim0" };

	snprintf(record.version, sizeof(record.version), "%s", version);
	return record;
}

static void begin_pinned(void)
{
	_cleanup_store_ struct store *store = NULL;
	struct version_record pin = some_pin("1.0");

	begin_empty();
	if (store_open(&io_default, folder, 1000, &store) < 0 ||
	    store_save_version(store, &pin) < 0)
		tap_bail("cannot pin a version");
}

static int pin_another(struct failure *failure _unused_)
{
	_cleanup_store_ struct store *store = NULL;
	struct version_record pin = some_pin("2.0");
	int r = store_open(&io_default, folder, 1000, &store);

	return r < 0 ? r : store_save_version(store, &pin);
}

static int tell_pin(const struct version_record *record, void *ret)
{
	strncat(ret, record->version, 10);
	return 0;
}

static const char *look_pinned(int r)
{
	_cleanup_store_ struct store *store = NULL;
	char list[128] = "";

	if (store_open(&io_default, folder, 2000, &store) < 0 ||
	    store_list_versions(store, tell_pin, list) < 0)
		return "versions cannot be listed";
	if (strcmp(list, "2.0") == 0)
		return NULL;
	return r < 0 && strcmp(list, "1.0") == 0 ? NULL :
						   "the pin is neither the old nor the new one";
}

/* What is there after save() returned r: all three rows or none, and all if it said so. */
static const char *look_saved(int r)
{
	_cleanup_store_ struct store *store = NULL;
	struct job_record job = { 0 };
	struct device_record device = { 0 };
	unsigned rows = 0;
	bool has_job, has_history, has_floor;

	if (store_open(&io_default, folder, 2000, &store) < 0)
		return "the store cannot be opened";
	if (store_set_aside_path(store))
		return "a sound database was set aside";
	if (store_load_jobs(store, keep_job, &job) < 0 ||
	    store_list_history(store, "", 100, count_history, &rows) < 0)
		return "the store cannot be read";
	has_job = job.id != 0;
	has_history = rows != 0;
	has_floor = store_find_device(store, "sim0", &device) == 0 && device.floor_counter == FLOOR;
	if (has_job != has_history || has_job != has_floor)
		return "a transaction is stored in part";
	if (r == 0 && (!has_job || store_has_failed(store, "sim0", DIGEST) != 1))
		return "what was reported as stored is not there";
	return NULL;
}

/* A store with everything in it, to be read. */
static void begin_full(void)
{
	begin_empty();
	if (save(NULL) < 0)
		tap_bail("cannot fill the store");
}

/* Reads everything; what differs from what is there is as bad as a lost row. */
static int load(struct failure *failure _unused_)
{
	_cleanup_store_ struct store *store = NULL;
	struct job_record job = { 0 };
	struct device_record device = { 0 };
	unsigned rows = 0;
	int r;

	r = store_open(&io_default, folder, 1000, &store);
	if (r >= 0)
		r = store_know_device(store, "fwslot/sim", "s", "", 2, &device);
	if (r >= 0 && (strcmp(device.id, "sim0") != 0 || device.floor_counter != FLOOR))
		return -ERANGE;
	if (r >= 0)
		r = store_load_jobs(store, keep_job, &job);
	if (r >= 0 && (strcmp(job.device_id, "sim0") != 0 || job.phase != JOB_DONE))
		return -ERANGE;
	if (r >= 0)
		r = store_list_history(store, "sim0", 10, count_history, &rows);
	if (r >= 0 && rows != 1)
		return -ERANGE;
	if (r >= 0)
		r = store_has_failed(store, "sim0", DIGEST);
	if (r == 0)
		return -ERANGE;
	return r < 0 ? r : 0;
}

static const char *look_loaded(int r)
{
	return r == -ERANGE ? "what was read is not what is stored" : look_saved(0);
}

/* Where the first page of the table is that nothing here writes. */
static off_t page_of_backups(void)
{
	sqlite3_stmt *statement = NULL;
	sqlite3 *database = NULL;
	off_t at;

	if (sqlite3_open(database_path(), &database) != SQLITE_OK ||
	    sqlite3_prepare_v2(database,
			       "SELECT rootpage FROM sqlite_master WHERE name = 'backups'", -1,
			       &statement, NULL) != SQLITE_OK ||
	    sqlite3_step(statement) != SQLITE_ROW)
		tap_bail("%s", sqlite3_errmsg(database));
	at = (sqlite3_column_int(statement, 0) - 1) * (off_t)PAGE_BYTES;
	sqlite3_finalize(statement);
	sqlite3_close(database);
	return at;
}

/* A page is not what it was; the floors can still be read. */
static void begin_damaged(void)
{
	_cleanup_close_ int fd = -EBADF, log_fd = -EBADF;
	char log_path[sizeof(folder) + sizeof("/" STORE_FILE_NAME "-wal")];

	begin_full();
	fd = openat(AT_FDCWD, database_path(), O_WRONLY | O_CLOEXEC);
	if (fd < 0 || pwrite(fd, "damaged", 7, page_of_backups()) != 7)
		tap_bail("cannot damage the database");
	/* As if nobody had closed it, or nobody would look. */
	snprintf(log_path, sizeof(log_path), "%s-wal", database_path());
	log_fd = open(log_path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
}

static bool is_set_aside;

static int open_only(struct failure *failure _unused_)
{
	_cleanup_store_ struct store *store = NULL;
	int r = store_open(&io_default, folder, 1000, &store);

	is_set_aside = r >= 0 && store_set_aside_path(store);
	return r;
}

static int count_names(const char *part)
{
	struct dirent **entries;
	int count = scandir(folder, &entries, NULL, NULL), found = 0;

	for (int i = 0; i < count; i++) {
		found += strstr(entries[i]->d_name, part) != NULL;
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
	return found;
}

/* Whatever failed: the floor is there, now or at the next start, and nothing half made. */
static const char *look_replaced(int r _unused_)
{
	_cleanup_store_ struct store *store = NULL;
	struct device_record device;

	if (store_open(&io_default, folder, 2000, &store) < 0)
		return "the store cannot be opened";
	if (store_find_device(store, "sim0", &device) < 0 || device.floor_counter != FLOOR)
		return "the anti-rollback floor is lost";
	if (count_names(".new") > 0)
		return "a temporary file is left";
	/* A start that failed may have closed the log: then nobody looks closer at the next one. */
	return is_set_aside && count_names(".damaged-") == 0 ? "the damaged database is not kept" :
							       NULL;
}

static int open_volatile(struct failure *failure _unused_)
{
	_cleanup_store_ struct store *store = NULL;
	int r = store_open_volatile(&store);

	return r < 0 ? r : save_all(store);
}

static const char *look_volatile(int r _unused_)
{
	return NULL;
}

static const struct fault_story stories[] = {
	{ "a job's end is stored", begin_empty, save, look_saved, true, true },
	{ "backups come and go", begin_empty, keep_backups, look_kept, true, true },
	{ "a pin takes the place of another", begin_pinned, pin_another, look_pinned, true, false },
	{ "everything is read", begin_full, load, look_loaded, true, true },
	{ "a damaged database is replaced", begin_damaged, open_only, look_replaced, true, false },
	{ "a store in memory only", begin_empty, open_volatile, look_volatile, true, false },
};

int main(void)
{
	if (!mkdtemp(folder))
		tap_bail("cannot begin");
	faults_watch_libraries();
	for (size_t i = 0; i < ARRAY_SIZE(stories); i++)
		faults_try(&stories[i]);
	faults_empty_folder(folder);
	rmdir(folder);
	return tap_done();
}
