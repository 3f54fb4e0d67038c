/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A refresh that costs one request when nothing is new, and what is kept for it. A departure from
 * TUF 5.3 on purpose: the timestamp is asked for before the next root. When it is byte for byte
 * the stored one, and everything stored is still valid, the rest is not asked for. Whoever could
 * answer with an old timestamp could hide a new root as well; both ends when the timestamp expires.
 */
#pragma once

#include "trust/client.h"

/* As trust_client_refresh(), which follows if anything is new or not quite as it should be. */
_warn_unused_ int trust_client_refresh_if_new(struct trust_client *client, struct failure *failure);

/*
 * Reads a small target, at most @max_bytes, as the signed metadata lists it: from the copy that the
 * last call stored, if that is it, else from the fetcher. The caller frees @ret.
 */
_warn_unused_ int trust_client_read_target(struct trust_client *client, const struct target *target,
					   size_t max_bytes, char **ret, size_t *ret_size,
					   struct failure *failure);
