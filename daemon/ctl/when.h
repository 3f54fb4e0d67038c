/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A time to come, as people write it. Pure but for the time zone. */
#pragma once

#include <stdint.h>

#define WHEN_HELP                                                                                        \
	"A time is \"tonight\" (22:00), \"tomorrow\" (9:00), a day of the week or a date (9:00), each\n" \
	"also with a time of the day; a time of the day, which is today's or tomorrow's; or a span.\n"   \
	"Examples: \"tomorrow 18:00\", \"fri 7:30\", \"2027-01-31\", \"18:00\", \"3d\", \"2h 30min\"\n"

/* 0; -EINVAL: not such a text; -ERANGE: it is over. */
int when_parse(const char *text, uint64_t now_usec, uint64_t *ret_usec);
