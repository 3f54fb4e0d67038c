/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A copy of the anti-rollback floors beside the database, for the day on which the database cannot be read or is
 * not there: the floor that counts is the higher of the two. Private to the store.
 */
#pragma once

#include "store/store.h"

#define FLOORS_FILE_NAME STORE_FILE_NAME ".floors"

/*
 * When the database has been opened: takes over what the copy knows better, then keeps the copy. A copy that is damaged
 * itself is said to be so, and replaced.
 */
_warn_unused_ int floors_restore(struct store *store, uint64_t now_usec);

/* When devices have changed: writes the copy, durably, if it says something else. What fails is tried again the next time. */
void floors_keep(struct store *store);
