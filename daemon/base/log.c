/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Formats log lines and writes them to standard error. The journal is log-journal.c's. */
#include "base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

/* The log level and sink are the one thing of a process that is not passed in. */
static int maximum_level = LOG_INFO;
static log_sink_t current_sink = log_to_stderr;

void log_set_level(int level)
{
	maximum_level = level;
}

int log_get_level(void)
{
	return maximum_level;
}

void log_set_sink(log_sink_t sink)
{
	current_sink = sink;
}

void log_to_stderr(int level, const char *message, const struct log_field *fields _unused_)
{
	if (getenv("JOURNAL_STREAM"))
		fprintf(stderr, "<%d>%s\n", level, message);
	else
		fprintf(stderr, "%s\n", message);
}

static void log_va(int level, const struct log_field *fields, const char *format, va_list arguments)
	__attribute__((format(printf, 3, 0)));

static void log_va(int level, const struct log_field *fields, const char *format, va_list arguments)
{
	char line[LOG_LINE_MAX];
	int saved_errno = errno;

	if (level > maximum_level)
		return;
	vsnprintf(line, sizeof(line), format, arguments);
	current_sink(level, line, fields);
	errno = saved_errno;
}

void log_write(int level, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	log_va(level, NULL, format, arguments);
	va_end(arguments);
}

void log_write_fields(int level, const struct log_field *fields, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	log_va(level, fields, format, arguments);
	va_end(arguments);
}
