/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Keys and roles of a document. Counting signatures is signed.c's. */
#include "trust/role.h"

#include <string.h>

#include "base/json.h"
#include "trust/limits.h"

int keyring_parse(const json_t *keys, const char *what, struct keyring *ret,
		  struct failure *failure)
{
	struct keyring keyring = { 0 };
	const char *id;
	json_t *object;
	int r;

	if (json_object_size(keys) > TUF_KEYS_MAX)
		return fail(failure, REASON_MALFORMED, "%s: more than %d keys.", what,
			    TUF_KEYS_MAX);
	keyring.keys = calloc(json_object_size(keys) + 1, sizeof(*keyring.keys));
	if (!keyring.keys)
		return fail_memory(failure);
	json_object_foreach((json_t *)keys, id, object) {
		r = key_parse(id, object, what, &keyring.keys[keyring.count], failure);
		if (r < 0) {
			keyring_clear(&keyring);
			return r;
		}
		keyring.count++;
	}
	*ret = keyring;
	return 0;
}

void keyring_clear(struct keyring *keyring)
{
	for (size_t i = 0; i < keyring->count; i++)
		key_free(keyring->keys[i]);
	free(keyring->keys);
	*keyring = (struct keyring){ 0 };
}

static const struct key *keyring_find(const struct keyring *keyring, const char *id)
{
	for (size_t i = 0; i < keyring->count; i++)
		if (strcmp(key_id(keyring->keys[i]), id) == 0)
			return keyring->keys[i];
	return NULL;
}

/* Adds the keys of @ids to @role, a key listed twice only once. */
static int collect_keys(struct role *role, const json_t *ids, const struct keyring *keyring,
			const char *what, struct failure *failure)
{
	const json_t *id;
	size_t i;

	json_array_foreach(ids, i, id) {
		const struct key *key;

		if (!json_is_string(id))
			return fail(failure, REASON_MALFORMED,
				    "%s: \"keyids\" of role %s must hold strings.", what,
				    role->name);
		key = keyring_find(keyring, json_string_value(id));
		if (key && !role_find_key(role, json_string_value(id)))
			role->keys[role->count++] = key;
	}
	return 0;
}

int role_parse(const char *name, const json_t *object, const struct keyring *keyring,
	       const char *what, struct role *ret, struct failure *failure)
{
	struct role role = { 0 };
	int64_t threshold;
	json_t *ids;
	int r;

	r = json_member(object, "keyids", JSON_ARRAY, JSON_REQUIRED, what, &ids, failure);
	if (r >= 0)
		r = json_member_integer(object, "threshold", JSON_REQUIRED, 1, TUF_ROLE_KEYS_MAX,
					what, &threshold, failure);
	if (r < 0)
		return r;
	if (json_array_size(ids) > TUF_ROLE_KEYS_MAX)
		return fail(failure, REASON_MALFORMED, "%s: more than %d keys for role %s.", what,
			    TUF_ROLE_KEYS_MAX, name);
	role.threshold = (unsigned int)threshold;
	role.name = strdup(name);
	role.keys = calloc(json_array_size(ids) + 1, sizeof(*role.keys));
	r = role.name && role.keys ? collect_keys(&role, ids, keyring, what, failure) :
				     fail_memory(failure);
	if (r < 0) {
		role_clear(&role);
		return r;
	}
	*ret = role;
	return 0;
}

void role_clear(struct role *role)
{
	free(role->name);
	free(role->keys);
	*role = (struct role){ 0 };
}

const struct key *role_find_key(const struct role *role, const char *id)
{
	for (size_t i = 0; i < role->count; i++)
		if (strcmp(key_id(role->keys[i]), id) == 0)
			return role->keys[i];
	return NULL;
}

bool role_has_key(const struct role *role, const struct key *key)
{
	for (size_t i = 0; i < role->count; i++)
		if (key_is_usable(role->keys[i]) &&
		    memcmp(key_fingerprint(role->keys[i]), key_fingerprint(key), SHA256_BYTES) == 0)
			return true;
	return false;
}

static int compare_fingerprints(const void *a, const void *b)
{
	return memcmp(a, b, SHA256_BYTES);
}

int role_digest(const struct role *role, uint8_t digest[static SHA256_BYTES])
{
	_cleanup_free_ uint8_t(*prints)[SHA256_BYTES] = calloc(role->count + 1, sizeof(*prints));
	size_t count = 0;

	if (!prints)
		return reason_errno(REASON_NO_MEMORY);
	for (size_t i = 0; i < role->count; i++)
		if (key_is_usable(role->keys[i]))
			memcpy(prints[count++], key_fingerprint(role->keys[i]), SHA256_BYTES);
	qsort(prints, count, sizeof(*prints), compare_fingerprints);
	/* The slot after the last key is zero but for the threshold. */
	prints[count][0] = (uint8_t)(role->threshold >> 8);
	prints[count][1] = (uint8_t)role->threshold;
	return hash_bytes(HASH_SHA256, prints, (count + 1) * sizeof(*prints), digest);
}
