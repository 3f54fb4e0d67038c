/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SHA-256 and SHA-512 through GnuTLS, which uses the processor's instructions for them. */
#include "base/hash.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <gnutls/crypto.h>

#define HASH_FILE_BUFFER_BYTES (256 * 1024)

struct hash {
	gnutls_hash_hd_t handle;
};

static const struct {
	const char *name;
	size_t size;
	gnutls_digest_algorithm_t digest;
} algorithms[_HASH_ALGORITHM_COUNT] = {
	[HASH_SHA256] = { "sha256", 32, GNUTLS_DIG_SHA256 },
	[HASH_SHA512] = { "sha512", 64, GNUTLS_DIG_SHA512 },
};

const char *hash_algorithm_name(enum hash_algorithm algorithm)
{
	return algorithms[algorithm].name;
}

enum hash_algorithm hash_algorithm_from_name(const char *name)
{
	for (int i = 0; i < _HASH_ALGORITHM_COUNT; i++)
		if (strcmp(algorithms[i].name, name) == 0)
			return (enum hash_algorithm)i;
	return _HASH_ALGORITHM_INVALID;
}

size_t hash_digest_size(enum hash_algorithm algorithm)
{
	return algorithms[algorithm].size;
}

int hash_begin(enum hash_algorithm algorithm, struct hash **ret)
{
	struct hash *hash = malloc(sizeof(*hash));

	if (!hash)
		return -ENOMEM;
	if (gnutls_hash_init(&hash->handle, algorithms[algorithm].digest) < 0) {
		free(hash);
		return -ENOMEM;
	}
	*ret = hash;
	return 0;
}

void hash_update(struct hash *hash, const void *bytes, size_t size)
{
	/* Cannot fail for the algorithms of the table: it only copies and computes. */
	(void)gnutls_hash(hash->handle, bytes, size);
}

void hash_finish(struct hash *hash, uint8_t *digest)
{
	gnutls_hash_output(hash->handle, digest);
}

void hash_free(struct hash *hash)
{
	if (!hash)
		return;
	gnutls_hash_deinit(hash->handle, NULL);
	free(hash);
}

int hash_bytes(enum hash_algorithm algorithm, const void *bytes, size_t size, uint8_t *digest)
{
	return gnutls_hash_fast(algorithms[algorithm].digest, bytes, size, digest) < 0 ? -ENOMEM :
											 0;
}

int hash_file(enum hash_algorithm algorithm, int fd, uint64_t size, uint8_t *digest)
{
	_cleanup_hash_ struct hash *hash = NULL;
	_cleanup_free_ char *buffer = malloc(HASH_FILE_BUFFER_BYTES);
	uint64_t offset = 0;
	int r;

	if (!buffer)
		return -ENOMEM;
	r = hash_begin(algorithm, &hash);
	if (r < 0)
		return r;
	while (offset < size) {
		size_t want = size - offset < HASH_FILE_BUFFER_BYTES ? size - offset :
								       HASH_FILE_BUFFER_BYTES;
		ssize_t n = pread(fd, buffer, want, (off_t)offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -ENODATA;
		hash_update(hash, buffer, (size_t)n);
		offset += (uint64_t)n;
	}
	hash_finish(hash, digest);
	return 0;
}
