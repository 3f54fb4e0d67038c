/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Configuration files of the form "[Section]", "Key=value", "# comment": read into a struct by a table of keys. What
 * cannot be understood is logged with file, line and key; what follows from that is the caller's decision. Which
 * files there are, and in which order, is not known here.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CONF_FILE_BYTES_MAX (256 * 1024)
#define CONF_WORD_MAX 15
#define CONF_SECTION_MAX 191 /* bytes of a section's name */

/* What a value is, and the type of its field. */
enum conf_kind {
	CONF_SPAN, /* uint64_t, microseconds */
	CONF_SIZE, /* uint64_t, bytes */
	CONF_NUMBER, /* uint64_t */
	CONF_BOOLEAN, /* bool */
	CONF_WORD, /* char[CONF_WORD_MAX + 1]: one of @words */
	CONF_TEXT, /* char *, NULL where it is not set; at most @max bytes; "Key=" unsets it */
	CONF_PERCENT, /* uint64_t, 0 to 100; "30%" or "30" */
	CONF_OTHER, /* what @grammar reads */
};

/* A kind of value that only its owner knows. */
struct conf_grammar {
	const char *otherwise; /* the text of the default */
	const char *expected; /* "hours of the week like ..." */
	int (*take)(const char *text, void *field); /* 0, -ERANGE or another -errno */
};

struct conf_key {
	const char *section, *name; /* section NULL: whichever @values_of knows */
	enum conf_kind kind;
	size_t offset; /* of the field */
	uint64_t otherwise, min, max; /* the default (not of words and text), the limits */
	const char *const *words; /* the first is the default; ends with NULL */
	const struct conf_grammar *grammar;
};

struct conf_table {
	const struct conf_key *keys;
	size_t count;
	const char *consequence; /* ends each complaint: "ignored" */
	/* Where the keys of a section are put; NULL: nothing is said of that section. Without it all go into @values. */
	void *(*values_of)(const char *section, void *values);
};

/* What was wrong. Starts as { 0 }. */
struct conf_report {
	unsigned complaints; /* logged */
	char first[512]; /* the first of them */
};

void conf_set_defaults(const struct conf_table *table, void *values);
/* Reads a file over what @values have. -ENOENT: there is none; else 0, whatever is in it. */
int conf_read_file(const struct conf_table *table, const char *path, void *values,
		   struct conf_report *report);
/* Frees texts. */
void conf_clear(const struct conf_table *table, void *values);

/* "90", "90s", "1min 30s", "2h", "1d", "500ms": seconds if there is no unit; "infinity" is UINT64_MAX. -EINVAL, -ERANGE */
int conf_parse_span(const char *text, uint64_t *ret_usec);
/* "1024", "64K", "64M", "1G" (powers of 1024). -EINVAL, -ERANGE */
int conf_parse_size(const char *text, uint64_t *ret_bytes);
