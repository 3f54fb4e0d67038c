/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The delegations of a targets role: which other role answers for which target path,
 * and with which keys. TUF 4.5; hashed bins in their short form are TAP 15's.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

#include "base/reason.h"
#include "trust/role.h"

struct delegation {
	struct role role;
	bool is_terminating;
	const json_t *paths; /* array of patterns, or NULL */
	const json_t *hash_prefixes; /* array of hexadecimal prefixes, or NULL */
};

/* Starts as { 0 }: none. */
struct delegations {
	struct keyring keyring;
	struct delegation *list; /* in order of appearance */
	size_t count;
	/* Succinct bins: one role stands for 2^bin_bits roles named PREFIX-<hex number>. */
	bool has_bins;
	struct role bins; /* its name is the prefix */
	unsigned int bin_bits;
};

_warn_unused_ int delegations_parse(const json_t *object, const char *what, struct delegations *ret,
				    struct failure *failure);
void delegations_clear(struct delegations *delegations);

/*
 * Does this delegation cover @path? A '*' or '?' of a pattern never matches '/'.
 * @path_digest is the SHA-256 of @path as lower-case hexadecimal text.
 */
bool delegation_covers(const struct delegation *delegation, const char *path,
		       const char *path_digest);

/*
 * The name of the bin in which @path_digest falls; only if has_bins. The caller frees;
 * NULL: no memory.
 */
char *delegations_bin_name(const struct delegations *delegations, const char *path_digest);
