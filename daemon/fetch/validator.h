/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What says that a file on a server is still the same: entity tags and dates of HTTP
 * (RFC 9110, 8.8), and Content-Range. Only text; no connection.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/fetch-protocol.h"
#include "base/macros.h"

/* "..." or W/"...", printable ASCII, at most FETCH_VALIDATOR_MAX characters. */
bool entity_tag_is_sound(const char *tag);

/* Fit for If-Range: a strong entity tag or an HTTP date, at most FETCH_VALIDATOR_MAX characters. */
bool validator_is_sound(const char *validator);

/* A sound validator that is an entity tag, not a date. */
bool validator_is_entity_tag(const char *validator);

/*
 * The strong validator (RFC 9110, 8.8.1) of a response with these headers: the entity
 * tag unless it is weak, else the date of the last change if the response is at least
 * VALIDATOR_DATE_AGE_SEC younger: a file may change twice within the same second. Each
 * may be NULL. Returns one of the arguments, or NULL.
 */
#define VALIDATOR_DATE_AGE_SEC 60
const char *validator_choose(const char *entity_tag, const char *last_modified, const char *date);

/* A part of a file: bytes first...last of length (CONTENT_RANGE_ANY: not said). */
struct content_range {
	uint64_t first, last, length;
};
#define CONTENT_RANGE_ANY UINT64_MAX

/* Reads "bytes 0-99/200" or "bytes 0-99/ *" (no space); first <= last < length. 0 or -EINVAL. */
_warn_unused_ int content_range_parse(const char *text, struct content_range *ret);
