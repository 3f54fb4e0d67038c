/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Parsing and matching delegations. The search through them is search.c's. */
#include "trust/delegation.h"

#include <fnmatch.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "trust/limits.h"
#include "trust/names.h"

#define BIN_BITS_MAX 32

static int check_strings(const json_t *array, const char *key, const char *what,
			 struct failure *failure)
{
	const json_t *element;
	size_t i;

	json_array_foreach(array, i, element)
		if (!json_is_string(element) || json_string_length(element) > TARGET_PATH_MAX)
			return fail(failure, REASON_MALFORMED,
				    "%s: \"%s\" must hold strings of at most %d bytes.", what, key,
				    TARGET_PATH_MAX);
	return 0;
}

static int parse_patterns(const json_t *object, const char *name, const char *what,
			  struct delegation *delegation, struct failure *failure)
{
	json_t *paths, *prefixes;
	int r;

	r = json_member(object, "paths", JSON_ARRAY, JSON_OPTIONAL, what, &paths, failure);
	if (r >= 0)
		r = json_member(object, "path_hash_prefixes", JSON_ARRAY, JSON_OPTIONAL, what,
				&prefixes, failure);
	if (r >= 0)
		r = check_strings(paths, "paths", what, failure);
	if (r >= 0)
		r = check_strings(prefixes, "path_hash_prefixes", what, failure);
	if (r < 0)
		return r;
	if (!paths == !prefixes)
		return fail(
			failure, REASON_MALFORMED,
			"%s: the delegation to %.80s must have either \"paths\" or \"path_hash_prefixes\".",
			what, name);
	delegation->paths = paths;
	delegation->hash_prefixes = prefixes;
	return 0;
}

static int delegation_parse(const json_t *object, const struct keyring *keyring, const char *what,
			    struct delegation *delegation, struct failure *failure)
{
	const char *name;
	int r;

	r = json_member_string(object, "name", JSON_REQUIRED, what, &name, failure);
	if (r < 0)
		return r;
	if (!delegated_role_is_valid(name))
		return fail(failure, REASON_MALFORMED,
			    "%s: \"%.80s\" cannot be the name of a delegated role.", what, name);
	r = json_member_boolean(object, "terminating", JSON_REQUIRED, what,
				&delegation->is_terminating, failure);
	if (r >= 0)
		r = parse_patterns(object, name, what, delegation, failure);
	return r < 0 ? r : role_parse(name, object, keyring, what, &delegation->role, failure);
}

static int parse_list(struct delegations *delegations, const json_t *roles, const char *what,
		      struct failure *failure)
{
	_cleanup_json_ json_t *seen = json_object(); /* a set of names */
	const json_t *object;
	size_t i;

	delegations->list = calloc(json_array_size(roles) + 1, sizeof(*delegations->list));
	if (!delegations->list || !seen)
		return fail_memory(failure);
	json_array_foreach(roles, i, object) {
		struct delegation delegation = { 0 };
		int r = delegation_parse(object, &delegations->keyring, what, &delegation, failure);

		if (r < 0)
			return r;
		delegations->list[delegations->count++] = delegation;
		if (json_object_get(seen, delegation.role.name))
			return fail(failure, REASON_MALFORMED, "%s: two delegations are named %s.",
				    what, delegation.role.name);
		if (json_object_set_new(seen, delegation.role.name, json_true()) < 0)
			return fail_memory(failure);
	}
	return 0;
}

static int parse_bins(struct delegations *delegations, const json_t *object, const char *what,
		      struct failure *failure)
{
	const char *prefix;
	int64_t bits;
	int r;

	r = json_member_string(object, "name_prefix", JSON_REQUIRED, what, &prefix, failure);
	if (r >= 0)
		r = json_member_integer(object, "bit_length", JSON_REQUIRED, 1, BIN_BITS_MAX, what,
					&bits, failure);
	if (r < 0)
		return r;
	if (!delegated_role_is_valid(prefix))
		return fail(failure, REASON_MALFORMED,
			    "%s: \"%.80s\" cannot be the prefix of delegated roles.", what, prefix);
	delegations->has_bins = true;
	delegations->bin_bits = (unsigned int)bits;
	return role_parse(prefix, object, &delegations->keyring, what, &delegations->bins, failure);
}

static int parse_members(struct delegations *delegations, const json_t *object, const char *what,
			 struct failure *failure)
{
	json_t *keys, *roles, *bins;
	int r;

	r = json_member(object, "keys", JSON_OBJECT, JSON_REQUIRED, what, &keys, failure);
	if (r >= 0)
		r = json_member(object, "roles", JSON_ARRAY, JSON_OPTIONAL, what, &roles, failure);
	if (r >= 0)
		r = json_member(object, "succinct_roles", JSON_OBJECT, JSON_OPTIONAL, what, &bins,
				failure);
	if (r < 0)
		return r;
	if (!roles == !bins)
		return fail(failure, REASON_MALFORMED,
			    "%s: \"delegations\" must have either \"roles\" or \"succinct_roles\".",
			    what);
	r = keyring_parse(keys, what, &delegations->keyring, failure);
	if (r < 0)
		return r;
	return roles ? parse_list(delegations, roles, what, failure) :
		       parse_bins(delegations, bins, what, failure);
}

int delegations_parse(const json_t *object, const char *what, struct delegations *ret,
		      struct failure *failure)
{
	struct delegations delegations = { 0 };
	int r = parse_members(&delegations, object, what, failure);

	if (r < 0) {
		delegations_clear(&delegations);
		return r;
	}
	*ret = delegations;
	return 0;
}

void delegations_clear(struct delegations *delegations)
{
	for (size_t i = 0; i < delegations->count; i++)
		role_clear(&delegations->list[i].role);
	free(delegations->list);
	role_clear(&delegations->bins);
	keyring_clear(&delegations->keyring);
	*delegations = (struct delegations){ 0 };
}

bool delegation_covers(const struct delegation *delegation, const char *path,
		       const char *path_digest)
{
	const json_t *element;
	size_t i;

	json_array_foreach(delegation->paths, i, element)
		if (fnmatch(json_string_value(element), path, FNM_PATHNAME | FNM_NOESCAPE) == 0)
			return true;
	json_array_foreach(delegation->hash_prefixes, i, element)
		if (strncmp(path_digest, json_string_value(element), json_string_length(element)) ==
		    0)
			return true;
	return false;
}

/* TAP 15: the number is the digest's top bits; names have as many digits as the last one needs. */
char *delegations_bin_name(const struct delegations *delegations, const char *path_digest)
{
	uint32_t top = 0, bin, last;
	char *name;
	int digits;

	sscanf(path_digest, "%8" SCNx32, &top);
	bin = top >> (32 - delegations->bin_bits);
	last = UINT32_MAX >> (32 - delegations->bin_bits);
	digits = snprintf(NULL, 0, "%" PRIx32, last);
	if (asprintf(&name, "%s-%0*" PRIx32, delegations->bins.name, digits, bin) < 0)
		return NULL;
	return name;
}
