/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One character at a time. */
#include "base/utf8.h"

#include <stdint.h>

#include "base/macros.h"

/* By the first byte: how many follow, and the range of the first of them (RFC 3629, section 4). */
static const struct {
	uint8_t first, last, following, low, high;
} forms[] = {
	{ 0x01, 0x7f, 0, 0x00, 0x00 }, { 0xc2, 0xdf, 1, 0x80, 0xbf }, { 0xe0, 0xe0, 2, 0xa0, 0xbf },
	{ 0xe1, 0xec, 2, 0x80, 0xbf }, { 0xed, 0xed, 2, 0x80, 0x9f }, { 0xee, 0xef, 2, 0x80, 0xbf },
	{ 0xf0, 0xf0, 3, 0x90, 0xbf }, { 0xf1, 0xf3, 3, 0x80, 0xbf }, { 0xf4, 0xf4, 3, 0x80, 0x8f },
};

/* Bytes of the character at @text; 0: none. */
static size_t character_length(const uint8_t *text)
{
	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		if (text[0] < forms[i].first || text[0] > forms[i].last)
			continue;
		for (size_t j = 1; j <= forms[i].following; j++) {
			uint8_t low = j == 1 ? forms[i].low : 0x80;
			uint8_t high = j == 1 ? forms[i].high : 0xbf;

			if (text[j] < low || text[j] > high)
				return 0;
		}
		return 1u + forms[i].following;
	}
	return 0;
}

size_t utf8_valid_length(const char *text)
{
	size_t length = 0, more;

	while ((more = character_length((const uint8_t *)text + length)) > 0)
		length += more;
	return length;
}

bool utf8_is_valid(const char *text)
{
	return text[utf8_valid_length(text)] == '\0';
}
