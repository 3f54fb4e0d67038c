/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * From an opened bundle to an authenticated image for one device: which update source
 * it belongs to, the TUF workflow on a scratch copy of that source's state, and what it
 * offers.
 */
#pragma once

#include <stdbool.h>

#include "base/time.h"
#include "remote/remotes.h"
#include "trust/offer.h"

/* Starts as { .image.fd = -EBADF }; released with authenticated_clear(). */
struct authenticated {
	struct trust_store *store;
	struct trust_client *client;
	struct offer offer;
	struct fetched_file image;
	const char *remote; /* borrowed from the remotes */
	bool is_stale; /* what vouches for it has expired */
};

struct authenticate_options {
	const struct io_operations *io;
	int trust_fd; /* folder of the sources' trusted metadata */
	const struct remotes *remotes;
	usec_t now;
	bool accepts_stale; /* a file whose statements did nothing wrong but expire */
	const struct device_request *device;
};

/*
 * What the signed metadata proves is kept (in the trust folder) whether or not there is
 * something for this device; nothing is kept that did not verify.
 */
_warn_unused_ int authenticate(struct fetcher *fetcher, const struct authenticate_options *options,
			       struct authenticated *ret, struct failure *failure);
void authenticated_clear(struct authenticated *authenticated);
#define _cleanup_authenticated_ _cleanup_(authenticated_clear)
