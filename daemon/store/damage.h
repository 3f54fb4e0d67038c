/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What happens to a damaged database. Private to the store. */
#pragma once

#include "store/store.h"

/*
 * Renames the database and its log to names that say what they are, durably. @ret: the new path, the caller's.
 * -EEXIST cannot happen: an older one of the same second is replaced.
 */
_warn_unused_ int damage_set_aside(const struct io_operations *io, const char *path,
				   uint64_t now_usec, char **ret);

/* Copies what can still be read of devices, jobs and failed releases to @store. Never fails: best effort. */
void damage_take_over(const char *path, struct store *store);
