/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the test device does wrong, and when: "KIND@WHEN[:ARGUMENT]".
 * WHEN is a letter for the kind of request and its number, counted from 1 since the fault was set:
 * t any DFU request, d a block down, u a block up, s DFU_GETSTATUS, m the end of a download.
 * Parsing and counting only; model.c does the mischief.
 */
#ifndef DFU_DEVICE_FAULT_H
#define DFU_DEVICE_FAULT_H

#include <stdbool.h>
#include <stdint.h>

#define FAULTS_MAX 16

enum fault_kind {
	FAULT_STALL, /* stall; dfuERROR with status ARGUMENT (default errSTALLEDPKT) */
	FAULT_ERROR, /* accept it; dfuERROR with status ARGUMENT at the next status */
	FAULT_VANISH, /* leave the bus instead of answering, for ARGUMENT ms (default: for good) */
	FAULT_HANG, /* never answer */
	FAULT_SHORT, /* transfer ARGUMENT bytes fewer (default 1) */
	FAULT_BUSY, /* stay busy for ARGUMENT ms more (default 0: for ever) */
	FAULT_POLL, /* claim a poll timeout of ARGUMENT ms */
	FAULT_STATE, /* claim to be in state ARGUMENT */
	FAULT_FLIP, /* flip a bit of the data */
	FAULT_DELAY, /* answer ARGUMENT ms late */
	FAULT_KINDS
};

struct fault {
	enum fault_kind kind;
	char when;
	unsigned int countdown;
	bool has_argument;
	uint32_t argument;
	bool is_due; /* it applies to the request that is being answered */
};

struct faults {
	struct fault list[FAULTS_MAX];
	unsigned int count;
};

/* Adds the fault @text describes. Returns false if it is malformed or one too many. */
bool fault_add(struct faults *faults, const char *text);

/* A request of kind @letter arrives: marks what is due, drops what was. */
void fault_request(struct faults *faults, char letter);

/* Is a fault of this kind due? Returns it or NULL. */
const struct fault *fault_due(const struct faults *faults, enum fault_kind kind);

/* The argument, or @otherwise if it was not given; NULL is allowed. */
uint32_t fault_argument(const struct fault *fault, uint32_t otherwise);

#endif
