/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Trusted metadata as files. Knows nothing of what makes metadata trusted. */
#include "trust/store.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>

#include "base/file.h"
#include "trust/limits.h"
#include "trust/names.h"

#define FOLDER_MODE 0700
#define FILE_MODE 0600

/* A change that is not on disk yet. */
struct change {
	char *role;
	char *bytes; /* NULL: deleted */
	size_t size;
};

struct trust_store {
	const struct io_operations *io;
	int folder_fd;
	char *name;
	bool is_held;
	struct change *changes;
	size_t count;
};

int trust_store_open(const struct io_operations *io, int parent_fd, const char *name,
		     struct trust_store **ret, struct failure *failure)
{
	_cleanup_trust_store_ struct trust_store *store = calloc(1, sizeof(*store));

	if (!store)
		return fail_memory(failure);
	store->io = io;
	store->folder_fd = -EBADF;
	store->name = strdup(name);
	if (!store->name)
		return fail_memory(failure);
	store->folder_fd = folder_open(io, parent_fd, name, true, FOLDER_MODE);
	if (store->folder_fd < 0)
		return fail_errno(failure, store->folder_fd,
				  "Cannot open the folder of trusted metadata %s", name);
	if (flock(store->folder_fd, LOCK_EX) < 0)
		return fail_errno(failure, errno, "Cannot lock the folder of trusted metadata %s",
				  name);
	*ret = TAKE_PTR(store);
	return 0;
}

static void forget_changes(struct trust_store *store)
{
	for (size_t i = 0; i < store->count; i++) {
		free(store->changes[i].role);
		free(store->changes[i].bytes);
	}
	free(store->changes);
	store->changes = NULL;
	store->count = 0;
}

void trust_store_close(struct trust_store *store)
{
	if (!store)
		return;
	forget_changes(store);
	close_fd(store->folder_fd); /* and with it the lock */
	free(store->name);
	free(store);
}

void trust_store_hold(struct trust_store *store)
{
	store->is_held = true;
}

/* Remembers a change; the copies are the store's. */
static int hold_change(struct trust_store *store, const char *role, const char *bytes, size_t size,
		       struct failure *failure)
{
	struct change *larger = reallocarray(store->changes, store->count + 1, sizeof(*larger)),
		      *change;

	if (!larger)
		return fail_memory(failure);
	store->changes = larger;
	change = &larger[store->count];
	*change = (struct change){ .role = strdup(role), .size = size };
	if (bytes)
		change->bytes = malloc(size + 1);
	if (!change->role || (bytes && !change->bytes)) {
		free(change->role);
		free(change->bytes);
		return fail_memory(failure);
	}
	if (bytes) {
		memcpy(change->bytes, bytes, size);
		change->bytes[size] = 0;
	}
	store->count++;
	return 0;
}

static int apply(struct trust_store *store, const char *role, const char *bytes, size_t size,
		 struct failure *failure)
{
	_cleanup_free_ char *name = metadata_file_name(role, 0);
	int r;

	if (!name)
		return fail_memory(failure);
	r = bytes ? file_write_atomic(store->io, store->folder_fd, name, bytes, size, FILE_MODE) :
		    file_remove(store->io, store->folder_fd, name);
	if (r < 0)
		return fail_errno(failure, r, "Cannot %s the trusted metadata %s/%s",
				  bytes ? "write" : "remove", store->name, name);
	return 0;
}

int trust_store_commit(struct trust_store *store, enum trust_store_commit extent,
		       struct failure *failure)
{
	for (size_t i = 0; i < store->count; i++) {
		const struct change *change = &store->changes[i];
		int r;

		if (extent == TRUST_STORE_COMMIT_ROOTS && change->bytes &&
		    strcmp(change->role, "root") != 0)
			continue;
		r = apply(store, change->role, change->bytes, change->size, failure);
		if (r < 0)
			return r;
	}
	forget_changes(store);
	return 0;
}

/* The newest held change of @role, or NULL. */
static const struct change *find_change(const struct trust_store *store, const char *role)
{
	for (size_t i = store->count; i > 0; i--)
		if (strcmp(store->changes[i - 1].role, role) == 0)
			return &store->changes[i - 1];
	return NULL;
}

int trust_store_load(struct trust_store *store, const char *role, size_t max_bytes, char **ret,
		     size_t *ret_size)
{
	const struct change *change = find_change(store, role);
	_cleanup_free_ char *name = NULL;

	if (change) {
		if (!change->bytes)
			return -ENOENT;
		if (change->size > max_bytes)
			return -EFBIG;
		*ret = malloc(change->size + 1);
		if (!*ret)
			return -ENOMEM;
		memcpy(*ret, change->bytes, change->size + 1);
		*ret_size = change->size;
		return 0;
	}
	name = metadata_file_name(role, 0);
	return name ? file_read(store->folder_fd, name, max_bytes, ret, ret_size) : -ENOMEM;
}

int trust_store_save(struct trust_store *store, const char *role, const char *bytes, size_t size,
		     struct failure *failure)
{
	return store->is_held ? hold_change(store, role, bytes, size, failure) :
				apply(store, role, bytes, size, failure);
}

int trust_store_delete(struct trust_store *store, const char *role, struct failure *failure)
{
	return store->is_held ? hold_change(store, role, NULL, 0, failure) :
				apply(store, role, NULL, 0, failure);
}
