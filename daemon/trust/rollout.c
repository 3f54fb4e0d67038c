/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Buckets of staged rollouts. */
#include "trust/rollout.h"

#include <string.h>

#include "base/hash.h"

int rollout_bucket(const uint8_t machine_id[static 16], const char *hardware_id, const char *serial,
		   const char *path, unsigned int *ret)
{
	static const char label[] = "rollout-1";
	_cleanup_hash_ struct hash *hash = NULL;
	uint8_t digest[SHA256_BYTES];
	uint64_t number = 0;
	int r = hash_begin(HASH_SHA256, &hash);

	if (r < 0)
		return r;
	/* The NULs keep neighbours apart. */
	hash_update(hash, label, sizeof(label));
	hash_update(hash, machine_id, 16);
	hash_update(hash, hardware_id, strlen(hardware_id) + 1);
	hash_update(hash, serial, strlen(serial) + 1);
	hash_update(hash, path, strlen(path));
	hash_finish(hash, digest);
	for (int i = 0; i < 8; i++)
		number = number << 8 | digest[i];
	*ret = (unsigned int)(number % 1000);
	return 0;
}

bool rollout_includes(const struct index_release *release, unsigned int bucket, usec_t now)
{
	unsigned int permille = release->rollout_count == 0 ? 1000 : 0;

	for (size_t i = 0; i < release->rollout_count; i++)
		if (release->rollout[i].at <= now)
			permille = release->rollout[i].permille;
	return bucket < permille;
}
