/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* TUF 5.6.7: which role answers for a path, in which order, and who vouches for it. */
#include <stdio.h>
#include <string.h>

#include "base/hex.h"
#include "base/json.h"
#include "tap.h"
#include "tuf-scene.h"

static const char *const everything[] = { "acme/*", "acme/*/*", NULL };

static void is_reason(enum reason got, enum reason expected, const struct scene *scene,
		      const char *what)
{
	tap_is_string(reason_word(got), reason_word(expected), what);
	if (got != expected)
		printf("# %s\n", failure_message(&scene->failure));
}

/* What the author must publish, in a scene that is refreshed. */
static struct scene *ready_scene(struct author *author)
{
	struct scene *scene = scene_new(author);

	is_reason(scene_refresh(scene), REASON_OK, scene, "a refresh");
	return scene;
}

static void test_simple(void)
{
	struct author *author = author_new(SIGNER_ED25519);
	struct scene *scene;

	author_delegate(author, "targets", "acme", everything, true);
	author_add_target(author, "acme", "acme/dock/index.json", "{}", 2, NULL);
	author_add_target(author, "acme", "other/file", "x", 1, NULL);
	scene = ready_scene(author);
	is_reason(scene_fetch(scene, "acme/dock/index.json"), REASON_OK, scene,
		  "a target of a delegated role");
	is_reason(scene_fetch(scene, "other/file"), REASON_NO_SUCH_TARGET, scene,
		  "a target outside the paths delegated is not the role's to give");
	is_reason(scene_fetch(scene, "acme/a/b/c"), REASON_NO_SUCH_TARGET, scene,
		  "a star does not match a slash");
	is_reason(scene_fetch(scene, "acme/../x"), REASON_INVALID_ARGUMENT, scene,
		  "a path with tricks");
	is_reason(scene_refresh(scene), REASON_OK, scene, "again");
	is_reason(scene_fetch(scene, "acme/dock/index.json"), REASON_OK, scene,
		  "from the stored role");
	tap_is(author_requests_of(author, "metadata/1.acme.json"), 0, "without a request for it");
	scene_free(scene);
}

static void test_altered_role(void)
{
	struct author *author = author_new(SIGNER_ED25519);
	struct scene *scene;
	struct author_role *role = author_delegate(author, "targets", "acme", everything, true);
	char *bytes;

	author_add_target(author, "acme", "acme/file", "x", 1, NULL);
	scene = ready_scene(author);
	bytes = author_find(author, "metadata/1.acme.json")->bytes;
	memcpy(strstr(bytes, "2027-06-01"), "2027-08-01", 10);
	is_reason(scene_fetch(scene, "acme/file"), REASON_BAD_SIGNATURE, scene,
		  "an altered delegated role");
	author_put_signed(author, "1.acme.json", role->part,
			  author_role(author, "targets")->signers, 1);
	is_reason(scene_fetch(scene, "acme/file"), REASON_UNKNOWN_SIGNER, scene,
		  "one signed by its delegator's key");
	author_remove(author, "metadata/1.acme.json");
	is_reason(scene_fetch(scene, "acme/file"), REASON_NOT_LISTED, scene,
		  "one that is not there");
	author_put_signed(author, "1.acme.json", role->part, role->signers, 1);
	is_reason(scene_fetch(scene, "acme/file"), REASON_OK, scene, "and the right one");
	scene_free(scene);
}

static void test_not_in_snapshot(void)
{
	struct author *author = author_new(SIGNER_ED25519);
	struct scene *scene;
	struct signer *signer;

	if (signer_generate(SIGNER_ED25519, &signer, NULL) < 0)
		tap_bail("no key");
	author_delegate_again(author, "targets", "ghost", signer, everything, true);
	scene = ready_scene(author);
	is_reason(scene_fetch(scene, "acme/file"), REASON_NOT_LISTED, scene,
		  "a role the snapshot does not list");
	tap_is(author_requests_of(author, "metadata/1.ghost.json"), 0, "is not even asked for");
	signer_free(signer);
	scene_free(scene);
}

/* The order in which roles were asked for. */
static void is_order(const struct author *author, const char *expected)
{
	char order[512] = "";

	for (size_t i = 0; i < author->request_count; i++) {
		char role[64];

		if (sscanf(author->requests[i], "metadata/1.%63[a-z].json", role) == 1 &&
		    strcmp(role, "snapshot") != 0 && strcmp(role, "targets") != 0 &&
		    strcmp(role, "root") != 0) {
			strcat(order, order[0] ? " " : "");
			strcat(order, role);
		}
	}
	tap_is_string(order, expected, "roles are visited in order");
}

static void test_order(void)
{
	struct author *author = author_new(SIGNER_ED25519);
	struct scene *scene;

	author_delegate(author, "targets", "a", everything, false);
	author_delegate(author, "targets", "b", everything, false);
	author_delegate(author, "a", "c", everything, false);
	author_delegate(author, "c", "d", everything, false);
	author_delegate(author, "a", "e", everything, false);
	scene = ready_scene(author);
	is_reason(scene_fetch(scene, "acme/none"), REASON_NO_SUCH_TARGET, scene,
		  "depth first, in order");
	is_order(author, "a c d e b");
	scene_free(scene);
}

static void test_terminating(void)
{
	struct author *author = author_new(SIGNER_ED25519);
	struct scene *scene;

	author_delegate(author, "targets", "a", everything, false);
	author_delegate(author, "targets", "b", everything, false);
	author_delegate(author, "targets", "f", everything, false);
	author_delegate(author, "a", "c", everything, true);
	author_delegate(author, "a", "d", everything, false);
	author_delegate(author, "c", "e", everything, false);
	scene = ready_scene(author);
	is_reason(scene_fetch(scene, "acme/none"), REASON_NO_SUCH_TARGET, scene,
		  "a terminating role stops its siblings and all above");
	is_order(author, "a c e");
	scene_free(scene);
}

static void test_cycle(void)
{
	struct author *author = author_new(SIGNER_ED25519);
	struct scene *scene;
	struct author_role *a = author_delegate(author, "targets", "a", everything, false);

	author_delegate(author, "a", "b", everything, false);
	author_delegate_again(author, "b", "a", a->signers[0], everything, false);
	scene = ready_scene(author);
	is_reason(scene_fetch(scene, "acme/none"), REASON_NO_SUCH_TARGET, scene, "a cycle ends");
	is_order(author, "a b");
	scene_free(scene);
}

static void test_too_many(void)
{
	struct author *author = author_new(SIGNER_ED25519);
	struct scene *scene;
	char last[32] = "targets";

	for (int i = 0; i < 40; i++) {
		char name[32];

		snprintf(name, sizeof(name), "chain%d", i);
		author_delegate(author, last, name, everything, false);
		strcpy(last, name);
	}
	author_add_target(author, "chain31", "acme/near", "x", 1, NULL);
	author_add_target(author, "chain32", "acme/far", "x", 1, NULL);
	scene = ready_scene(author);
	is_reason(scene_fetch(scene, "acme/near"), REASON_OK, scene, "the 32nd role is still read");
	is_reason(scene_fetch(scene, "acme/far"), REASON_LIMIT_REACHED, scene, "the 33rd is not");
	scene_free(scene);
}

/* Two roles delegate to one, with different keys: each must verify for itself. */
static void test_verified_per_delegator(void)
{
	static const char *const first[] = { "acme/a", NULL }, *const second[] = { "acme/b", NULL };
	struct author *author = author_new(SIGNER_ED25519);
	struct scene *scene;
	struct signer *stranger;

	if (signer_generate(SIGNER_ED25519, &stranger, NULL) < 0)
		tap_bail("no key");
	author_delegate(author, "targets", "one", first, false);
	author_delegate(author, "targets", "two", second, false);
	author_delegate(author, "one", "shared", first, false);
	author_delegate_again(author, "two", "shared", stranger, second, false);
	author_add_target(author, "shared", "acme/a", "x", 1, NULL);
	author_add_target(author, "shared", "acme/b", "x", 1, NULL);
	scene = ready_scene(author);
	is_reason(scene_fetch(scene, "acme/a"), REASON_OK, scene,
		  "verified by the first delegator");
	is_reason(scene_fetch(scene, "acme/b"), REASON_UNKNOWN_SIGNER, scene,
		  "not by the second, though cached");
	signer_free(stranger);
	scene_free(scene);
}

static void path_digest(const char *path, char text[static SHA256_TEXT_SIZE])
{
	uint8_t digest[SHA256_BYTES];

	if (hash_bytes(HASH_SHA256, path, strlen(path), digest) < 0)
		tap_bail("no hash");
	hex_encode(digest, sizeof(digest), text);
}

static void test_hash_prefixes(void)
{
	struct author *author = author_new(SIGNER_ED25519);
	struct scene *scene;
	char digest[SHA256_TEXT_SIZE];
	json_t *delegation;

	author_delegate(author, "targets", "bin", everything, true);
	delegation =
		json_array_get(json_object_get(json_object_get(author_role(author, "targets")->part,
							       "delegations"),
					       "roles"),
			       0);
	path_digest("acme/file", digest);
	digest[3] = 0;
	json_object_del(delegation, "paths");
	json_object_set_new(delegation, "path_hash_prefixes", json_pack("[s]", digest));
	author_add_target(author, "bin", "acme/file", "x", 1, NULL);
	author_add_target(author, "bin", "acme/other", "x", 1, NULL);
	scene = ready_scene(author);
	is_reason(scene_fetch(scene, "acme/file"), REASON_OK, scene,
		  "a path whose digest begins so");
	is_reason(scene_fetch(scene, "acme/other"), REASON_NO_SUCH_TARGET, scene,
		  "and one whose does not");
	scene_free(scene);
}

/* Neither or both of paths and path_hash_prefixes. */
static void test_bad_delegations(void)
{
	static const char *const broken[] = {
		"{\"name\":\"x\",\"keyids\":[],\"threshold\":1,\"terminating\":true}",
		"{\"name\":\"x\",\"keyids\":[],\"threshold\":1,\"terminating\":true,\"paths\":[],"
		"\"path_hash_prefixes\":[]}",
		"{\"name\":\"root\",\"keyids\":[],\"threshold\":1,\"terminating\":true,\"paths\":[]}",
		"{\"name\":\"\",\"keyids\":[],\"threshold\":1,\"terminating\":true,\"paths\":[]}",
		"{\"name\":\"x\",\"keyids\":[],\"threshold\":0,\"terminating\":true,\"paths\":[]}",
		"{\"name\":\"x\",\"keyids\":[1],\"threshold\":1,\"terminating\":true,\"paths\":[]}",
		"{\"name\":\"x\",\"keyids\":[],\"threshold\":1,\"terminating\":1,\"paths\":[]}",
		"{\"name\":\"x\",\"keyids\":[],\"threshold\":1,\"terminating\":true,\"paths\":[1]}",
	};

	for (size_t i = 0; i < ARRAY_SIZE(broken); i++) {
		struct author *author = author_new(SIGNER_ED25519);
		struct scene *scene;
		json_t *role = json_loads(broken[i], 0, NULL);

		json_object_set_new(author_role(author, "targets")->part, "delegations",
				    json_pack("{s:{}, s:[o]}", "keys", "roles", role));
		scene = scene_new(author);
		is_reason(scene_refresh(scene), REASON_MALFORMED, scene, broken[i]);
		scene_free(scene);
	}
}

/* TAP 15. */
static void test_succinct_bins(unsigned int bits, int digits)
{
	struct author *author = author_new(SIGNER_ED25519);
	struct author_role *bin;
	struct scene *scene;
	char digest[SHA256_TEXT_SIZE], name[64];
	unsigned int top;

	path_digest("acme/file", digest);
	sscanf(digest, "%8x", &top);
	snprintf(name, sizeof(name), "bin-%0*x", digits, top >> (32 - bits));
	bin = author_delegate(author, "targets", name, everything, true);
	json_object_set_new(author_role(author, "targets")->part, "delegations",
			    json_pack("{s:{s:O}, s:{s:[s], s:i, s:i, s:s}}", "keys",
				      signer_key_id(bin->signers[0]),
				      signer_public_key(bin->signers[0]), "succinct_roles",
				      "keyids", signer_key_id(bin->signers[0]), "threshold", 1,
				      "bit_length", (int)bits, "name_prefix", "bin"));
	author_add_target(author, name, "acme/file", "x", 1, NULL);
	scene = ready_scene(author);
	is_reason(scene_fetch(scene, "acme/file"), REASON_OK, scene, name);
	is_reason(scene_fetch(scene, "acme/file"), REASON_OK, scene, "and again, from memory");
	scene_free(scene);
}

static void test_unusual_names(void)
{
	static const struct {
		const char *name;
		const char *file;
	} cases[] = {
		{ "?", "metadata/1.%3F.json" },		  { "#", "metadata/1.%23.json" },
		{ "/../x", "metadata/1.%2F..%2Fx.json" }, { "a b", "metadata/1.a%20b.json" },
		{ "..", "metadata/1....json" },		  { "\xc3\xa9", "metadata/1.%C3%A9.json" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct author *author = author_new(SIGNER_ED25519);
		struct scene *scene;

		author_delegate(author, "targets", cases[i].name, everything, true);
		author_add_target(author, cases[i].name, "acme/file", "x", 1, NULL);
		scene = ready_scene(author);
		is_reason(scene_fetch(scene, "acme/file"), REASON_OK, scene, cases[i].file);
		tap_is(author_requests_of(author, cases[i].file), 1,
		       "is asked for, percent-encoded");
		is_reason(scene_refresh(scene), REASON_OK, scene, "and stored");
		is_reason(scene_fetch(scene, "acme/file"), REASON_OK, scene,
			  "under a name that is found again");
		tap_is(author_requests_of(author, cases[i].file), 0, "without a request");
		scene_free(scene);
	}
}

static void test_targets_content(void)
{
	struct author *author = author_new(SIGNER_ED25519);
	struct scene *scene;
	struct author_file *file;
	char name[256] = "targets/acme/", *slash;

	author_add_target(author, "targets", "acme/file", "content", 7, NULL);
	scene = ready_scene(author);
	for (size_t i = 0; i < author->file_count; i++)
		if (strncmp(author->files[i].name, name, strlen(name)) == 0)
			snprintf(name, sizeof(name), "%s", author->files[i].name);
	slash = strrchr(name, '/');
	tap_ok(strlen(slash) == 1 + 64 + strlen(".file"), "a target's file begins with its digest");
	author_put(author, name, "contenX", 7);
	is_reason(scene_fetch(scene, "acme/file"), REASON_WRONG_DIGEST, scene, "other content");
	author_put(author, name, "conten", 6);
	is_reason(scene_fetch(scene, "acme/file"), REASON_TRUNCATED, scene, "too short");
	author_put(author, name, "content!", 8);
	is_reason(scene_fetch(scene, "acme/file"), REASON_TOO_LARGE, scene, "too long");
	file = author_find(author, name);
	author_remove(author, file->name);
	is_reason(scene_fetch(scene, "acme/file"), REASON_NOT_LISTED, scene, "not there");
	scene_free(scene);
}

static void test_target_hashes(void)
{
	struct author *author = author_new(SIGNER_ED25519);
	uint8_t digest[HASH_BYTES_MAX];
	char hex[2 * HASH_BYTES_MAX + 1], path[512];
	struct scene *scene;
	json_t *targets = json_object_get(author_role(author, "targets")->part, "targets");

	if (hash_bytes(HASH_SHA512, "content", 7, digest) < 0)
		tap_bail("no hash");
	hex_encode(digest, 64, hex);
	json_object_set_new(targets, "a",
			    json_pack("{s:i, s:{s:s}}", "length", 7, "hashes", "sha512", hex));
	json_object_set_new(targets, "b",
			    json_pack("{s:i, s:{s:s}}", "length", 7, "hashes", "blake3", hex));
	json_object_set_new(targets, "c",
			    json_pack("{s:i, s:{s:s}}", "length", 7, "hashes", "sha256", "abc"));
	snprintf(path, sizeof(path), "targets/%s.a", hex);
	author_put(author, path, "content", 7);
	scene = ready_scene(author);
	is_reason(scene_fetch(scene, "a"), REASON_OK, scene, "a target with sha512 only");
	author_put(author, path, "contenX", 7);
	is_reason(scene_fetch(scene, "a"), REASON_WRONG_DIGEST, scene, "is checked by it");
	is_reason(scene_fetch(scene, "b"), REASON_MALFORMED, scene, "no digest that we know");
	is_reason(scene_fetch(scene, "c"), REASON_MALFORMED, scene, "a digest that is none");
	scene_free(scene);
}

int main(void)
{
	test_simple();
	test_altered_role();
	test_not_in_snapshot();
	test_order();
	test_terminating();
	test_cycle();
	test_too_many();
	test_verified_per_delegator();
	test_hash_prefixes();
	test_bad_delegations();
	test_succinct_bins(1, 1);
	test_succinct_bins(5, 2);
	test_succinct_bins(10, 3);
	test_succinct_bins(32, 8);
	test_unusual_names();
	test_targets_content();
	test_target_hashes();
	return tap_done();
}
