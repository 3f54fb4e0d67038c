/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Strict numbers: strtoull() would take "-1", " 7" and "0x10". */
#include "base/parse.h"

#include <errno.h>

int parse_u64(const char *text, uint64_t *ret)
{
	uint64_t value = 0;

	if (text[0] == 0 || (text[0] == '0' && text[1] != 0))
		return -EINVAL;
	for (; *text; text++) {
		unsigned int digit = (unsigned int)(*text - '0');

		if (*text < '0' || *text > '9')
			return -EINVAL;
		if (value > (UINT64_MAX - digit) / 10)
			return -ERANGE;
		value = value * 10 + digit;
	}
	*ret = value;
	return 0;
}

int parse_u64_range(const char *text, uint64_t min, uint64_t max, uint64_t *ret)
{
	uint64_t value;
	int r = parse_u64(text, &value);

	if (r < 0)
		return r;
	if (value < min || value > max)
		return -ERANGE;
	*ret = value;
	return 0;
}
