/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A client of The Update Framework, specification 1.0.34 section 5, of one repository.
 * The order of its checks is the specification's; section numbers are in the code.
 * Fetcher, store and time are given to it; it opens nothing and asks no clock.
 *
 * Departures from the specification, on purpose:
 *  - a key id need not be the hash of the key (TAP 12), but a threshold counts distinct
 *    keys, whatever their ids;
 *  - a timestamp with the version of the stored one is dropped and the cycle goes on
 *    with the stored one, so that a client which lost its snapshot can repair itself.
 * A third one is quiet.h's.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/reason.h"
#include "base/time.h"
#include "trust/fetcher.h"
#include "trust/metadata.h"
#include "trust/store.h"

enum client_source {
	CLIENT_FETCH, /* the whole workflow */
	/* No request for metadata: what is stored and still valid, for instance to look up a file by. */
	CLIENT_STORED,
	/*
	 * The whole workflow, but what has expired is let pass: freshness is given up, and what a vendor took back
	 * since may come. For files that an administrator vouches for; nothing but roots may be kept of it.
	 */
	CLIENT_FETCH_STALE,
};

/* A delegated role in memory, as verified by one delegator; a list. */
struct delegated_role {
	struct delegated_role *next;
	const struct role *role; /* the delegator's word: name, keys, threshold */
	struct targets targets;
};

/* One bin of succinct delegations; a list. The role borrows all but its name. */
struct bin_role {
	struct bin_role *next;
	const struct delegations *delegations;
	struct role role;
};

/* Owned by client.c, update.c, search.c and quiet.c; others use the functions. */
struct trust_client {
	struct trust_store *store; /* borrowed */
	struct fetcher *fetcher; /* borrowed */
	usec_t now; /* TUF 5.1: fixed once */
	enum client_source source;
	bool keeps_copies; /* of indexes, beside the metadata: quiet.c */
	bool has_root_chain; /* 5.3.3 to 5.3.9 are done */
	struct root root;
	struct timestamp timestamp;
	struct snapshot snapshot;
	struct targets targets;
	struct delegated_role *delegated;
	struct bin_role *bins;
};

/*
 * TUF 5.2: loads the trusted root: the stored one or @shipped (borrowed, may be NULL),
 * whichever has the higher version and is signed by itself. Without one it fails before
 * any request. @store and @fetcher must outlive the client.
 */
_warn_unused_ int trust_client_new(struct trust_store *store, struct fetcher *fetcher,
				   enum client_source source, usec_t now, const char *shipped,
				   size_t shipped_size, struct trust_client **ret,
				   struct failure *failure);
void trust_client_free(struct trust_client *client);

/* Indexes that were read are kept in the store, and read from it while they are what is listed. */
void trust_client_keep_copies(struct trust_client *client);
DEFINE_CLEANUP(struct trust_client, trust_client_free)
#define _cleanup_trust_client_ _cleanup_(trust_client_freep)

/*
 * Does the fetcher's repository belong to this client's root? Walks the chain of roots
 * and looks at the signature of the timestamp, nothing else; to choose between
 * repositories for an offline file.
 */
_warn_unused_ int trust_client_recognize(struct trust_client *client, struct failure *failure);

/* TUF 5.3 to 5.6: brings root, timestamp, snapshot and targets up to date. */
_warn_unused_ int trust_client_refresh(struct trust_client *client, struct failure *failure);

/*
 * TUF 5.6.7: finds what the repository says of the target @path, searching delegations.
 * After a refresh. @ret borrows from the client. no-such-target: nobody lists it.
 */
_warn_unused_ int trust_client_find_target(struct trust_client *client, const char *path,
					   struct target *ret, struct failure *failure);

/* TUF 5.7: fetches a target and checks its length and all digests. The caller closes @ret->fd. */
_warn_unused_ int trust_client_fetch_target(struct trust_client *client,
					    const struct target *target, struct fetched_file *ret,
					    struct failure *failure);

/* TUF 5.7.3 of a file that came in another way: length and all digests. */
_warn_unused_ int target_check_file(const struct target *target, const struct fetched_file *file,
				    struct failure *failure);

/* --- between the files of this client --- */

/* Fails as expired if @metadata is not valid at the client's time. */
_warn_unused_ int client_check_expiry(const struct trust_client *client,
				      const struct metadata *metadata, const char *what,
				      struct failure *failure);

/* Reads a file of the fetcher's; absent fails as not-listed. */
_warn_unused_ int client_fetch(struct trust_client *client, const char *file_name, size_t max_bytes,
			       char **ret, size_t *ret_size, struct failure *failure);

_warn_unused_ int client_save(struct trust_client *client, const char *role,
			      const struct metadata *metadata, struct failure *failure);

/* 5.3.3 to 5.3.11: the chain of roots, without the final look at its expiry. */
_warn_unused_ int client_update_root(struct trust_client *client, struct failure *failure);

/* 5.6, for the top-level and for delegated roles: verified by @role, as listed in the snapshot. */
_warn_unused_ int client_load_targets(struct trust_client *client, const struct role *role,
				      struct targets *ret, struct failure *failure);
