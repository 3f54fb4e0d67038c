/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reading a request strictly by a table: which keys it may have, and the range of its
 * numbers. Knows no key by name.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/macros.h"
#include "base/packet.h"
#include "base/reason.h"

/* One key of a request. */
struct field {
	const char *key;
	bool is_required;
	bool is_number;
	size_t offset; /* of the uint64_t (a number) or const char * (a text) in the result */
	uint64_t min, max; /* of a number; the length of a text */
	uint64_t missing; /* the number where the key is not there */
};

/*
 * Fills the structure at @ret from @packet; texts stay the packet's, missing ones are
 * NULL. A key that is in neither @fields nor "OP", a missing required key and a value out of its
 * range are -EINVAL with a @failure that names the key.
 */
_warn_unused_ int fields_read(const struct packet *packet, const struct field *fields, size_t count,
			      void *ret, struct failure *failure);
