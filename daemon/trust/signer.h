/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A private key that signs TUF documents: for the vendor's tool and for tests. The
 * machine that installs firmware never has one.
 */
#pragma once

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
void signer_free(struct signer *signer);
DEFINE_CLEANUP(struct signer, signer_free)
#define _cleanup_signer_ _cleanup_(signer_freep)

/* The private key as PKCS #8 PEM; the caller wipes and frees it. */
_warn_unused_ int signer_export(const struct signer *signer, char **ret, size_t *ret_size,
				struct failure *failure);

/* 64 hexadecimal digits: SHA-256 of the canonical public key (TUF 4.2.1). */
const char *signer_key_id(const struct signer *signer);
enum signer_kind signer_kind(const struct signer *signer);

/* The TUF key object {keytype, scheme, keyval}; borrowed. */
json_t *signer_public_key(const struct signer *signer);

/* Signs bytes; @ret is hexadecimal text that the caller frees. */
_warn_unused_ int signer_sign(const struct signer *signer, const void *bytes, size_t size,
			      char **ret, struct failure *failure);

/*
 * The document {signatures, signed} with one signature by each signer; @signed_part gets a
 * reference of its own.
 */
_warn_unused_ int signer_sign_document(json_t *signed_part, struct signer *const *signers,
				       size_t count, json_t **ret, struct failure *failure);
