/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Typed views of TUF's four kinds of metadata: parsed and checked for form, not yet for
 * signatures, age or freshness (that is client.c's, in the order the specification
 * gives). A view borrows from the document it was parsed from and owns it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/time.h"
#include "trust/delegation.h"
#include "trust/digests.h"
#include "trust/role.h"
#include "trust/signed.h"

/* What all four have in common. Starts as { 0 }. */
struct metadata {
	struct signed_document *document;
	int64_t version;
	usec_t expires;
};

enum top_level_role {
	ROLE_ROOT,
	ROLE_TIMESTAMP,
	ROLE_SNAPSHOT,
	ROLE_TARGETS,
	_TOP_LEVEL_ROLE_COUNT,
};

/* "root", "timestamp", "snapshot", "targets". */
const char *top_level_role_name(enum top_level_role role);

struct root {
	struct metadata common;
	bool is_consistent_snapshot;
	struct keyring keyring;
	struct role roles[_TOP_LEVEL_ROLE_COUNT];
};

/* What timestamp and snapshot say of another metadata file. */
struct metadata_reference {
	int64_t version;
	int64_t length; /* bytes; -1: not said */
	bool has_digests;
	struct digests digests;
};

struct timestamp {
	struct metadata common;
	struct metadata_reference snapshot;
};

struct snapshot {
	struct metadata common;
	const json_t *meta; /* file name to reference: snapshot_find() */
};

struct targets {
	struct metadata common;
	const json_t *targets; /* target path to {length, hashes, custom}: targets_find() */
	struct delegations delegations;
};

/*
 * What a targets role says of one file. Borrows from the role; starts as { 0 } and
 * needs no release.
 */
struct target {
	const char *path;
	uint64_t length;
	struct digests digests;
	const json_t *custom; /* object or NULL */
	const struct role *signer; /* the role that answers for it */
};

/*
 * The parsers. @bytes is taken over, also on failure; @what names the file in
 * failures; a failure is malformed and leaves @ret as it was.
 */
_warn_unused_ int root_parse(char *bytes, size_t size, const char *what, struct root *ret,
			     struct failure *failure);
_warn_unused_ int timestamp_parse(char *bytes, size_t size, const char *what, struct timestamp *ret,
				  struct failure *failure);
_warn_unused_ int snapshot_parse(char *bytes, size_t size, const char *what, struct snapshot *ret,
				 struct failure *failure);
_warn_unused_ int targets_parse(char *bytes, size_t size, const char *what, struct targets *ret,
				struct failure *failure);

void root_clear(struct root *root);
void timestamp_clear(struct timestamp *timestamp);
void snapshot_clear(struct snapshot *snapshot);
void targets_clear(struct targets *targets);

/* The snapshot's word on @file_name ("targets.json"); -ENOENT without a failure if it has none. */
_warn_unused_ int snapshot_find(const struct snapshot *snapshot, const char *file_name,
				struct metadata_reference *ret, struct failure *failure);

/* The entry of @path; -ENOENT without a failure if there is none. */
_warn_unused_ int targets_find(const struct targets *targets, const char *path, struct target *ret,
			       struct failure *failure);
