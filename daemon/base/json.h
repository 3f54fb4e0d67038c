/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Strict JSON over jansson, and the canonical form that TUF signs. Needs jansson: for
 * the worker and the vendor's tool, never for fwslotd itself.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "base/macros.h"
#include "base/reason.h"

#define JSON_DEPTH_MAX 32 /* nested objects and arrays */
#define JSON_INTEGER_MAX ((int64_t)1 << 53) /* every JSON library reads these exactly */

#define _cleanup_json_ _cleanup_(json_decrefp)

/*
 * Reads one JSON value that fills @bytes: UTF-8, no duplicate keys, no NUL in strings,
 * no number but integers in 0...JSON_INTEGER_MAX, at most JSON_DEPTH_MAX deep. @what
 * names the file in the failure (malformed).
 */
_warn_unused_ int json_load_strict(const char *bytes, size_t size, const char *what, json_t **ret,
				   struct failure *failure);

/*
 * The canonical form (OLPC): keys in code point order, no white space, only '"' and
 * '\' escaped, everything else raw, integers decimal. -EINVAL: a real number; -ENOMEM.
 * The caller frees @ret, which ends with an uncounted NUL.
 */
_warn_unused_ int json_canonical(const json_t *value, char **ret, size_t *ret_size);

enum json_need {
	JSON_OPTIONAL,
	JSON_REQUIRED,
};

/*
 * The member @key of @object, checked to be of @type; borrowed. An absent optional
 * member gives NULL. Anything else fails as malformed, naming @what, the key, what was
 * expected and what was found.
 */
_warn_unused_ int json_member(const json_t *object, const char *key, json_type type,
			      enum json_need need, const char *what, json_t **ret,
			      struct failure *failure);

/* The same for a string; an absent optional one gives NULL. */
_warn_unused_ int json_member_string(const json_t *object, const char *key, enum json_need need,
				     const char *what, const char **ret, struct failure *failure);

/* The same for an integer in @min...@max; an absent optional one leaves *@ret alone. */
_warn_unused_ int json_member_integer(const json_t *object, const char *key, enum json_need need,
				      int64_t min, int64_t max, const char *what, int64_t *ret,
				      struct failure *failure);

/* The same for true or false; an absent optional one leaves *@ret alone. */
_warn_unused_ int json_member_boolean(const json_t *object, const char *key, enum json_need need,
				      const char *what, bool *ret, struct failure *failure);
