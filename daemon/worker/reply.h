/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the worker says to fwslotd: percentages on the way, one result at the end. */
#pragma once

#include <stdint.h>

#include "base/packet.h"
#include "base/reason.h"

/* Sends percentages, each once. Starts as { .socket = fd, .percent = -1 }. */
struct progress {
	int socket;
	int percent;
};

/* Tells how far it is, if that is a new percentage. @total 0 counts as done. */
void progress_report(struct progress *progress, uint64_t done, uint64_t total);

/* An empty TYPE=result REASON=ok; NULL: no memory. */
struct packet *result_new(void);

/* Sends a result that says what went wrong. */
_warn_unused_ int result_send_failure(int socket, const struct failure *failure);
