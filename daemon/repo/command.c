/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the commands share: saying that they were used wrongly. */
#include "repo/command.h"

#include <stdarg.h>
#include <stdio.h>

int command_misused(const struct command *command, const char *format, ...)
{
	va_list arguments;

	fprintf(stderr, "fwslot-repo %s: ", command->name);
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fprintf(stderr, "\nUsage: fwslot-repo %s %s\nTry \"fwslot-repo %s --help\".\n",
		command->name, command->synopsis, command->name);
	return COMMAND_USAGE;
}
