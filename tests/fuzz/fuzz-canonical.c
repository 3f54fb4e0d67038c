/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * JSON and its canonical form: what is accepted must have a canonical form that does
 * not change when it is made again from itself. (Control characters are raw in it, so
 * texts with them cannot be read back; they are left out of the second half.)
 *
 * covers: daemon/base/json.c daemon/base/json-canonical.c daemon/base/hex.c
 */
#include <stdint.h>
#include <string.h>

#include "base/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool has_control_character(const char *text, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if ((unsigned char)text[i] < ' ')
			return true;
	return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_json_ json_t *value = NULL, *again = NULL;
	_cleanup_free_ char *text = NULL, *second = NULL;
	size_t text_size, second_size;

	if (json_load_strict((const char *)data, size, "fuzz", &value, NULL) < 0)
		return 0;
	if (json_canonical(value, &text, &text_size) < 0)
		__builtin_trap();
	if (has_control_character(text, text_size))
		return 0;
	if (json_load_strict(text, text_size, "fuzz", &again, NULL) < 0 ||
	    json_canonical(again, &second, &second_size) < 0 || text_size != second_size ||
	    memcmp(text, second, text_size) != 0 || !json_equal(value, again))
		__builtin_trap();
	return 0;
}
