/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Requests against their table. The form of the packet itself was checked by packet.c. */
#include "fetch/fields.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/fetch-protocol.h"

static bool is_listed(const char *key, size_t length, const struct field *fields, size_t count)
{
	if (strlen(FETCH_KEY_OPERATION) == length && memcmp(key, FETCH_KEY_OPERATION, length) == 0)
		return true;
	for (size_t i = 0; i < count; i++)
		if (strlen(fields[i].key) == length && memcmp(key, fields[i].key, length) == 0)
			return true;
	return false;
}

static int check_keys(const struct packet *packet, const struct field *fields, size_t count,
		      struct failure *failure)
{
	size_t size;
	const char *bytes = packet_bytes(packet, &size);
	const char *text = bytes + 1; /* after the version */

	while (text < bytes + size) {
		size_t length = (size_t)(strchr(text, '=') - text);

		if (!is_listed(text, length, fields, count))
			return fail(
				failure, REASON_INVALID_ARGUMENT,
				"The request has the key %.*s, which this operation does not know.",
				(int)length, text);
		text += strlen(text) + 1;
	}
	return 0;
}

static int read_number(const struct packet *packet, const struct field *field, uint64_t *ret,
		       struct failure *failure)
{
	if (packet_get_u64(packet, field->key, field->min, field->max, ret) < 0)
		return fail(failure, REASON_INVALID_ARGUMENT,
			    "%s is \"%.32s\", but must be a number from %" PRIu64 " to %" PRIu64
			    ".",
			    field->key, packet_get(packet, field->key), field->min, field->max);
	return 0;
}

static int read_text(const struct packet *packet, const struct field *field, const char **ret,
		     struct failure *failure)
{
	const char *text = packet_get(packet, field->key);
	size_t length = strlen(text);

	if (length < field->min || length > field->max)
		return fail(failure, REASON_INVALID_ARGUMENT,
			    "%s has %zu characters, but must have from %" PRIu64 " to %" PRIu64 ".",
			    field->key, length, field->min, field->max);
	*ret = text;
	return 0;
}

int fields_read(const struct packet *packet, const struct field *fields, size_t count, void *ret,
		struct failure *failure)
{
	int r = check_keys(packet, fields, count, failure);

	for (size_t i = 0; i < count && r >= 0; i++) {
		const struct field *field = &fields[i];
		void *place = (char *)ret + field->offset;

		if (!packet_get(packet, field->key)) {
			if (field->is_required)
				return fail(failure, REASON_INVALID_ARGUMENT,
					    "The request lacks the key %s.", field->key);
			if (field->is_number)
				*(uint64_t *)place = field->missing;
			else
				*(const char **)place = NULL;
		} else if (field->is_number) {
			r = read_number(packet, field, place, failure);
		} else {
			r = read_text(packet, field, place, failure);
		}
	}
	return r;
}
