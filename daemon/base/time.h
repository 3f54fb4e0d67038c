/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Points in time and spans, in microseconds; RFC 3339 text. Time is passed in to
 * whoever decides something, so that tests can move it: only the top of a program
 * calls the two clocks here.
 */
#pragma once

#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/macros.h"

typedef uint64_t usec_t;

#define USEC_PER_MSEC ((usec_t)1000)
#define USEC_PER_SEC ((usec_t)1000000)
#define USEC_PER_MINUTE (60 * USEC_PER_SEC)
#define USEC_PER_HOUR (60 * USEC_PER_MINUTE)
#define USEC_PER_DAY (24 * USEC_PER_HOUR)
#define USEC_INFINITY UINT64_MAX

/* Length of "2026-11-01T00:00:00Z" with its NUL. */
#define TIME_TEXT_SIZE 21

/* The wall clock (since 1970, UTC) and the clock that never jumps. Never fail. */
usec_t time_now_realtime(void);
usec_t time_now_monotonic(void);

/*
 * A moment that has surely passed, for a machine whose clock was not set yet: when this
 * program was made (SOURCE_DATE_EPOCH), or when @clock_file was written last, which a
 * program that sets the clock touches; it may be absent. Never after a clock that is right.
 */
usec_t time_floor(const char *clock_file);

/*
 * Writes @time as "YYYY-MM-DDTHH:MM:SSZ" (UTC, fraction cut off) into @text and
 * returns @text. Times past the year 9999 are written as "9999-12-31T23:59:59Z".
 */
const char *time_format(usec_t time, char text[static TIME_TEXT_SIZE]);

/*
 * Reads exactly "YYYY-MM-DDTHH:MM:SSZ", every field in its range, the day in its
 * month, no leap second, not before 1970. Returns 0 or -EINVAL.
 */
_warn_unused_ int time_parse(const char *text, usec_t *ret);

/* The same for "YYYY-MM-DD": @ret is that day's first microsecond (UTC). */
_warn_unused_ int time_parse_date(const char *text, usec_t *ret);
