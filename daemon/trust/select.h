/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which release of an index is for this device, and which of its images? One pure
 * function over a table of rules; it does no I/O, so tests walk all of it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "trust/index.h"

/* Another device of this machine, for "requires". */
struct inventory_item {
	const char *hardware_id;
	const char *slot;
	int64_t counter;
};

/* The device, and what the caller asks for. Borrowed; numbers are 0 where unknown. */
struct device_request {
	const char *const *hardware_ids; /* most specific first */
	size_t hardware_id_count;
	const char *installed_version; /* may be NULL */
	int64_t installed_counter;
	int64_t floor;
	const char *const *slot_labels; /* of writable slots, preferred first */
	size_t slot_label_count;
	uint64_t slot_size; /* bytes */
	bool allow_downgrade;
	bool allow_reinstall;
	const char *want_version; /* NULL: the newest that fits */
	const struct inventory_item *inventory;
	size_t inventory_count;
};

struct selection {
	const struct index_release *release;
	const struct index_slot *slot;
	int64_t installed_counter; /* as far as known now, index's history asked; 0: unknown */
	int64_t floor; /* the higher of the device's and the index's */
};

/*
 * Chooses the release with the highest counter that no rule forbids. If there is none,
 * fails for what stands against the newest one (below-floor, downgrade, min-counter,
 * requires, already-installed, no-such-slot, no-such-target).
 */
_warn_unused_ int release_select(const struct release_index *index,
				 const struct device_request *request, struct selection *ret,
				 struct failure *failure);
