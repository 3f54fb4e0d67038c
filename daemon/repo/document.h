/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Making TUF documents: the signed part of each kind, and the file with signatures. */
#pragma once

#include <stdint.h>

#include <jansson.h>

#include "base/reason.h"
#include "base/time.h"
#include "repo/role-config.h"
#include "repo/site.h"

/* The time that "now" is: $SOURCE_DATE_EPOCH (seconds) where it is set, else the clock. */
_warn_unused_ int document_now(usec_t *ret, struct failure *failure);

/* {_type, spec_version, version, expires}; to be filled. NULL: no memory. */
json_t *document_begin(const char *type, int64_t version, usec_t now, int64_t expires_days);

/* {keys: {...}} and {keyids, threshold} of a role's keys. NULL: no memory. */
json_t *document_keys(const struct role_config *role);
json_t *document_role(const struct role_config *role);

/* {version, length, hashes: {sha256}} of a file. NULL: no memory. */
json_t *document_reference(int64_t version, const char *bytes, size_t size);

/* How a published document stands to what would be published now. */
enum document_age {
	DOCUMENT_STAYS, /* the same but for version and expiry, and good for a while */
	DOCUMENT_AGES, /* the same, but more than half of its time is over */
	DOCUMENT_DIFFERS,
};
enum document_age document_compare(const json_t *published, const json_t *wanted, usec_t now,
				   int64_t expires_days);

/*
 * Signs and writes site/metadata/FILE, if enough keys have signed it. If @ret_reference is not NULL
 * it gets the reference to what was written. SIGNING_WAITS: as signing_run() says.
 */
struct signing;
_warn_unused_ int document_publish(const struct signing *signing, json_t *signed_part,
				   json_t **ret_reference, char **ret_lacks,
				   struct failure *failure);

/*
 * Reads a published document's signed part. -ENOENT without a failure: not there. A new
 * reference.
 */
_warn_unused_ int document_read(const struct site *site, const char *file_name, json_t **ret,
				struct failure *failure);
