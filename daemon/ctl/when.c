/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A day, a time of the day, or both; else a span. */
#include "ctl/when.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/conf.h"
#include "base/macros.h"
#include "base/time.h"

#define MORNING (9 * 60)
#define EVENING (22 * 60)

static const char *const weekdays[7] = { "sunday",   "monday", "tuesday", "wednesday",
					 "thursday", "friday", "saturday" };

/* What was read of the text; a day is @days away from today, or it is a date. */
struct reading {
	struct tm day;
	bool has_day, has_date, has_time, is_weekday;
	int minute;
};

static bool read_date(const char *word, struct tm *day)
{
	usec_t usec;
	int year, month, mday;

	if (time_parse_date(word, &usec) < 0 ||
	    sscanf(word, "%4d-%2d-%2d", &year, &month, &mday) != 3)
		return false;
	day->tm_year = year - 1900;
	day->tm_mon = month - 1;
	day->tm_mday = mday;
	return true;
}

/* How many days from today a word is; -1: it is no such word. */
static int days_until(const char *word, const struct tm *today)
{
	size_t length = strlen(word);

	if (strcasecmp(word, "today") == 0 || strcasecmp(word, "tonight") == 0)
		return 0;
	if (strcasecmp(word, "tomorrow") == 0)
		return 1;
	for (int day = 0; day < 7; day++)
		if ((length == 3 || length == strlen(weekdays[day])) &&
		    strncasecmp(word, weekdays[day], length) == 0)
			return (day - today->tm_wday + 7) % 7;
	return -1;
}

static bool read_day(const char *word, const struct tm *today, struct reading *reading)
{
	int days;

	reading->has_day = true;
	reading->minute = strcasecmp(word, "tonight") == 0 ? EVENING : MORNING;
	reading->has_date = read_date(word, &reading->day);
	if (reading->has_date)
		return true;
	days = days_until(word, today);
	reading->day.tm_mday += days;
	reading->is_weekday = strcasecmp(word, "today") != 0 && strcasecmp(word, "tonight") != 0 &&
			      strcasecmp(word, "tomorrow") != 0;
	return days >= 0;
}

static bool read_time(const char *word, struct reading *reading)
{
	int hour, minute, end = 0;

	if (!isdigit((unsigned char)word[0]) ||
	    sscanf(word, "%2d:%2d%n", &hour, &minute, &end) != 2 || word[end] || hour > 23 ||
	    minute > 59 || word[end - 2] == ':')
		return false;
	reading->has_time = true;
	reading->minute = hour * 60 + minute;
	return true;
}

static uint64_t moment(const struct reading *reading, int days_later)
{
	struct tm parts = reading->day;
	time_t seconds;

	parts.tm_mday += days_later;
	parts.tm_hour = reading->minute / 60;
	parts.tm_min = reading->minute % 60;
	parts.tm_sec = 0;
	parts.tm_isdst = -1;
	seconds = mktime(&parts);
	return seconds < 0 ? 0 : (uint64_t)seconds * USEC_PER_SEC;
}

static int read_words(char *text, const struct tm *today, struct reading *reading)
{
	char *rest = NULL, *first = strtok_r(text, " \t", &rest), *second, *third;

	second = first ? strtok_r(NULL, " \t", &rest) : NULL;
	third = second ? strtok_r(NULL, " \t", &rest) : NULL;
	if (!first || third)
		return -EINVAL;
	if (!second && read_time(first, reading))
		return 0;
	if (!read_day(first, today, reading))
		return -EINVAL;
	return second && !read_time(second, reading) ? -EINVAL : 0;
}

/* A number alone is no span here: of what? */
static int read_span(const char *text, uint64_t now_usec, uint64_t *ret_usec)
{
	size_t length = strlen(text);
	uint64_t span;

	if (length == 0 || !isalpha((unsigned char)text[length - 1]) ||
	    conf_parse_span(text, &span) < 0 || span == USEC_INFINITY || span == 0 ||
	    __builtin_add_overflow(now_usec, span, ret_usec))
		return -EINVAL;
	return 0;
}

int when_parse(const char *text, uint64_t now_usec, uint64_t *ret_usec)
{
	time_t seconds = (time_t)(now_usec / USEC_PER_SEC);
	struct reading reading = { 0 };
	char words[64];
	uint64_t usec;

	if (strlen(text) >= sizeof(words) || !localtime_r(&seconds, &reading.day))
		return -EINVAL;
	if (read_span(text, now_usec, ret_usec) >= 0)
		return 0;
	snprintf(words, sizeof(words), "%s", text);
	if (read_words(words, &(const struct tm){ .tm_wday = reading.day.tm_wday }, &reading) < 0)
		return -EINVAL;
	usec = moment(&reading, 0);
	if (usec <= now_usec && !reading.has_day)
		usec = moment(&reading, 1);
	if (usec <= now_usec && reading.is_weekday)
		usec = moment(&reading, 7);
	if (usec <= now_usec)
		return -ERANGE;
	*ret_usec = usec;
	return 0;
}
