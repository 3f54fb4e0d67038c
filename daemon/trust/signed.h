/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A signed TUF document: the received bytes, {signed, signatures}, and the one function
 * that counts signatures. Parsed once; what is verified is what is read afterwards.
 */
#pragma once

#include <stddef.h>

#include <jansson.h>

#include "base/macros.h"
#include "base/reason.h"
#include "trust/role.h"

struct signed_document {
	char *bytes; /* as received: this is what is stored */
	size_t size;
	json_t *document;
	const json_t *signed_part; /* the "signed" object, borrowed from @document */
	const json_t *signatures;
	char *canonical; /* of @signed_part: what is signed */
	size_t canonical_size;
};

/*
 * Parses @bytes (taken over, also on failure). Checks the envelope: an object "signed",
 * an array "signatures" of {keyid, sig}, no key id twice (TUF 4.2.1).
 */
_warn_unused_ int signed_document_parse(char *bytes, size_t size, const char *what,
					struct signed_document **ret, struct failure *failure);
void signed_document_free(struct signed_document *document);
DEFINE_CLEANUP(struct signed_document, signed_document_free)
#define _cleanup_signed_document_ _cleanup_(signed_document_freep)

/*
 * Succeeds if at least the role's threshold of distinct keys of the role have signed.
 * Otherwise: unsigned (no signature at all), unknown-signer (none claims to be by a key
 * of the role), else bad-signature. A signature that does not verify is merely not counted.
 */
_warn_unused_ int signed_document_verify(const struct signed_document *document,
					 const struct role *role, const char *what,
					 struct failure *failure);
