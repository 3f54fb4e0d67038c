/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Words into windows, and windows into points in time by the C library's calendar, day by day. */
#include "engine/calendar.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/macros.h"
#include "base/time.h"

#define ALL_DAYS 0x7f
#define DAYS_BEFORE 8 /* a window may have begun so long ago: WindowSec= is at most 7d */
#define DAYS_AFTER 9

static const char *const day_names[7] = { "Monday", "Tuesday",	"Wednesday", "Thursday",
					  "Friday", "Saturday", "Sunday" };

/* What is read next of the text. */
struct reader {
	const char *at;
};

static void skip_spaces(struct reader *reader)
{
	reader->at += strspn(reader->at, " \t");
}

static bool take(struct reader *reader, const char *mark)
{
	if (strncmp(reader->at, mark, strlen(mark)) != 0)
		return false;
	reader->at += strlen(mark);
	return true;
}

static int take_day(struct reader *reader)
{
	size_t length = 0;

	while (isalpha((unsigned char)reader->at[length]))
		length++;
	for (int day = 0; day < 7; day++) {
		if ((length == 3 || length == strlen(day_names[day])) &&
		    strncasecmp(reader->at, day_names[day], length) == 0) {
			reader->at += length;
			return day;
		}
	}
	return -EINVAL;
}

static int take_days(struct reader *reader, unsigned *ret)
{
	unsigned days = 0;

	if (!isalpha((unsigned char)*reader->at)) {
		*ret = ALL_DAYS;
		return 0;
	}
	do {
		int first = take_day(reader), last = first;

		if (first >= 0 && take(reader, ".."))
			last = take_day(reader);
		if (first < 0 || last < 0)
			return -EINVAL;
		for (int day = first;; day = (day + 1) % 7) {
			days |= 1u << day;
			if (day == last)
				break;
		}
	} while (take(reader, ","));
	*ret = days;
	return 0;
}

static int take_number(struct reader *reader, unsigned below, unsigned *ret)
{
	unsigned value = 0, digits = 0;

	while (digits < 2 && isdigit((unsigned char)*reader->at)) {
		value = value * 10 + (unsigned)(*reader->at++ - '0');
		digits++;
	}
	if (digits == 0 || value >= below)
		return -EINVAL;
	*ret = value;
	return 0;
}

static int take_time(struct reader *reader, unsigned *ret_minute)
{
	unsigned hour, minute;

	if (take_number(reader, 24, &hour) < 0 || !take(reader, ":") ||
	    !isdigit((unsigned char)reader->at[0]) || !isdigit((unsigned char)reader->at[1]) ||
	    take_number(reader, 60, &minute) < 0)
		return -EINVAL;
	*ret_minute = hour * 60 + minute;
	return 0;
}

static int take_window(struct reader *reader, struct calendar_window *ret)
{
	int r;

	skip_spaces(reader);
	r = take_days(reader, &ret->days);
	skip_spaces(reader);
	if (r >= 0)
		r = take_time(reader, &ret->begin_minute);
	skip_spaces(reader);
	ret->end_minute = CALENDAR_NO_END;
	if (r >= 0 && take(reader, "-")) {
		skip_spaces(reader);
		r = take_time(reader, &ret->end_minute);
		skip_spaces(reader);
	}
	return r;
}

int calendar_parse(const char *text, struct calendar *ret)
{
	struct calendar calendar = { .is_always = strcmp(text, "always") == 0 };
	struct reader reader = { text };

	if (!calendar.is_always && strcmp(text, "never") != 0) {
		do {
			if (calendar.count == CALENDAR_WINDOWS_MAX)
				return -E2BIG;
			if (take_window(&reader, &calendar.windows[calendar.count++]) < 0)
				return -EINVAL;
		} while (take(&reader, ";"));
		if (*reader.at)
			return -EINVAL;
	}
	*ret = calendar;
	return 0;
}

/* That time of the day which is @offset days after that of @today; UINT64_MAX: no clock shows it. */
static uint64_t moment(const struct tm *today, int offset, unsigned minute)
{
	struct tm parts = {
		.tm_year = today->tm_year,
		.tm_mon = today->tm_mon,
		.tm_mday = today->tm_mday + offset,
		.tm_hour = (int)(minute / 60),
		.tm_min = (int)(minute % 60),
		.tm_isdst = -1,
	};
	time_t seconds = mktime(&parts);

	return seconds < 0 ? UINT64_MAX : (uint64_t)seconds * USEC_PER_SEC;
}

/* 0 = Monday */
static unsigned weekday(const struct tm *today, int offset)
{
	return (unsigned)(today->tm_wday + 6 + offset + 7 * DAYS_BEFORE) % 7;
}

static struct calendar_span span_of(const struct calendar_window *window, uint64_t usual_usec,
				    const struct tm *today, int offset)
{
	struct calendar_span span = { moment(today, offset, window->begin_minute), UINT64_MAX };

	if (span.begin_usec == UINT64_MAX)
		return span;
	if (window->end_minute == CALENDAR_NO_END)
		span.end_usec = span.begin_usec + usual_usec;
	else
		span.end_usec = moment(today, offset + (window->end_minute <= window->begin_minute),
				       window->end_minute);
	return span;
}

/* An open one before one to come; of open ones the longest, of others the first. */
static bool is_better(const struct calendar_span *span, const struct calendar_span *than,
		      uint64_t now_usec)
{
	bool is_open = span->begin_usec <= now_usec, other_is_open = than->begin_usec <= now_usec;

	if (is_open != other_is_open)
		return is_open;
	return is_open ? span->end_usec > than->end_usec : span->begin_usec < than->begin_usec;
}

struct calendar_span calendar_find(const struct calendar *calendar, uint64_t usual_usec,
				   uint64_t now_usec, uint64_t needed_usec)
{
	struct calendar_span best = { UINT64_MAX, UINT64_MAX };
	time_t seconds = (time_t)(now_usec / USEC_PER_SEC);
	struct tm today;

	if (calendar->is_always)
		return (struct calendar_span){ 0, UINT64_MAX };
	tzset(); /* somebody may travel */
	if (!localtime_r(&seconds, &today))
		return best;
	for (size_t i = 0; i < calendar->count; i++) {
		for (int offset = -DAYS_BEFORE; offset <= DAYS_AFTER; offset++) {
			const struct calendar_window *window = &calendar->windows[i];
			struct calendar_span span;
			uint64_t from;

			if (!(window->days & (1u << weekday(&today, offset))))
				continue;
			span = span_of(window, usual_usec, &today, offset);
			if (span.begin_usec == UINT64_MAX || span.end_usec == UINT64_MAX)
				continue;
			from = span.begin_usec > now_usec ? span.begin_usec : now_usec;
			if (span.end_usec <= from || span.end_usec - from < needed_usec)
				continue;
			if (is_better(&span, &best, now_usec))
				best = span;
		}
	}
	return best;
}
