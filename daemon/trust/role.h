/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Who may sign what: the keys of a document, and roles that need a threshold of them.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "base/reason.h"
#include "trust/key.h"

/* The "keys" object of a root or of delegations. Starts as { 0 }. */
struct keyring {
	struct key **keys;
	size_t count;
};

/* A role: its keys (borrowed from the keyring, each once) and threshold. Starts as { 0 }. */
struct role {
	char *name;
	unsigned int threshold;
	const struct key **keys;
	size_t count;
};

_warn_unused_ int keyring_parse(const json_t *keys, const char *what, struct keyring *ret,
				struct failure *failure);
void keyring_clear(struct keyring *keyring);

/*
 * Reads {keyids, threshold} of @object as the role @name. Key ids that the keyring does not have are
 * skipped: they cannot count (TUF 5.3.4 counts signatures, not names).
 */
_warn_unused_ int role_parse(const char *name, const json_t *object, const struct keyring *keyring,
			     const char *what, struct role *ret, struct failure *failure);
void role_clear(struct role *role);

/* The role's key with this id, or NULL. */
const struct key *role_find_key(const struct role *role, const char *id);

/* Has @role a usable key of @key's fingerprint? */
bool role_has_key(const struct role *role, const struct key *key);

/* One number for the role's set of usable keys and threshold: changes when they do. */
_warn_unused_ int role_digest(const struct role *role, uint8_t digest[static SHA256_BYTES]);
