/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Names that come from outside and become parts of URLs or file names: which are
 * allowed, and how they are written there.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/macros.h"

/*
 * Not empty, at most TARGET_PATH_MAX printable ASCII characters, segments between
 * single '/', none of them "." or "..", and none of \ ? # %.
 */
bool target_path_is_valid(const char *path);

/*
 * vendor/model[/rev[/sku]]: two to four segments [a-z0-9][a-z0-9._-]{0,63}, not "..":
 * what a device is, and under which path its vendor publishes for it.
 */
bool hardware_id_is_valid(const char *id);

/* The length of the first segment of a path or hardware id: the vendor. */
unsigned int vendor_length(const char *path);

/*
 * May @name be a delegated role? Not empty, at most ROLE_NAME_MAX bytes, not the name
 * of a top-level role.
 */
bool delegated_role_is_valid(const char *name);

/*
 * "NAME.json", or "VERSION.NAME.json" if @version is not 0, with every byte of the name
 * but [A-Za-z0-9_.~-] percent-encoded. NULL: no memory; the caller frees.
 */
char *metadata_file_name(const char *role, int64_t version);

/* "dir/HASH.base" of "dir/base", TUF 5.7.3; @hash NULL: a copy of @path. The caller frees. */
char *target_file_path(const char *path, const char *hash);
