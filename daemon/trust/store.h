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

struct store;

/*
 * Opens (creating it, 0700) the folder @name below @parent_fd and locks it, waiting for
 * whoever has it. @io is borrowed.
 */
_warn_unused_ int store_open(const struct io_operations *io, int parent_fd, const char *name,
			     struct store **ret, struct failure *failure);
/* Unlocks; what was held and not committed is forgotten. Accepts NULL. */
void store_close(struct store *store);
DEFINE_CLEANUP(struct store, store_close)
#define _cleanup_store_ _cleanup_(store_closep)

/*
 * From now on changes stay in memory, where store_load() sees them: a scratch copy of
 * the repository's state. store_commit() writes them.
 */
void store_hold(struct store *store);

enum store_commit {
	STORE_COMMIT_ALL,
	/* Only changes that the proven chain of roots made: new roots, and what they made invalid. */
	STORE_COMMIT_ROOTS,
};

/* Writes the held changes in the order they were made. */
_warn_unused_ int store_commit(struct store *store, enum store_commit extent,
			       struct failure *failure);

/* -ENOENT: not there; -EFBIG: larger than @max_bytes. The caller frees. */
_warn_unused_ int store_load(struct store *store, const char *role, size_t max_bytes, char **ret,
			     size_t *ret_size);

_warn_unused_ int store_save(struct store *store, const char *role, const char *bytes, size_t size,
			     struct failure *failure);
_warn_unused_ int store_delete(struct store *store, const char *role, struct failure *failure);
