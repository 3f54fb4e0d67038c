/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Clients and their stores for tests. */
#include "tuf-scene.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "tap.h"
#include "trust/quiet.h"

struct scene *scene_new(struct author *author)
{
	struct scene *scene = calloc(1, sizeof(*scene));
	const struct author_file *root;

	author_publish(author);
	root = author_find(author, "metadata/1.root.json");
	scene->author = author;
	scene->io = &io_default;
	scene->now = AUTHOR_NOW;
	scene->root = strndup(root->bytes, root->size);
	scene->root_size = root->size;
	strcpy(scene->folder, "/tmp/fwslot-test-XXXXXX");
	if (!mkdtemp(scene->folder))
		tap_bail("mkdtemp: %s", strerror(errno));
	scene->folder_fd = open(scene->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return scene;
}

static void forget_client(struct scene *scene)
{
	trust_client_free(TAKE_PTR(scene->client));
	trust_store_close(TAKE_PTR(scene->store));
	failure_clear(&scene->failure);
}

void scene_free(struct scene *scene)
{
	char command[128];

	forget_client(scene);
	author_free(scene->author);
	close(scene->folder_fd);
	snprintf(command, sizeof(command), "rm -rf '%s'", scene->folder);
	if (system(command) != 0)
		printf("# cannot remove %s\n", scene->folder);
	free(scene->root);
	free(scene);
}

static enum reason refresh(struct scene *scene, enum client_source source,
			   int (*run)(struct trust_client *client, struct failure *failure))
{
	int r;

	forget_client(scene);
	author_forget_requests(scene->author);
	r = trust_store_open(scene->io, scene->folder_fd, "repository", &scene->store,
			     &scene->failure);
	if (r >= 0 && scene->is_held)
		trust_store_hold(scene->store);
	if (r >= 0)
		r = trust_client_new(scene->store, &scene->author->fetcher, source, scene->now,
				     scene->root, scene->root_size, &scene->client,
				     &scene->failure);
	if (r >= 0)
		r = run(scene->client, &scene->failure);
	if (r >= 0 && scene->is_held)
		r = trust_store_commit(scene->store, TRUST_STORE_COMMIT_ALL, &scene->failure);
	if (r >= 0)
		return REASON_OK;
	if (scene->failure.reason == REASON_OK)
		tap_bail("a refresh returned %d without a failure", r);
	return scene->failure.reason;
}

enum reason scene_refresh(struct scene *scene)
{
	return refresh(scene, CLIENT_FETCH, trust_client_refresh);
}

enum reason scene_refresh_if_new(struct scene *scene)
{
	return refresh(scene, CLIENT_FETCH, trust_client_refresh_if_new);
}

enum reason scene_refresh_stored(struct scene *scene)
{
	return refresh(scene, CLIENT_STORED, trust_client_refresh);
}

enum reason scene_fetch(struct scene *scene, const char *path)
{
	struct fetched_file file = { .fd = -EBADF };
	struct target target;
	int r;

	failure_clear(&scene->failure);
	r = trust_client_find_target(scene->client, path, &target, &scene->failure);
	if (r >= 0)
		r = trust_client_fetch_target(scene->client, &target, &file, &scene->failure);
	close_fd(file.fd);
	return r >= 0 ? REASON_OK : scene->failure.reason;
}

json_int_t scene_stored_version(const struct scene *scene, const char *role)
{
	_cleanup_json_ json_t *document = NULL;
	_cleanup_free_ char *text = NULL;
	char path[256];
	size_t size;

	snprintf(path, sizeof(path), "repository/%s.json", role);
	if (file_read(scene->folder_fd, path, 1 << 20, &text, &size) < 0)
		return 0;
	document = json_loadb(text, size, 0, NULL);
	return json_integer_value(json_object_get(json_object_get(document, "signed"), "version"));
}

void scene_put_stored(const struct scene *scene, const char *file_name, const char *text)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "repository/%s", file_name);
	fd = openat(scene->folder_fd, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0 || file_write_all(&io_default, fd, text, strlen(text)) < 0)
		tap_bail("cannot write %s", path);
	close(fd);
}
