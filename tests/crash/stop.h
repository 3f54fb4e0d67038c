/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where the laboratory stops the world: every operation that changes something outside the
 * daemon's memory (files, orders to the kernel, work that begins, flash of a device) is counted,
 * and one of them is the last. After it nothing may happen until the next start: a stopped daemon
 * goes on as a ghost whose operations fail and change nothing, and is then thrown away.
 */
#pragma once

#include <stdbool.h>

enum stop_when { STOP_BEFORE, STOP_AFTER, STOP_TORN, STOP_WHEN_MAX };

/* What stops. */
enum stop_what {
	STOP_DAEMON, /* kill -9: the kernel, the disk's cache and the devices go on */
	STOP_HOST, /* the machine dies: what was not synchronized may be lost; devices stay powered */
	STOP_POWER, /* the machine and its devices lose power */
	STOP_DEVICE, /* the device loses power or its cable; the daemon lives */
	STOP_PROVIDER, /* the process that provides the device dies, or its line; the device stays powered */
	STOP_WHAT_MAX,
};

enum operation_kind {
	OPERATION_WRITE, /* bytes of a file */
	OPERATION_SYNC,
	OPERATION_NAME, /* names and lengths of files: atomic */
	OPERATION_ORDER, /* to the kernel */
	OPERATION_WORK, /* a child begins */
	OPERATION_FLASH, /* of a device, as the kernel goes through it */
	OPERATION_RECORD, /* the device's own notes: only power can stop them */
	OPERATION_KIND_MAX,
};

struct stop_plan {
	unsigned at; /* the operation's number from 1; 0: never */
	enum stop_when when;
	enum stop_what what;
};

struct stopper {
	struct stop_plan plan;
	unsigned count; /* operations since stopper_set() */
	unsigned kinds[OPERATION_KIND_MAX];
	bool is_hit; /* the plan's point was there, and could be stopped that way */
	bool is_stopped; /* the daemon is a ghost */
	bool is_dying; /* it will be after the operation under way */
	enum operation_kind hit_kind;
	void (*unplug)(void *userdata); /* STOP_DEVICE, STOP_PROVIDER */
	void *userdata;
};

enum permission { MAY_NOT, MAY, MAY_HALF };

void stopper_set(struct stopper *stopper, struct stop_plan plan);

/* MAY: do it, then call stopper_end(). MAY_HALF: do half of it, likewise. MAY_NOT: nothing, no end. */
enum permission stopper_begin(struct stopper *stopper, enum operation_kind kind);
void stopper_end(struct stopper *stopper);

/* Can an operation of that kind stop in its middle? */
bool operation_can_tear(enum operation_kind kind);
const char *stop_when_word(enum stop_when when);
const char *stop_what_word(enum stop_what what);
