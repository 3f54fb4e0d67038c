/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Not asking for what is here. What makes it trusted is checked again each time. */
#include "trust/quiet.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/hex.h"
#include "base/log.h"
#include "trust/limits.h"

/*
 * A copy lies in the store under this and the digest of its path. A role could have that name, too:
 * each is checked when it is read, so the worst is a request more.
 */
#define COPY_PREFIX "target:"
#define COPY_NAME_SIZE (sizeof(COPY_PREFIX) + SHA256_TEXT_SIZE)

static bool is_stored(struct trust_client *client, const char *role, const char *bytes, size_t size)
{
	_cleanup_free_ char *stored = NULL;
	size_t stored_size;

	return trust_store_load(client->store, role, size, &stored, &stored_size) >= 0 &&
	       stored_size == size && memcmp(stored, bytes, size) == 0;
}

/* Has the server the timestamp that we have? One that has none is the whole workflow's to tell of. */
static int check_unchanged(struct trust_client *client, bool *ret, struct failure *failure)
{
	_cleanup_free_ char *bytes = NULL, *stored = NULL;
	size_t size;
	int r;

	*ret = false;
	/* Without a stored one the request would be for nothing. */
	if (trust_store_load(client->store, "timestamp", TUF_TIMESTAMP_BYTES_MAX, &stored, &size) <
	    0)
		return 0;
	r = client->fetcher->fetch_metadata(client->fetcher, "timestamp.json",
					    TUF_TIMESTAMP_BYTES_MAX, &bytes, &size, failure);
	if (r == -ENOENT || r == -EFBIG)
		return 0;
	if (r >= 0)
		*ret = is_stored(client, "timestamp", bytes, size);
	return r;
}

/* The workflow over what is stored: signatures, versions, dates. */
static int refresh_stored(struct trust_client *client)
{
	_cleanup_failure_ struct failure why = { 0 };
	int r;

	client->source = CLIENT_STORED;
	r = trust_client_refresh(client, &why);
	client->source = CLIENT_FETCH;
	if (r >= 0)
		return r;
	timestamp_clear(&client->timestamp);
	snapshot_clear(&client->snapshot);
	targets_clear(&client->targets);
	return r;
}

int trust_client_refresh_if_new(struct trust_client *client, struct failure *failure)
{
	bool is_unchanged = false;
	int r = client->source == CLIENT_FETCH ? check_unchanged(client, &is_unchanged, failure) :
						 0;

	if (r < 0)
		return r;
	if (is_unchanged && refresh_stored(client) >= 0)
		return 0;
	return trust_client_refresh(client, failure);
}

static int read_fetched(struct trust_client *client, const struct target *target, size_t max_bytes,
			char **ret, size_t *ret_size, struct failure *failure)
{
	struct fetched_file file = { .fd = -EBADF };
	int r = trust_client_fetch_target(client, target, &file, failure);

	if (r < 0)
		return r;
	if (lseek(file.fd, 0, SEEK_SET) < 0)
		r = -errno;
	else
		r = file_read_fd(file.fd, max_bytes, ret, ret_size);
	close_fd(file.fd);
	return r < 0 ? fail_errno(failure, r, "Cannot read %s", target->path) : 0;
}

static int name_copy(const char *path, char name[static COPY_NAME_SIZE], struct failure *failure)
{
	uint8_t digest[SHA256_BYTES];

	if (hash_bytes(HASH_SHA256, path, strlen(path), digest) < 0)
		return fail_memory(failure);
	hex_encode(digest, sizeof(digest), stpcpy(name, COPY_PREFIX));
	return 0;
}

int trust_client_read_target(struct trust_client *client, const struct target *target,
			     size_t max_bytes, char **ret, size_t *ret_size,
			     struct failure *failure)
{
	char name[COPY_NAME_SIZE];
	_cleanup_failure_ struct failure why = { 0 };
	_cleanup_free_ char *copy = NULL;
	int r;

	if (!client->keeps_copies)
		return read_fetched(client, target, max_bytes, ret, ret_size, failure);
	r = name_copy(target->path, name, failure);
	if (r < 0)
		return r;
	if (trust_store_load(client->store, name, max_bytes, &copy, ret_size) >= 0 &&
	    *ret_size == target->length &&
	    digests_check(&target->digests, copy, *ret_size, target->path, NULL) >= 0) {
		*ret = TAKE_PTR(copy);
		return 0;
	}
	r = read_fetched(client, target, max_bytes, ret, ret_size, failure);
	/* Only a convenience: without it the next refresh asks again. */
	if (r >= 0 && trust_store_save(client->store, name, *ret, *ret_size, &why) < 0)
		log_warning("%s", failure_message(&why));
	return r;
}
