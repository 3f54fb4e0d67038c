// SPDX-License-Identifier: LGPL-2.1-or-later
/* How a reason is named on the bus. The names themselves are in base/reason.c. */
#include "bus/error.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int bus_error_from_failure(sd_bus_error *error, const struct failure *failure)
{
	char name[sizeof(BUS_ERROR_PREFIX) + 64];
	int r = reason_errno(failure->reason);

	if (failure->reason == REASON_INVALID_ARGUMENT)
		snprintf(name, sizeof(name), "%s", SD_BUS_ERROR_INVALID_ARGS);
	else
		snprintf(name, sizeof(name), "%s%s", BUS_ERROR_PREFIX,
			 reason_bus_suffix(failure->reason));
	(void)sd_bus_error_set(error, name, failure_message(failure));
	return r < 0 ? r : -EPROTO;
}

int bus_error(sd_bus_error *error, enum reason reason, const char *format, ...)
{
	_cleanup_failure_ struct failure failure = { .reason = reason };
	va_list arguments;

	va_start(arguments, format);
	if (vasprintf(&failure.message, format, arguments) < 0)
		failure.message = NULL;
	va_end(arguments);
	return bus_error_from_failure(error, &failure);
}

int bus_check_flags(uint64_t flags, uint64_t known, sd_bus_error *error)
{
	if (!(flags & ~known))
		return 0;
	return bus_error(error, REASON_INVALID_ARGUMENT,
			 "Unknown flags 0x%" PRIx64 "; this method knows 0x%" PRIx64 ".",
			 flags & ~known, known);
}

int bus_check_length(const char *text, size_t max, const char *what, sd_bus_error *error)
{
	if (strlen(text) <= max)
		return 0;
	return bus_error(error, REASON_INVALID_ARGUMENT,
			 "%s has %zu bytes, more than the %zu allowed.", what, strlen(text), max);
}
