/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is UTF-8 and what is not: the borders of RFC 3629. */
#include "base/utf8.h"
#include "tap.h"

static const struct {
	const char *what, *text;
	size_t valid_length;
} rows[] = {
	{ "nothing", "", 0 },
	{ "ASCII, with control characters", "a\x01z\x7f", 4 },
	{ "two bytes, first and last", "\xc2\x80\xdf\xbf", 4 },
	{ "three bytes, first and last", "\xe0\xa0\x80\xef\xbf\xbf", 6 },
	{ "around the surrogates", "\xed\x9f\xbf\xee\x80\x80", 6 },
	{ "four bytes, first and last", "\xf0\x90\x80\x80\xf4\x8f\xbf\xbf", 8 },
	{ "a character cut off", "a\xe2\x82", 1 },
	{ "one cut off by another", "a\xe2\x82z", 1 },
	{ "a following byte alone", "ab\x80", 2 },
	{ "two bytes for one", "\xc1\xbf", 0 },
	{ "three bytes for two", "\xe0\x9f\xbf", 0 },
	{ "four bytes for three", "\xf0\x8f\xbf\xbf", 0 },
	{ "a surrogate", "\xed\xa0\x80", 0 },
	{ "beyond U+10FFFF", "\xf4\x90\x80\x80", 0 },
	{ "five bytes", "\xf8\x88\x80\x80\x80", 0 },
	{ "0xff", "\xff", 0 },
};

int main(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		tap_is((intmax_t)utf8_valid_length(rows[i].text), (intmax_t)rows[i].valid_length,
		       rows[i].what);
		tap_is(utf8_is_valid(rows[i].text), strlen(rows[i].text) == rows[i].valid_length,
		       "is judged as a whole");
	}
	return tap_done();
}
