/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * See floors.h. One line with a checksum, which tells what a disk has changed and nothing of forgers; then one JSON array
 * of [floor, hardware id, serial, parent] in the order of the devices' numbers, made and taken apart by SQLite.
 */
#include "store/floors.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "store/internal.h"

#define TEMPORARY_NAME "." FLOORS_FILE_NAME ".new" /* of file_write_atomic() */
#define FILE_MODE 0600
#define FIRST_LINE "fwslot floors 1 %016" PRIx64 "\n"
#define FIRST_LINE_LENGTH 33
/* Of each device: strings of at most 259, 127 and 127 bytes, each of which may need six in JSON, and numbers. */
#define COPY_BYTES_MAX (STORE_DEVICES_MAX * 4096)

/* FNV-1a. */
static uint64_t checksum(const char *text)
{
	uint64_t sum = UINT64_C(0xcbf29ce484222325);

	for (; *text; text++)
		sum = (sum ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
	return sum;
}

/* What the copy should be. */
static int make_copy(struct store *store, char **ret)
{
	_cleanup_statement_ sqlite3_stmt *statement = NULL;
	const char *list;
	int r;

	r = statement_get(store, STATEMENT_LIST_FLOORS, &statement);
	if (r >= 0)
		r = statement_next(statement);
	if (r < 0)
		return r;
	list = column_text(statement, 0);
	return asprintf(ret, FIRST_LINE "%s\n", checksum(list), list) < 0 ? -ENOMEM : 0;
}

/* The list in @copy, ending with a NUL; NULL: it is not what was written. */
static char *list_of_copy(char *copy, size_t size)
{
	char first_line[FIRST_LINE_LENGTH + 1];

	if (size <= FIRST_LINE_LENGTH + 1 || strlen(copy) != size || copy[size - 1] != '\n')
		return NULL;
	copy[size - 1] = '\0';
	snprintf(first_line, sizeof(first_line), FIRST_LINE, checksum(copy + FIRST_LINE_LENGTH));
	return strncmp(copy, first_line, FIRST_LINE_LENGTH) == 0 ? copy + FIRST_LINE_LENGTH : NULL;
}

static int raise_floor(struct store *store, sqlite3_stmt *row, uint64_t now_usec, unsigned *raised)
{
	uint64_t floor = (uint64_t)sqlite3_column_int64(row, 0);
	struct device_record device;
	int r;

	r = store_know_device(store, column_text(row, 1), column_text(row, 2), column_text(row, 3),
			      now_usec, &device);
	if (r < 0 || device.floor_counter >= floor)
		return r;
	device.floor_counter = floor;
	(*raised)++;
	return store_save_device(store, &device);
}

static int raise_floors(struct store *store, const char *list, uint64_t now_usec, unsigned *raised)
{
	_cleanup_statement_ sqlite3_stmt *rows = NULL;
	int r;

	r = statement_get(store, STATEMENT_READ_FLOORS, &rows);
	if (r >= 0)
		r = bind_text(rows, 1, list);
	while (r >= 0 && (r = statement_next(rows)) > 0)
		r = raise_floor(store, rows, now_usec, raised);
	return r;
}

static int take_over(struct store *store, const char *list, uint64_t now_usec)
{
	unsigned raised = 0;
	int r = store_begin(store);

	if (r >= 0)
		r = raise_floors(store, list, now_usec, &raised);
	if (r >= 0)
		r = store_commit(store);
	if (r < 0)
		store_rollback(store);
	else if (raised > 0)
		log_warning(
			"The anti-rollback floors of %u %s came from their copy: the database did not have them.",
			raised, raised == 1 ? "device" : "devices");
	return r;
}

/* @copy is taken apart. NULL: there is none. */
static int take_over_copy(struct store *store, char *copy, size_t size, uint64_t now_usec)
{
	_cleanup_free_ char *wanted = NULL;
	char *list;
	int r = make_copy(store, &wanted);

	/* Nearly always: no device has to be looked at. */
	if (r < 0 || !copy || strcmp(copy, wanted) == 0)
		return r;
	list = list_of_copy(copy, size);
	if (list)
		return take_over(store, list, now_usec);
	log_warning("%s/" FLOORS_FILE_NAME " is damaged: it is written anew.", store->folder);
	return 0;
}

int floors_restore(struct store *store, uint64_t now_usec)
{
	_cleanup_free_ char *path = NULL, *copy = NULL;
	size_t size = 0;
	int r;

	if (asprintf(&path, "%s/" FLOORS_FILE_NAME, store->folder) < 0)
		return -ENOMEM;
	r = file_read(AT_FDCWD, path, COPY_BYTES_MAX, &copy, &size);
	if (r == -ENOMEM)
		return r;
	if (r < 0 && r != -ENOENT)
		log_warning("%s cannot be read (%s): it is written anew.", path, strerror(-r));
	r = take_over_copy(store, copy, size, now_usec);
	if (r < 0)
		return r;
	store->has_changed_devices = true;
	floors_keep(store);
	return 0;
}

/* Writes @copy if the file is another. */
static int write_copy(struct store *store, int folder, const char *copy)
{
	_cleanup_free_ char *before = NULL;
	size_t size = 0;

	if (file_read(folder, FLOORS_FILE_NAME, COPY_BYTES_MAX, &before, &size) >= 0 &&
	    size == strlen(copy) && memcmp(before, copy, size) == 0)
		/* A crash may have left the next one, which was not needed after all. */
		return faccessat(folder, TEMPORARY_NAME, F_OK, 0) < 0 ?
			       0 :
			       file_remove(store->io, folder, TEMPORARY_NAME);
	return file_write_atomic(store->io, folder, FLOORS_FILE_NAME, copy, strlen(copy),
				 FILE_MODE);
}

void floors_keep(struct store *store)
{
	_cleanup_free_ char *copy = NULL;
	_cleanup_close_ int folder = -EBADF;
	int r;

	if (!store->folder || !store->has_changed_devices)
		return;
	r = make_copy(store, &copy);
	if (r >= 0)
		r = folder = folder_open(store->io, AT_FDCWD, store->folder, false, 0);
	if (r >= 0)
		r = write_copy(store, folder, copy);
	if (r < 0)
		log_warning("%s/" FLOORS_FILE_NAME " could not be written: %s", store->folder,
			    strerror(-r));
	store->has_changed_devices = r < 0;
}
