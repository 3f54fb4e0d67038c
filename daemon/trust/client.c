/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The client as an object: its start (TUF 5.2), its pieces in order, targets (5.7). */
#include "trust/client.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "trust/limits.h"
#include "trust/names.h"

/* A root that is signed by its own root role, TUF 5.2 and 5.3.4. */
static int parse_self_signed_root(char *bytes, size_t size, const char *what, struct root *ret,
				  struct failure *failure)
{
	struct root root = { 0 };
	int r = root_parse(bytes, size, what, &root, failure);

	if (r < 0)
		return r;
	r = signed_document_verify(root.common.document, &root.roles[ROLE_ROOT], what, failure);
	if (r < 0) {
		root_clear(&root);
		return r;
	}
	*ret = root;
	return 0;
}

static int load_stored_root(struct trust_client *client, struct root *ret, struct failure *failure)
{
	char *bytes;
	size_t size;
	int r = trust_store_load(client->store, "root", TUF_ROOT_BYTES_MAX, &bytes, &size);

	if (r == -ENOENT)
		return r;
	if (r < 0)
		return fail_errno(failure, r, "Cannot read the stored root.json");
	return parse_self_signed_root(bytes, size, "the stored root.json", ret, failure);
}

static int parse_shipped_root(const char *shipped, size_t size, struct root *ret,
			      struct failure *failure)
{
	char *copy = strndup(shipped, size);

	if (!copy)
		return fail_memory(failure);
	return parse_self_signed_root(copy, size, "the shipped root.json", ret, failure);
}

/* A damaged store falls back to the shipped root; an older shipped root gives way to the store's. */
static int load_trusted_root(struct trust_client *client, const char *shipped, size_t shipped_size,
			     struct failure *failure)
{
	struct root stored = { 0 }, from_package = { 0 };
	int have_stored, have_shipped = -ENOENT;

	have_stored = load_stored_root(client, &stored, failure);
	if (shipped)
		have_shipped = parse_shipped_root(shipped, shipped_size, &from_package, failure);
	if (have_stored < 0 && have_shipped < 0)
		return fail(failure, REASON_UNKNOWN_SIGNER,
			    "There is no trusted root.json to begin with.");
	if (failure)
		failure_clear(failure);
	if (have_stored >= 0 &&
	    (have_shipped < 0 || stored.common.version >= from_package.common.version)) {
		client->root = stored;
		root_clear(&from_package);
		return 0;
	}
	client->root = from_package;
	root_clear(&stored);
	return client_save(client, "root", &client->root.common, failure);
}

int trust_client_new(struct trust_store *store, struct fetcher *fetcher, enum client_source source,
		     usec_t now, const char *shipped, size_t shipped_size,
		     struct trust_client **ret, struct failure *failure)
{
	_cleanup_trust_client_ struct trust_client *client = calloc(1, sizeof(*client));
	int r;

	if (!client)
		return fail_memory(failure);
	client->store = store;
	client->fetcher = fetcher;
	client->source = source;
	client->now = now;
	r = load_trusted_root(client, shipped, shipped_size, failure);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(client);
	return 0;
}

void trust_client_keep_copies(struct trust_client *client)
{
	client->keeps_copies = true;
}

void trust_client_free(struct trust_client *client)
{
	if (!client)
		return;
	while (client->delegated) {
		struct delegated_role *first = client->delegated;

		client->delegated = first->next;
		targets_clear(&first->targets);
		free(first);
	}
	while (client->bins) {
		struct bin_role *first = client->bins;

		client->bins = first->next;
		free(first->role.name);
		free(first);
	}
	targets_clear(&client->targets);
	snapshot_clear(&client->snapshot);
	timestamp_clear(&client->timestamp);
	root_clear(&client->root);
	free(client);
}

int client_check_expiry(const struct trust_client *client, const struct metadata *metadata,
			const char *what, struct failure *failure)
{
	char expires[TIME_TEXT_SIZE], now[TIME_TEXT_SIZE];

	if (metadata->expires > client->now || client->source == CLIENT_FETCH_STALE)
		return 0;
	return fail(
		failure, REASON_EXPIRED,
		"%s was valid until %s and it is now %s. Get a newer file, or check this machine's clock.",
		what, time_format(metadata->expires, expires), time_format(client->now, now));
}

int client_fetch(struct trust_client *client, const char *file_name, size_t max_bytes, char **ret,
		 size_t *ret_size, struct failure *failure)
{
	int r = client->fetcher->fetch_metadata(client->fetcher, file_name, max_bytes, ret,
						ret_size, failure);

	if (r == -ENOENT)
		return fail(failure, REASON_NOT_LISTED, "metadata/%s is needed and is not there.",
			    file_name);
	if (r == -EFBIG)
		return fail(failure, REASON_TOO_LARGE,
			    "metadata/%s is larger than the %zu bytes it may have.", file_name,
			    max_bytes);
	return r;
}

int client_save(struct trust_client *client, const char *role, const struct metadata *metadata,
		struct failure *failure)
{
	return trust_store_save(client->store, role, metadata->document->bytes,
				metadata->document->size, failure);
}

/* TUF 5.7.3: sha256 came with the file; a listed sha512 is computed from it. */
int target_check_file(const struct target *target, const struct fetched_file *file,
		      struct failure *failure)
{
	uint8_t digest[HASH_BYTES_MAX];
	int r;

	if (file->size != target->length)
		return fail(failure,
			    file->size < target->length ? REASON_TRUNCATED : REASON_TOO_LARGE,
			    "%s has %" PRIu64 " bytes, the signed metadata lists %" PRIu64 ".",
			    target->path, file->size, target->length);
	if (!digests_match(&target->digests, HASH_SHA256, file->sha256))
		return fail(failure, REASON_WRONG_DIGEST,
			    "%s is not the file the signed metadata lists: its sha256 differs.",
			    target->path);
	if (!target->digests.is_listed[HASH_SHA512])
		return 0;
	r = hash_file(HASH_SHA512, file->fd, file->size, digest);
	if (r < 0)
		return fail_errno(failure, r, "Cannot read %s", target->path);
	if (!digests_match(&target->digests, HASH_SHA512, digest))
		return fail(failure, REASON_WRONG_DIGEST,
			    "%s is not the file the signed metadata lists: its sha512 differs.",
			    target->path);
	return 0;
}

int trust_client_fetch_target(struct trust_client *client, const struct target *target,
			      struct fetched_file *ret, struct failure *failure)
{
	char digest[2 * HASH_BYTES_MAX + 1];
	_cleanup_free_ char *path = NULL;
	struct fetched_file file = { .fd = -EBADF };
	int r;

	path = target_file_path(target->path, client->root.is_consistent_snapshot ?
						      digests_name(&target->digests, digest) :
						      NULL);
	if (!path)
		return fail_memory(failure);
	r = client->fetcher->fetch_target(client->fetcher, path, target->length, &file, failure);
	if (r == -ENOENT)
		return fail(failure, REASON_NOT_LISTED, "targets/%s is needed and is not there.",
			    path);
	if (r == -EFBIG)
		return fail(failure, REASON_TOO_LARGE,
			    "targets/%s is larger than the %" PRIu64 " bytes listed.", path,
			    target->length);
	if (r >= 0)
		r = target_check_file(target, &file, failure);
	if (r < 0) {
		close_fd(file.fd);
		return r;
	}
	*ret = file;
	return 0;
}
