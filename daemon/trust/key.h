/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One public key of a TUF document, and whether a signature is by it. ed25519, ECDSA on
 * P-256 (PEM or bare point), RSA-PSS with SHA-256 (salt of 32 bytes or the largest).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "base/hash.h"
#include "base/macros.h"
#include "base/reason.h"

struct key;

/*
 * Makes a key of its TUF object, {keytype, scheme, keyval: {public}}. A key of a kind we
 * do not know, or that cannot be decoded, is no error: it is a key that verifies nothing
 * (TUF 4.2.1 wants files with such keys to stay readable). Malformed: the members are
 * missing or of the wrong type. @what names the document.
 */
_warn_unused_ int key_parse(const char *id, const json_t *object, const char *what,
			    struct key **ret, struct failure *failure);
void key_free(struct key *key);
DEFINE_CLEANUP(struct key, key_free)
#define _cleanup_key_ _cleanup_(key_freep)

/* The key id under which the document lists it. */
const char *key_id(const struct key *key);

/* Can it verify anything? */
bool key_is_usable(const struct key *key);

/*
 * SHA-256 of the decoded key: two key ids with one fingerprint are one key. Only of
 * usable keys.
 */
const uint8_t *key_fingerprint(const struct key *key);

/* Is @signature (hexadecimal) this key's over @message? False also for unusable keys and bad text. */
bool key_verify(const struct key *key, const void *message, size_t size, const char *signature);
