/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What happens to a damaged database. Private to the store. */
#pragma once

#include "store/store.h"

/*
 * The heir of a damaged database is complete, and durable, under the name that damage_heir_path() gives before the
 * damaged one leaves its place: whatever happens in between, what could be read of it is in one of the two.
 */
_warn_unused_ int damage_heir_path(const char *path, char **ret);

/* At every start, before the database is opened: finishes an exchange that was cut short, or forgets the attempt. */
_warn_unused_ int damage_finish(const struct io_operations *io, const char *path);

/*
 * Copies what can still be read of devices, jobs and failed releases of the damaged database @path to @heir, inside the
 * caller's transaction. What is damaged is left out; anything else that fails (no memory, a full disk) is an error, for
 * the damaged database is still there to try again.
 */
_warn_unused_ int damage_take_over(const char *path, struct store *heir);

/*
 * Puts the closed heir into the place of the database, and that and its log under names that say what they are, durably.
 * @aside: damage_aside_path().
 */
_warn_unused_ int damage_exchange(const struct io_operations *io, const char *path,
				  const char *aside);
_warn_unused_ int damage_aside_path(const char *path, uint64_t now_usec, char **ret);
