/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lines, quantities, and one loop over the caller's table of keys. */
#include "base/conf.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "base/macros.h"
#include "base/parse.h"
#include "base/time.h"

#define MIB (UINT64_C(1) << 20)
#define SECTION_MAX CONF_SECTION_MAX

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

int conf_parse_span(const char *text, uint64_t *ret_usec)
{
	uint64_t total = 0;

	if (strcmp(text, "infinity") == 0) {
		*ret_usec = USEC_INFINITY;
		return 0;
	}
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

int conf_parse_size(const char *text, uint64_t *ret_bytes)
{
	int r = parse_quantity(&text, sizes, ARRAY_SIZE(sizes), ret_bytes);

	return r < 0 ? r : *text ? -EINVAL : 0;
}

static int parse_percent(const char *text, uint64_t *ret)
{
	char digits[8];
	size_t length = strlen(text);

	if (length > 0 && text[length - 1] == '%')
		length--;
	if (length >= sizeof(digits))
		return -EINVAL;
	snprintf(digits, sizeof(digits), "%.*s", (int)length, text);
	return parse_u64(digits, ret);
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

static int take_word(const struct conf_key *key, const char *text, char *field)
{
	for (const char *const *word = key->words; *word; word++) {
		if (strcmp(text, *word) == 0) {
			snprintf(field, CONF_WORD_MAX + 1, "%s", text);
			return 0;
		}
	}
	return -EINVAL;
}

static int take_text(const struct conf_key *key, const char *text, char **field)
{
	char *copy = NULL;

	if (strlen(text) > key->max)
		return -ERANGE;
	if (text[0]) {
		copy = strdup(text);
		if (!copy)
			return -ENOMEM;
	}
	free(*field);
	*field = copy;
	return 0;
}

static int take_value(const struct conf_key *key, const char *text, void *values)
{
	char *field = (char *)values + key->offset;
	uint64_t number = 0;
	int r;

	switch (key->kind) {
	case CONF_BOOLEAN:
		return parse_boolean(text, (bool *)field);
	case CONF_WORD:
		return take_word(key, text, field);
	case CONF_TEXT:
		return take_text(key, text, (char **)field);
	case CONF_OTHER:
		return key->grammar->take(text, field);
	case CONF_PERCENT:
		r = parse_percent(text, &number);
		break;
	case CONF_SPAN:
		r = conf_parse_span(text, &number);
		break;
	case CONF_SIZE:
		r = conf_parse_size(text, &number);
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

/* "ask, automatic or never" */
static void list_words(const char *const *words, char *text, size_t size)
{
	size_t used = 0;

	for (size_t i = 0; words[i] && used < size; i++)
		used += (size_t)snprintf(text + used, size - used, "%s%s",
					 i == 0	      ? "" :
					 words[i + 1] ? ", " :
							" or ",
					 words[i]);
}

static void describe_expected(const struct conf_key *key, char *text, size_t size)
{
	static const char *const of_kind[] = {
		[CONF_SPAN] = "a time span like 90s, 10min or 24h",
		[CONF_SIZE] = "a size like 64M",
		[CONF_NUMBER] = "a number",
		[CONF_BOOLEAN] = "yes or no",
		[CONF_TEXT] = "a text that fits into memory",
		[CONF_PERCENT] = "a share like 30%",
	};

	if (key->kind == CONF_OTHER)
		snprintf(text, size, "%s", key->grammar->expected);
	else if (key->kind == CONF_WORD)
		list_words(key->words, text, size);
	else
		snprintf(text, size, "%s", of_kind[key->kind]);
}

/* Where a file is read, and what is said of it. */
struct reader {
	const struct conf_table *table;
	const char *path;
	void *values;
	struct conf_report *report;
};

_printf_(3, 4) static void complain(const struct reader *reader, unsigned line, const char *format,
				    ...)
{
	char what[384], text[sizeof(reader->report->first)], number[16] = "";
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(what, sizeof(what), format, arguments);
	va_end(arguments);
	if (line > 0)
		snprintf(number, sizeof(number), ":%u", line);
	snprintf(text, sizeof(text), "%.100s%s: %s; %s.", reader->path, number, what,
		 reader->table->consequence);
	log_warning("%s", text);
	if (reader->report->complaints++ == 0)
		memcpy(reader->report->first, text, sizeof(text));
}

static const struct conf_key *find_key(const struct conf_table *table, const char *section,
				       const char *name)
{
	for (size_t i = 0; i < table->count; i++)
		if ((!table->keys[i].section || strcmp(table->keys[i].section, section) == 0) &&
		    strcmp(table->keys[i].name, name) == 0)
			return &table->keys[i];
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

/* "Key=value" */
static void take_assignment(const struct reader *reader, unsigned line, const char *section,
			    void *values, char *text)
{
	char *value = strchr(text, '='), expected[160];
	const struct conf_key *key;
	int r;

	if (!value) {
		complain(reader, line, "expected \"Key=value\" or \"[Section]\", found \"%.64s\"",
			 text);
		return;
	}
	*value++ = '\0';
	text = strip(text);
	value = strip(value);
	key = find_key(reader->table, section, text);
	if (!key) {
		complain(reader, line, "unknown key \"%.64s=\" in section [%.64s]", text, section);
		return;
	}
	r = take_value(key, value, values);
	if (r == -ERANGE) {
		complain(reader, line, "%s=%.64s is outside of the allowed range", text, value);
	} else if (r < 0) {
		describe_expected(key, expected, sizeof(expected));
		complain(reader, line, "%s=%.64s is not %s", text, value, expected);
	}
}

static void take_lines(const struct reader *reader, char *text)
{
	char section[SECTION_MAX + 1] = "", *next = text;
	void *values = reader->values;
	unsigned number = 0;

	while (next) {
		char *line = strip(strsep(&next, "\n"));
		size_t length = strlen(line);

		number++;
		if (!line[0] || line[0] == '#' || line[0] == ';')
			continue;
		if (line[0] == '[' && line[length - 1] == ']' && length - 2 <= SECTION_MAX) {
			memcpy(section, line + 1, length - 2);
			section[length - 2] = '\0';
			if (reader->table->values_of)
				values = reader->table->values_of(section, reader->values);
			continue;
		}
		if (values)
			take_assignment(reader, number, section, values, line);
	}
}

int conf_read_file(const struct conf_table *table, const char *path, void *values,
		   struct conf_report *report)
{
	const struct reader reader = { table, path, values, report };
	_cleanup_free_ char *text = NULL;
	size_t size;
	int r;

	r = file_read(AT_FDCWD, path, CONF_FILE_BYTES_MAX, &text, &size);
	if (r == -ENOENT)
		return r;
	if (r < 0 || strlen(text) != size)
		complain(&reader, 0, "cannot be read (%s)",
			 r < 0 ? strerror(-r) : "it holds binary data");
	else
		take_lines(&reader, text);
	return 0;
}

void conf_set_defaults(const struct conf_table *table, void *values)
{
	for (size_t i = 0; i < table->count; i++) {
		const struct conf_key *key = &table->keys[i];
		char *field = (char *)values + key->offset;

		if (key->kind == CONF_BOOLEAN)
			*(bool *)field = key->otherwise;
		else if (key->kind == CONF_WORD)
			snprintf(field, CONF_WORD_MAX + 1, "%s", key->words[0]);
		else if (key->kind == CONF_TEXT)
			*(char **)field = NULL;
		else if (key->kind == CONF_OTHER)
			(void)key->grammar->take(key->grammar->otherwise, field);
		else
			*(uint64_t *)field = key->otherwise;
	}
}

void conf_clear(const struct conf_table *table, void *values)
{
	for (size_t i = 0; i < table->count; i++) {
		char **field = (char **)((char *)values + table->keys[i].offset);

		if (table->keys[i].kind == CONF_TEXT) {
			free(*field);
			*field = NULL;
		}
	}
}
