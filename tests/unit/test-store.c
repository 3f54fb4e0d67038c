/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The store: rows come back as they were, history is append-only. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store-bed.h"
#include "store/store.h"
#include "tap.h"

static void test_jobs(void)
{
	struct store *store = open_store();
	struct job_record job = some_job();
	struct found_jobs found = { 0 };

	tap_is(store_save_job(store, &job, "why"), 0, "a job is saved");
	tap_is(job.id, 1, "and numbered");
	store_close(store);

	store = open_store();
	tap_is(store_load_jobs(store, collect_job, &found), 0, "jobs load after opening again");
	tap_is(found.count, 1, "one job");
	tap_ok(memcmp(&found.last, &job, sizeof(job)) == 0, "every field came back");
	tap_is_string(found.message, "why", "with its message");

	job.phase = JOB_DONE;
	tap_is(store_save_job(store, &job, NULL), 0, "the row is replaced");
	for (int i = 0; i < 5; i++) {
		struct job_record more = some_job();

		more.phase = i == 0 ? JOB_TRIAL : JOB_FAILED;
		if (store_save_job(store, &more, NULL) < 0)
			tap_bail("save");
	}
	tap_is(store_prune_jobs(store, 2), 0, "ended jobs are forgotten but two");
	found = (struct found_jobs){ 0 };
	store_load_jobs(store, collect_job, &found);
	tap_is(found.count, 3, "two ended and the unfinished one are left");
	tap_is(found.last.id, 6, "the newest are kept");

	job = some_job();
	tap_is(store_begin(store), 0, "begin");
	tap_is(store_save_job(store, &job, NULL), 0, "save inside");
	store_rollback(store);
	found = (struct found_jobs){ 0 };
	store_load_jobs(store, collect_job, &found);
	tap_is(found.count, 3, "a transaction rolled back leaves nothing");
	store_close(store);
}

static void test_devices(void)
{
	struct store *store = open_store();
	struct device_record first, second, third, again;

	tap_is(store_know_device(store, "fwslot/sim", "sim-0000", "/devices/a", 10, &first), 0,
	       "a new device");
	tap_is_string(first.id, "sim0", "is named for its model");
	tap_is(first.previous_slot, -1, "and has no previous slot");
	tap_is(store_know_device(store, "fwslot/sim", "sim-0001", "/devices/b", 10, &second), 0,
	       "its twin");
	tap_is_string(second.id, "sim1", "gets the next number");
	tap_is(store_know_device(store, "fwslot/sim", "sim-0000", "/devices/z", 10, &again), 0,
	       "moved");
	tap_is_string(again.id, "sim0", "is the same by its serial number");
	tap_is(store_know_device(store, "acme/Dock 9000", "", "/devices/c", 10, &third), 0,
	       "without serial");
	tap_is_string(third.id, "dock0", "the number at the end of a model is left out");
	tap_is(store_know_device(store, "acme/Dock 9000", "", "/devices/d", 10, &third), 0,
	       "elsewhere");
	tap_is_string(third.id, "dock1", "without serial another place is another device");
	tap_is(store_know_device(store, "acme/123/x", "", "/devices/e", 10, &third), 0,
	       "no letters");
	tap_is_string(third.id, "device0", "is called device");
	tap_is(store_know_device(store, "", "", "", 10, &third), 0, "no hardware id at all");
	tap_is_string(third.id, "device1", "is called device too");

	first.installed_counter = 12;
	first.floor_counter = 11;
	first.previous_slot = 1;
	first.previous_counter = 9;
	first.problem = REASON_TRANSFER_FAILED;
	snprintf(first.installed_version, sizeof(first.installed_version), "1.2");
	snprintf(first.previous_version, sizeof(first.previous_version), "1.1");
	tap_is(store_save_device(store, &first), 0, "saved");
	tap_is(store_find_device(store, "sim0", &again), 0, "found");
	tap_ok(memcmp(&first, &again, sizeof(first)) == 0, "every field came back");
	tap_is(store_find_device(store, "sim9", &again), -ENOENT, "a stranger is not");

	tap_is(store_has_failed(store, "sim0", "sha256:aa"), 0, "nothing has failed");
	for (unsigned i = 0; i < STORE_FAILED_MAX + 5; i++) {
		char digest[32];

		snprintf(digest, sizeof(digest), "sha256:%u", i);
		if (store_add_failed(store, "sim0", digest, REASON_HEALTH_FAILED, i) < 0)
			tap_bail("failed");
	}
	tap_is(store_has_failed(store, "sim0", "sha256:36"), 1, "a failed release is remembered");
	tap_is(store_forget_failed(store, "sim0", "sha256:36"), 0, "and forgotten");
	tap_is(store_has_failed(store, "sim0", "sha256:36"), 0, "when it has been good");
	tap_is(store_has_failed(store, "sim0", "sha256:35"), 1, "alone");
	tap_is(store_has_failed(store, "sim1", "sha256:36"), 0, "of that device");
	tap_is(store_has_failed(store, "sim0", "sha256:1"), 0, "up to a limit");
	store_close(store);
}

static void test_device_limit(void)
{
	struct store *store = NULL;
	struct device_record record, first;
	char parent[32];
	int r = store_open_volatile(&store);

	if (r < 0)
		tap_bail("volatile");
	if (store_know_device(store, "a/x", "s", "", 1, &first) < 0)
		tap_bail("know");
	first.floor_counter = 3;
	if (store_save_device(store, &first) < 0)
		tap_bail("save");
	for (unsigned i = 1; r >= 0 && i < STORE_DEVICES_MAX + 10; i++) {
		snprintf(parent, sizeof(parent), "/%u", i);
		r = store_know_device(store, "a/x", "", parent, 1 + i, &record);
	}
	tap_is(r, 0, "more devices than are remembered are still known");
	tap_is(store_find_device(store, first.id, &record), 0, "one with a floor stays");
	tap_is(store_find_device(store, "x1", &record), -ENOENT,
	       "the longest unseen one made room");
	store_close(store);
}

static int count_rows(const struct history_row *row, void *userdata)
{
	unsigned *count = userdata;

	if ((*count)++ == 0)
		tap_is_string(row->details, "newest", "the newest row comes first");
	return 0;
}

static int stop_at_once(const struct history_row *row, void *userdata)
{
	(void)row;
	(*(unsigned *)userdata)++;
	return 7;
}

static int first_details(const struct history_row *row, void *userdata)
{
	*(size_t *)userdata = strlen(row->details);
	return 1;
}

static void test_history(void)
{
	struct store *store = open_store();
	struct history_row row = {
		.usec = 5, .device_id = "sim0", .action = "install", .uid = 1000, .job_id = 3
	};
	unsigned count = 0;
	char *path, *error = NULL, *long_text;
	sqlite3 *database;
	size_t length = 0;

	if (store_begin(store) < 0)
		tap_bail("begin");
	for (unsigned i = 0; i < STORE_HISTORY_ROWS_MAX + 20; i++) {
		row.details = i == STORE_HISTORY_ROWS_MAX + 19 ? "newest" : "older";
		if (store_add_history(store, &row) < 0)
			tap_bail("history");
	}
	if (store_commit(store) < 0)
		tap_bail("commit");
	tap_is(store_list_history(store, "sim0", 100000, count_rows, &count), 0, "listed");
	tap_is(count, STORE_HISTORY_ROWS_MAX, "retention keeps the newest rows");
	count = 0;
	tap_is(store_list_history(store, "", 10, stop_at_once, &count), 7,
	       "a row can end the listing");
	tap_is(count, 1, "at once");
	count = 0;
	store_list_history(store, "sim1", 10, stop_at_once, &count);
	tap_is(count, 0, "other devices have none");

	long_text = calloc(1, STORE_DETAILS_MAX + 10);
	memset(long_text, 'x', STORE_DETAILS_MAX - 1);
	memcpy(long_text + STORE_DETAILS_MAX - 1, "\xc3\xa9", 2);
	row.details = long_text;
	tap_is(store_add_history(store, &row), 0, "long details are taken");
	store_list_history(store, "", 1, first_details, &length);
	tap_is(length, STORE_DETAILS_MAX - 1, "and cut between two characters");
	free(long_text);
	store_close(store);

	path = path_in_folder(STORE_FILE_NAME);
	if (sqlite3_open(path, &database) != SQLITE_OK)
		tap_bail("open");
	tap_ok(sqlite3_exec(database, "UPDATE history SET result = 'done'", NULL, NULL, &error) !=
		       SQLITE_OK,
	       "history refuses to be changed");
	tap_is_string(error, "history is append-only", "and says why");
	sqlite3_free(error);
	tap_ok(sqlite3_exec(database,
			    "DELETE FROM history WHERE id = (SELECT MAX(id) FROM history)", NULL,
			    NULL, NULL) != SQLITE_OK,
	       "history refuses to be removed");
	sqlite3_close(database);
	free(path);
}

static void test_second_process(void)
{
	struct store *store = open_store();
	pid_t child = fork();
	int status = 0;

	if (child == 0) {
		struct store *second = NULL;
		int r = store_open(&io_default, folder, 1, &second);

		_exit(r == -EBUSY ? 42 : 1);
	}
	waitpid(child, &status, 0);
	tap_ok(WIFEXITED(status) && WEXITSTATUS(status) == 42,
	       "a second process is refused as busy");
	store_close(store);
}

/* kill -9 right after save reports success: the row must be there. */
static void test_killed(void)
{
	struct found_jobs found = { 0 };
	struct store *store;
	int status;
	pid_t child = fork();

	if (child == 0) {
		struct job_record job = some_job();

		store = open_store();
		if (store_save_job(store, &job, "kept") < 0)
			_exit(1);
		raise(SIGKILL);
	}
	waitpid(child, &status, 0);
	store = open_store();
	store_load_jobs(store, collect_job, &found);
	tap_ok(found.count == 1 && strcmp(found.message, "kept") == 0,
	       "what was saved survives kill -9");
	tap_ok(!store_set_aside_path(store), "and the database is found sound");
	store_close(store);
}

static void test_newer_schema(void)
{
	char *path = path_in_folder(STORE_FILE_NAME);
	struct store *store = open_store();
	sqlite3 *database;

	store_close(store);
	if (sqlite3_open(path, &database) != SQLITE_OK)
		tap_bail("open");
	sqlite3_exec(database, "PRAGMA user_version = 99", NULL, NULL, NULL);
	sqlite3_close(database);
	tap_is(store_open(&io_default, folder, 1, &store), -EPROTO,
	       "the database of a newer program is left alone");
	free(path);
}

static void test_unusable(void)
{
	struct store *store = NULL;
	struct job_record job = some_job();

	tap_ok(store_open(&io_default, "/nonexistent/folder", 1, &store) < 0,
	       "no folder, no store");
	tap_is(store_open_volatile(&store), 0, "a volatile one always works");
	tap_is(store_save_job(store, &job, NULL), 0, "and takes rows");
	store_close(store);
}

int main(void)
{
	static void (*const tests[])(void) = {
		test_jobs,	     test_devices, test_device_limit, test_history,
		test_second_process, test_killed,  test_newer_schema, test_unusable,
	};

	return store_bed_run(tests, ARRAY_SIZE(tests));
}
