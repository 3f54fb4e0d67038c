/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Rows of the tables "devices" and "failed": which id a device has, what is installed, how old its firmware may get, and
 * which releases did not work on it.
 */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "store/columns.h"
#include "store/internal.h"

#define DEVICE_COLUMN(field, kind)                              \
	{ COLUMN_##kind, offsetof(struct device_record, field), \
	  sizeof(((struct device_record *)0)->field) },

static const struct column columns[] = { DEVICE_COLUMNS(DEVICE_COLUMN) };
#define LAST_SEEN_COLUMN ((int)ARRAY_SIZE(columns))

/* "Seen" needs no more precision than this, and each write is a wait for the disk. */
#define SEEN_PRECISION_USEC (UINT64_C(7) * 24 * 3600 * 1000000)

#define STEM_MAX 20 /* leaves room for the number within RECORD_DEVICE_ID_MAX */

/* The lower-case letters of the model in "vendor/model[/rev[/sku]]"; "device" if there are none. */
static void make_stem(const char *hardware_id, char stem[static STEM_MAX + 1])
{
	const char *model = strchr(hardware_id, '/');
	size_t length = 0;

	for (const char *p = model ? model + 1 : ""; *p && *p != '/' && length < STEM_MAX; p++) {
		char c = *p >= 'A' && *p <= 'Z' ? (char)(*p - 'A' + 'a') : *p;

		if ((c >= 'a' && c <= 'z') || (length > 0 && c >= '0' && c <= '9'))
			stem[length++] = c;
	}
	/* The number that follows must be tellable from the stem. */
	while (length > 0 && stem[length - 1] >= '0' && stem[length - 1] <= '9')
		length--;
	stem[length] = '\0';
	if (length == 0)
		memcpy(stem, "device", sizeof("device"));
}

static int read_number(struct store *store, enum statement number, const char *text,
		       sqlite3_int64 *ret)
{
	_cleanup_statement_ sqlite3_stmt *statement = NULL;
	int r;

	r = statement_get(store, number, &statement);
	if (r >= 0 && text)
		r = bind_text(statement, 1, text);
	if (r >= 0)
		r = statement_next(statement);
	if (r > 0)
		*ret = sqlite3_column_int64(statement, 0);
	return r > 0 ? 0 : r == 0 ? -EBADMSG : r;
}

static int make_room(struct store *store)
{
	_cleanup_statement_ sqlite3_stmt *statement = NULL;
	sqlite3_int64 count = 0;
	int r;

	r = read_number(store, STATEMENT_COUNT_DEVICES, NULL, &count);
	if (r < 0 || count < STORE_DEVICES_MAX)
		return r;
	r = statement_get(store, STATEMENT_FORGET_DEVICE, &statement);
	if (r >= 0)
		r = statement_run(statement);
	if (r >= 0 && sqlite3_changes(store->database) == 0)
		r = -ENOSPC;
	return r;
}

static int add_device(struct store *store, const char *hardware_id, const char *serial,
		      const char *parent, uint64_t now_usec, struct device_record *ret)
{
	_cleanup_statement_ sqlite3_stmt *statement = NULL;
	struct device_record record = { .previous_slot = -1 };
	char stem[STEM_MAX + 1];
	sqlite3_int64 number = 0;
	int r;

	make_stem(hardware_id, stem);
	r = make_room(store);
	if (r >= 0)
		r = read_number(store, STATEMENT_NEXT_DEVICE_NUMBER, stem, &number);
	if (r < 0)
		return r;
	if (number < 0 || number > INT32_MAX)
		return -EBADMSG;
	snprintf(record.id, sizeof(record.id), "%s%lld", stem, number);

	r = statement_get(store, STATEMENT_ADD_DEVICE, &statement);
	if (r >= 0)
		r = bind_text(statement, 1, record.id);
	if (r >= 0)
		r = bind_text(statement, 2, stem);
	if (r >= 0)
		r = sql_errno(sqlite3_bind_int64(statement, 3, number));
	if (r >= 0)
		r = bind_text(statement, 4, hardware_id);
	if (r >= 0)
		r = bind_text(statement, 5, serial);
	if (r >= 0)
		r = bind_text(statement, 6, parent);
	if (r >= 0)
		r = sql_errno(sqlite3_bind_int64(statement, 7, (sqlite3_int64)now_usec));
	if (r >= 0)
		r = statement_run(statement);
	if (r < 0)
		return r;
	store->has_changed_devices = true;
	*ret = record;
	return 0;
}

static int note_seen(struct store *store, const char *id, uint64_t now_usec)
{
	_cleanup_statement_ sqlite3_stmt *statement = NULL;
	int r;

	r = statement_get(store, STATEMENT_SEEN_DEVICE, &statement);
	if (r >= 0)
		r = bind_text(statement, 1, id);
	if (r >= 0)
		r = sql_errno(sqlite3_bind_int64(statement, 2, (sqlite3_int64)now_usec));
	return r < 0 ? r : statement_run(statement);
}

static int read_device(sqlite3_stmt *statement, struct device_record *ret,
		       uint64_t *ret_last_seen_usec)
{
	struct device_record record = { 0 };
	int r;

	r = statement_next(statement);
	if (r <= 0)
		return r < 0 ? r : -ENOENT;
	r = columns_read(statement, columns, ARRAY_SIZE(columns), &record);
	if (r < 0)
		return r;
	*ret_last_seen_usec = (uint64_t)sqlite3_column_int64(statement, LAST_SEEN_COLUMN);
	*ret = record;
	return 0;
}

int store_know_device(struct store *store, const char *hardware_id, const char *serial,
		      const char *parent, uint64_t now_usec, struct device_record *ret)
{
	uint64_t last_seen_usec = 0;
	int r;

	/* Where there is a serial number the device may move from socket to socket. */
	if (serial[0])
		parent = "";
	{
		_cleanup_statement_ sqlite3_stmt *statement = NULL;

		r = statement_get(store, STATEMENT_FIND_DEVICE_BY_IDENTITY, &statement);
		if (r >= 0)
			r = bind_text(statement, 1, hardware_id);
		if (r >= 0)
			r = bind_text(statement, 2, serial);
		if (r >= 0)
			r = bind_text(statement, 3, parent);
		if (r >= 0)
			r = read_device(statement, ret, &last_seen_usec);
	}
	if (r == -ENOENT)
		return add_device(store, hardware_id, serial, parent, now_usec, ret);
	/* Only decides who makes room one day: failing to write it harms nobody. */
	if (r >= 0 &&
	    (now_usec < last_seen_usec || now_usec - last_seen_usec > SEEN_PRECISION_USEC))
		(void)!note_seen(store, ret->id, now_usec);
	return r;
}

int store_find_device(struct store *store, const char *id, struct device_record *ret)
{
	_cleanup_statement_ sqlite3_stmt *statement = NULL;
	uint64_t last_seen_usec;
	int r;

	r = statement_get(store, STATEMENT_FIND_DEVICE, &statement);
	if (r >= 0)
		r = bind_text(statement, 1, id);
	return r < 0 ? r : read_device(statement, ret, &last_seen_usec);
}

int store_save_device(struct store *store, const struct device_record *record)
{
	_cleanup_statement_ sqlite3_stmt *statement = NULL;
	int r;

	r = statement_get(store, STATEMENT_SAVE_DEVICE, &statement);
	if (r >= 0)
		r = columns_bind(statement, columns, ARRAY_SIZE(columns), record);
	if (r >= 0)
		r = statement_run(statement);
	if (r >= 0 && sqlite3_changes(store->database) == 0)
		r = -ENOENT;
	if (r >= 0)
		store->has_changed_devices = true;
	return r;
}

static int prune_failed(struct store *store, const char *device_id)
{
	_cleanup_statement_ sqlite3_stmt *statement = NULL;
	int r;

	r = statement_get(store, STATEMENT_PRUNE_FAILED, &statement);
	if (r >= 0)
		r = bind_text(statement, 1, device_id);
	return r < 0 ? r : statement_run(statement);
}

int store_add_failed(struct store *store, const char *device_id, const char *digest,
		     enum reason reason, uint64_t now_usec)
{
	_cleanup_statement_ sqlite3_stmt *statement = NULL;
	int r;

	r = statement_get(store, STATEMENT_ADD_FAILED, &statement);
	if (r >= 0)
		r = bind_text(statement, 1, device_id);
	if (r >= 0)
		r = bind_text(statement, 2, digest);
	if (r >= 0)
		r = bind_text(statement, 3, reason_word(reason));
	if (r >= 0)
		r = sql_errno(sqlite3_bind_int64(statement, 4, (sqlite3_int64)now_usec));
	if (r >= 0)
		r = statement_run(statement);
	return r < 0 ? r : prune_failed(store, device_id);
}

static int get_failed(struct store *store, enum statement number, const char *device_id,
		      const char *digest, sqlite3_stmt **ret)
{
	int r;

	r = statement_get(store, number, ret);
	if (r >= 0)
		r = bind_text(*ret, 1, device_id);
	if (r >= 0)
		r = bind_text(*ret, 2, digest);
	return r;
}

int store_forget_failed(struct store *store, const char *device_id, const char *digest)
{
	_cleanup_statement_ sqlite3_stmt *statement = NULL;
	int r;

	r = get_failed(store, STATEMENT_FORGET_FAILED, device_id, digest, &statement);
	return r < 0 ? r : statement_run(statement);
}

int store_has_failed(struct store *store, const char *device_id, const char *digest)
{
	_cleanup_statement_ sqlite3_stmt *statement = NULL;
	int r;

	r = get_failed(store, STATEMENT_HAS_FAILED, device_id, digest, &statement);
	return r < 0 ? r : statement_next(statement);
}
