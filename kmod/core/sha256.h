/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The kernel's SHA-256 library under one set of names, because its own changed.
 */
#ifndef _FWSLOT_SHA256_H
#define _FWSLOT_SHA256_H

#include <crypto/sha2.h>
#include <linux/minmax.h>

struct fwslot_sha256 {
	struct sha256_state state;
};

static inline void fwslot_sha256_init(struct fwslot_sha256 *sha256)
{
	sha256_init(&sha256->state);
}

static inline void fwslot_sha256_update(struct fwslot_sha256 *sha256, const void *data,
					size_t length)
{
	/* The library counts in unsigned int. */
	while (length) {
		unsigned int part = min_t(size_t, length, 1U << 30);

		sha256_update(&sha256->state, data, part);
		data += part;
		length -= part;
	}
}

static inline void fwslot_sha256_final(struct fwslot_sha256 *sha256, u8 *digest)
{
	sha256_final(&sha256->state, digest);
}

#endif /* _FWSLOT_SHA256_H */
