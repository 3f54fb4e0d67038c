/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One serial port: opened exclusively and raw, read and written with deadlines, and waited for when
 * its adapter goes away in the middle of a restart of the device. Implements the line that client.h
 * asks for.
 */
#pragma once

#include <stdbool.h>

#include "base/macros.h"
#include "smp/client.h"

#define PORT_BAUD_DEFAULT 115200
/* A line that takes no byte for so long is stuck (flow control, a hung adapter). */
#define PORT_SEND_TIMEOUT (10 * USEC_PER_SEC)

/*
 * Who else must be heard while the line is waited for: whoever gave us the work we are at. Called
 * when @fd is readable, and at least every @period_usec; a negative errno ends the wait with it.
 */
struct port_watch {
	int fd; /* -1: none */
	usec_t period_usec;
	int (*on_ready)(void *userdata);
	int (*on_period)(void *userdata);
	void *userdata;
};

struct port {
	const char *path;
	unsigned baud;
	int fd; /* -1: not open */
	struct port_watch watch;
	usec_t last_period_usec;
};

extern const struct smp_line_operations port_line_operations; /* the line is a struct port */

/*
 * Opens the port. -EBUSY: another program has it; -EINVAL: not a speed that ports have; -ENOTTY:
 * not a serial port; -ENOENT and others: as open(2).
 */
_warn_unused_ int port_open(struct port *port);
void port_close(struct port *port);

/* Throws away what arrived. Returns how many bytes, or -ENODEV: the port is gone. */
int port_drain(struct port *port);

/* Is @baud one of the speeds that ports have? */
bool port_baud_is_known(unsigned baud);
