/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A damaged database is set aside and read out, also when that is cut short. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store-bed.h"
#include "tap.h"

static void overwrite(const char *name, off_t offset, size_t length)
{
	char *path = path_in_folder(name);
	int fd = open(path, O_WRONLY);
	char junk[4096];

	memset(junk, 0xa5, sizeof(junk));
	if (fd < 0 || pwrite(fd, junk, length, offset) != (ssize_t)length)
		tap_bail("cannot damage %s", path);
	close(fd);
	free(path);
}

static int first_action(const struct history_row *row, void *userdata)
{
	snprintf(userdata, 64, "%s %s", row->action, row->result);
	return 1;
}

static void test_damaged_header(void)
{
	struct device_record record;
	char words[64] = "";
	struct store *store = open_store();

	if (store_know_device(store, "fwslot/sim", "s", "", 1, &record) < 0)
		tap_bail("know");
	store_close(store);
	overwrite(STORE_FILE_NAME, 0, 100);
	store = open_store();
	tap_ok(store_set_aside_path(store) != NULL, "a file that is no database is set aside");
	tap_is(access(store_set_aside_path(store), F_OK), 0, "under a name of its own");
	store_list_history(store, "", 1, first_action, words);
	tap_is_string(words, "store replaced", "history tells of it");
	store_close(store);
	store = open_store();
	tap_ok(!store_set_aside_path(store), "the next start finds nothing wrong");
	store_close(store);
}

static int note_rule(const struct version_record *record, void *userdata)
{
	*(struct version_record *)userdata = *record;
	return 0;
}

static void find_damaged_page(bool after_crash)
{
	struct device_record record = { 0 };
	struct job_record job = some_job();
	struct found_jobs found = { 0 };
	struct version_record pin = { .device_id = "sim0",
				      .version = "1.2.0",
				      .rule = VERSION_PINNED },
			      ruled = { 0 };
	struct history_row row = {
		.usec = 5, .device_id = "sim0", .action = "install", .details = ""
	};
	struct store *store = open_store();
	struct stat status;
	char *path, *log;

	if (store_know_device(store, "fwslot/sim", "s", "", 1, &record) < 0)
		tap_bail("know");
	record.floor_counter = 41;
	if (store_save_device(store, &record) < 0 || store_save_job(store, &job, "m") < 0 ||
	    store_save_version(store, &pin) < 0)
		tap_bail("save");
	if (store_begin(store) < 0)
		tap_bail("begin");
	for (int i = 0; i < 500; i++)
		if (store_add_history(store, &row) < 0)
			tap_bail("history");
	if (store_commit(store) < 0)
		tap_bail("commit");
	store_close(store);

	path = path_in_folder(STORE_FILE_NAME);
	stat(path, &status);
	overwrite(STORE_FILE_NAME, status.st_size - 4096,
		  4096); /* a page of history, the last table that grew */
	log = path_in_folder(STORE_FILE_NAME "-wal");
	if (after_crash) /* as if nobody had closed it */
		close(open(log, O_WRONLY | O_CREAT, 0600));
	store = open_store();
	tap_ok(store_set_aside_path(store) != NULL, "a damaged page is noticed %s",
	       after_crash ? "after a crash" : "although the database was closed");
	tap_is(store_find_device(store, "sim0", &record), 0, "devices are taken over");
	tap_is(record.floor_counter, 41, "with their anti-rollback floor");
	store_load_jobs(store, collect_job, &found);
	tap_ok(found.count == 1 && found.last.phase == JOB_WRITING, "and jobs");
	store_list_versions(store, note_rule, &ruled);
	tap_ok(ruled.rule == VERSION_PINNED && strcmp(ruled.version, "1.2.0") == 0,
	       "and the version to which one is pinned");
	store_close(store);
	free(path);
	free(log);
}

static void test_damaged_page(void)
{
	find_damaged_page(true);
}

static void test_damaged_page_at_rest(void)
{
	find_damaged_page(false);
}

static void rename_in_folder(const char *from, const char *to)
{
	char *old = path_in_folder(from), *new = path_in_folder(to);

	if (rename(old, new) < 0)
		tap_bail("cannot rename %s", old);
	free(old);
	free(new);
}

/* The states between a damaged database and its heir in which a crash may leave the folder. */
static void test_exchange_cut_short(void)
{
	struct device_record record = { 0 };
	struct store *store = open_store();
	char *heir = path_in_folder(STORE_FILE_NAME ".new");

	if (store_know_device(store, "fwslot/sim", "s", "", 1, &record) < 0)
		tap_bail("know");
	record.floor_counter = 41;
	if (store_save_device(store, &record) < 0)
		tap_bail("save");
	store_close(store);

	rename_in_folder(STORE_FILE_NAME, STORE_FILE_NAME ".new");
	store = open_store();
	tap_is(store_find_device(store, "sim0", &record), 0,
	       "the damaged one has gone, its heir takes its place");
	tap_is(record.floor_counter, 41, "with the floors");
	store_close(store);

	close(open(heir, O_WRONLY | O_CREAT, 0600));
	store = open_store();
	tap_is(store_find_device(store, "sim0", &record), 0,
	       "an heir beside the database was not complete");
	tap_ok(access(heir, F_OK) < 0, "and is forgotten");
	store_close(store);
	free(heir);
}

int main(void)
{
	static void (*const tests[])(void) = {
		test_damaged_header,
		test_damaged_page,
		test_damaged_page_at_rest,
		test_exchange_cut_short,
	};

	return store_bed_run(tests, ARRAY_SIZE(tests));
}
