/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Times as people write them. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/time.h"
#include "ctl/when.h"
#include "tap.h"

static uint64_t at(const char *text)
{
	struct tm parts = { 0 };

	if (!strptime(text, "%Y-%m-%d %H:%M", &parts))
		tap_bail("\"%s\" is no time", text);
	parts.tm_isdst = -1;
	return (uint64_t)mktime(&parts) * USEC_PER_SEC;
}

int main(void)
{
	/* It is a Wednesday, half past one in the afternoon. */
	static const struct {
		const char *text, *expected;
		int result;
	} cases[] = {
		{ "tonight", "2026-07-01 22:00", 0 },
		{ "tomorrow", "2026-07-02 09:00", 0 },
		{ "tomorrow 18:00", "2026-07-02 18:00", 0 },
		{ "Tomorrow   7:05", "2026-07-02 07:05", 0 },
		{ "18:00", "2026-07-01 18:00", 0 },
		{ "13:30", "2026-07-02 13:30", 0 },
		{ "9:00", "2026-07-02 09:00", 0 },
		{ "fri", "2026-07-03 09:00", 0 },
		{ "Friday 7:30", "2026-07-03 07:30", 0 },
		{ "wed", "2026-07-08 09:00", 0 },
		{ "wed 14:00", "2026-07-01 14:00", 0 },
		{ "2027-01-31", "2027-01-31 09:00", 0 },
		{ "2027-01-31 0:00", "2027-01-31 00:00", 0 },
		{ "3d", "2026-07-04 13:30", 0 },
		{ "2h 30min", "2026-07-01 16:00", 0 },
		{ "today 13:00", NULL, -ERANGE },
		{ "2026-06-30", NULL, -ERANGE },
		{ "today", NULL, -ERANGE },
		{ "", NULL, -EINVAL },
		{ "soon", NULL, -EINVAL },
		{ "18", NULL, -EINVAL },
		{ "infinity", NULL, -EINVAL },
		{ "18:0", NULL, -EINVAL },
		{ "18:00:00", NULL, -EINVAL },
		{ "25:00", NULL, -EINVAL },
		{ "-1:00", NULL, -EINVAL },
		{ "0d", NULL, -EINVAL },
		{ "tomorrow noon", NULL, -EINVAL },
		{ "18:00 tomorrow", NULL, -EINVAL },
		{ "tomorrow 18:00 sharp", NULL, -EINVAL },
		{ "2026-02-30", NULL, -EINVAL },
		{ "wednes", NULL, -EINVAL },
		{ "a text that is far longer than any time that somebody would write here", NULL,
		  -EINVAL },
	};
	uint64_t now;

	setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
	now = at("2026-07-01 13:30");
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint64_t usec = 0;
		int r = when_parse(cases[i].text, now, &usec);

		tap_ok(r == cases[i].result &&
			       usec == (cases[i].expected ? at(cases[i].expected) : 0),
		       "\"%.40s\" is %s (%d)", cases[i].text,
		       cases[i].expected ? cases[i].expected : "refused", r);
	}
	return tap_done();
}
