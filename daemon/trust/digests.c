/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lists of digests from TUF documents. Computing them is base/hash.c's. */
#include "trust/digests.h"

#include <string.h>

#include "base/hex.h"
#include "base/json.h"

int digests_parse(const json_t *hashes, const char *what, struct digests *ret,
		  struct failure *failure)
{
	struct digests digests = { 0 };
	unsigned int known = 0;

	for (int i = 0; i < _HASH_ALGORITHM_COUNT; i++) {
		enum hash_algorithm algorithm = (enum hash_algorithm)i;
		const char *text;
		int r = json_member_string(hashes, hash_algorithm_name(algorithm), JSON_OPTIONAL,
					   what, &text, failure);

		if (r < 0)
			return r;
		if (!text)
			continue;
		if (hex_decode(text, digests.value[i], hash_digest_size(algorithm)) < 0)
			return fail(failure, REASON_MALFORMED,
				    "%s: \"%s\" must be %zu hexadecimal digits.", what,
				    hash_algorithm_name(algorithm),
				    2 * hash_digest_size(algorithm));
		digests.is_listed[i] = true;
		known++;
	}
	if (known == 0)
		return fail(
			failure, REASON_MALFORMED,
			"%s: \"hashes\" has neither sha256 nor sha512; the content could not be checked.",
			what);
	*ret = digests;
	return 0;
}

bool digests_match(const struct digests *digests, enum hash_algorithm algorithm,
		   const uint8_t *digest)
{
	return !digests->is_listed[algorithm] ||
	       memcmp(digests->value[algorithm], digest, hash_digest_size(algorithm)) == 0;
}

int digests_check(const struct digests *digests, const void *bytes, size_t size, const char *what,
		  struct failure *failure)
{
	uint8_t digest[HASH_BYTES_MAX];

	for (int i = 0; i < _HASH_ALGORITHM_COUNT; i++) {
		enum hash_algorithm algorithm = (enum hash_algorithm)i;

		if (!digests->is_listed[i])
			continue;
		if (hash_bytes(algorithm, bytes, size, digest) < 0)
			return fail_memory(failure);
		if (!digests_match(digests, algorithm, digest))
			return fail(failure, REASON_WRONG_DIGEST,
				    "%s is not the file the signed metadata lists: its %s differs.",
				    what, hash_algorithm_name(algorithm));
	}
	return 0;
}

const char *digests_name(const struct digests *digests, char text[static 2 * HASH_BYTES_MAX + 1])
{
	enum hash_algorithm algorithm = digests->is_listed[HASH_SHA256] ? HASH_SHA256 : HASH_SHA512;

	return hex_encode(digests->value[algorithm], hash_digest_size(algorithm), text);
}
