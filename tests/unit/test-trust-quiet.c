/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A refresh that asks for one file when nothing is new, and for all when anything is. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tap.h"
#include "trust/quiet.h"
#include "tuf-scene.h"

#define PATH "acme/dock/index.json"

static struct scene *new_scene(void)
{
	struct author *author = author_new(SIGNER_ED25519);
	struct scene *scene;

	author_add_target(author, "targets", PATH, "content", 7, NULL);
	scene = scene_new(author);
	if (scene_refresh_if_new(scene) != REASON_OK)
		tap_bail("the first refresh: %s", failure_message(&scene->failure));
	return scene;
}

static void is_reason(enum reason got, enum reason expected, const char *what)
{
	tap_is_string(reason_word(got), reason_word(expected), what);
}

static void test_nothing_new(void)
{
	struct scene *scene = new_scene();

	tap_is(scene->author->request_count, 4, "the first refresh asks for all, once");
	is_reason(scene_refresh_if_new(scene), REASON_OK, "nothing is new");
	tap_is(scene->author->request_count, 1, "one request");
	tap_is(author_requests_of(scene->author, "metadata/timestamp.json"), 1,
	       "for the timestamp");
	is_reason(scene_fetch(scene, PATH), REASON_OK, "and targets are found");
	scene_free(scene);
}

static void test_something_new(void)
{
	struct scene *scene = new_scene();

	author_publish_next(scene->author);
	is_reason(scene_refresh_if_new(scene), REASON_OK, "the next versions");
	tap_is(scene_stored_version(scene, "timestamp"), 2, "the timestamp is stored");
	tap_is(scene_stored_version(scene, "snapshot"), 2, "the snapshot is stored");
	tap_ok(author_requests_of(scene->author, "metadata/2.root.json") <= 1,
	       "the next root was asked for in its turn");
	is_reason(scene_refresh_if_new(scene), REASON_OK, "and nothing is new after that");
	tap_is(scene->author->request_count, 1, "one request");
	author_remove(scene->author, "metadata/timestamp.json");
	is_reason(scene_refresh_if_new(scene), REASON_NOT_LISTED, "no timestamp is told of");
	scene_free(scene);
}

/* What is stored is not enough: the whole workflow says why, or mends it. */
static void test_stored_is_not_enough(void)
{
	struct scene *scene = new_scene();

	scene_put_stored(scene, "snapshot.json", "{ no json");
	is_reason(scene_refresh_if_new(scene), REASON_OK, "a damaged snapshot is fetched again");
	tap_is(scene->author->request_count, 4, "after the timestamp: root, timestamp, snapshot");
	tap_is(scene_stored_version(scene, "snapshot"), 1, "and stored");
	scene_put_stored(scene, "targets.json", "");
	is_reason(scene_refresh_if_new(scene), REASON_OK, "and so are targets");
	scene->now += 365 * USEC_PER_DAY;
	is_reason(scene_refresh_if_new(scene), REASON_EXPIRED, "what has expired is no answer");
	tap_ok(author_requests_of(scene->author, "metadata/2.root.json") == 1,
	       "the whole workflow was gone through");
	scene_free(scene);
}

static enum reason read_index(struct scene *scene, char **text)
{
	struct target target;
	size_t size;

	trust_client_keep_copies(scene->client);
	failure_clear(&scene->failure);
	*text = NULL;
	if (trust_client_find_target(scene->client, PATH, &target, &scene->failure) < 0 ||
	    trust_client_read_target(scene->client, &target, 100, text, &size, &scene->failure) < 0)
		return scene->failure.reason;
	return REASON_OK;
}

/* Refreshes and reads the index; @requests: how many in all. */
static void is_read(struct scene *scene, const char *expected, size_t requests, const char *what)
{
	char *text;

	is_reason(scene_refresh_if_new(scene), REASON_OK, "a refresh");
	is_reason(read_index(scene, &text), REASON_OK, what);
	tap_is_string(text ? text : "nothing", expected, "its content");
	tap_is(scene->author->request_count, requests, "by so many requests");
	free(text);
}

static void test_copies(void)
{
	struct scene *scene = new_scene();
	char command[256], *text;

	is_read(scene, "content", 2, "an index that is read first");
	is_read(scene, "content", 1, "one that is here");
	author_add_target(scene->author, "targets", PATH, "another", 7, NULL);
	author_publish_next(scene->author);
	is_read(scene, "another", 6, "one that has changed");
	is_read(scene, "another", 1, "and is here again");
	snprintf(command, sizeof(command),
		 "for f in '%s'/repository/target%%*; do printf evil--- >\"$f\"; done",
		 scene->folder);
	if (system(command) != 0)
		tap_bail("no copy");
	is_read(scene, "another", 2, "a copy with other bytes is not believed");
	is_read(scene, "another", 1, "but replaced");
	snprintf(command, sizeof(command), "rm '%s'/repository/target%%*", scene->folder);
	if (system(command) != 0)
		tap_bail("no copy");
	is_reason(scene_refresh_if_new(scene), REASON_OK, "a refresh");
	is_reason(read_index(scene, &text), REASON_OK, "a copy that is gone");
	free(text);
	scene_free(scene);
}

int main(void)
{
	test_nothing_new();
	test_something_new();
	test_stored_is_not_enough();
	test_copies();
	return tap_done();
}
