/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Windows: what may be written, and when each opens and closes, also where the clock is set for summer. */
#include <errno.h>
#include <time.h>

#include "base/time.h"
#include "engine/calendar.h"
#include "tap.h"

/* 2026: Europe/Berlin begins summer on 29 March at 02:00 and ends it on 25 October at 03:00. */
#define ZONE "CET-1CEST,M3.5.0,M10.5.0/3"
#define SPAN (2 * USEC_PER_HOUR)
#define NEVER "never"

static void test_grammar(void)
{
	static const struct {
		const char *text;
		int result;
		size_t count;
	} cases[] = {
		{ "22:00", 0, 1 },
		{ "22:00-06:00", 0, 1 },
		{ "Mon..Fri 22:00-06:00; Sat,Sun 6:00", 0, 2 },
		{ "monday,WED 0:00 - 23:59", 0, 1 },
		{ "Fri..Mon 03:30", 0, 1 },
		{ "  03:30  ", 0, 1 },
		{ "always", 0, 0 },
		{ "never", 0, 0 },
		{ "", -EINVAL, 0 },
		{ "22:00..06:00", -EINVAL, 0 },
		{ "22", -EINVAL, 0 },
		{ "24:00", -EINVAL, 0 },
		{ "22:60", -EINVAL, 0 },
		{ "22:0", -EINVAL, 0 },
		{ "022:00", -EINVAL, 0 },
		{ "22:00-", -EINVAL, 0 },
		{ "22:00;", -EINVAL, 0 },
		{ "Mo 22:00", -EINVAL, 0 },
		{ "Mond 22:00", -EINVAL, 0 },
		{ "Mon..22:00", -EINVAL, 0 },
		{ "Mon, 22:00", -EINVAL, 0 },
		{ "Mon", -EINVAL, 0 },
		{ "22:00 Mon", -EINVAL, 0 },
		{ "*-*-* 22:00", -EINVAL, 0 },
		{ "-1:00", -EINVAL, 0 },
		{ "1:00;1:00;1:00;1:00;1:00;1:00;1:00;1:00;1:00;1:00;1:00;1:00;1:00;1:00;1:00;1:00",
		  0, 16 },
		{ "1:00;1:00;1:00;1:00;1:00;1:00;1:00;1:00;1:00;1:00;1:00;1:00;1:00;1:00;1:00;1:00;1:00",
		  -E2BIG, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct calendar calendar = { .count = 99 };
		int r = calendar_parse(cases[i].text, &calendar);

		tap_ok(r == cases[i].result &&
			       (r == 0 ? calendar.count == cases[i].count : calendar.count == 99),
		       "\"%.40s\" is %s", cases[i].text, r < 0 ? "refused" : "understood");
	}
}

/* "2026-03-28 22:00" in the zone, or "…Z" in UTC */
static uint64_t at(const char *text)
{
	struct tm parts = { .tm_isdst = -1 };
	const char *rest = strptime(text, "%Y-%m-%d %H:%M", &parts);

	if (!rest)
		tap_bail("\"%s\" is no time", text);
	parts.tm_isdst = -1;
	return (uint64_t)(*rest == 'Z' ? timegm(&parts) : mktime(&parts)) * USEC_PER_SEC;
}

static const char *shown(uint64_t usec)
{
	static char texts[8][TIME_TEXT_SIZE];
	static unsigned next;

	return usec == UINT64_MAX ? NEVER : time_format(usec, texts[next++ % 8]);
}

static void test_spans(void)
{
	/* Without an end they last two hours. */
	static const struct {
		const char *windows, *now, *begin, *end, *what;
	} cases[] = {
		{ "22:00-06:00", "2026-07-01 12:00", "2026-07-01 22:00", "2026-07-02 06:00",
		  "the next night" },
		{ "22:00-06:00", "2026-07-01 22:00", "2026-07-01 22:00", "2026-07-02 06:00",
		  "its first moment belongs to it" },
		{ "22:00-06:00", "2026-07-02 05:59", "2026-07-01 22:00", "2026-07-02 06:00",
		  "after midnight it is still open" },
		{ "22:00-06:00", "2026-07-02 06:00", "2026-07-02 22:00", "2026-07-03 06:00",
		  "its end does not belong to it" },
		{ "22:00", "2026-07-01 23:59", "2026-07-01 22:00", "2026-07-02 00:00",
		  "without an end it lasts the usual span" },
		{ "Sat,Sun 06:00", "2026-07-01 12:00", "2026-07-04 06:00", "2026-07-04 08:00",
		  "a day of the week" },
		{ "Fri 23:00", "2026-07-04 00:30", "2026-07-03 23:00", "2026-07-04 01:00",
		  "Friday's window on Saturday" },
		{ "Fri..Mon 23:00", "2026-07-05 12:00", "2026-07-05 23:00", "2026-07-06 01:00",
		  "a range over the weekend" },
		{ "Wed 12:00", "2026-07-01 15:00", "2026-07-08 12:00", "2026-07-08 14:00",
		  "missed: the next one is a week later" },
		{ "10:00-11:00; 10:30-14:00", "2026-07-01 10:45", "2026-07-01 10:30",
		  "2026-07-01 14:00", "of two open ones the longer" },
		{ "10:00-11:00; 09:00-09:30", "2026-07-01 08:00", "2026-07-01 09:00",
		  "2026-07-01 09:30", "of two to come the first" },
		{ "06:00-06:00", "2026-07-01 05:00", "2026-06-30 06:00", "2026-07-01 06:00",
		  "a whole day" },
		{ "never", "2026-07-01 05:00", NULL, NULL, "never is never" },
		/* Summer begins: 02:00 is 03:00. */
		{ "02:30-04:30", "2026-03-29 00:00", "2026-03-29 01:30Z", "2026-03-29 02:30Z",
		  "a beginning that the clock skips is the time to which it jumps" },
		{ "01:00-02:30", "2026-03-29 00:00", "2026-03-29 00:00Z", "2026-03-29 01:30Z",
		  "so is an end" },
		{ "22:00-06:00", "2026-03-29 00:00", "2026-03-28 21:00Z", "2026-03-29 04:00Z",
		  "the short night has seven hours" },
		{ "22:00", "2026-03-29 12:00", "2026-03-29 20:00Z", "2026-03-29 22:00Z",
		  "the evening after is summer's" },
		/* Summer ends: 03:00 is 02:00 again. */
		{ "22:00-06:00", "2026-10-25 00:00", "2026-10-24 20:00Z", "2026-10-25 05:00Z",
		  "the long night has nine hours" },
		{ "22:00", "2026-10-25 12:00", "2026-10-25 21:00Z", "2026-10-25 23:00Z",
		  "the evening after is winter's" },
		{ "02:15-02:45", "2026-10-25 04:30", "2026-10-26 01:15Z", "2026-10-26 01:45Z",
		  "what came twice is over" },
	};

	setenv("TZ", ZONE, 1);
	tzset();
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint64_t begin = cases[i].begin ? at(cases[i].begin) : UINT64_MAX,
			 end = cases[i].end ? at(cases[i].end) : UINT64_MAX;
		struct calendar calendar;
		struct calendar_span span;

		if (calendar_parse(cases[i].windows, &calendar) < 0)
			tap_bail("\"%s\"", cases[i].windows);
		span = calendar_find(&calendar, SPAN, at(cases[i].now), 0);
		if (!tap_ok(span.begin_usec == begin && span.end_usec == end, "%s: %s",
			    cases[i].windows, cases[i].what))
			printf("# found %s to %s, expected %s to %s\n", shown(span.begin_usec),
			       shown(span.end_usec), shown(begin), shown(end));
	}
}

static void test_needed(void)
{
	struct calendar calendar;
	struct calendar_span span;

	tap_is(calendar_parse("22:00-23:00", &calendar), 0, "an hour");
	span = calendar_find(&calendar, SPAN, at("2026-07-01 22:50"), 10 * USEC_PER_MINUTE);
	tap_is((intmax_t)span.begin_usec, (intmax_t)at("2026-07-01 22:00"),
	       "ten minutes before its end it has ten minutes left");
	span = calendar_find(&calendar, SPAN, at("2026-07-01 22:51"), 10 * USEC_PER_MINUTE);
	tap_is((intmax_t)span.begin_usec, (intmax_t)at("2026-07-02 22:00"),
	       "a minute later that is too late for today");
	tap_is(calendar_parse("always", &calendar), 0, "always");
	span = calendar_find(&calendar, SPAN, 5, UINT64_MAX);
	tap_ok(span.begin_usec == 0 && span.end_usec == UINT64_MAX, "is open without end");
}

/* Whatever the time, what is found is open now or comes later, and never again what is over. */
static void test_every_minute(void)
{
	static const char *const texts[] = { "22:00-06:00", "Mon..Fri 02:30", "Sun 00:00-00:00",
					     "02:00-03:00; Wed 23:59" };
	uint64_t first = at("2026-03-20 00:00"), last = at("2026-11-05 00:00");

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		unsigned wrong = 0;
		struct calendar calendar;

		if (calendar_parse(texts[i], &calendar) < 0)
			tap_bail("\"%s\"", texts[i]);
		for (uint64_t now = first; now < last; now += 47 * USEC_PER_MINUTE) {
			struct calendar_span span = calendar_find(&calendar, SPAN, now, 0);

			wrong += span.end_usec <= now || span.begin_usec >= span.end_usec ||
				 (span.begin_usec > now &&
				  span.begin_usec - now > 7 * USEC_PER_DAY + USEC_PER_HOUR);
		}
		tap_is(wrong, 0, texts[i]);
	}
}

int main(void)
{
	test_grammar();
	test_spans();
	test_needed();
	test_every_minute();
	return tap_done();
}
