/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Keys as a vendor names and keeps them: a private key in a file (PEM), a private key on a token
 * ("pkcs11:..."), or the public key of somebody who signs elsewhere (a TUF key as JSON).
 */
#pragma once

#include "base/reason.h"
#include "repo/site.h"
#include "trust/signer.h"

#define KEY_FILE_MODE 0600

/* The key that @reference names: a PKCS #11 URI, or a file with a private or a public key. */
_warn_unused_ int key_file_read(const char *reference, struct signer **ret,
				struct failure *failure);

/* Reads keys/@name, "ROLE.N.pem" or ".json". */
_warn_unused_ int key_file_load(const struct site *site, const char *name, struct signer **ret,
				struct failure *failure);

/* Writes the key as keys/@stem.pem, or .json where its private half is not in memory. */
_warn_unused_ int key_file_save(const struct site *site, const char *stem,
				const struct signer *signer, struct failure *failure);

/* Asks for a token's PIN where somebody can answer: $FWSLOT_PIN, else the terminal. */
void key_file_allow_tokens(void);
