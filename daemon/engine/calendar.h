/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Windows: the hours in which updates may be installed, in local time. Pure but for the time zone, which is the C
 * library's (TZ, /etc/localtime). The grammar, in the words of systemd.time(7):
 *
 *   windows = "always" | "never" | window *( ";" window )
 *   window  = [ days ] begin [ "-" end ]         "Mon..Fri 22:00-06:00", "Sat,Sun 6:00", "03:30"
 *   days    = range *( "," range )
 *   range   = day [ ".." day ]                   "Fri..Mon" goes over the weekend
 *   day     = "Mon" | "Tue" ...                  also in full, in any case
 *   begin, end = hour ":" minute
 *
 * Without days it is every day. Without an end it lasts WindowSec= from its beginning; an end that is not later than
 * the beginning is on the next day. A time that the clock skips (summer begins) is the time to which it jumps; one that
 * comes twice (summer ends) counts once.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CALENDAR_WINDOWS_MAX 16

struct calendar_window {
	unsigned days; /* bit 0 = Monday */
	unsigned begin_minute;
	unsigned end_minute; /* CALENDAR_NO_END = lasts the usual span */
};
#define CALENDAR_NO_END UINT32_MAX

struct calendar {
	bool is_always;
	size_t count; /* 0 and not always: never */
	struct calendar_window windows[CALENDAR_WINDOWS_MAX];
};

struct calendar_span {
	uint64_t begin_usec, end_usec; /* the end is not in it; both UINT64_MAX: there is none */
};

/* -EINVAL: not as above. -E2BIG: more than CALENDAR_WINDOWS_MAX. */
int calendar_parse(const char *text, struct calendar *ret);

/*
 * The window that is open at @now_usec and has at least @needed_usec left (of several the one that lasts longest), or
 * else the next one to begin that is so long.
 */
struct calendar_span calendar_find(const struct calendar *calendar, uint64_t usual_usec,
				   uint64_t now_usec, uint64_t needed_usec);
