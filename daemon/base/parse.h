/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Numbers from text, strictly: digits only, no sign, no space, no overflow. */
#pragma once

#include <stdint.h>

#include "base/macros.h"

/* Decimal; "0" but not "00" or "" . Returns 0, -EINVAL or -ERANGE. */
_warn_unused_ int parse_u64(const char *text, uint64_t *ret);

/* The same, in @min...@max; outside is -ERANGE. */
_warn_unused_ int parse_u64_range(const char *text, uint64_t min, uint64_t max, uint64_t *ret);
