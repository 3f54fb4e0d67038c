/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An image put together of one that this machine has and a delta to it, in the place of a download of all of it. What
 * comes of it is checked as a download is; whatever goes wrong, the download is still there. One delta is tried, and not
 * again for this image as long as its files are kept: REBUILD_TRIED_SUFFIX.
 */
#pragma once

#include "trust/offer.h"
#include "worker/online.h"

/* What is to be done; borrows from the offer and the client. */
struct rebuild {
	const struct index_delta *delta;
	struct target target; /* the delta's */
	struct target image;
	int slot_fd; /* the base is read from it; -EBADF: it is a backup */
};

/*
 * Is there a delta to something that is here? @slot_fd: what the device runs, opened for reading; -EBADF: it cannot be
 * read. Reads and fetches nothing but metadata: before the trusted metadata are unlocked.
 */
bool rebuild_plan(struct online *online, const struct bundle_request *request,
		  const struct offer *offer, int slot_fd, struct rebuild *ret);
/* The caller closes @ret->fd. -errno: the image has to be fetched; the reason is for the journal only. */
_warn_unused_ int rebuild_image(struct online *online, const struct bundle_request *request,
				const struct rebuild *rebuild, struct fetched_file *ret,
				struct failure *failure);
