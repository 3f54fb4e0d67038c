/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The journal as a log sink. Apart from log.c, so that only its users need libsystemd. */
#include <stdio.h>
#include <sys/uio.h>

#include <systemd/sd-journal.h>

#include "base/log.h"

#define JOURNAL_FIELDS_MAX 16

/* Writes "NAME=value" into @text (cut at its end) and describes it to the journal. */
static struct iovec journal_field(char *text, size_t size, const char *name, const char *value)
{
	int length = snprintf(text, size, "%s=%s", name, value);

	if (length < 0)
		length = 0;
	return (struct iovec){ text, (size_t)length < size ? (size_t)length : size - 1 };
}

void log_to_journal(int level, const char *message, const struct log_field *fields)
{
	char text[LOG_LINE_MAX + 16], priority[16], extra[JOURNAL_FIELDS_MAX][512];
	struct iovec parts[2 + JOURNAL_FIELDS_MAX];
	char digit[2] = { (char)('0' + (level & 7)), 0 };
	int count = 0;

	parts[count++] = journal_field(text, sizeof(text), "MESSAGE", message);
	parts[count++] = journal_field(priority, sizeof(priority), "PRIORITY", digit);
	for (int i = 0; fields && i < JOURNAL_FIELDS_MAX && fields[i].name; i++)
		parts[count++] =
			journal_field(extra[i], sizeof(extra[i]), fields[i].name, fields[i].value);
	if (sd_journal_sendv(parts, count) < 0)
		log_to_stderr(level, message, fields);
}
