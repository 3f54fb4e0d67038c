/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One table of keys; everything read from a file is checked against it. */
#include "engine/config.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/macros.h"
#include "base/parse.h"
#include "base/time.h"

enum kind { KIND_SPAN, KIND_SIZE, KIND_NUMBER, KIND_BOOLEAN, KIND_POLICY };

struct key {
	const char *section, *name;
	enum kind kind;
	size_t offset;
	uint64_t otherwise, min, max;
};

#define KEY(section, name, kind, field, otherwise, min, max)                             \
	{                                                                                \
		section, name, kind, offsetof(struct config, field), otherwise, min, max \
	}

#define MIB (UINT64_C(1) << 20)

/* Every key, its default and its limits: the manual's table is made from here. */
static const struct key keys[] = {
	KEY("Trial", "TrialSec", KIND_SPAN, trial_usec, USEC_PER_HOUR, 0, 365 * USEC_PER_DAY),
	KEY("Trial", "AutoConfirm", KIND_BOOLEAN, auto_confirm, 1, 0, 1),
	KEY("Trial", "RestartTimeoutSec", KIND_SPAN, restart_timeout_usec, 5 * USEC_PER_MINUTE,
	    USEC_PER_SEC, USEC_PER_DAY),
	KEY("Trial", "HealthTimeoutSec", KIND_SPAN, health_timeout_usec, USEC_PER_MINUTE,
	    USEC_PER_SEC, USEC_PER_DAY),
	KEY("Limits", "MaximumBundleBytes", KIND_SIZE, maximum_bundle_bytes, 1024 * MIB, 1024,
	    1024 * 1024 * MIB),
	KEY("Limits", "WriteTimeoutSec", KIND_SPAN, write_timeout_usec, USEC_PER_HOUR, USEC_PER_SEC,
	    7 * USEC_PER_DAY),
	KEY("Limits", "VerifyTimeoutSec", KIND_SPAN, verify_timeout_usec, USEC_PER_HOUR,
	    USEC_PER_SEC, 7 * USEC_PER_DAY),
	KEY("Limits", "ReappearTimeoutSec", KIND_SPAN, reappear_timeout_usec, USEC_PER_HOUR,
	    USEC_PER_SEC, 365 * USEC_PER_DAY),
	KEY("Limits", "WriteTries", KIND_NUMBER, write_tries, 3, 1, 100),
	KEY("Backup", "MaximumCount", KIND_NUMBER, backup_maximum_count, 3, 1, 100),
	KEY("Backup", "MaximumAgeSec", KIND_SPAN, backup_maximum_age_usec, 365 * USEC_PER_DAY,
	    USEC_PER_HOUR, 36500 * USEC_PER_DAY),
	KEY("Backup", "SpareSlots", KIND_BOOLEAN, backs_up_spares, 1, 0, 1),
	KEY("Updates", "Policy", KIND_POLICY, policy, 0, 0, 0),
};

static const char *const policies[] = { "ask", "automatic", "security", "never" };

struct unit {
	const char *name;
	uint64_t factor;
};

static const struct unit spans[] = {
	{ "us", 1 },
	{ "ms", USEC_PER_MSEC },
	{ "s", USEC_PER_SEC },
	{ "sec", USEC_PER_SEC },
	{ "min", USEC_PER_MINUTE },
	{ "m", USEC_PER_MINUTE },
	{ "h", USEC_PER_HOUR },
	{ "hours", USEC_PER_HOUR },
	{ "d", USEC_PER_DAY },
	{ "days", USEC_PER_DAY },
	{ "w", 7 * USEC_PER_DAY },
	{ "", USEC_PER_SEC },
};

static const struct unit sizes[] = {
	{ "", 1 }, { "B", 1 }, { "K", 1024 }, { "M", MIB }, { "G", 1024 * MIB },
};

/* One "123unit" at *@text, which is moved on. */
static int parse_quantity(const char **text, const struct unit *units, size_t count, uint64_t *ret)
{
	char digits[21], unit[8];
	size_t digits_length = strspn(*text, "0123456789");
	const char *after = *text + digits_length;
	size_t unit_length;
	uint64_t number;
	int r;

	after += strspn(after, " ");
	unit_length = strcspn(after, " 0123456789");
	if (digits_length == 0 || digits_length >= sizeof(digits) || unit_length >= sizeof(unit))
		return -EINVAL;
	snprintf(digits, sizeof(digits), "%.*s", (int)digits_length, *text);
	snprintf(unit, sizeof(unit), "%.*s", (int)unit_length, after);
	r = parse_u64(digits, &number);
	if (r < 0)
		return r;
	*text = after + unit_length;
	*text += strspn(*text, " ");
	for (size_t i = 0; i < count; i++)
		if (strcmp(units[i].name, unit) == 0)
			return __builtin_mul_overflow(number, units[i].factor, ret) ? -ERANGE : 0;
	return -EINVAL;
}

int config_parse_span(const char *text, uint64_t *ret_usec)
{
	uint64_t total = 0;

	do {
		uint64_t part;
		int r = parse_quantity(&text, spans, ARRAY_SIZE(spans), &part);

		if (r < 0)
			return r;
		if (__builtin_add_overflow(total, part, &total))
			return -ERANGE;
	} while (*text);
	*ret_usec = total;
	return 0;
}

int config_parse_size(const char *text, uint64_t *ret_bytes)
{
	int r = parse_quantity(&text, sizes, ARRAY_SIZE(sizes), ret_bytes);

	return r < 0 ? r : *text ? -EINVAL : 0;
}

static int parse_boolean(const char *text, bool *ret)
{
	static const char *const yes[] = { "yes", "true", "on", "1" }, *const no[] = { "no",
										       "false",
										       "off", "0" };

	for (size_t i = 0; i < ARRAY_SIZE(yes); i++) {
		if (strcmp(text, yes[i]) == 0 || strcmp(text, no[i]) == 0) {
			*ret = strcmp(text, yes[i]) == 0;
			return 0;
		}
	}
	return -EINVAL;
}

static int parse_policy(const char *text, char *ret)
{
	for (size_t i = 0; i < ARRAY_SIZE(policies); i++) {
		if (strcmp(text, policies[i]) == 0) {
			snprintf(ret, CONFIG_POLICY_MAX + 1, "%s", text);
			return 0;
		}
	}
	return -EINVAL;
}

static int take_value(const struct key *key, const char *text, struct config *config)
{
	char *field = (char *)config + key->offset;
	uint64_t number = 0;
	int r;

	switch (key->kind) {
	case KIND_BOOLEAN:
		return parse_boolean(text, (bool *)field);
	case KIND_POLICY:
		return parse_policy(text, field);
	case KIND_SPAN:
		r = config_parse_span(text, &number);
		break;
	case KIND_SIZE:
		r = config_parse_size(text, &number);
		break;
	default:
		r = parse_u64(text, &number);
		break;
	}
	if (r < 0)
		return r;
	if (number < key->min || number > key->max)
		return -ERANGE;
	*(uint64_t *)field = number;
	return 0;
}

static const char *expected(const struct key *key)
{
	switch (key->kind) {
	case KIND_BOOLEAN:
		return "yes or no";
	case KIND_POLICY:
		return "ask, automatic, security or never";
	case KIND_SPAN:
		return "a time span like 90s, 10min or 24h";
	case KIND_SIZE:
		return "a size like 64M";
	default:
		return "a number";
	}
}

static const struct key *find_key(const char *section, const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (strcmp(keys[i].section, section) == 0 && strcmp(keys[i].name, name) == 0)
			return &keys[i];
	return NULL;
}

static char *strip(char *text)
{
	size_t length;

	text += strspn(text, " \t\r");
	length = strlen(text);
	while (length > 0 && strchr(" \t\r", text[length - 1]))
		text[--length] = '\0';
	return text;
}

/* "Key=value"; complains and returns 1, or 0. */
static unsigned take_assignment(const char *path, unsigned line, const char *section, char *text,
				struct config *config)
{
	char *value = strchr(text, '=');
	const struct key *key;
	int r;

	if (!value) {
		log_warning(
			"%s:%u: expected \"Key=value\" or \"[Section]\", found \"%.64s\"; ignored.",
			path, line, text);
		return 1;
	}
	*value++ = '\0';
	text = strip(text);
	value = strip(value);
	key = find_key(section, text);
	if (!key) {
		log_warning("%s:%u: unknown key \"%.64s=\" in section [%.64s]; ignored.", path,
			    line, text, section);
		return 1;
	}
	r = take_value(key, value, config);
	if (r == -ERANGE)
		log_warning("%s:%u: %s=%.64s is outside of the allowed range; ignored.", path, line,
			    text, value);
	else if (r < 0)
		log_warning("%s:%u: %s=%.64s is not %s; ignored.", path, line, text, value,
			    expected(key));
	return r < 0;
}

static unsigned take_text(const char *path, char *text, struct config *config)
{
	char section[64] = "", *next = text;
	unsigned complaints = 0, number = 0;

	while (next) {
		char *line = strip(strsep(&next, "\n"));
		size_t length = strlen(line);

		number++;
		if (!line[0] || line[0] == '#' || line[0] == ';')
			continue;
		if (line[0] == '[' && line[length - 1] == ']' && length - 2 < sizeof(section)) {
			memcpy(section, line + 1, length - 2);
			section[length - 2] = '\0';
			continue;
		}
		complaints += take_assignment(path, number, section, line, config);
	}
	return complaints;
}

/* -ENOENT: no such file */
static int take_file(const char *path, struct config *config, unsigned *complaints)
{
	_cleanup_free_ char *text = NULL;
	size_t size;
	int r;

	r = file_read(AT_FDCWD, path, CONFIG_FILE_BYTES_MAX, &text, &size);
	if (r == -ENOENT)
		return r;
	if (r < 0 || strlen(text) != size) {
		log_warning("%s: cannot be read (%s); ignored.", path,
			    r < 0 ? strerror(-r) : "it holds binary data");
		(*complaints)++;
		return 0;
	}
	*complaints += take_text(path, text, config);
	return 0;
}

struct drop_ins {
	char *paths[CONFIG_FILES_MAX]; /* NAME is what follows the last slash */
	size_t count;
};

static const char *name_of(const char *path)
{
	return strrchr(path, '/') + 1;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(name_of(*(char *const *)a), name_of(*(char *const *)b));
}

/* A later folder's file takes the place of an earlier one's with the same name. */
static void collect(struct drop_ins *found, const char *folder)
{
	_cleanup_free_ char *path = NULL;
	struct dirent *entry;
	DIR *opened;

	if (asprintf(&path, "%s/fwslotd.conf.d", folder) < 0)
		return;
	opened = opendir(path);
	while (opened && (entry = readdir(opened))) {
		size_t length = strlen(entry->d_name), i = 0;
		char *full;

		if (entry->d_name[0] == '.' || length < 6 ||
		    strcmp(entry->d_name + length - 5, ".conf") != 0)
			continue;
		while (i < found->count && strcmp(name_of(found->paths[i]), entry->d_name) != 0)
			i++;
		if (i == CONFIG_FILES_MAX) {
			log_warning("%s/%s: more than %d drop-ins; ignored.", path, entry->d_name,
				    CONFIG_FILES_MAX);
			continue;
		}
		if (asprintf(&full, "%s/%s", path, entry->d_name) < 0)
			continue;
		if (i < found->count)
			free(found->paths[i]);
		else
			found->count++;
		found->paths[i] = full;
	}
	if (opened)
		closedir(opened);
}

static bool is_masked(const char *path)
{
	char target[16];
	ssize_t length = readlink(path, target, sizeof(target) - 1);

	return length == 9 && memcmp(target, "/dev/null", 9) == 0;
}

static unsigned take_drop_ins(const struct folders *folders, struct config *config)
{
	struct drop_ins found = { .count = 0 };
	unsigned complaints = 0;

	collect(&found, folders->vendor);
	collect(&found, folders->runtime);
	collect(&found, folders->config);
	qsort(found.paths, found.count, sizeof(found.paths[0]), compare_names);
	for (size_t i = 0; i < found.count; i++) {
		if (!is_masked(found.paths[i]))
			(void)take_file(found.paths[i], config, &complaints);
		free(found.paths[i]);
	}
	return complaints;
}

void config_set_defaults(struct config *ret)
{
	*ret = (struct config){ .policy = "ask" };
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		char *field = (char *)ret + keys[i].offset;

		if (keys[i].kind == KIND_BOOLEAN)
			*(bool *)field = keys[i].otherwise;
		else if (keys[i].kind != KIND_POLICY)
			*(uint64_t *)field = keys[i].otherwise;
	}
}

unsigned config_read(const struct folders *folders, struct config *ret)
{
	const char *const places[] = { folders->config, folders->vendor };
	unsigned complaints = 0;

	config_set_defaults(ret);
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		_cleanup_free_ char *path = NULL;

		if (asprintf(&path, "%s/fwslotd.conf", places[i]) < 0)
			break;
		if (take_file(path, ret, &complaints) >= 0)
			break;
	}
	return complaints + take_drop_ins(folders, ret);
}
