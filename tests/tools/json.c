// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * json PATH: prints one value of the JSON text on standard input, as ".data[0][-1][3]"
 * names it; a string without quotes, anything else as compact JSON.  What is not there is
 * "null" and status 1.  It stands in for jq where a machine is emulated: jq needs most
 * of a second there to begin.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static json_t *member_of(json_t *value, const char **path)
{
	size_t length = strcspn(*path, ".[");
	char *name = strndup(*path, length);
	json_t *member = name ? json_object_get(value, name) : NULL;

	free(name);
	*path += length;
	return member;
}

static json_t *element_of(json_t *value, const char **path)
{
	char *end;
	long index = strtol(*path, &end, 10);

	if (end == *path || *end != ']') {
		fprintf(stderr, "json: \"%s\" is not an index\n", *path);
		exit(2);
	}
	*path = end + 1;
	if (index < 0)
		index += (long)json_array_size(value);
	return index < 0 ? NULL : json_array_get(value, (size_t)index);
}

static json_t *value_at(json_t *value, const char *path)
{
	while (value && *path) {
		switch (*path++) {
		case '.':
			value = member_of(value, &path);
			break;
		case '[':
			value = element_of(value, &path);
			break;
		default:
			fprintf(stderr, "json: a path is made of .NAME and [INDEX]\n");
			exit(2);
		}
	}
	return value;
}

int main(int argc, char **argv)
{
	json_error_t error;
	json_t *document, *value;

	if (argc != 2) {
		fprintf(stderr, "usage: json PATH <TEXT\n");
		return 2;
	}
	document = json_loadf(stdin, JSON_DECODE_ANY, &error);
	if (!document) {
		fprintf(stderr, "json: %s in line %d\n", error.text, error.line);
		return 2;
	}
	value = value_at(document, argv[1]);
	if (json_is_string(value))
		puts(json_string_value(value));
	else if (!value || json_dumpf(value, stdout, JSON_COMPACT | JSON_ENCODE_ANY) == 0)
		puts(value ? "" : "null");
	json_decref(document);
	return value && !json_is_null(value) ? 0 : 1;
}
