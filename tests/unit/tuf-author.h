/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A TUF repository in memory that a test writes, also wrongly, and a fetcher that
 * serves it and remembers what it was asked for. Not fwslot-repo: nothing here is
 * checked on the way out.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

#include "base/time.h"
#include "trust/fetcher.h"
#include "trust/signer.h"

#define AUTHOR_ROLES_MAX 48
#define AUTHOR_SIGNERS_MAX 4
#define AUTHOR_FILES_MAX 512
#define AUTHOR_REQUESTS_MAX 512

/* What tests take for now, and the expiry the author writes. */
#define AUTHOR_NOW (1800000000 * USEC_PER_SEC) /* 2027-01-15 */
#define AUTHOR_EXPIRES "2027-06-01T00:00:00Z"
#define AUTHOR_EXPIRED "2027-01-01T00:00:00Z"

struct author_role {
	char name[96];
	struct signer *signers[AUTHOR_SIGNERS_MAX];
	size_t signer_count;
	unsigned int threshold;
	json_t *part; /* the signed part, for the test to change */
};

struct author_file {
	char *name; /* "metadata/1.root.json" */
	char *bytes;
	size_t size;
};

struct author {
	struct author_role roles[AUTHOR_ROLES_MAX];
	size_t role_count;
	bool is_consistent;
	bool has_hashes; /* lengths and digests in timestamp and snapshot */
	struct author_file files[AUTHOR_FILES_MAX];
	size_t file_count;
	struct fetcher fetcher; /* serves the files */
	char *requests[AUTHOR_REQUESTS_MAX];
	size_t request_count;
};

/* With the four top-level roles, a key of @kind each, consistent snapshots. */
struct author *author_new(enum signer_kind kind);
void author_free(struct author *author);

struct author_role *author_role(struct author *author, const char *name);

/* A new role @name with a key of its own, delegated to by @from for @patterns (NULL-terminated). */
struct author_role *author_delegate(struct author *author, const char *from, const char *name,
				    const char *const *patterns, bool is_terminating);

/* One more delegation from @from to the existing role @to, with @signer as its key. */
void author_delegate_again(struct author *author, const char *from, const char *to,
			   struct signer *signer, const char *const *patterns, bool is_terminating);

/* Lists a target in @role and puts its file in place. */
void author_add_target(struct author *author, const char *role, const char *path, const void *bytes,
		       size_t size, json_t *custom);

/* Changes members of a signed part. */
void author_bump(struct author *author, const char *role);
void author_set_version(struct author *author, const char *role, json_int_t version);
void author_set_expires(struct author *author, const char *role, const char *expires);

/* Fills root's keys and roles from the author's. */
void author_fill_root(struct author *author);
/* Signs everything and puts it in place: root, all targets roles, snapshot, timestamp. */
void author_publish(struct author *author);
/* Bumps all but root and publishes: the everyday change. */
void author_publish_next(struct author *author);
/* Signs @part by @signers and puts it in place as metadata/@file_name. */
void author_put_signed(struct author *author, const char *file_name, json_t *part,
		       struct signer *const *signers, size_t count);

/* Files: add or replace, look up, remove. Names begin with metadata/ or targets/. */
void author_put(struct author *author, const char *name, const void *bytes, size_t size);
struct author_file *author_find(struct author *author, const char *name);
void author_remove(struct author *author, const char *name);

/* How often was @name asked for since the last author_forget_requests()? */
size_t author_requests_of(const struct author *author, const char *name);
void author_forget_requests(struct author *author);

/* All files as a tar on a fresh descriptor, as fwslot-repo writes it. */
int author_bundle(const struct author *author);
