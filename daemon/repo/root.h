/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The root: who may sign for which role. A new one is made when that has changed. */
#pragma once

#include <stdbool.h>

#include "base/reason.h"
#include "base/time.h"
#include "repo/role-config.h"
#include "repo/site.h"

/*
 * Publishes the first root, or the next one where keys or thresholds differ from the last one's, or
 * where it is half over and the keys at hand can renew it. With @is_held it is only put aside: a root
 * with new keys comes together with what they have signed. SIGNING_WAITS as signing_run() says.
 */
_warn_unused_ int root_publish(const struct site *site, const struct repo_config *config,
			       usec_t now, bool is_held, char **ret_lacks, struct failure *failure);
