/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One request, one answer, over a line that loses, doubles, delays and garbles: sends, resends, and
 * picks the right answer out of what arrives. Knows of lines only the three functions it is given;
 * blocks in them and nowhere else.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/macros.h"
#include "base/time.h"
#include "smp/frame.h"
#include "smp/header.h"

/* How to reach the device. Functions return a negative errno; -ENODEV: the line itself is gone. */
struct smp_line_operations {
	/* Sends everything. */
	int (*send)(void *line, const uint8_t *bytes, size_t size);
	/*
	 * Waits until bytes arrive or @deadline (of now()) passes. Returns how many came, 0 when
	 * the time is over, -ECANCELED when somebody wants the running operation to stop.
	 */
	ssize_t (*receive)(void *line, uint8_t *bytes, size_t capacity, usec_t deadline);
	usec_t (*now)(void *line);
};

struct smp_client {
	const struct smp_line_operations *line_operations;
	void *line;
	enum smp_version version; /* of our requests */
	uint8_t sequence; /* of the next request */
	struct smp_deframer deframer;

	/* What arrived after the end of the last answer. */
	uint8_t input[512];
	size_t input_size, input_offset;

	/* Counted for the log and for tests. */
	uint64_t requests, resends, strangers;
};

/* A request: what is asked, and how patiently. */
struct smp_request {
	enum smp_operation operation;
	enum smp_group group;
	uint8_t command;
	const uint8_t *body;
	size_t body_size;
	usec_t timeout_usec; /* for each try */
	unsigned tries; /* at least 1 */
	/*
	 * For what may take very long: after this much silence ask for something else (an echo).
	 * Devices answer in the order they were asked, so if that is answered first the request was
	 * lost, and is sent again without waiting for its time-out. 0: never.
	 */
	usec_t check_usec;
};

/*
 * Sends @request and waits for its answer, whose contents stay valid until the next call. Errors:
 * -ETIMEDOUT after the last try, -EMSGSIZE: the request is longer than SMP_MESSAGE_MAX_BYTES; and
 * the line's own.
 */
_warn_unused_ int smp_client_call(struct smp_client *client, const struct smp_request *request,
				  const uint8_t **ret_body, size_t *ret_size);

/* Forgets all input: the line was opened again, or the device restarted. */
void smp_client_reset(struct smp_client *client);
