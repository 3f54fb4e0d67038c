/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the program is told: by its command line, and where that is silent by the udev properties of
 * the port.
 */
#pragma once

#include <stdbool.h>

#include "base/macros.h"
#include "base/time.h"
#include "smp/frame.h"

/*
 * How long a restarting device may stay away, swapping its images included, before it is reset once
 * more.
 */
#define SMP_RETURN_TIMEOUT_DEFAULT (120 * USEC_PER_SEC)
#define SMP_RETURN_TIMEOUT_MAX_SECONDS 3600
/* How long a device that was just started, or may have been, is not spoken to. */
#define SMP_SETTLE_TIME_DEFAULT (3 * USEC_PER_SEC)
#define SMP_SETTLE_TIME_MAX_SECONDS 60
#define SMP_IMAGE_NUMBER_MAX 3

struct smp_options {
	const char *port; /* path of the serial port */
	const char *provider; /* path of /dev/fwslot */
	char *hardware_id, *serial, *name; /* NULL: nobody said */
	unsigned baud;
	enum smp_framing framing;
	unsigned image;
	usec_t return_timeout_usec, settle_usec;
	const char
		*state_directory; /* NULL: nothing is remembered across restarts of the program */
	uint32_t given; /* settings of the command line, stronger than udev's: a bit for each */
};

/*
 * Reads the command line. 0: go on; 1: everything asked for was done (--help, --version); -EINVAL:
 * it is wrong, and the log says where.
 */
_warn_unused_ int smp_options_parse(int argc, char *argv[], struct smp_options *ret);

/*
 * Fills in what the command line left open from the port's udev properties. Without udev nothing is
 * filled in.
 */
void smp_options_ask_udev(struct smp_options *options);

void smp_options_done(struct smp_options *options);

/*
 * "vendor/model[/rev[/sku]]": two to four parts of 1 to 64 letters, digits, "-", "_", "." and "+".
 */
bool smp_hardware_id_is_valid(const char *text);
