/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The copy of the anti-rollback floors: what it is good for, and what may happen to it. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "store-bed.h"
#include "store/floors.h"
#include "tap.h"

static const struct {
	const char *hardware_id, *serial, *parent;
	uint64_t floor;
} devices[] = {
	{ "fwslot/sim", "s \"quoted\"\t\\ \xc3\xa4", "", 7 },
	{ "fwslot/sim", "", "usb-1.2", 0 },
	{ "acme/dock", "", "usb-1.3", UINT64_C(1) << 52 },
};

/* Each device known, and with its floor. */
static void raise_floors(struct store *store)
{
	for (size_t i = 0; i < ARRAY_SIZE(devices); i++) {
		struct device_record record;

		if (store_know_device(store, devices[i].hardware_id, devices[i].serial,
				      devices[i].parent, 1, &record) < 0)
			tap_bail("know");
		record.floor_counter = devices[i].floor;
		if (store_begin(store) < 0 || store_save_device(store, &record) < 0 ||
		    store_commit(store) < 0)
			tap_bail("save");
	}
}

static void expect_floors(struct store *store, const char *what)
{
	static const char *const ids[] = { "sim0", "sim1", "dock0" };

	for (size_t i = 0; i < ARRAY_SIZE(devices); i++) {
		struct device_record record = { 0 };

		tap_ok(store_find_device(store, ids[i], &record) >= 0 &&
			       record.floor_counter == devices[i].floor,
		       "%s: %s has its floor", what, ids[i]);
		tap_ok(store_know_device(store, devices[i].hardware_id, devices[i].serial,
					 devices[i].parent, 1, &record) >= 0 &&
			       strcmp(record.id, ids[i]) == 0,
		       "%s: by what it is", what);
	}
}

static void remove_file(const char *name)
{
	char *path = path_in_folder(name);

	if (unlink(path) < 0)
		tap_bail("cannot remove %s", path);
	free(path);
}

static void write_file(const char *name, const char *text, size_t length)
{
	char *path = path_in_folder(name);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	if (fd < 0 || write(fd, text, length) != (ssize_t)length)
		tap_bail("cannot write %s", path);
	close(fd);
	free(path);
}

static char *read_copy(size_t *ret_size)
{
	char *path = path_in_folder(FLOORS_FILE_NAME), *text = NULL;

	if (file_read(AT_FDCWD, path, 1 << 20, &text, ret_size) < 0)
		text = NULL;
	free(path);
	return text;
}

static void test_lost_database(void)
{
	struct store *store = open_store();

	raise_floors(store);
	store_close(store);
	remove_file(STORE_FILE_NAME);
	store = open_store();
	expect_floors(store, "the database went");
	store_close(store);
	store = open_store();
	expect_floors(store, "the start after that");
	store_close(store);
}

static void test_damaged_schema(void)
{
	struct store *store = open_store();
	char junk[4096];
	char *path = path_in_folder(STORE_FILE_NAME);
	int fd;

	raise_floors(store);
	store_close(store);
	memset(junk, 0xa5, sizeof(junk));
	fd = open(path, O_WRONLY);
	if (fd < 0 || pwrite(fd, junk, sizeof(junk), 0) != sizeof(junk))
		tap_bail("cannot damage %s", path);
	close(fd);
	free(path);
	store = open_store();
	tap_ok(store_set_aside_path(store) != NULL, "the schema is damaged");
	expect_floors(store, "the schema is damaged");
	store_close(store);
}

/* An older database was put back: what was confirmed since counts. A newer copy never lowers a floor. */
static void test_higher_counts(void)
{
	struct device_record record = { 0 };
	struct store *store = open_store();
	size_t size = 0;
	char *copy;

	raise_floors(store);
	copy = read_copy(&size);
	if (!copy || store_find_device(store, "sim0", &record) < 0)
		tap_bail("there is no copy");
	record.floor_counter = 9;
	if (store_save_device(store, &record) < 0)
		tap_bail("save");
	store_close(store);
	write_file(FLOORS_FILE_NAME, copy, size);
	free(copy);

	store = open_store();
	tap_is(store_find_device(store, "sim0", &record), 0, "known");
	tap_is(record.floor_counter, 9, "an older copy lowers nothing");
	store_close(store);
	copy = read_copy(&size);
	tap_ok(copy && strstr(copy, "[9,"), "and becomes what the database says");
	free(copy);
}

/* A copy that a disk has changed, in its length or in a byte, is worth nothing. */
static void test_damaged_copy(void)
{
	static const size_t places[] = { 0, 20, 40 };
	size_t size = 0, written = 0;
	struct store *store = open_store();
	char *copy, *again;

	raise_floors(store);
	store_close(store);
	copy = read_copy(&size);
	if (!copy)
		tap_bail("there is no copy");
	for (size_t i = 0; i < 2 * ARRAY_SIZE(places); i++) {
		size_t at = places[i / 2];

		copy[at] ^= 1;
		write_file(FLOORS_FILE_NAME, copy, i % 2 ? size : at);
		copy[at] ^= 1;
		store = open_store();
		store_close(store);
		again = read_copy(&written);
		tap_ok(again && written == size && memcmp(again, copy, size) == 0,
		       "damaged at byte %zu or cut there: it is written anew", at);
		free(again);
	}
	copy[40] ^= 1;
	write_file(FLOORS_FILE_NAME, copy, size);
	free(copy);
	remove_file(STORE_FILE_NAME);
	store = open_store();
	tap_ok(store, "with both gone there are no floors, and it starts");
	store_close(store);
}

/* What stands in the way of the copy does not stand in the way of the store. */
static void test_no_place(void)
{
	char *path = path_in_folder(FLOORS_FILE_NAME);
	struct device_record record = { 0 };
	struct store *store;
	size_t size = 0;
	char *copy;

	if (mkdir(path, 0700) < 0)
		tap_bail("cannot make %s", path);
	store = open_store();
	raise_floors(store);
	tap_is(store_find_device(store, "sim0", &record), 0, "it is stored without a copy");
	tap_is(record.floor_counter, devices[0].floor, "with its floor");
	if (rmdir(path) < 0)
		tap_bail("cannot remove %s", path);
	free(path);
	if (store_begin(store) < 0 || store_commit(store) < 0)
		tap_bail("nothing cannot be stored");
	copy = read_copy(&size);
	tap_ok(copy && strstr(copy, "[7,"), "the copy is made when it can be");
	free(copy);
	store_close(store);

	path = path_in_folder("." FLOORS_FILE_NAME ".new");
	write_file("." FLOORS_FILE_NAME ".new", "half", 4);
	store_close(open_store());
	tap_ok(access(path, F_OK) < 0, "what a crash left of a copy is removed");
	free(path);
}

int main(void)
{
	static void (*const tests[])(void) = {
		test_lost_database, test_damaged_schema, test_higher_counts,
		test_damaged_copy,  test_no_place,
	};

	log_set_level(LOG_EMERG);
	return store_bed_run(tests, ARRAY_SIZE(tests));
}
