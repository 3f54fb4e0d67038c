/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Each member of each kind of document in turn: left out, of another kind, empty, far too large. What is of another kind is
 * refused; whatever is refused is so with a reason and a sentence.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "tap.h"
#include "trust/index.h"
#include "trust/metadata.h"

#define DIGEST "00000000000000000000000000000000000000000000000000000000000000aa"
#define HEAD(type)          \
	"\"_type\":\"" type \
	"\",\"spec_version\":\"1.0.31\",\"version\":3,\"expires\":\"2030-01-01T00:00:00Z\""
#define ENVELOPE(part) "{\"signatures\":[{\"keyid\":\"k\",\"sig\":\"00\"}],\"signed\":{" part "}}"
#define ROLE "{\"keyids\":[\"k\"],\"threshold\":1}"
#define KEYS                                                                                               \
	"\"keys\":{\"k\":{\"keytype\":\"ed25519\",\"scheme\":\"ed25519\",\"keyval\":{\"public\":\"" DIGEST \
	"\"}}}"
#define REFERENCE "{\"version\":2,\"length\":9,\"hashes\":{\"sha256\":\"" DIGEST "\"}}"
#define TARGET "\"acme/dock/index.json\""

static int parse_root(char *bytes, size_t size, struct failure *failure)
{
	struct root root = { 0 };
	int r = root_parse(bytes, size, "root.json", &root, failure);

	root_clear(&root);
	return r;
}

static int parse_timestamp(char *bytes, size_t size, struct failure *failure)
{
	struct timestamp timestamp = { 0 };
	int r = timestamp_parse(bytes, size, "timestamp.json", &timestamp, failure);

	timestamp_clear(&timestamp);
	return r;
}

static int parse_snapshot(char *bytes, size_t size, struct failure *failure)
{
	struct snapshot snapshot = { 0 };
	struct metadata_reference reference;
	int r = snapshot_parse(bytes, size, "snapshot.json", &snapshot, failure);

	if (r >= 0)
		r = snapshot_find(&snapshot, "targets.json", &reference, failure);
	snapshot_clear(&snapshot);
	return r == -ENOENT ? 0 : r;
}

/* What is said of a target is looked at when it is asked for. */
static int parse_targets(char *bytes, size_t size, struct failure *failure)
{
	struct targets targets = { 0 };
	struct target target = { 0 };
	int r = targets_parse(bytes, size, "targets.json", &targets, failure);

	if (r >= 0)
		r = targets_find(&targets, "acme/dock/index.json", &target, failure);
	targets_clear(&targets);
	return r == -ENOENT ? 0 : r;
}

static int parse_index(char *bytes, size_t size, struct failure *failure)
{
	_cleanup_free_ char *text = bytes;
	_cleanup_index_ struct release_index *index = NULL;

	return index_parse(text, size, "acme/dock", &index, failure);
}

static const struct kind {
	const char *name;
	int (*parse)(char *bytes, size_t size, struct failure *failure); /* takes @bytes over */
	const char *text;
} kinds[] = {
	{ "root", parse_root,
	  ENVELOPE(HEAD("root") ",\"consistent_snapshot\":true," KEYS ",\"roles\":{\"root\":" ROLE
				",\"timestamp\":" ROLE ",\"snapshot\":" ROLE ",\"targets\":" ROLE
				"}") },
	{ "timestamp", parse_timestamp,
	  ENVELOPE(HEAD("timestamp") ",\"meta\":{\"snapshot.json\":" REFERENCE "}") },
	{ "snapshot", parse_snapshot,
	  ENVELOPE(HEAD("snapshot") ",\"meta\":{\"targets.json\":" REFERENCE
				    ",\"acme.json\":{\"version\":1}}") },
	{ "targets", parse_targets,
	  ENVELOPE(HEAD("targets") ",\"targets\":{" TARGET
				   ":{\"length\":5,\"hashes\":{\"sha256\":\"" DIGEST
				   "\"},\"custom\":{}}},\"delegations\":{" KEYS
				   ",\"roles\":[{\"name\":\"a\",\"keyids\":[\"k\"],\"threshold\":1,"
				   "\"terminating\":true,\"paths\":[\"acme/*\"]},{\"name\":\"b\","
				   "\"keyids\":[\"k\"],\"threshold\":1,\"terminating\":false,"
				   "\"path_hash_prefixes\":[\"6d\"]}]}") },
	{ "bins", parse_targets,
	  ENVELOPE(HEAD("targets") ",\"targets\":{},\"delegations\":{" KEYS
				   ",\"succinct_roles\":{\"keyids\":[\"k\"],\"threshold\":1,"
				   "\"bit_length\":10,\"name_prefix\":\"bin\"}}") },
	{ "index", parse_index,
	  "{\"format\":1,\"hardware-id\":\"acme/dock\",\"support-ends\":\"2031-12-31\",\"floor\":30,"
	  "\"history\":{\"2.0.3\":41},\"releases\":[{\"counter\":42,\"version\":\"2.1.0\","
	  "\"date\":\"2026-11-01\",\"urgency\":\"high\",\"issues\":[\"CVE-1\"],"
	  "\"slots\":[{\"slot\":\"main\",\"path\":\"acme/dock/main.bin\"}],\"min-counter\":36,"
	  "\"requires\":[{\"hardware-id\":\"acme/hub7\",\"slot\":\"main\",\"min-counter\":12,"
	  "\"if-present\":true}],\"rollout\":[{\"at\":\"2026-11-01T00:00:00Z\",\"permille\":50}],"
	  "\"notes\":{\"de\":\"Gut.\"}}]}" },
};

/* One member or element, and how it is put back. */
struct place {
	const char *path; /* for people */
	json_t *parent;
	const char *key; /* of an object; NULL: element @index of an array */
	size_t index;
};

static void put(const struct place *place, json_t *value)
{
	if (place->key ? json_object_set_new(place->parent, place->key, value) < 0 :
			 json_array_set_new(place->parent, place->index, value) < 0)
		tap_bail("cannot change %s", place->path);
}

struct tally {
	const struct kind *kind;
	json_t *document;
	unsigned tried, refused, wordless, misplaced;
};

/* 0 or what the parser says of the document as it is now. */
static int try(struct tally *tally)
{
	_cleanup_failure_ struct failure failure = { 0 };
	char *text = json_dumps(tally->document, JSON_COMPACT);
	int r;

	if (!text)
		tap_bail("no memory");
	r = tally->kind->parse(text, strlen(text), &failure);
	tally->tried++;
	tally->refused += r < 0;
	tally->wordless += r < 0 && (failure.reason == REASON_OK || !failure_message(&failure)[0]);
	return r;
}

/* Names of files that are not there are no mistake of a document, and no key is better than an odd one. */
static bool may_be_anything(const struct tally *tally, const char *path)
{
	return strstr(path, "/issues") || strstr(path, "/public") ||
	       (strcmp(tally->kind->name, "snapshot") == 0 && strstr(path, "/acme.json/hashes"));
}

static void try_values(struct tally *tally, const struct place *place)
{
	json_t *was = json_incref(place->key ? json_object_get(place->parent, place->key) :
					       json_array_get(place->parent, place->index));
	char *longest = calloc(1, 20001);
	json_t *const odd[] = {
		json_object(),
		json_array(),
		json_integer(-1),
		json_integer(0),
		json_integer(INT64_MAX),
		json_string(""),
		json_string("?/../\x01"),
		json_null(),
		json_string(memset(longest, 'x', 20000)),
		json_false(),
	};

	for (size_t i = 0; i < ARRAY_SIZE(odd); i++) {
		bool is_of_kind = json_typeof(odd[i]) == json_typeof(was) ||
				  (json_is_boolean(odd[i]) && json_is_boolean(was));

		put(place, json_incref(odd[i]));
		if (try(tally) >= 0 && !is_of_kind && !may_be_anything(tally, place->path)) {
			printf("# %s: %s may be of kind %d\n", tally->kind->name, place->path,
			       json_typeof(odd[i]));
			tally->misplaced++;
		}
		json_decref(odd[i]);
	}
	if (place->key) {
		json_object_del(place->parent, place->key);
		(void)try(tally);
	}
	put(place, was);
	free(longest);
}

static void visit(struct tally *tally, json_t *value, const char *path)
{
	const char *key;
	json_t *member;
	size_t index;
	char *below;

	if (json_is_object(value)) {
		void *at = json_object_iter(value);
		char *keys[32];
		size_t count = 0;

		/* The order and the number change on the way. */
		for (; at && count < ARRAY_SIZE(keys); at = json_object_iter_next(value, at))
			keys[count++] = strdup(json_object_iter_key(at));
		for (size_t i = 0; i < count; i++) {
			key = keys[i];
			if (asprintf(&below, "%s/%s", path, key) < 0)
				tap_bail("no memory");
			visit(tally, json_object_get(value, key), below);
			try_values(tally, &(struct place){ below, value, key, 0 });
			free(below);
			free(keys[i]);
		}
		return;
	}
	json_array_foreach(value, index, member) {
		if (asprintf(&below, "%s/%zu", path, index) < 0)
			tap_bail("no memory");
		visit(tally, member, below);
		try_values(tally, &(struct place){ below, value, NULL, index });
		free(below);
	}
}

static void test_kind(const struct kind *kind)
{
	struct tally tally = { .kind = kind, .document = json_loads(kind->text, 0, NULL) };

	if (!tally.document)
		tap_bail("%s is no JSON", kind->name);
	tap_is(try(&tally), 0, kind->name);
	visit(&tally, tally.document, "");
	tap_is(try(&tally), 0, "and again at the end");
	tap_is(tally.misplaced, 0, "a member of another kind is refused");
	tap_is(tally.wordless, 0, "with a reason and a sentence");
	tap_ok(tally.refused > tally.tried / 2, "%u documents, %u refused", tally.tried,
	       tally.refused);
	json_decref(tally.document);
}

int main(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		test_kind(&kinds[i]);
	return tap_done();
}
