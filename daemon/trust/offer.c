/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From a device's hardware ids to an authenticated image. The rules are select.c's. */
#include "trust/offer.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "trust/limits.h"
#include "trust/names.h"
#include "trust/quiet.h"

void offer_clear(struct offer *offer)
{
	index_free(offer->index);
	*offer = (struct offer){ 0 };
}

/* Fetches and parses the index at @target. */
static int read_index(struct trust_client *client, const struct target *target,
		      const char *hardware_id, struct release_index **ret, struct failure *failure)
{
	_cleanup_free_ char *bytes = NULL;
	size_t size;
	int r;

	if (target->length > INDEX_BYTES_MAX)
		return fail(failure, REASON_TOO_LARGE,
			    "%s has %" PRIu64 " bytes; an index may have %d.", target->path,
			    target->length, INDEX_BYTES_MAX);
	r = trust_client_read_target(client, target, INDEX_BYTES_MAX, &bytes, &size, failure);
	if (r < 0)
		return r;
	return index_parse(bytes, size, hardware_id, ret, failure);
}

/* -ENOENT without a failure: this id has no index here. */
static int find_index(struct trust_client *client, const char *hardware_id, struct offer *offer,
		      struct failure *failure)
{
	char path[TARGET_PATH_MAX + 1];
	struct failure absent = { 0 };
	struct target target;
	bool is_absent;
	int r;

	if (!hardware_id_is_valid(hardware_id))
		return fail(failure, REASON_INVALID_ARGUMENT, "\"%.100s\" is not a hardware id.",
			    hardware_id);
	snprintf(path, sizeof(path), "%s/index.json", hardware_id);
	r = trust_client_find_target(client, path, &target, &absent);
	is_absent = absent.reason == REASON_NO_SUCH_TARGET;
	if (r >= 0) {
		r = read_index(client, &target, hardware_id, &offer->index, &absent);
		/* Listed, but not in this file: an offline file may carry a part only. */
		is_absent = absent.reason == REASON_NOT_LISTED;
	}
	if (r < 0 && is_absent) {
		failure_clear(&absent);
		return -ENOENT;
	}
	if (r < 0) {
		failure_move(failure, &absent);
		return r;
	}
	offer->signer = target.signer->name;
	return role_digest(target.signer, offer->signer_keys) < 0 ? fail_memory(failure) : 0;
}

static bool lists_string(const json_t *array, const char *text)
{
	const json_t *element;
	size_t i;

	json_array_foreach(array, i, element)
		if (json_is_string(element) && strcmp(json_string_value(element), text) == 0)
			return true;
	return false;
}

/* The second lock: what the image's own entry says of it, where it says something. */
static int check_custom(const struct target *image, const struct offer *offer,
			struct failure *failure)
{
	int64_t counter = offer->selection.release->counter;
	json_t *ids;
	int r;

	if (!image->custom)
		return 0;
	r = json_member(image->custom, "hardware-ids", JSON_ARRAY, JSON_OPTIONAL, image->path, &ids,
			failure);
	if (r >= 0)
		r = json_member_integer(image->custom, "release-counter", JSON_OPTIONAL, 0,
					JSON_INTEGER_MAX, image->path, &counter, failure);
	if (r < 0)
		return r;
	if (ids && !lists_string(ids, offer->index->hardware_id))
		return fail(failure, REASON_INCOMPATIBLE,
			    "%s is not listed for %s, though its index says so.", image->path,
			    offer->index->hardware_id);
	if (counter != offer->selection.release->counter)
		return fail(failure, REASON_INCOMPATIBLE,
			    "%s is listed with counter %" PRId64 ", its index says %" PRId64 ".",
			    image->path, counter, offer->selection.release->counter);
	return 0;
}

/*
 * Index and image must come from the same people. In a repository with hashed bins they are answered
 * for by two roles with the same keys, which is as good as one.
 */
static int check_signer(const struct offer *offer, struct failure *failure)
{
	uint8_t keys[SHA256_BYTES];

	if (strcmp(offer->image.signer->name, offer->signer) == 0)
		return 0;
	if (role_digest(offer->image.signer, keys) < 0)
		return fail_memory(failure);
	if (memcmp(keys, offer->signer_keys, sizeof(keys)) == 0)
		return 0;
	return fail(failure, REASON_INCOMPATIBLE,
		    "%s is answered for by role %s, its index by role %s with other keys.",
		    offer->image.path, offer->image.signer->name, offer->signer);
}

static int find_image(struct trust_client *client, const struct device_request *request,
		      struct offer *offer, struct failure *failure)
{
	int r = trust_client_find_target(client, offer->selection.slot->path, &offer->image,
					 failure);

	if (r >= 0)
		r = check_signer(offer, failure);
	if (r < 0)
		return r;
	if (request->slot_size > 0 && offer->image.length > request->slot_size)
		return fail(failure, REASON_TOO_LARGE,
			    "The image %s has %" PRIu64 " bytes, the slot takes %" PRIu64 ".",
			    offer->image.path, offer->image.length, request->slot_size);
	return check_custom(&offer->image, offer, failure);
}

int offer_find(struct trust_client *client, const struct device_request *request, struct offer *ret,
	       struct failure *failure)
{
	_cleanup_offer_ struct offer offer = { 0 };
	int r = -ENOENT;

	for (size_t i = 0; r == -ENOENT && i < request->hardware_id_count; i++)
		r = find_index(client, request->hardware_ids[i], &offer, failure);
	if (r == -ENOENT)
		return fail(failure, REASON_INCOMPATIBLE,
			    "There is no firmware for this device (%s) here.",
			    request->hardware_id_count > 0 ? request->hardware_ids[0] :
							     "without a hardware id");
	/* Also for a device that has the newest release. */
	if (r >= 0)
		ret->support_ends = offer.support_ends = offer.index->support_ends;
	if (r >= 0)
		r = release_select(offer.index, request, &offer.selection, failure);
	if (r >= 0)
		r = find_image(client, request, &offer, failure);
	if (r < 0)
		return r;
	*ret = offer;
	offer = (struct offer){ 0 };
	return 0;
}
