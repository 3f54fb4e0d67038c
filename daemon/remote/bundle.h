/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An offline file (.fwb): a tar of a repository's metadata/ and targets/, as on a
 * server. Read once from start to end; afterwards it is a fetcher for the TUF client,
 * and the file itself is not looked at again, whoever changes it.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/io.h"
#include "base/macros.h"
#include "base/reason.h"
#include "trust/fetcher.h"

#define BUNDLE_METADATA_BYTES_MAX (16 * 1024 * 1024) /* all metadata together */
#define BUNDLE_TARGETS_MAX 512 /* staged targets */

struct bundle_options {
	const struct io_operations *io;
	int stage_fd; /* folder for nameless files */
	uint64_t max_bytes;
	/* Only targets below these vendors (first segments of hardware ids) are staged. */
	const char *const *hardware_ids;
	size_t hardware_id_count;
	/* Called as reading goes on; may be NULL. */
	void (*progress)(void *userdata, uint64_t done, uint64_t total);
	void *userdata;
};

struct bundle;

_warn_unused_ int bundle_open(int fd, const struct bundle_options *options, struct bundle **ret,
			      struct failure *failure);
void bundle_free(struct bundle *bundle);
DEFINE_CLEANUP(struct bundle, bundle_free)
#define _cleanup_bundle_ _cleanup_(bundle_freep)

/* What the bundle holds; lives as long as it. */
struct fetcher *bundle_fetcher(struct bundle *bundle);
