/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The "hashes" of TUF: what a file must be, by every algorithm we know of those listed.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "base/hash.h"
#include "base/reason.h"

struct digests {
	bool is_listed[_HASH_ALGORITHM_COUNT];
	uint8_t value[_HASH_ALGORITHM_COUNT][HASH_BYTES_MAX];
};

/*
 * Reads {"sha256": "<hex>", ...}. Algorithms we do not know are skipped, but one that we
 * know must be there: a file that could not be checked is refused.
 */
_warn_unused_ int digests_parse(const json_t *hashes, const char *what, struct digests *ret,
				struct failure *failure);

/* Is @digest what is listed for @algorithm? True if nothing is listed. */
bool digests_match(const struct digests *digests, enum hash_algorithm algorithm,
		   const uint8_t *digest);

/* Checks content in memory by all listed algorithms; fails as wrong-digest. */
_warn_unused_ int digests_check(const struct digests *digests, const void *bytes, size_t size,
				const char *what, struct failure *failure);

/* The digest by which file names begin (TUF 5.7.3), as text of at most 2 * HASH_BYTES_MAX + 1. */
const char *digests_name(const struct digests *digests, char text[static 2 * HASH_BYTES_MAX + 1]);
