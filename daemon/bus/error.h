/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Failures of the engine as D-Bus errors, and the checks of arguments that every method shares.
 * Private to bus/.
 */
#pragma once

#include <stdint.h>

#include <systemd/sd-bus.h>

#include "base/macros.h"
#include "base/reason.h"

#define BUS_ERROR_PREFIX "org.fwslot1.Error."

/*
 * Sets @error to the name and sentence of @failure and returns a negative errno for sd-bus: -errno
 * for every reason. REASON_INVALID_ARGUMENT is the standard org.freedesktop.DBus.Error.InvalidArgs.
 */
int bus_error_from_failure(sd_bus_error *error, const struct failure *failure);

/* The same in one step. */
_printf_(3, 4) int bus_error(sd_bus_error *error, enum reason reason, const char *format, ...);

/* 0, or InvalidArgs that names the bits nobody knows. */
_warn_unused_ int bus_check_flags(uint64_t flags, uint64_t known, sd_bus_error *error);

/*
 * 0, or InvalidArgs: @text is longer than @max bytes. @what begins the sentence ("The device id").
 */
_warn_unused_ int bus_check_length(const char *text, size_t max, const char *what,
				   sd_bus_error *error);
