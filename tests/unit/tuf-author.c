/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Writing TUF repositories for tests. Out of memory or a failed call ends the test. */
#include "tuf-author.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/hex.h"
#include "repo/tar-write.h"
#include "tap.h"
#include "trust/names.h"

#define need(condition)                                         \
	do {                                                    \
		if (!(condition))                               \
			tap_bail("the author: %s", #condition); \
	} while (0)

static json_t *new_part(const char *type)
{
	return json_pack("{s:s, s:s, s:i, s:s}", "_type", type, "spec_version", "1.0.34", "version",
			 1, "expires", AUTHOR_EXPIRES);
}

static struct author_role *add_role(struct author *author, const char *name, const char *type,
				    enum signer_kind kind)
{
	struct author_role *role = &author->roles[author->role_count++];

	need(author->role_count <= AUTHOR_ROLES_MAX);
	snprintf(role->name, sizeof(role->name), "%s", name);
	need(signer_generate(kind, &role->signers[0], NULL) >= 0);
	role->signer_count = 1;
	role->threshold = 1;
	role->part = new_part(type);
	if (strcmp(type, "targets") == 0)
		json_object_set_new(role->part, "targets", json_object());
	return role;
}

static struct author *from_fetcher(struct fetcher *fetcher)
{
	return (struct author *)((char *)fetcher - offsetof(struct author, fetcher));
}

static const struct author_file *request(struct author *author, const char *folder,
					 const char *name)
{
	char path[1024];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	need(author->request_count < AUTHOR_REQUESTS_MAX);
	author->requests[author->request_count++] = strdup(path);
	return author_find(author, path);
}

static int fetch_metadata(struct fetcher *self, const char *file_name, size_t max_bytes, char **ret,
			  size_t *ret_size, struct failure *failure _unused_)
{
	const struct author_file *file = request(from_fetcher(self), "metadata", file_name);

	if (!file)
		return -ENOENT;
	if (file->size > max_bytes)
		return -EFBIG;
	*ret = malloc(file->size + 1);
	memcpy(*ret, file->bytes, file->size);
	(*ret)[file->size] = 0;
	*ret_size = file->size;
	return 0;
}

static int fetch_target(struct fetcher *self, const char *path, uint64_t max_bytes,
			struct fetched_file *ret, struct failure *failure _unused_)
{
	const struct author_file *file = request(from_fetcher(self), "targets", path);

	if (!file)
		return -ENOENT;
	if (file->size > max_bytes)
		return -EFBIG;
	ret->fd = memfd_create("target", MFD_CLOEXEC);
	ret->size = file->size;
	need(ret->fd >= 0 && write(ret->fd, file->bytes, file->size) == (ssize_t)file->size);
	return hash_bytes(HASH_SHA256, file->bytes, file->size, ret->sha256);
}

struct author *author_new(enum signer_kind kind)
{
	struct author *author = calloc(1, sizeof(*author));

	add_role(author, "root", "root", kind);
	add_role(author, "timestamp", "timestamp", kind);
	add_role(author, "snapshot", "snapshot", kind);
	add_role(author, "targets", "targets", kind);
	author->is_consistent = true;
	author->fetcher = (struct fetcher){ fetch_metadata, fetch_target };
	return author;
}

void author_free(struct author *author)
{
	for (size_t i = 0; i < author->role_count; i++) {
		for (size_t j = 0; j < author->roles[i].signer_count; j++)
			signer_free(author->roles[i].signers[j]);
		json_decref(author->roles[i].part);
	}
	for (size_t i = 0; i < author->file_count; i++) {
		free(author->files[i].name);
		free(author->files[i].bytes);
	}
	author_forget_requests(author);
	free(author);
}

struct author_role *author_role(struct author *author, const char *name)
{
	for (size_t i = 0; i < author->role_count; i++)
		if (strcmp(author->roles[i].name, name) == 0)
			return &author->roles[i];
	tap_bail("the author has no role %s", name);
}

static json_t *describe_role(const struct author_role *role)
{
	json_t *ids = json_array();

	for (size_t i = 0; i < role->signer_count; i++)
		json_array_append_new(ids, json_string(signer_key_id(role->signers[i])));
	return json_pack("{s:o, s:i}", "keyids", ids, "threshold", role->threshold);
}

/* The delegations of a role, made when first asked for. */
static json_t *delegations_of(struct author_role *role)
{
	json_t *delegations = json_object_get(role->part, "delegations");

	if (!delegations) {
		delegations = json_pack("{s:{}, s:[]}", "keys", "roles");
		json_object_set_new(role->part, "delegations", delegations);
	}
	return delegations;
}

void author_delegate_again(struct author *author, const char *from, const char *to,
			   struct signer *signer, const char *const *patterns, bool is_terminating)
{
	json_t *delegations = delegations_of(author_role(author, from)), *paths = json_array();

	for (size_t i = 0; patterns[i]; i++)
		json_array_append_new(paths, json_string(patterns[i]));
	json_object_set(json_object_get(delegations, "keys"), signer_key_id(signer),
			signer_public_key(signer));
	need(json_array_append_new(json_object_get(delegations, "roles"),
				   json_pack("{s:s, s:[s], s:i, s:b, s:o}", "name", to, "keyids",
					     signer_key_id(signer), "threshold", 1, "terminating",
					     is_terminating, "paths", paths)) >= 0);
}

struct author_role *author_delegate(struct author *author, const char *from, const char *name,
				    const char *const *patterns, bool is_terminating)
{
	struct author_role *role = add_role(author, name, "targets", SIGNER_ED25519);

	author_delegate_again(author, from, name, role->signers[0], patterns, is_terminating);
	return role;
}

void author_add_target(struct author *author, const char *role, const char *path, const void *bytes,
		       size_t size, json_t *custom)
{
	char hex[SHA256_TEXT_SIZE], name[1024];
	_cleanup_free_ char *file = NULL;
	uint8_t digest[SHA256_BYTES];
	json_t *target;

	need(hash_bytes(HASH_SHA256, bytes, size, digest) >= 0);
	hex_encode(digest, sizeof(digest), hex);
	target = json_pack("{s:I, s:{s:s}}", "length", (json_int_t)size, "hashes", "sha256", hex);
	if (custom)
		json_object_set_new(target, "custom", custom);
	json_object_set_new(json_object_get(author_role(author, role)->part, "targets"), path,
			    target);
	file = target_file_path(path, author->is_consistent ? hex : NULL);
	snprintf(name, sizeof(name), "targets/%s", file);
	author_put(author, name, bytes, size);
}

void author_set_version(struct author *author, const char *role, json_int_t version)
{
	json_object_set_new(author_role(author, role)->part, "version", json_integer(version));
}

void author_bump(struct author *author, const char *role)
{
	const json_t *part = author_role(author, role)->part;

	author_set_version(author, role, json_integer_value(json_object_get(part, "version")) + 1);
}

void author_set_expires(struct author *author, const char *role, const char *expires)
{
	json_object_set_new(author_role(author, role)->part, "expires", json_string(expires));
}

void author_fill_root(struct author *author)
{
	json_t *keys = json_object(), *roles = json_object(),
	       *root = author_role(author, "root")->part;

	for (size_t i = 0; i < 4; i++) {
		const struct author_role *role = &author->roles[i];

		for (size_t j = 0; j < role->signer_count; j++)
			json_object_set(keys, signer_key_id(role->signers[j]),
					signer_public_key(role->signers[j]));
		json_object_set_new(roles, role->name, describe_role(role));
	}
	json_object_set_new(root, "keys", keys);
	json_object_set_new(root, "roles", roles);
	json_object_set_new(root, "consistent_snapshot", json_boolean(author->is_consistent));
}

void author_put_signed(struct author *author, const char *file_name, json_t *part,
		       struct signer *const *signers, size_t count)
{
	json_t *document;
	char path[1024];
	char *text;

	need(signer_sign_document(part, signers, count, &document, NULL) >= 0);
	text = json_dumps(document, JSON_COMPACT);
	snprintf(path, sizeof(path), "metadata/%s", file_name);
	author_put(author, path, text, strlen(text));
	free(text);
	json_decref(document);
}

/* Puts a role in place; @ret gets the reference for the file above. */
static json_t *put_role(struct author *author, const char *name, bool is_versioned)
{
	const struct author_role *role = author_role(author, name);
	json_int_t version = json_integer_value(json_object_get(role->part, "version"));
	char *file_name = metadata_file_name(name, is_versioned ? version : 0);
	char path[1024], hex[SHA256_TEXT_SIZE];
	json_t *reference = json_pack("{s:I}", "version", version);
	const struct author_file *file;
	uint8_t digest[SHA256_BYTES];

	author_put_signed(author, file_name, role->part, role->signers, role->signer_count);
	snprintf(path, sizeof(path), "metadata/%s", file_name);
	file = author_find(author, path);
	free(file_name);
	if (!author->has_hashes)
		return reference;
	need(hash_bytes(HASH_SHA256, file->bytes, file->size, digest) >= 0);
	json_object_set_new(reference, "length", json_integer((json_int_t)file->size));
	json_object_set_new(reference, "hashes",
			    json_pack("{s:s}", "sha256", hex_encode(digest, sizeof(digest), hex)));
	return reference;
}

void author_publish(struct author *author)
{
	json_t *meta = json_object();

	author_fill_root(author);
	json_decref(put_role(author, "root", true));
	for (size_t i = 3; i < author->role_count; i++) {
		char listed[128];

		snprintf(listed, sizeof(listed), "%s.json", author->roles[i].name);
		json_object_set_new(meta, listed,
				    put_role(author, author->roles[i].name, author->is_consistent));
	}
	json_object_set_new(author_role(author, "snapshot")->part, "meta", meta);
	json_object_set_new(author_role(author, "timestamp")->part, "meta",
			    json_pack("{s:o}", "snapshot.json",
				      put_role(author, "snapshot", author->is_consistent)));
	json_decref(put_role(author, "timestamp", false));
}

void author_publish_next(struct author *author)
{
	for (size_t i = 1; i < author->role_count; i++)
		author_bump(author, author->roles[i].name);
	author_publish(author);
}

struct author_file *author_find(struct author *author, const char *name)
{
	for (size_t i = 0; i < author->file_count; i++)
		if (strcmp(author->files[i].name, name) == 0)
			return &author->files[i];
	return NULL;
}

void author_put(struct author *author, const char *name, const void *bytes, size_t size)
{
	struct author_file *file = author_find(author, name);
	char *copy = malloc(size + 1); /* first: @bytes may be the file's own */

	memcpy(copy, bytes, size);
	copy[size] = 0;
	if (!file) {
		need(author->file_count < AUTHOR_FILES_MAX);
		file = &author->files[author->file_count++];
		*file = (struct author_file){ .name = strdup(name) };
	}
	free(file->bytes);
	file->bytes = copy;
	file->size = size;
}

void author_remove(struct author *author, const char *name)
{
	struct author_file *file = author_find(author, name);

	need(file);
	free(file->name);
	free(file->bytes);
	*file = author->files[--author->file_count];
}

size_t author_requests_of(const struct author *author, const char *name)
{
	size_t count = 0;

	for (size_t i = 0; i < author->request_count; i++)
		if (strcmp(author->requests[i], name) == 0)
			count++;
	return count;
}

void author_forget_requests(struct author *author)
{
	while (author->request_count > 0)
		free(author->requests[--author->request_count]);
}

int author_bundle(const struct author *author)
{
	struct tar_writer writer = { .io = &io_default,
				     .fd = memfd_create("bundle", MFD_CLOEXEC),
				     .what = "bundle" };

	need(writer.fd >= 0);
	for (size_t i = 0; i < author->file_count; i++)
		need(tar_write_entry(&writer, author->files[i].name, author->files[i].bytes,
				     author->files[i].size, NULL) >= 0);
	need(tar_write_end(&writer, NULL) >= 0);
	return writer.fd;
}
