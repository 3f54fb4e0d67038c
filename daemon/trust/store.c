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

/* What is to become of one role's file; not on disk yet. */
struct change {
	char *role;
	char *file_name;
	bool is_deleted; /* what is on disk goes first, even if something new follows */
	char *bytes; /* NULL: nothing new */
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
		free(store->changes[i].file_name);
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

void trust_store_unlock(struct trust_store *store)
{
	(void)flock(store->folder_fd, LOCK_UN);
}

void trust_store_hold(struct trust_store *store)
{
	store->is_held = true;
}

/* The change held for @role, or NULL. */
static struct change *find_change(const struct trust_store *store, const char *role)
{
	for (size_t i = 0; i < store->count; i++)
		if (strcmp(store->changes[i].role, role) == 0)
			return &store->changes[i];
	return NULL;
}

/* The same, made if there is none. NULL: no memory. */
static struct change *need_change(struct trust_store *store, const char *role)
{
	struct change *change = find_change(store, role), *larger;

	if (change)
		return change;
	larger = reallocarray(store->changes, store->count + 1, sizeof(*larger));
	if (!larger)
		return NULL;
	store->changes = larger;
	change = &larger[store->count++];
	*change = (struct change){ .role = strdup(role), .file_name = metadata_file_name(role, 0) };
	return change->role && change->file_name ? change : NULL;
}

/* Takes a copy of @bytes in the place of what was held before. */
static int hold_write(struct trust_store *store, const char *role, const char *bytes, size_t size,
		      struct failure *failure)
{
	struct change *change = need_change(store, role);
	char *copy = malloc(size + 1);

	if (!change || !copy) {
		free(copy);
		return fail_memory(failure);
	}
	memcpy(copy, bytes, size);
	copy[size] = 0;
	free(change->bytes);
	change->bytes = copy;
	change->size = size;
	return 0;
}

static int hold_delete(struct trust_store *store, const char *role, struct failure *failure)
{
	struct change *change = need_change(store, role);

	if (!change)
		return fail_memory(failure);
	free(change->bytes);
	change->bytes = NULL;
	change->is_deleted = true;
	return 0;
}

static int write_files(struct trust_store *store, const struct file_content *files, size_t count,
		       struct failure *failure)
{
	int r = file_write_set_atomic(store->io, store->folder_fd, files, count, FILE_MODE);

	return r < 0 ? fail_errno(failure, r, "Cannot write the trusted metadata of %s",
				  store->name) :
		       0;
}

static int remove_file(struct trust_store *store, const char *file_name, struct failure *failure)
{
	int r = file_remove(store->io, store->folder_fd, file_name);

	return r < 0 ? fail_errno(failure, r, "Cannot remove the trusted metadata %s/%s",
				  store->name, file_name) :
		       0;
}

/*
 * Deletions first: they belong to a new root, and must be on disk before it is (TUF
 * 5.3.11). Everything else in one go, since every file is verified for itself when it
 * is loaded.
 */
int trust_store_commit(struct trust_store *store, enum trust_store_commit extent,
		       struct failure *failure)
{
	_cleanup_free_ struct file_content *files = calloc(store->count + 1, sizeof(*files));
	size_t count = 0;
	int r = 0;

	if (!files)
		return fail_memory(failure);
	for (size_t i = 0; r >= 0 && i < store->count; i++) {
		const struct change *change = &store->changes[i];

		if (change->is_deleted)
			r = remove_file(store, change->file_name, failure);
		if (change->bytes &&
		    (extent == TRUST_STORE_COMMIT_ALL || strcmp(change->role, "root") == 0))
			files[count++] = (struct file_content){ change->file_name, change->bytes,
								change->size };
	}
	if (r >= 0 && count > 0)
		r = write_files(store, files, count, failure);
	if (r >= 0)
		forget_changes(store);
	return r;
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
	_cleanup_free_ char *name = NULL;

	if (store->is_held)
		return hold_write(store, role, bytes, size, failure);
	name = metadata_file_name(role, 0);
	return name ? write_files(store, &(struct file_content){ name, bytes, size }, 1, failure) :
		      fail_memory(failure);
}

int trust_store_delete(struct trust_store *store, const char *role, struct failure *failure)
{
	_cleanup_free_ char *name = NULL;

	if (store->is_held)
		return hold_delete(store, role, failure);
	name = metadata_file_name(role, 0);
	return name ? remove_file(store, name, failure) : fail_memory(failure);
}
