/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From packet fields to a request, each field checked. */
#include "worker/request.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/fetch-protocol.h"
#include "base/hex.h"
#include "base/json.h"
#include "base/parse.h"
#include "trust/names.h"

static int fail_key(struct failure *failure, const char *key, const char *expected)
{
	return fail(failure, REASON_INVALID_ARGUMENT, "The request's %s must be %s.", key,
		    expected);
}

static int read_text(const struct packet *packet, const char *key, const char **ret,
		     struct failure *failure)
{
	*ret = packet_get(packet, key);
	return *ret && (*ret)[0] ? 0 : fail_key(failure, key, "there and not empty");
}

/* An absent optional number leaves *@ret alone. */
static int read_number(const struct packet *packet, const char *key, enum json_need need,
		       uint64_t max, uint64_t *ret, struct failure *failure)
{
	int r = packet_get_u64(packet, key, 0, max, ret);

	if (r == -ENODATA && need == JSON_OPTIONAL)
		return 0;
	return r < 0 ? fail_key(failure, key, "a decimal number in its range") : 0;
}

static int read_counter(const struct packet *packet, const char *key, int64_t *ret,
			struct failure *failure)
{
	uint64_t number = 0;
	int r = read_number(packet, key, JSON_REQUIRED, JSON_INTEGER_MAX, &number, failure);

	*ret = (int64_t)number;
	return r;
}

static int read_flag(const struct packet *packet, const char *key, enum json_need need, bool *ret,
		     struct failure *failure)
{
	uint64_t number = 0;
	int r = read_number(packet, key, need, 1, &number, failure);

	*ret = number != 0;
	return r;
}

/* A copy of @text that lives as long as the request, cut at each @separator into at most @max parts. */
static int split(struct bundle_request *request, const char *text, char separator,
		 const char **parts, size_t max, size_t *ret_count)
{
	char *copy = strdup(text);

	if (!copy)
		return -ENOMEM;
	request->copies[request->copy_count++] = copy;
	*ret_count = 0;
	for (char *part = copy; part;) {
		char *end = strchr(part, separator);

		if (end)
			*end++ = 0;
		if (*ret_count == max)
			return -E2BIG;
		parts[(*ret_count)++] = part;
		part = end;
	}
	return 0;
}

static int read_folders(const struct packet *packet, struct bundle_request *request,
			struct failure *failure)
{
	const char *roots;
	int r;

	r = read_text(packet, WORKER_KEY_TRUST_DIR, &request->trust_folder, failure);
	if (r >= 0)
		r = read_text(packet, WORKER_KEY_STAGE_DIR, &request->stage_folder, failure);
	if (r >= 0)
		r = read_text(packet, WORKER_KEY_ROOTS_DIRS, &roots, failure);
	if (r < 0)
		return r;
	r = split(request, roots, ':', request->roots_folders, ROOTS_FOLDERS_MAX,
		  &request->roots_folder_count);
	if (r == -ENOMEM)
		return fail_memory(failure);
	return r < 0 ? fail_key(failure, WORKER_KEY_ROOTS_DIRS, "a short list of folders") : 0;
}

static int read_hardware_ids(const struct packet *packet, struct bundle_request *request,
			     struct failure *failure)
{
	const char *ids;
	int r = read_text(packet, WORKER_KEY_HARDWARE_IDS, &ids, failure);

	if (r < 0)
		return r;
	r = split(request, ids, ',', request->hardware_ids, WORKER_HARDWARE_IDS_MAX,
		  &request->device.hardware_id_count);
	if (r == -ENOMEM)
		return fail_memory(failure);
	request->device.hardware_ids = request->hardware_ids;
	for (size_t i = 0; r >= 0 && i < request->device.hardware_id_count; i++)
		if (!hardware_id_is_valid(request->hardware_ids[i]))
			r = -EINVAL;
	return r < 0 ? fail_key(failure, WORKER_KEY_HARDWARE_IDS,
				"vendor/model[/rev[/sku]], comma-separated") :
		       0;
}

static int read_slot_labels(const struct packet *packet, struct bundle_request *request,
			    struct failure *failure)
{
	uint64_t count = 0;
	int r = read_number(packet, WORKER_KEY_SLOT_LABEL_COUNT, JSON_OPTIONAL,
			    WORKER_SLOT_LABELS_MAX, &count, failure);

	for (size_t i = 0; r >= 0 && i < count; i++) {
		char key[PACKET_KEY_MAX + 1];

		snprintf(key, sizeof(key), WORKER_KEY_SLOT_LABEL "%zu", i);
		request->slot_labels[i] = packet_get(packet, key);
		if (!request->slot_labels[i])
			r = fail_key(failure, key, "there");
	}
	request->device.slot_labels = request->slot_labels;
	request->device.slot_label_count = (size_t)count;
	return r;
}

/* "HARDWARE_ID SLOT COUNTER" */
static int read_inventory_item(struct bundle_request *request, const char *text,
			       struct inventory_item *item)
{
	const char *parts[3];
	uint64_t counter;
	size_t count;
	int r = split(request, text, ' ', parts, ARRAY_SIZE(parts), &count);

	if (r < 0)
		return r;
	if (count != ARRAY_SIZE(parts) ||
	    parse_u64_range(parts[2], 0, JSON_INTEGER_MAX, &counter) < 0)
		return -EINVAL;
	*item = (struct inventory_item){ parts[0], parts[1], (int64_t)counter };
	return 0;
}

static int read_inventory(const struct packet *packet, struct bundle_request *request,
			  struct failure *failure)
{
	uint64_t count = 0;
	int r = read_number(packet, WORKER_KEY_INVENTORY_COUNT, JSON_OPTIONAL, WORKER_INVENTORY_MAX,
			    &count, failure);

	for (size_t i = 0; r >= 0 && i < count; i++) {
		char key[PACKET_KEY_MAX + 1];
		const char *text;

		snprintf(key, sizeof(key), WORKER_KEY_INVENTORY "%zu", i);
		text = packet_get(packet, key);
		if (!text || read_inventory_item(request, text, &request->inventory[i]) < 0)
			r = fail_key(failure, key, "\"HARDWARE_ID SLOT COUNTER\"");
	}
	request->device.inventory = request->inventory;
	request->device.inventory_count = (size_t)count;
	return r;
}

static int read_device(const struct packet *packet, struct bundle_request *request,
		       struct failure *failure)
{
	struct device_request *device = &request->device;
	int r = read_hardware_ids(packet, request, failure);

	if (r >= 0)
		r = read_slot_labels(packet, request, failure);
	if (r >= 0)
		r = read_inventory(packet, request, failure);
	if (r >= 0)
		r = read_counter(packet, WORKER_KEY_INSTALLED_COUNTER, &device->installed_counter,
				 failure);
	if (r >= 0)
		r = read_counter(packet, WORKER_KEY_FLOOR, &device->floor, failure);
	if (r >= 0)
		r = read_number(packet, WORKER_KEY_SLOT_SIZE, JSON_REQUIRED, INT64_MAX,
				&device->slot_size, failure);
	if (r >= 0)
		r = read_flag(packet, WORKER_KEY_ALLOW_DOWNGRADE, JSON_REQUIRED,
			      &device->allow_downgrade, failure);
	if (r >= 0)
		r = read_flag(packet, WORKER_KEY_ALLOW_REINSTALL, JSON_OPTIONAL,
			      &device->allow_reinstall, failure);
	if (r >= 0)
		r = read_flag(packet, WORKER_KEY_ALLOW_STALE, JSON_OPTIONAL,
			      &request->accepts_stale, failure);
	device->installed_version = packet_get(packet, WORKER_KEY_INSTALLED_VERSION);
	device->want_version = packet_get(packet, WORKER_KEY_WANT_VERSION);
	request->serial = packet_get(packet, WORKER_KEY_SERIAL);
	if (!request->serial)
		request->serial = "";
	return r;
}

/* Whom to ask, and over which socket. */
static int read_remote(const struct packet *packet, struct bundle_request *request,
		       struct failure *failure)
{
	const char *machine = packet_get(packet, WORKER_KEY_MACHINE_ID);
	int r = read_text(packet, WORKER_KEY_REMOTE, &request->remote, failure);

	if (r >= 0)
		r = read_number(packet, WORKER_KEY_TOTAL_MSEC, JSON_OPTIONAL, FETCH_TOTAL_MSEC_MAX,
				&request->total_msec, failure);
	if (r < 0)
		return r;
	request->fetch_socket = packet_get(packet, WORKER_KEY_FETCH_SOCKET);
	request->has_machine_id = machine != NULL;
	if (machine && hex_decode(machine, request->machine_id, sizeof(request->machine_id)) < 0)
		return fail_key(failure, WORKER_KEY_MACHINE_ID, "32 hexadecimal digits");
	return 0;
}

static int read_now(const struct packet *packet, struct bundle_request *request,
		    struct failure *failure)
{
	return read_number(packet, WORKER_KEY_NOW_USEC, JSON_REQUIRED, INT64_MAX, &request->now,
			   failure);
}

int bundle_request_parse(const struct packet *packet, struct bundle_request *request,
			 struct failure *failure)
{
	int r = read_folders(packet, request, failure);

	if (r >= 0)
		r = read_device(packet, request, failure);
	if (r >= 0)
		r = read_number(packet, WORKER_KEY_MAX_BYTES, JSON_REQUIRED, INT64_MAX,
				&request->max_bytes, failure);
	if (r >= 0)
		r = read_now(packet, request, failure);
	return r;
}

int download_request_parse(const struct packet *packet, struct bundle_request *request,
			   struct failure *failure)
{
	int r = bundle_request_parse(packet, request, failure);

	if (r >= 0)
		r = read_remote(packet, request, failure);
	if (r >= 0)
		r = read_number(packet, WORKER_KEY_BASE_LENGTH, JSON_OPTIONAL, INT64_MAX,
				&request->base_length, failure);
	request->sha256 = packet_get(packet, WORKER_KEY_SHA256);
	request->base_sha256 = packet_get(packet, WORKER_KEY_BASE_SHA256);
	request->backup_folder = packet_get(packet, WORKER_KEY_BACKUP_DIR);
	return r;
}

int refresh_request_parse(const struct packet *packet, struct bundle_request *request,
			  struct failure *failure)
{
	int r = read_folders(packet, request, failure);

	if (r >= 0)
		r = read_remote(packet, request, failure);
	if (r >= 0)
		r = read_now(packet, request, failure);
	return r;
}

int question_parse(const struct packet *packet, struct bundle_request *request,
		   struct failure *failure)
{
	return read_device(packet, request, failure);
}

void bundle_request_clear(struct bundle_request *request)
{
	for (size_t i = 0; i < request->copy_count; i++)
		free(request->copies[i]);
	*request = (struct bundle_request){ 0 };
}
