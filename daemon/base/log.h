/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One line of log, written where a thing is decided for good: functions below
 * return errors and keep silent. Levels are those of syslog(3): LOG_ERR,
 * LOG_WARNING, LOG_NOTICE, LOG_INFO, LOG_DEBUG.
 */
#pragma once

#include <syslog.h>

#include "base/macros.h"

/* A structured field beside the message, for instance { "FWSLOT_DEVICE", "sim0" }. */
struct log_field {
	const char *name; /* upper-case letters, digits, underscores; NULL ends a list */
	const char *value;
};

/* Where finished lines go. @fields may be NULL, else ends with a NULL name. */
typedef void (*log_sink_t)(int level, const char *message, const struct log_field *fields);

/* Lines above this level (a larger number) are dropped. The default is LOG_INFO. */
void log_set_level(int level);
int log_get_level(void);

/* Replaces the default, log_to_stderr. */
void log_set_sink(log_sink_t sink);

/*
 * Writes to standard error; with the "<3>" prefix of sd-daemon(3) when systemd says in
 * $JOURNAL_STREAM that it listens there. Fields are not shown.
 */
void log_to_stderr(int level, const char *message, const struct log_field *fields);

/* Sends to the journal with its fields. In a file of its own: needs libsystemd. */
void log_to_journal(int level, const char *message, const struct log_field *fields);

/* Lines longer than LOG_LINE_MAX bytes are cut. errno is kept. */
#define LOG_LINE_MAX 2048

_printf_(2, 3) void log_write(int level, const char *format, ...);
_printf_(3, 4) void log_write_fields(int level, const struct log_field *fields, const char *format,
				     ...);

#define log_error(...) log_write(LOG_ERR, __VA_ARGS__)
#define log_warning(...) log_write(LOG_WARNING, __VA_ARGS__)
#define log_notice(...) log_write(LOG_NOTICE, __VA_ARGS__)
#define log_info(...) log_write(LOG_INFO, __VA_ARGS__)
#define log_debug(...) log_write(LOG_DEBUG, __VA_ARGS__)
