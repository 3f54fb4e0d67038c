/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Typed views of TUF metadata: form only. Delegations are delegation.c's. */
#include "trust/metadata.h"

#include <errno.h>
#include <string.h>

#include "base/json.h"
#include "trust/limits.h"

static const char *const role_names[_TOP_LEVEL_ROLE_COUNT] = {
	[ROLE_ROOT] = "root",
	[ROLE_TIMESTAMP] = "timestamp",
	[ROLE_SNAPSHOT] = "snapshot",
	[ROLE_TARGETS] = "targets",
};

const char *top_level_role_name(enum top_level_role role)
{
	return role_names[role];
}

/* "1.0" or "1.0.34": major version 1, then one or two numbers. */
static bool is_supported_specification(const char *version)
{
	unsigned int numbers = 0;

	if (version[0] != '1' || version[1] != '.')
		return false;
	for (const char *number = version + 2;; number++) {
		size_t length = strspn(number, "0123456789");

		if (length == 0 || ++numbers > 2)
			return false;
		number += length;
		if (*number == 0)
			return true;
		if (*number != '.')
			return false;
	}
}

static int check_type(const json_t *signed_part, const char *type, const char *what,
		      struct failure *failure)
{
	const char *found, *specification;
	int r;

	r = json_member_string(signed_part, "_type", JSON_REQUIRED, what, &found, failure);
	if (r >= 0)
		r = json_member_string(signed_part, "spec_version", JSON_REQUIRED, what,
				       &specification, failure);
	if (r < 0)
		return r;
	if (strcmp(found, type) != 0)
		return fail(failure, REASON_MALFORMED,
			    "%s: \"_type\" must be \"%s\", found \"%.32s\".", what, type, found);
	if (!is_supported_specification(specification))
		return fail(failure, REASON_MALFORMED,
			    "%s: \"spec_version\" must be 1.x, found \"%.32s\".", what,
			    specification);
	return 0;
}

/* The signed part common to all kinds. */
static int metadata_parse(char *bytes, size_t size, const char *type, const char *what,
			  struct metadata *ret, struct failure *failure)
{
	_cleanup_signed_document_ struct signed_document *document = NULL;
	const char *expires;
	int r;

	r = signed_document_parse(bytes, size, what, &document, failure);
	if (r >= 0)
		r = check_type(document->signed_part, type, what, failure);
	if (r >= 0)
		r = json_member_integer(document->signed_part, "version", JSON_REQUIRED, 1,
					JSON_INTEGER_MAX, what, &ret->version, failure);
	if (r >= 0)
		r = json_member_string(document->signed_part, "expires", JSON_REQUIRED, what,
				       &expires, failure);
	if (r < 0)
		return r;
	if (time_parse(expires, &ret->expires) < 0)
		return fail(failure, REASON_MALFORMED,
			    "%s: \"expires\" must be YYYY-MM-DDTHH:MM:SSZ, found \"%.40s\".", what,
			    expires);
	ret->document = TAKE_PTR(document);
	return 0;
}

static void metadata_clear(struct metadata *metadata)
{
	signed_document_free(metadata->document);
	*metadata = (struct metadata){ 0 };
}

static int root_parse_roles(struct root *root, const char *what, struct failure *failure)
{
	const json_t *signed_part = root->common.document->signed_part;
	json_t *keys, *roles, *role;
	int r;

	r = json_member_boolean(signed_part, "consistent_snapshot", JSON_OPTIONAL, what,
				&root->is_consistent_snapshot, failure);
	if (r >= 0)
		r = json_member(signed_part, "keys", JSON_OBJECT, JSON_REQUIRED, what, &keys,
				failure);
	if (r >= 0)
		r = json_member(signed_part, "roles", JSON_OBJECT, JSON_REQUIRED, what, &roles,
				failure);
	if (r >= 0)
		r = keyring_parse(keys, what, &root->keyring, failure);
	for (int i = 0; r >= 0 && i < _TOP_LEVEL_ROLE_COUNT; i++) {
		r = json_member(roles, role_names[i], JSON_OBJECT, JSON_REQUIRED, what, &role,
				failure);
		if (r >= 0)
			r = role_parse(role_names[i], role, &root->keyring, what, &root->roles[i],
				       failure);
	}
	return r;
}

int root_parse(char *bytes, size_t size, const char *what, struct root *ret,
	       struct failure *failure)
{
	struct root root = { 0 };
	int r = metadata_parse(bytes, size, "root", what, &root.common, failure);

	if (r >= 0)
		r = root_parse_roles(&root, what, failure);
	if (r < 0) {
		root_clear(&root);
		return r;
	}
	*ret = root;
	return 0;
}

void root_clear(struct root *root)
{
	for (int i = 0; i < _TOP_LEVEL_ROLE_COUNT; i++)
		role_clear(&root->roles[i]);
	keyring_clear(&root->keyring);
	metadata_clear(&root->common);
	root->is_consistent_snapshot = false;
}

static int reference_parse(const json_t *object, const char *what, struct metadata_reference *ret,
			   struct failure *failure)
{
	struct metadata_reference reference = { .length = -1 };
	json_t *hashes;
	int r;

	r = json_member_integer(object, "version", JSON_REQUIRED, 1, JSON_INTEGER_MAX, what,
				&reference.version, failure);
	if (r >= 0)
		r = json_member_integer(object, "length", JSON_OPTIONAL, 0, JSON_INTEGER_MAX, what,
					&reference.length, failure);
	if (r >= 0)
		r = json_member(object, "hashes", JSON_OBJECT, JSON_OPTIONAL, what, &hashes,
				failure);
	if (r >= 0 && hashes) {
		reference.has_digests = true;
		r = digests_parse(hashes, what, &reference.digests, failure);
	}
	if (r < 0)
		return r;
	*ret = reference;
	return 0;
}

static int timestamp_parse_meta(struct timestamp *timestamp, const char *what,
				struct failure *failure)
{
	json_t *meta, *snapshot;
	int r;

	r = json_member(timestamp->common.document->signed_part, "meta", JSON_OBJECT, JSON_REQUIRED,
			what, &meta, failure);
	if (r >= 0)
		r = json_member(meta, "snapshot.json", JSON_OBJECT, JSON_REQUIRED, what, &snapshot,
				failure);
	return r < 0 ? r : reference_parse(snapshot, what, &timestamp->snapshot, failure);
}

int timestamp_parse(char *bytes, size_t size, const char *what, struct timestamp *ret,
		    struct failure *failure)
{
	struct timestamp timestamp = { 0 };
	int r = metadata_parse(bytes, size, "timestamp", what, &timestamp.common, failure);

	if (r >= 0)
		r = timestamp_parse_meta(&timestamp, what, failure);
	if (r < 0) {
		timestamp_clear(&timestamp);
		return r;
	}
	*ret = timestamp;
	return 0;
}

void timestamp_clear(struct timestamp *timestamp)
{
	metadata_clear(&timestamp->common);
}

/* Every reference is checked at once: later ones of the same snapshot cannot fail. */
static int snapshot_parse_meta(struct snapshot *snapshot, const char *what, struct failure *failure)
{
	struct metadata_reference reference;
	const char *name;
	json_t *meta, *object;
	int r;

	r = json_member(snapshot->common.document->signed_part, "meta", JSON_OBJECT, JSON_REQUIRED,
			what, &meta, failure);
	if (r < 0)
		return r;
	json_object_foreach(meta, name, object) {
		r = reference_parse(object, what, &reference, failure);
		if (r < 0)
			return r;
	}
	snapshot->meta = meta;
	return 0;
}

int snapshot_parse(char *bytes, size_t size, const char *what, struct snapshot *ret,
		   struct failure *failure)
{
	struct snapshot snapshot = { 0 };
	int r = metadata_parse(bytes, size, "snapshot", what, &snapshot.common, failure);

	if (r >= 0)
		r = snapshot_parse_meta(&snapshot, what, failure);
	if (r < 0) {
		snapshot_clear(&snapshot);
		return r;
	}
	*ret = snapshot;
	return 0;
}

void snapshot_clear(struct snapshot *snapshot)
{
	metadata_clear(&snapshot->common);
	snapshot->meta = NULL;
}

int snapshot_find(const struct snapshot *snapshot, const char *file_name,
		  struct metadata_reference *ret, struct failure *failure)
{
	const json_t *object = json_object_get(snapshot->meta, file_name);

	return object ? reference_parse(object, "snapshot.json", ret, failure) : -ENOENT;
}

static int targets_parse_content(struct targets *targets, const char *what, struct failure *failure)
{
	const json_t *signed_part = targets->common.document->signed_part;
	json_t *content, *delegations;
	int r;

	r = json_member(signed_part, "targets", JSON_OBJECT, JSON_REQUIRED, what, &content,
			failure);
	if (r >= 0)
		r = json_member(signed_part, "delegations", JSON_OBJECT, JSON_OPTIONAL, what,
				&delegations, failure);
	if (r < 0)
		return r;
	targets->targets = content;
	return delegations ? delegations_parse(delegations, what, &targets->delegations, failure) :
			     0;
}

int targets_parse(char *bytes, size_t size, const char *what, struct targets *ret,
		  struct failure *failure)
{
	struct targets targets = { 0 };
	int r = metadata_parse(bytes, size, "targets", what, &targets.common, failure);

	if (r >= 0)
		r = targets_parse_content(&targets, what, failure);
	if (r < 0) {
		targets_clear(&targets);
		return r;
	}
	*ret = targets;
	return 0;
}

void targets_clear(struct targets *targets)
{
	delegations_clear(&targets->delegations);
	metadata_clear(&targets->common);
	targets->targets = NULL;
}

int targets_find(const struct targets *targets, const char *path, struct target *ret,
		 struct failure *failure)
{
	const json_t *object = json_object_get(targets->targets, path);
	struct target target = { 0 };
	json_t *hashes, *custom;
	int64_t length;
	int r;

	if (!object)
		return -ENOENT;
	r = json_member_integer(object, "length", JSON_REQUIRED, 0, JSON_INTEGER_MAX, path, &length,
				failure);
	if (r >= 0)
		r = json_member(object, "hashes", JSON_OBJECT, JSON_REQUIRED, path, &hashes,
				failure);
	if (r >= 0)
		r = json_member(object, "custom", JSON_OBJECT, JSON_OPTIONAL, path, &custom,
				failure);
	if (r >= 0)
		r = digests_parse(hashes, path, &target.digests, failure);
	if (r < 0)
		return r;
	target.path = json_object_iter_key(json_object_iter_at((json_t *)targets->targets, path));
	target.length = (uint64_t)length;
	target.custom = custom;
	*ret = target;
	return 0;
}
