/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Clocks and RFC 3339 text. Knows no time zones but UTC and no locale. */
#include "base/time.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

static usec_t clock_now(clockid_t clock)
{
	struct timespec now;

	if (clock_gettime(clock, &now) < 0 || now.tv_sec < 0)
		return 0;
	return (usec_t)now.tv_sec * USEC_PER_SEC + (usec_t)now.tv_nsec / 1000;
}

usec_t time_now_realtime(void)
{
	return clock_now(CLOCK_REALTIME);
}

usec_t time_now_monotonic(void)
{
	return clock_now(CLOCK_MONOTONIC);
}

usec_t time_floor(const char *clock_file)
{
	usec_t made = FWSLOT_TIME_EPOCH * USEC_PER_SEC, written = 0;
	struct stat state;

	if (stat(clock_file, &state) == 0 && state.st_mtime > 0)
		written = (usec_t)state.st_mtime * USEC_PER_SEC;
	return written > made ? written : made;
}

const char *time_format(usec_t time, char text[static TIME_TEXT_SIZE])
{
	static const char last[TIME_TEXT_SIZE] = "9999-12-31T23:59:59Z";
	static const time_t last_second = 253402300799;
	time_t seconds = (time_t)(time / USEC_PER_SEC);
	struct tm fields;

	if (seconds > last_second || !gmtime_r(&seconds, &fields) ||
	    strftime(text, TIME_TEXT_SIZE, "%Y-%m-%dT%H:%M:%SZ", &fields) == 0)
		memcpy(text, last, TIME_TEXT_SIZE);
	return text;
}

/* Reads @count decimal digits; nothing else (no sign, no space) is accepted. */
static bool parse_digits(const char *text, unsigned int count, int *ret)
{
	int value = 0;

	for (unsigned int i = 0; i < count; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		value = value * 10 + (text[i] - '0');
	}
	*ret = value;
	return true;
}

static bool is_leap_year(int year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/* The date at the start of @text, which has at least ten characters. */
static bool parse_date_fields(const char *text, struct tm *ret)
{
	static const int days_in_month[] = { 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	int year, month, day;

	if (!parse_digits(text, 4, &year) || text[4] != '-' || !parse_digits(text + 5, 2, &month) ||
	    text[7] != '-' || !parse_digits(text + 8, 2, &day))
		return false;
	if (year < 1970 || month < 1 || month > 12 || day < 1 || day > days_in_month[month - 1])
		return false;
	if (month == 2 && day == 29 && !is_leap_year(year))
		return false;
	*ret = (struct tm){ .tm_year = year - 1900, .tm_mon = month - 1, .tm_mday = day };
	return true;
}

int time_parse(const char *text, usec_t *ret)
{
	struct tm fields;

	if (strlen(text) != TIME_TEXT_SIZE - 1 || !parse_date_fields(text, &fields))
		return -EINVAL;
	if (text[10] != 'T' || !parse_digits(text + 11, 2, &fields.tm_hour) || text[13] != ':' ||
	    !parse_digits(text + 14, 2, &fields.tm_min) || text[16] != ':' ||
	    !parse_digits(text + 17, 2, &fields.tm_sec) || text[19] != 'Z')
		return -EINVAL;
	if (fields.tm_hour > 23 || fields.tm_min > 59 || fields.tm_sec > 59)
		return -EINVAL;
	*ret = (usec_t)timegm(&fields) * USEC_PER_SEC;
	return 0;
}

int time_parse_date(const char *text, usec_t *ret)
{
	struct tm fields;

	if (strlen(text) != strlen("YYYY-MM-DD") || !parse_date_fields(text, &fields))
		return -EINVAL;
	*ret = (usec_t)timegm(&fields) * USEC_PER_SEC;
	return 0;
}
