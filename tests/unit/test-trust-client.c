/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The TUF workflow, 5.2 to 5.6: what is accepted, what is refused and by which word, what is kept. */
#include <stdio.h>
#include <string.h>

#include "tap.h"
#include "tuf-scene.h"

static struct scene *new_scene(void)
{
	struct author *author = author_new(SIGNER_ED25519);

	author_add_target(author, "targets", "acme/file.bin", "content", 7, NULL);
	return scene_new(author);
}

static void is_reason(enum reason got, enum reason expected, const struct scene *scene,
		      const char *what)
{
	tap_is_string(reason_word(got), reason_word(expected), what);
	if (got != expected)
		printf("# %s\n", failure_message(&scene->failure));
}

static void test_happy_path(void)
{
	struct scene *scene = new_scene();

	is_reason(scene_refresh(scene), REASON_OK, scene, "a first refresh");
	is_reason(scene_fetch(scene, "acme/file.bin"), REASON_OK, scene, "a target");
	is_reason(scene_fetch(scene, "acme/other.bin"), REASON_NO_SUCH_TARGET, scene,
		  "a target nobody lists");
	tap_is(scene_stored_version(scene, "root"), 1, "root is stored");
	tap_is(scene_stored_version(scene, "timestamp"), 1, "timestamp is stored");
	tap_is(scene_stored_version(scene, "snapshot"), 1, "snapshot is stored");
	tap_is(scene_stored_version(scene, "targets"), 1, "targets is stored");

	is_reason(scene_refresh(scene), REASON_OK, scene, "a quiet refresh");
	tap_is(scene->author->request_count, 2, "asks for the next root and the timestamp only");
	is_reason(scene_refresh_stored(scene), REASON_OK, scene, "from what is stored");
	tap_is(scene->author->request_count, 0, "without a request");
	is_reason(scene_fetch(scene, "acme/file.bin"), REASON_OK, scene,
		  "and still finds the target");

	author_publish_next(scene->author);
	is_reason(scene_refresh(scene), REASON_OK, scene, "the next versions");
	tap_is(scene_stored_version(scene, "snapshot"), 2, "are stored");
	scene_free(scene);
}

static void test_key_kinds(void)
{
	static const enum signer_kind kinds[] = { SIGNER_ED25519, SIGNER_ECDSA, SIGNER_RSA };

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		struct scene *scene = scene_new(author_new(kinds[i]));

		is_reason(scene_refresh(scene), REASON_OK, scene, signer_kind_word(kinds[i]));
		scene_free(scene);
	}
}

static void test_not_consistent(void)
{
	struct author *author = author_new(SIGNER_ED25519);
	struct scene *scene;

	author->is_consistent = false;
	author->has_hashes = true;
	author_add_target(author, "targets", "acme/file.bin", "content", 7, NULL);
	scene = scene_new(author);
	is_reason(scene_refresh(scene), REASON_OK, scene,
		  "a repository without consistent snapshots");
	tap_is(author_requests_of(author, "metadata/snapshot.json"), 1, "asks for snapshot.json");
	is_reason(scene_fetch(scene, "acme/file.bin"), REASON_OK, scene,
		  "and for a target without a prefix");
	tap_is(author_requests_of(author, "targets/acme/file.bin"), 1, "by its plain name");
	scene_free(scene);
}

/* Each role's expiry, and that what did not expire was kept. */
static void test_expiry(void)
{
	static const char *const roles[] = { "root", "timestamp", "snapshot", "targets" };

	for (size_t i = 0; i < ARRAY_SIZE(roles); i++) {
		struct scene *scene = new_scene();

		is_reason(scene_refresh(scene), REASON_OK, scene, "before");
		author_set_expires(scene->author, roles[i], AUTHOR_EXPIRED);
		author_bump(scene->author, "root");
		author_publish_next(scene->author);
		is_reason(scene_refresh(scene), REASON_EXPIRED, scene, roles[i]);
		tap_ok(strstr(failure_message(&scene->failure), roles[i]), "the message names %s",
		       roles[i]);
		tap_is(scene_stored_version(scene, "root"), 2,
		       "a root is stored before its expiry is looked at");
		tap_is(scene_stored_version(scene, roles[i]), i == 0 ? 2 : 1,
		       "an expired file is not kept");
		author_set_expires(scene->author, roles[i], AUTHOR_EXPIRES);
		author_bump(scene->author, "root");
		author_publish_next(scene->author);
		is_reason(scene_refresh(scene), REASON_OK, scene, "and the next one is taken");
		scene_free(scene);
	}
}

/* A file expires by itself, while nothing changes. */
static void test_freeze(void)
{
	struct scene *scene = new_scene();

	is_reason(scene_refresh(scene), REASON_OK, scene, "before");
	scene->now += 365 * USEC_PER_DAY;
	is_reason(scene_refresh(scene), REASON_EXPIRED, scene,
		  "a year later nothing new is a freeze");
	is_reason(scene_refresh_stored(scene), REASON_EXPIRED, scene,
		  "and what is stored has expired too");
	scene_free(scene);
}

static void test_rollback(void)
{
	static const char *const roles[] = { "timestamp", "snapshot", "targets" };

	for (size_t i = 0; i < ARRAY_SIZE(roles); i++) {
		struct scene *scene = new_scene();

		author_publish_next(scene->author);
		author_publish_next(scene->author);
		is_reason(scene_refresh(scene), REASON_OK, scene, "version 3 of all");
		for (size_t j = 0; j < ARRAY_SIZE(roles); j++)
			author_bump(scene->author, roles[j]);
		author_set_version(scene->author, roles[i], 2);
		author_publish(scene->author);
		is_reason(scene_refresh(scene), REASON_METADATA_ROLLBACK, scene, roles[i]);
		tap_is(scene_stored_version(scene, "snapshot"), 3, "what was trusted stays");
		for (size_t j = 0; j < ARRAY_SIZE(roles); j++)
			author_set_version(scene->author, roles[j], 9);
		author_publish(scene->author);
		is_reason(scene_refresh(scene), REASON_OK, scene, "and the next good one is taken");
		scene_free(scene);
	}
}

static void test_removed_from_snapshot(void)
{
	static const char *const patterns[] = { "acme/*", NULL };
	struct author *author = author_new(SIGNER_ED25519);
	struct scene *scene;

	author_delegate(author, "targets", "acme", patterns, true);
	scene = scene_new(author);
	is_reason(scene_refresh(scene), REASON_OK, scene, "a snapshot with a delegated role");
	author->role_count--; /* not listed any more */
	author_publish_next(author);
	author->role_count++;
	is_reason(scene_refresh(scene), REASON_METADATA_ROLLBACK, scene,
		  "a name that left the snapshot");
	scene_free(scene);
}

static void test_snapshot_rollback_with_hashes(void)
{
	struct author *author = author_new(SIGNER_ED25519);
	struct scene *scene;

	author->has_hashes = true;
	scene = scene_new(author);
	author_publish_next(author);
	is_reason(scene_refresh(scene), REASON_OK, scene, "with lengths and digests");
	author_bump(author, "timestamp");
	author_bump(author, "snapshot");
	author_set_version(author, "targets", 1);
	author_publish(author);
	is_reason(scene_refresh(scene), REASON_METADATA_ROLLBACK, scene,
		  "the stored snapshot is the reference though its digest is another");
	scene_free(scene);
}

/* One byte of each file, after signing. */
static void test_altered(void)
{
	static const char *const names[] = { "metadata/2.root.json", "metadata/timestamp.json",
					     "metadata/2.snapshot.json",
					     "metadata/2.targets.json" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct scene *scene = new_scene();
		struct author_file *file;

		is_reason(scene_refresh(scene), REASON_OK, scene, "before");
		author_bump(scene->author, "root");
		author_publish_next(scene->author);
		file = author_find(scene->author, names[i]);
		memcpy(strstr(file->bytes, "2027-06-01"), "2027-07-01", 10);
		is_reason(scene_refresh(scene), REASON_BAD_SIGNATURE, scene, names[i]);
		tap_is(scene_stored_version(scene, "targets"), 1, "what was trusted stays");
		scene_free(scene);
	}
}

static void sign_timestamp_by(struct author *author, struct signer *const *signers, size_t count)
{
	author_bump(author, "timestamp");
	author_put_signed(author, "timestamp.json", author_role(author, "timestamp")->part, signers,
			  count);
}

static void test_signers(void)
{
	struct scene *scene = new_scene();
	struct signer *stranger;

	tap_ok(signer_generate(SIGNER_ED25519, &stranger, NULL) >= 0, "a stranger's key");
	sign_timestamp_by(scene->author, NULL, 0);
	is_reason(scene_refresh(scene), REASON_UNSIGNED, scene, "no signature");
	sign_timestamp_by(scene->author, &stranger, 1);
	is_reason(scene_refresh(scene), REASON_UNKNOWN_SIGNER, scene, "a stranger's signature");
	sign_timestamp_by(scene->author, author_role(scene->author, "snapshot")->signers, 1);
	is_reason(scene_refresh(scene), REASON_UNKNOWN_SIGNER, scene, "another role's signature");
	sign_timestamp_by(scene->author, author_role(scene->author, "timestamp")->signers, 1);
	is_reason(scene_refresh(scene), REASON_OK, scene, "the right one");
	signer_free(stranger);
	scene_free(scene);
}

static void test_wrong_type(void)
{
	struct scene *scene = new_scene();
	struct author_role *timestamp = author_role(scene->author, "timestamp");

	/* A snapshot, validly signed by the timestamp's key, in the timestamp's place. */
	author_put_signed(scene->author, "timestamp.json",
			  author_role(scene->author, "snapshot")->part, timestamp->signers, 1);
	is_reason(scene_refresh(scene), REASON_MALFORMED, scene, "a snapshot is no timestamp");
	tap_ok(strstr(failure_message(&scene->failure), "_type"), "the message names the field");
	scene_free(scene);
}

static void test_limits(void)
{
	static const struct {
		const char *name;
		size_t size;
	} cases[] = {
		{ "metadata/2.root.json", 512001 },
		{ "metadata/timestamp.json", 16385 },
		{ "metadata/1.snapshot.json", 2000001 },
		{ "metadata/1.targets.json", 5000001 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct scene *scene = new_scene();
		char *spaces = malloc(cases[i].size);

		memset(spaces, ' ', cases[i].size);
		author_put(scene->author, cases[i].name, spaces, cases[i].size);
		is_reason(scene_refresh(scene), REASON_TOO_LARGE, scene, cases[i].name);
		free(spaces);
		scene_free(scene);
	}
}

static void test_absent(void)
{
	static const char *const names[] = { "metadata/timestamp.json", "metadata/1.snapshot.json",
					     "metadata/1.targets.json" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct scene *scene = new_scene();
		struct author_file *file = author_find(scene->author, names[i]);
		char *kept = strdup(file->bytes);

		author_remove(scene->author, names[i]);
		is_reason(scene_refresh(scene), REASON_NOT_LISTED, scene, names[i]);
		author_put(scene->author, names[i], kept, strlen(kept));
		is_reason(scene_refresh(scene), REASON_OK, scene, "and the next run succeeds");
		free(kept);
		scene_free(scene);
	}
}

static void test_swapped_metadata(void)
{
	struct author *author = author_new(SIGNER_ED25519);
	struct scene *scene;
	struct author_file *file;

	author->has_hashes = true;
	scene = scene_new(author);
	file = author_find(author, "metadata/1.targets.json");
	author_put(author, "metadata/1.targets.json", file->bytes, file->size - 1);
	is_reason(scene_refresh(scene), REASON_WRONG_DIGEST, scene, "a file of another length");
	author_publish_next(author);
	file = author_find(author, "metadata/2.snapshot.json");
	file->bytes[file->size - 1] = ' ';
	is_reason(scene_refresh(scene), REASON_WRONG_DIGEST, scene, "a file with another digest");
	scene_free(scene);
}

/* Mix and match: a targets file that is valid, but not the one the snapshot lists. */
static void test_mix_and_match(void)
{
	struct scene *scene = new_scene();
	struct author_file *file;
	char *newer;

	author_publish_next(scene->author);
	newer = strdup(author_find(scene->author, "metadata/2.targets.json")->bytes);
	author_set_version(scene->author, "timestamp", 3);
	author_set_version(scene->author, "snapshot", 3);
	author_set_version(scene->author, "targets", 3);
	author_publish(scene->author);
	file = author_find(scene->author, "metadata/3.targets.json");
	author_put(scene->author, file->name, newer, strlen(newer));
	is_reason(scene_refresh(scene), REASON_METADATA_ROLLBACK, scene,
		  "an older targets file in the new one's place");
	free(newer);
	scene_free(scene);
}

/* A timestamp of the same version: dropped, and the cycle goes on (repairs a lost snapshot). */
static void test_equal_timestamp(void)
{
	struct scene *scene = new_scene();

	is_reason(scene_refresh(scene), REASON_OK, scene, "before");
	author_set_version(scene->author, "snapshot", 5);
	author_publish(scene->author);
	is_reason(scene_refresh(scene), REASON_OK, scene,
		  "another timestamp with the same version is no error");
	tap_is(scene_stored_version(scene, "snapshot"), 1, "but nothing of it is believed");
	author_set_version(scene->author, "snapshot", 1);
	author_publish(scene->author);
	scene_put_stored(scene, "snapshot.json", "damaged");
	is_reason(scene_refresh(scene), REASON_OK, scene, "a damaged snapshot is fetched again");
	tap_is(scene_stored_version(scene, "snapshot"), 1, "and stored");
	scene_free(scene);
}

static void test_damaged_store(void)
{
	static const char *const files[] = { "root.json", "timestamp.json", "snapshot.json",
					     "targets.json" };

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		struct scene *scene = new_scene();

		is_reason(scene_refresh(scene), REASON_OK, scene, "before");
		scene_put_stored(scene, files[i], "{\"signed\": ");
		is_reason(scene_refresh(scene), REASON_OK, scene, files[i]);
		scene_free(scene);
	}
}

static void test_no_trusted_root(void)
{
	struct scene *scene = new_scene();

	free(scene->root);
	scene->root = NULL;
	is_reason(scene_refresh(scene), REASON_UNKNOWN_SIGNER, scene, "nothing to begin with");
	tap_is(scene->author->request_count, 0, "fails before any request");
	scene->root = strdup("{}");
	scene->root_size = 2;
	is_reason(scene_refresh(scene), REASON_MALFORMED, scene, "a broken root");
	tap_is(scene->author->request_count, 0, "fails before any request");
	scene_free(scene);
}

int main(void)
{
	test_happy_path();
	test_key_kinds();
	test_not_consistent();
	test_expiry();
	test_freeze();
	test_rollback();
	test_removed_from_snapshot();
	test_snapshot_rollback_with_hashes();
	test_altered();
	test_signers();
	test_wrong_type();
	test_limits();
	test_absent();
	test_swapped_metadata();
	test_mix_and_match();
	test_equal_timestamp();
	test_damaged_store();
	test_no_trusted_root();
	return tap_done();
}
