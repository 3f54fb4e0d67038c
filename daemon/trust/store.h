/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The trusted metadata of one repository on disk: FOLDER/<role>.json, the bytes as they
 * were received. A crash at any moment leaves each file old or new; a file that was
 * damaged otherwise is found by its signature when it is loaded (client.c).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/io.h"
#include "base/macros.h"
#include "base/reason.h"

struct trust_store;

/*
 * Opens (creating it, 0700) the folder @name below @parent_fd and locks it, waiting for
 * whoever has it. @io is borrowed.
 */
_warn_unused_ int trust_store_open(const struct io_operations *io, int parent_fd, const char *name,
				   struct trust_store **ret, struct failure *failure);
/* Unlocks; what was held and not committed is forgotten. Accepts NULL. */
void trust_store_close(struct trust_store *store);
DEFINE_CLEANUP(struct trust_store, trust_store_close)
#define _cleanup_trust_store_ _cleanup_(trust_store_closep)

/* Lets others in; nothing may be loaded or saved afterwards. */
void trust_store_unlock(struct trust_store *store);

/*
 * From now on changes stay in memory, where trust_store_load() sees them: a scratch copy of
 * the repository's state. trust_store_commit() writes them.
 */
void trust_store_hold(struct trust_store *store);

enum trust_store_commit {
	TRUST_STORE_COMMIT_ALL,
	/* Only changes that the proven chain of roots made: new roots, and what they made invalid. */
	TRUST_STORE_COMMIT_ROOTS,
};

/* Writes the held changes: deletions first, then all files together. */
_warn_unused_ int trust_store_commit(struct trust_store *store, enum trust_store_commit extent,
				     struct failure *failure);

/* -ENOENT: not there; -EFBIG: larger than @max_bytes. The caller frees. */
_warn_unused_ int trust_store_load(struct trust_store *store, const char *role, size_t max_bytes,
				   char **ret, size_t *ret_size);

_warn_unused_ int trust_store_save(struct trust_store *store, const char *role, const char *bytes,
				   size_t size, struct failure *failure);
_warn_unused_ int trust_store_delete(struct trust_store *store, const char *role,
				     struct failure *failure);
