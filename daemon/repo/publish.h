/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From work/targets to site/: the whole of TUF's server side, in one go. */
#pragma once

#include "base/reason.h"
#include "repo/role-config.h"
#include "repo/site.h"

/*
 * Copies new files to site/targets and signs what has changed, whose keys have changed, or
 * what has less than half of its time left; the timestamp always. Written in the order in which a client that
 * reads at the same moment always sees a whole repository: the timestamp last.
 */
_warn_unused_ int publish_all(const struct site *site, const struct repo_config *config,
			      struct failure *failure);
