/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The images of a release in an index, and the deltas to each. */
#include <inttypes.h>
#include <string.h>

#include "base/hex.h"
#include "base/json.h"
#include "trust/index-parse.h"
#include "trust/limits.h"
#include "trust/names.h"

/* The same delegated role answers for index and image only below the same vendor. */
static int member_path(const json_t *object, const char *hardware_id, const char *place,
		       const char **ret, struct failure *failure)
{
	unsigned int vendor = vendor_length(hardware_id);
	int r = json_member_string(object, "path", JSON_REQUIRED, place, ret, failure);

	if (r < 0)
		return r;
	if (!target_path_is_valid(*ret) || vendor_length(*ret) != vendor ||
	    strncmp(*ret, hardware_id, vendor + 1) != 0)
		return fail(failure, REASON_MALFORMED,
			    "%s: \"path\" must be a target path below %.*s/.", place, (int)vendor,
			    hardware_id);
	return 0;
}

static int parse_delta(const json_t *object, const char *hardware_id, const char *place,
		       struct index_slot *slot, struct failure *failure)
{
	struct index_delta *delta = &slot->deltas[slot->delta_count];
	const char *method, *sha256;
	int64_t length = 0;
	json_t *base;
	int r;

	r = json_member_string(object, "method", JSON_REQUIRED, place, &method, failure);
	/* Of a later version: the image itself is there for who does not know it. */
	if (r < 0 || strcmp(method, INDEX_DELTA_METHOD) != 0)
		return r;
	r = member_path(object, hardware_id, place, &delta->path, failure);
	if (r >= 0)
		r = json_member(object, "base", JSON_OBJECT, JSON_REQUIRED, place, &base, failure);
	if (r >= 0)
		r = json_member_integer(base, "length", JSON_REQUIRED, 1, JSON_INTEGER_MAX, place,
					&length, failure);
	if (r >= 0)
		r = json_member_string(base, "sha256", JSON_REQUIRED, place, &sha256, failure);
	if (r < 0)
		return r;
	if (hex_decode(sha256, delta->base_sha256, SHA256_BYTES) < 0)
		return fail(failure, REASON_MALFORMED,
			    "%s: \"sha256\" of a delta's base must be 64 hexadecimal digits.",
			    place);
	delta->base_length = (uint64_t)length;
	slot->delta_count++;
	return 0;
}

static int parse_deltas(const json_t *object, const char *hardware_id, const char *place,
			struct index_slot *slot, struct failure *failure)
{
	json_t *list;
	int r = index_member_list(object, "deltas", JSON_OPTIONAL, INDEX_DELTAS_MAX, place, &list,
				  failure);

	if (r < 0 || !list)
		return r;
	slot->deltas = calloc(json_array_size(list) + 1, sizeof(*slot->deltas));
	if (!slot->deltas)
		return fail_memory(failure);
	for (size_t i = 0; r >= 0 && i < json_array_size(list); i++)
		r = parse_delta(json_array_get(list, i), hardware_id, place, slot, failure);
	return r;
}

static int parse_slot(const json_t *object, const char *hardware_id, const char *place,
		      struct index_slot *slot, struct failure *failure)
{
	int r;

	r = index_member_label(object, "slot", JSON_OPTIONAL, INDEX_LABEL_MAX, place, &slot->label,
			       failure);
	if (r >= 0)
		r = member_path(object, hardware_id, place, &slot->path, failure);
	return r < 0 ? r : parse_deltas(object, hardware_id, place, slot, failure);
}

int index_parse_slots(const json_t *object, const char *hardware_id, const char *place,
		      struct index_release *release, struct failure *failure)
{
	json_t *slots;
	int r = index_member_list(object, "slots", JSON_REQUIRED, INDEX_SLOTS_MAX, place, &slots,
				  failure);

	if (r < 0)
		return r;
	if (json_array_size(slots) == 0)
		return fail(failure, REASON_MALFORMED, "%s: \"slots\" is empty.", place);
	release->slots = calloc(json_array_size(slots), sizeof(*release->slots));
	if (!release->slots)
		return fail_memory(failure);
	for (size_t i = 0; r >= 0 && i < json_array_size(slots); i++)
		r = parse_slot(json_array_get(slots, i), hardware_id, place,
			       &release->slots[release->slot_count++], failure);
	return r;
}
