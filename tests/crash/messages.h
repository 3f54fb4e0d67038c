/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What passes between daemon and kernel, each numbered: orders one way, the image's bytes, events
 * the other way. One of them can be dropped, doubled, delayed or corrupted.
 */
#pragma once

#include <stdbool.h>

enum message_fault {
	MESSAGE_DROPPED, /* the sender believes that it arrived */
	MESSAGE_DOUBLED,
	MESSAGE_DELAYED, /* by a few turns of the world */
	MESSAGE_CORRUPTED, /* a bit of the image */
	MESSAGE_FAULT_MAX,
};

enum message_kind { MESSAGE_ORDER, MESSAGE_DATA, MESSAGE_EVENT, MESSAGE_KIND_MAX };

struct messages {
	unsigned at; /* number of the message from 1; 0 = none */
	enum message_fault fault;
	unsigned count;
	bool is_hit;
};

/* Counts a message. true: this is the one, and the fault can befall this kind. */
bool message_is_faulty(struct messages *messages, enum message_kind kind);
const char *message_fault_word(enum message_fault fault);
