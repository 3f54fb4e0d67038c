/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A key of somebody who signs TUF documents: for the vendor's tool and for tests. Its private
 * half is in memory, on a token (PKCS #11), or with somebody else. The machine that installs
 * firmware never has one.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

#include "base/hash.h"
#include "base/macros.h"
#include "base/reason.h"

enum signer_kind {
	SIGNER_ED25519,
	SIGNER_ECDSA, /* P-256 */
	SIGNER_RSA, /* 3072 bits, PSS */
	_SIGNER_KIND_COUNT,
	_SIGNER_KIND_INVALID = -1,
};

struct signer;

/* "ed25519", "ecdsa", "rsa". */
const char *signer_kind_word(enum signer_kind kind);
enum signer_kind signer_kind_from_word(const char *word);

_warn_unused_ int signer_generate(enum signer_kind kind, struct signer **ret,
				  struct failure *failure);

/* From an unencrypted private key in PEM (PKCS #8 and what else GnuTLS reads). @what names the file. */
_warn_unused_ int signer_load(const char *pem, size_t size, const char *what, struct signer **ret,
			      struct failure *failure);

/*
 * From a private key on a token, as a PKCS #11 URI (RFC 7512). The PIN is the URI's (pin-value,
 * pin-source), or what signer_ask_pin()'s function says.
 */
_warn_unused_ int signer_open(const char *uri, struct signer **ret, struct failure *failure);

/*
 * From a public TUF key. With @uri (may be NULL) its private half is there, which is looked at
 * when it signs first; without it the signer cannot sign.
 */
_warn_unused_ int signer_from_public(const json_t *public_key, const char *uri, const char *what,
				     struct signer **ret, struct failure *failure);

/* Gets a token's PIN from a person, once for this process; negative errno: there is none. */
typedef int (*signer_ask_pin_t)(const char *token_label, char *pin, size_t size);
void signer_ask_pin(signer_ask_pin_t ask);

void signer_free(struct signer *signer);
DEFINE_CLEANUP(struct signer, signer_free)
#define _cleanup_signer_ _cleanup_(signer_freep)

bool signer_can_sign(const struct signer *signer);
/* Where its private key is, or NULL: not on a token. */
const char *signer_uri(const struct signer *signer);

/* The private key, which must be in memory, as PKCS #8 PEM; the caller wipes and frees it. */
_warn_unused_ int signer_export(const struct signer *signer, char **ret, size_t *ret_size,
				struct failure *failure);

/* 64 hexadecimal digits: SHA-256 of the canonical public key (TUF 4.2.1). */
const char *signer_key_id(const struct signer *signer);
enum signer_kind signer_kind(const struct signer *signer);

/* The TUF key object {keytype, scheme, keyval}; borrowed. */
json_t *signer_public_key(const struct signer *signer);

/* Signs bytes, if it can; @ret is hexadecimal text that the caller frees. */
_warn_unused_ int signer_sign(struct signer *signer, const void *bytes, size_t size, char **ret,
			      struct failure *failure);

/*
 * The document {signatures, signed} with one signature by each signer that can sign; @signed_part gets a
 * reference of its own.
 */
_warn_unused_ int signer_sign_document(json_t *signed_part, struct signer *const *signers,
				       size_t count, json_t **ret, struct failure *failure);
