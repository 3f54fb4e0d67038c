/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Names from outside. All refusals are by what is allowed, not by what is known to be bad. */
#include "trust/names.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "trust/limits.h"

#define HARDWARE_ID_SEGMENTS_MIN 2
#define HARDWARE_ID_SEGMENTS_MAX 4
#define HARDWARE_ID_SEGMENT_MAX 64

static bool is_dots(const char *segment, size_t length)
{
	return (length == 1 && segment[0] == '.') ||
	       (length == 2 && segment[0] == '.' && segment[1] == '.');
}

bool target_path_is_valid(const char *path)
{
	if (strlen(path) > TARGET_PATH_MAX)
		return false;
	for (const char *segment = path;; segment++) {
		size_t length = strcspn(segment, "/");

		if (length == 0 || is_dots(segment, length))
			return false;
		for (size_t i = 0; i < length; i++)
			if (segment[i] < ' ' || segment[i] > '~' || strchr("\\?#%", segment[i]))
				return false;
		segment += length;
		if (*segment == 0)
			return true;
	}
}

static bool is_lower_alphanumeric(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

bool hardware_id_is_valid(const char *id)
{
	unsigned int segments = 0;

	for (const char *segment = id;; segment++) {
		size_t length = strcspn(segment, "/");

		if (length > HARDWARE_ID_SEGMENT_MAX || !is_lower_alphanumeric(segment[0]))
			return false;
		for (size_t i = 1; i < length; i++)
			if (!is_lower_alphanumeric(segment[i]) && !strchr("._-", segment[i]))
				return false;
		segments++;
		segment += length;
		if (*segment == 0)
			return segments >= HARDWARE_ID_SEGMENTS_MIN &&
			       segments <= HARDWARE_ID_SEGMENTS_MAX;
	}
}

unsigned int vendor_length(const char *path)
{
	return (unsigned int)strcspn(path, "/");
}

bool delegated_role_is_valid(const char *name)
{
	static const char *const top_level[] = { "root", "timestamp", "snapshot", "targets" };

	for (size_t i = 0; i < ARRAY_SIZE(top_level); i++)
		if (strcmp(name, top_level[i]) == 0)
			return false;
	return name[0] != 0 && strlen(name) <= ROLE_NAME_MAX;
}

/* RFC 3986's unreserved characters. */
static bool is_unreserved(char c)
{
	return is_lower_alphanumeric(c) || (c >= 'A' && c <= 'Z') || (c != 0 && strchr("_.~-", c));
}

char *metadata_file_name(const char *role, int64_t version)
{
	size_t size = 3 * strlen(role) + sizeof(".json") + 24;
	char *name = malloc(size), *end = name;

	if (!name)
		return NULL;
	if (version != 0)
		end += sprintf(end, "%" PRId64 ".", version);
	for (; *role; role++)
		if (is_unreserved(*role))
			*end++ = *role;
		else
			end += sprintf(end, "%%%02X", (unsigned char)*role);
	memcpy(end, ".json", sizeof(".json"));
	return name;
}

char *target_file_path(const char *path, const char *hash)
{
	const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
	char *name;

	if (!hash)
		return strdup(path);
	if (asprintf(&name, "%.*s%s.%s", (int)(base - path), path, hash, base) < 0)
		return NULL;
	return name;
}
