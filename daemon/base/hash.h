/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * SHA-256 and SHA-512. Needs GnuTLS: for the worker and the vendor's tool, never for
 * fwslotd itself.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/macros.h"

enum hash_algorithm {
	HASH_SHA256,
	HASH_SHA512,
	_HASH_ALGORITHM_COUNT,
	_HASH_ALGORITHM_INVALID = -1,
};

#define HASH_BYTES_MAX 64
#define SHA256_BYTES 32
/* Hexadecimal digits of a SHA-256, and their NUL. */
#define SHA256_TEXT_SIZE (2 * SHA256_BYTES + 1)

/* "sha256", "sha512": the words of TUF. */
const char *hash_algorithm_name(enum hash_algorithm algorithm);
enum hash_algorithm hash_algorithm_from_name(const char *name);
size_t hash_digest_size(enum hash_algorithm algorithm);

/* A running hash. */
struct hash;

_warn_unused_ int hash_begin(enum hash_algorithm algorithm, struct hash **ret);
void hash_update(struct hash *hash, const void *bytes, size_t size);
/* Writes the digest and starts anew. */
void hash_finish(struct hash *hash, uint8_t *digest);
void hash_free(struct hash *hash);
DEFINE_CLEANUP(struct hash, hash_free)
#define _cleanup_hash_ _cleanup_(hash_freep)

/* In one go. */
_warn_unused_ int hash_bytes(enum hash_algorithm algorithm, const void *bytes, size_t size,
			     uint8_t *digest);

/* Of the first @size bytes of a file, by pread(2). -ENODATA: it is shorter. */
_warn_unused_ int hash_file(enum hash_algorithm algorithm, int fd, uint64_t size, uint8_t *digest);
