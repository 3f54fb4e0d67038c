/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rotation of root, fast-forward recovery, and a store that fails or crashes at every operation. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tap.h"
#include "trust/limits.h"
#include "tuf-scene.h"

static void is_reason(enum reason got, enum reason expected, const struct scene *scene,
		      const char *what)
{
	tap_is_string(reason_word(got), reason_word(expected), what);
	if (got != expected)
		printf("# %s\n", failure_message(&scene->failure));
}

/* Gives a role a new key instead of its first. */
static void replace_key(struct author *author, const char *role)
{
	struct author_role *changed = author_role(author, role);

	signer_free(changed->signers[0]);
	if (signer_generate(SIGNER_ED25519, &changed->signers[0], NULL) < 0)
		tap_bail("no key");
}

/* Puts the next root in place, signed by the old and the new root key. */
static void rotate_root_key(struct author *author)
{
	struct author_role *root = author_role(author, "root");
	struct signer *both[2] = { root->signers[0], NULL };
	char name[64];

	if (signer_generate(SIGNER_ED25519, &both[1], NULL) < 0)
		tap_bail("no key");
	root->signers[0] = both[1];
	author_bump(author, "root");
	author_fill_root(author);
	snprintf(name, sizeof(name), "%d.root.json",
		 (int)json_integer_value(json_object_get(root->part, "version")));
	author_put_signed(author, name, root->part, both, 2);
	signer_free(both[0]);
}

static void test_rotation(void)
{
	struct scene *scene = scene_new(author_new(SIGNER_ED25519));

	for (int i = 0; i < 3; i++)
		rotate_root_key(scene->author);
	is_reason(scene_refresh(scene), REASON_OK, scene, "three new root keys in a row");
	tap_is(scene_stored_version(scene, "root"), 4, "the last root is stored");
	is_reason(scene_refresh(scene), REASON_OK, scene,
		  "with an old shipped root the stored one counts");
	tap_is(author_requests_of(scene->author, "metadata/2.root.json"), 0,
	       "and the chain is not walked again");
	scene_free(scene);
}

/* The new root signed by only one of old and new. */
static void test_half_signed_root(void)
{
	for (int which = 0; which < 2; which++) {
		struct scene *scene = scene_new(author_new(SIGNER_ED25519));
		struct author_role *root = author_role(scene->author, "root");
		struct signer *keys[2] = { root->signers[0], NULL };

		if (signer_generate(SIGNER_ED25519, &keys[1], NULL) < 0)
			tap_bail("no key");
		root->signers[0] = keys[1];
		author_bump(scene->author, "root");
		author_fill_root(scene->author);
		author_put_signed(scene->author, "2.root.json", root->part, &keys[which], 1);
		is_reason(scene_refresh(scene), REASON_UNKNOWN_SIGNER, scene,
			  which == 0 ? "signed by the old key only" : "signed by the new key only");
		tap_is(scene_stored_version(scene, "root"), 1, "is not stored");
		signer_free(keys[0]);
		scene_free(scene);
	}
}

static void test_root_version(void)
{
	static const json_int_t versions[] = { 1, 3 };

	for (size_t i = 0; i < ARRAY_SIZE(versions); i++) {
		struct scene *scene = scene_new(author_new(SIGNER_ED25519));
		struct author_role *root = author_role(scene->author, "root");

		author_set_version(scene->author, "root", versions[i]);
		author_put_signed(scene->author, "2.root.json", root->part, root->signers, 1);
		is_reason(scene_refresh(scene), REASON_METADATA_ROLLBACK, scene,
			  "a root with another version");
		scene_free(scene);
	}
}

static void test_too_many_rotations(void)
{
	struct scene *scene = scene_new(author_new(SIGNER_ED25519));
	struct author_role *root = author_role(scene->author, "root");
	json_int_t last = TUF_ROOT_ROTATIONS_MAX + 9;

	for (json_int_t version = 2; version <= last; version++) {
		char name[64];

		author_set_version(scene->author, "root", version);
		snprintf(name, sizeof(name), "%d.root.json", (int)version);
		author_put_signed(scene->author, name, root->part, root->signers, 1);
	}
	is_reason(scene_refresh(scene), REASON_OK, scene, "more rotations than one refresh walks");
	tap_is(scene_stored_version(scene, "root"), TUF_ROOT_ROTATIONS_MAX + 1,
	       "it stops at the limit");
	is_reason(scene_refresh(scene), REASON_OK, scene, "and goes on in the next");
	tap_is(scene_stored_version(scene, "root"), last, "to the end");
	scene_free(scene);
}

/* Whoever stole the online keys signed absurdly high versions; new keys recover. */
static void test_fast_forward(void)
{
	static const char *const roles[] = { "timestamp", "snapshot" };

	for (size_t i = 0; i < ARRAY_SIZE(roles); i++) {
		struct scene *scene = scene_new(author_new(SIGNER_ED25519));

		author_set_version(scene->author, roles[i], 99999);
		author_bump(scene->author, "timestamp");
		author_publish(scene->author);
		is_reason(scene_refresh(scene), REASON_OK, scene, "the thief's version");
		author_set_version(scene->author, "timestamp", 3);
		author_set_version(scene->author, "snapshot", 3);
		author_publish(scene->author);
		is_reason(scene_refresh(scene), REASON_METADATA_ROLLBACK, scene,
			  "without new keys it stays");
		replace_key(scene->author, roles[i]);
		author_bump(scene->author, "root");
		author_publish(scene->author);
		is_reason(scene_refresh(scene), REASON_OK, scene, roles[i]);
		tap_is(scene_stored_version(scene, roles[i]), 3, "is back at a sane version");
		scene_free(scene);
	}
}

/* A key added, none lost: nothing may be forgotten. */
static void test_added_key_forgets_nothing(void)
{
	struct scene *scene = scene_new(author_new(SIGNER_ED25519));
	struct author_role *timestamp = author_role(scene->author, "timestamp");

	author_set_version(scene->author, "timestamp", 5);
	author_publish(scene->author);
	is_reason(scene_refresh(scene), REASON_OK, scene, "version 5");
	if (signer_generate(SIGNER_ED25519, &timestamp->signers[timestamp->signer_count++], NULL) <
	    0)
		tap_bail("no key");
	author_set_version(scene->author, "timestamp", 4);
	author_bump(scene->author, "root");
	author_publish(scene->author);
	is_reason(scene_refresh(scene), REASON_METADATA_ROLLBACK, scene,
		  "a key more does not allow a rollback");
	scene_free(scene);
}

/* An io table that lets @left changes through and then fails, or stops for good ("crash"). */
struct failing_io {
	struct io_operations operations;
	int left;
	bool is_crash; /* every later operation fails too */
	int count;
};

static bool may_pass(const struct io_operations *self)
{
	struct failing_io *io = (struct failing_io *)self;

	io->count++;
	if (io->left > 0) {
		io->left--;
		return true;
	}
	if (!io->is_crash)
		io->left = 1 << 30;
	return false;
}

static ssize_t failing_write(const struct io_operations *self, int fd, const void *bytes,
			     size_t size)
{
	/* Torn: half of it lands on the disk. */
	if (may_pass(self))
		return io_default.write(&io_default, fd, bytes, size);
	if (size > 1)
		(void)io_default.write(&io_default, fd, bytes, size / 2);
	return -ENOSPC;
}

static int failing_fsync(const struct io_operations *self, int fd)
{
	return may_pass(self) ? io_default.fsync(&io_default, fd) : -EIO;
}

static int failing_rename(const struct io_operations *self, int dir_fd, const char *from,
			  const char *to)
{
	return may_pass(self) ? io_default.rename(&io_default, dir_fd, from, to) : -EIO;
}

static int failing_unlink(const struct io_operations *self, int dir_fd, const char *path)
{
	return may_pass(self) ? io_default.unlink(&io_default, dir_fd, path) : -EIO;
}

static int failing_open(const struct io_operations *self, int dir_fd, const char *path, int flags,
			mode_t mode)
{
	return may_pass(self) ? io_default.open(&io_default, dir_fd, path, flags, mode) : -EIO;
}

static int failing_mkdir(const struct io_operations *self, int dir_fd, const char *path,
			 mode_t mode)
{
	return may_pass(self) ? io_default.mkdir(&io_default, dir_fd, path, mode) : -EIO;
}

static struct failing_io failing_io(int left, bool is_crash)
{
	struct failing_io io = { .operations = io_default, .left = left, .is_crash = is_crash };

	io.operations.write = failing_write;
	io.operations.fsync = failing_fsync;
	io.operations.rename = failing_rename;
	io.operations.unlink = failing_unlink;
	io.operations.open = failing_open;
	io.operations.mkdir = failing_mkdir;
	return io;
}

/* A scene with something of everything to write: new root, lost key, new files. */
static struct scene *busy_scene(void)
{
	struct scene *scene = scene_new(author_new(SIGNER_ED25519));

	author_set_version(scene->author, "snapshot", 7);
	author_publish_next(scene->author);
	if (scene_refresh(scene) != REASON_OK)
		tap_bail("the busy scene does not start");
	replace_key(scene->author, "timestamp");
	author_bump(scene->author, "root");
	author_set_version(scene->author, "timestamp", 1);
	author_set_version(scene->author, "snapshot", 2);
	author_bump(scene->author, "targets");
	author_publish(scene->author);
	return scene;
}

/* Fails (or crashes) at every single operation; the next run must end well and in the same state. */
static void test_failing_store(bool is_crash, bool is_held)
{
	int operations = 0;

	for (int i = 0; i < 1000; i++) {
		struct scene *scene = busy_scene();
		struct failing_io io = failing_io(i, is_crash);
		enum reason reason;

		scene->io = &io.operations;
		scene->is_held = is_held;
		reason = scene_refresh(scene);
		scene->io = &io_default;
		if (reason == REASON_OK) {
			operations = i;
			scene_free(scene);
			break;
		}
		tap_ok(reason == REASON_IO_ERROR || reason == REASON_NO_SPACE,
		       "%s at operation %d is reported: %s", is_crash ? "a crash" : "a failure", i,
		       reason_word(reason));
		is_reason(scene_refresh(scene), REASON_OK, scene, "and the next run succeeds");
		tap_ok(scene_stored_version(scene, "root") == 2 &&
			       scene_stored_version(scene, "timestamp") == 1 &&
			       scene_stored_version(scene, "snapshot") == 2,
		       "with everything in place");
		scene_free(scene);
	}
	tap_ok(operations > 15, "there were %d operations to fail at", operations);
}

int main(void)
{
	test_rotation();
	test_half_signed_root();
	test_root_version();
	test_too_many_rotations();
	test_fast_forward();
	test_added_key_forgets_nothing();
	for (int i = 0; i < 4; i++)
		test_failing_store(i & 1, i & 2);
	return tap_done();
}
