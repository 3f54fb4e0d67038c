/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The files of a database, for SQLite: every change goes through struct io_operations, in the daemon as in tests, so
 * what the crash laboratory stops and starts is the very code that ships. Smaller than SQLite's own, because a database
 * of ours is locked as a whole by one process for as long as it is open. Private to the store.
 */
#pragma once

#include <sqlite3.h>

#include "base/io.h"
#include "base/macros.h"

struct store_vfs;

/* Registers one; @io is borrowed. */
_warn_unused_ int store_vfs_new(const struct io_operations *io, struct store_vfs **ret);
/* After the last database opened by it was closed. Accepts NULL. */
void store_vfs_free(struct store_vfs *vfs);

/* What sqlite3_open_v2() takes as the name of a VFS; NULL: SQLite's own. */
const char *store_vfs_name(const struct store_vfs *vfs);

/* Makes creations, renames and removals in the folder of @path durable. */
_warn_unused_ int store_sync_folder_of(const struct io_operations *io, const char *path);
