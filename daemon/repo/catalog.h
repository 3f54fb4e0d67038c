/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a vendor has prepared in work/targets: indexes and images, by target path. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "base/hash.h"
#include "base/reason.h"
#include "repo/site.h"

struct catalog_file {
	char *path; /* target path */
	uint64_t size;
	char sha256[SHA256_TEXT_SIZE];
	json_t *custom; /* NULL, or {hardware-ids, release-counter} from the indexes */
};

/* Sorted by path. Starts as { 0 }. */
struct catalog {
	struct catalog_file *files;
	size_t count;
};

/* Reads and hashes all files and checks all indexes. */
_warn_unused_ int catalog_load(const struct site *site, struct catalog *ret,
			       struct failure *failure);
void catalog_clear(struct catalog *catalog);
#define _cleanup_catalog_ _cleanup_(catalog_clear)

struct catalog_file *catalog_find(const struct catalog *catalog, const char *path);

/* Is the file an index? @ret then is its hardware id, freed by the caller. */
bool catalog_is_index(const struct catalog_file *file, char **ret);
