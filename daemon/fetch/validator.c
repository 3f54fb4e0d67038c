/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Strict reading: what is not understood is no validator, and then nothing is resumed. */
#include "fetch/validator.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/parse.h"

/* Of `"..."`: no quote within, no control or non-ASCII character. */
static bool is_quoted(const char *text)
{
	size_t length = strlen(text);

	if (length < 2 || length > FETCH_VALIDATOR_MAX || text[0] != '"' || text[length - 1] != '"')
		return false;
	for (size_t i = 1; i < length - 1; i++)
		if (text[i] < 0x21 || text[i] > 0x7e || text[i] == '"')
			return false;
	return true;
}

bool entity_tag_is_sound(const char *tag)
{
	if (strlen(tag) > FETCH_VALIDATOR_MAX)
		return false;
	return is_quoted(strncmp(tag, "W/", 2) == 0 ? tag + 2 : tag);
}

/* The preferred form of RFC 9110, 5.6.7, to the letter: "Sun, 06 Nov 1994 08:49:37 GMT". */
static bool is_date(const char *text)
{
	static const char form[] = "Aaa, 00 Aaa 0000 00:00:00 GMT";

	if (strlen(text) != sizeof(form) - 1)
		return false;
	for (size_t i = 0; i < sizeof(form) - 1; i++) {
		bool is_letter = (text[i] >= 'A' && text[i] <= 'Z') ||
				 (text[i] >= 'a' && text[i] <= 'z');
		bool is_digit = text[i] >= '0' && text[i] <= '9';

		if (form[i] == '0'		     ? !is_digit :
		    form[i] == 'A' || form[i] == 'a' ? !is_letter :
						       text[i] != form[i])
			return false;
	}
	return curl_getdate(text, NULL) >= 0;
}

bool validator_is_entity_tag(const char *validator)
{
	return validator[0] == '"';
}

bool validator_is_sound(const char *validator)
{
	return validator_is_entity_tag(validator) ? is_quoted(validator) : is_date(validator);
}

const char *validator_choose(const char *entity_tag, const char *last_modified, const char *date)
{
	if (entity_tag && is_quoted(entity_tag))
		return entity_tag;
	if (last_modified && date && is_date(last_modified) && is_date(date) &&
	    curl_getdate(date, NULL) - curl_getdate(last_modified, NULL) >= VALIDATOR_DATE_AGE_SEC)
		return last_modified;
	return NULL;
}

/* Reads the digits up to the character @end, moving @text past it. */
static int take_number(const char **text, char end, uint64_t *ret)
{
	char digits[32];
	const char *found = strchr(*text, end);
	size_t length = found ? (size_t)(found - *text) : sizeof(digits);

	if (length >= sizeof(digits))
		return -EINVAL;
	memcpy(digits, *text, length);
	digits[length] = 0;
	*text += length + (end != 0);
	return parse_u64(digits, ret) < 0 ? -EINVAL : 0;
}

int content_range_parse(const char *text, struct content_range *ret)
{
	struct content_range range = { .length = CONTENT_RANGE_ANY };

	if (strncmp(text, "bytes ", 6) != 0)
		return -EINVAL;
	text += 6;
	if (take_number(&text, '-', &range.first) < 0 || take_number(&text, '/', &range.last) < 0)
		return -EINVAL;
	if (strcmp(text, "*") != 0 && take_number(&text, 0, &range.length) < 0)
		return -EINVAL;
	if (range.first > range.last || range.last >= range.length)
		return -EINVAL;
	*ret = range;
	return 0;
}
