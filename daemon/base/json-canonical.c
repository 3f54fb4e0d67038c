/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The canonical form of JSON (OLPC), over which TUF signatures are made. Not a general
 * printer: control characters stay raw, as the form wants it.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"

/* Text that grows; the first error is kept and makes all later additions do nothing. */
struct text {
	char *bytes;
	size_t size;
	size_t capacity;
	int error;
};

static void text_add(struct text *text, const char *bytes, size_t size)
{
	if (text->error < 0)
		return;
	if (size >= text->capacity - text->size) {
		size_t capacity = text->capacity * 2 + size + 256;
		char *larger = realloc(text->bytes, capacity);

		if (!larger) {
			text->error = -ENOMEM;
			return;
		}
		text->bytes = larger;
		text->capacity = capacity;
	}
	memcpy(text->bytes + text->size, bytes, size);
	text->size += size;
}

static void text_add_string(struct text *text, const char *string, size_t size)
{
	size_t start = 0;

	text_add(text, "\"", 1);
	for (size_t i = 0; i < size; i++) {
		if (string[i] != '"' && string[i] != '\\')
			continue;
		text_add(text, string + start, i - start);
		text_add(text, "\\", 1);
		start = i;
	}
	text_add(text, string + start, size - start);
	text_add(text, "\"", 1);
}

static void text_add_value(struct text *text, const json_t *value);

static int compare_keys(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Bytewise order of UTF-8 is code point order. */
static void text_add_object(struct text *text, const json_t *object)
{
	size_t count = json_object_size(object), i = 0;
	_cleanup_free_ const char **keys = calloc(count + 1, sizeof(*keys));
	const char *key;
	json_t *member;

	if (!keys) {
		text->error = -ENOMEM;
		return;
	}
	json_object_foreach((json_t *)object, key, member)
		keys[i++] = key;
	qsort(keys, count, sizeof(*keys), compare_keys);
	text_add(text, "{", 1);
	for (i = 0; i < count; i++) {
		if (i > 0)
			text_add(text, ",", 1);
		text_add_string(text, keys[i], strlen(keys[i]));
		text_add(text, ":", 1);
		text_add_value(text, json_object_get(object, keys[i]));
	}
	text_add(text, "}", 1);
}

static void text_add_array(struct text *text, const json_t *array)
{
	const json_t *element;
	size_t i;

	text_add(text, "[", 1);
	json_array_foreach(array, i, element) {
		if (i > 0)
			text_add(text, ",", 1);
		text_add_value(text, element);
	}
	text_add(text, "]", 1);
}

static void text_add_value(struct text *text, const json_t *value)
{
	char number[24];

	switch (json_typeof(value)) {
	case JSON_OBJECT:
		text_add_object(text, value);
		break;
	case JSON_ARRAY:
		text_add_array(text, value);
		break;
	case JSON_STRING:
		text_add_string(text, json_string_value(value), json_string_length(value));
		break;
	case JSON_INTEGER:
		snprintf(number, sizeof(number), "%" PRId64, (int64_t)json_integer_value(value));
		text_add(text, number, strlen(number));
		break;
	case JSON_TRUE:
		text_add(text, "true", 4);
		break;
	case JSON_FALSE:
		text_add(text, "false", 5);
		break;
	case JSON_NULL:
		text_add(text, "null", 4);
		break;
	case JSON_REAL:
		text->error = -EINVAL;
		break;
	}
}

int json_canonical(const json_t *value, char **ret, size_t *ret_size)
{
	struct text text = { 0 };

	text_add_value(&text, value);
	text_add(&text, "", 1);
	if (text.error < 0) {
		free(text.bytes);
		return text.error;
	}
	*ret = text.bytes;
	*ret_size = text.size - 1;
	return 0;
}
