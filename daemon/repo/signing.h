/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Signatures in rounds. A document that the keys at hand cannot complete is put aside in
 * work/signing/ with the signatures that it has; their holders add theirs with
 * "fwslot-repo sign", wherever they are, and the next publish takes it up.
 */
#pragma once

#include <stdbool.h>

#include <jansson.h>

#include "base/reason.h"
#include "repo/role-config.h"
#include "repo/site.h"

#define SIGNING_WAITS 1 /* put aside; not an error */

/* Who must have signed: @role, and of the last root its role, too (TUF 5.3.4). */
struct signing {
	const struct site *site;
	const char *file_name;
	const struct role_config *role;
	const json_t *last_root; /* its signed part, or NULL */
	struct signer *const *more; /* more keys to sign with */
	size_t more_count;
	bool is_held; /* something else waits: complete or not, this is put aside, too */
};

/*
 * Signs with the keys at hand and adds what was signed elsewhere meanwhile: @ret is the text of the
 * document. SIGNING_WAITS: it is put aside, and @ret_lacks says in a sentence what it lacks (NULL: nothing).
 */
_warn_unused_ int signing_run(const struct signing *signing, json_t *signed_part, char **ret,
			      char **ret_lacks, struct failure *failure);

/* The document is published. */
void signing_done(const struct signing *signing);

/* Has a document enough signatures by @keys ({id: key}) for @role ({keyids, threshold})? */
bool signing_suffices(const char *text, const json_t *keys, const json_t *role);

/* Adds @more's signatures to @signatures where a key id has none yet. */
_warn_unused_ int signatures_merge(json_t *signatures, const json_t *more, struct failure *failure);
