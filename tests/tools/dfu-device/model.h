/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A USB device with a DFU interface, as a function from a control request to its answer.
 *
 * The state machine of DFU 1.1 annex A.1, DfuSe's commands, a small boot loader, and faults on
 * request. No I/O and no clock of its own: vhci.c carries it on a real bus, unit tests call it.
 */
#ifndef DFU_DEVICE_MODEL_H
#define DFU_DEVICE_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fault.h"
#include "memory.h"
#include "usb.h"

#define MODEL_ALTERNATES_MAX 4

/* Answers other than a length. */
enum {
	MODEL_STALL = -1,
	MODEL_NO_ANSWER = -2, /* this request is never answered */
	MODEL_LEAVES = -3, /* it leaves the bus instead, model.away_ms says for how long */
};

#define MODEL_FOR_GOOD UINT32_MAX

enum model_manifestation {
	MANIFEST_TOLERANT, /* back to dfuIDLE */
	MANIFEST_WAIT_RESET, /* dfuMANIFEST-WAIT-RESET until a bus reset */
	MANIFEST_SELF_RESET, /* leaves the bus and comes back by itself */
};

struct model_config {
	uint16_t vendor, product; /* runtime; and DFU mode, if dfu_product is 0 */
	uint16_t dfu_product;
	uint16_t device_version; /* bcdDevice of DFU mode, and of firmware that does not say */
	const char *serial; /* NULL: none */

	bool has_runtime; /* firmware shows a runtime interface; else it shows nothing of DFU */
	uint8_t attributes;
	uint16_t transfer_bytes;
	uint16_t dfu_version;
	bool has_short_descriptor; /* the 7 bytes of DFU 1.0 */
	bool has_no_descriptor;
	uint16_t detach_timeout_ms;

	uint32_t busy_ms; /* how long each block takes */
	uint32_t idle_poll_ms; /* poll timeout in states that need none */
	uint32_t manifest_ms;
	uint32_t erase_ms;
	enum model_manifestation manifestation;
	bool is_deaf; /* it answers nothing in dfuMANIFEST-WAIT-RESET */
	bool is_strict; /* a status request that comes too early is an error */
	bool needs_header; /* only firmware with a right header passes manifestation */
	uint32_t away_ms; /* how long it is off the bus when it restarts by itself */
	uint32_t crash_ms; /* boot-looping firmware crashes so long after it started */
};

struct model {
	const struct model_config *config;
	struct memory alternates[MODEL_ALTERNATES_MAX];
	unsigned int num_alternates;
	struct faults faults;

	bool is_runtime; /* shows the runtime interface, not DFU mode */
	bool is_configured;
	unsigned int alternate;
	uint8_t state, status;
	uint16_t running_version;
	int running; /* alternate it booted from, -1 in DFU mode */
	uint64_t crash_at_us; /* when boot-looping firmware gives up; 0 = never */
	uint64_t writes; /* complete downloads, for memory.written */
	unsigned int boots;

	uint64_t busy_until_us; /* of dfuDNBUSY and dfuMANIFEST; 0 = not begun */
	uint64_t silent_until_us; /* is_strict: no DFU_GETSTATUS before */
	uint64_t detach_until_us; /* appDETACH falls back to appIDLE */
	bool is_manifested;
	uint8_t pending_status; /* what the block being stored will come to */
	uint32_t pending_ms;
	uint16_t next_block;
	uint32_t pointer; /* DfuSe */
	size_t upload_offset;

	bool is_leaving; /* it leaves the bus after this answer */
	uint32_t away_ms; /* how long, with is_leaving and MODEL_LEAVES */
	uint32_t answer_delay_ms;
	unsigned int requests; /* DFU requests so far, for tests that count */
};

/* Power on. The alternates must have been filled in. */
void model_start(struct model *model, uint64_t now_us);

/*
 * Answers a control request. @data holds what came with it, or has room for setup->length bytes.
 * Returns the number of bytes transferred, or one of the answers above.
 */
int model_control(struct model *model, const struct usb_setup *setup, uint8_t *data,
		  uint64_t now_us);

/* A bus reset. */
void model_reset(struct model *model, uint64_t now_us);

/* When the device will do something by itself, or UINT64_MAX; then call model_timer(). */
uint64_t model_timer_us(const struct model *model);

/* Returns true if the device leaves the bus now, for model.away_ms. */
bool model_timer(struct model *model, uint64_t now_us);

/* The device is on the bus again after it left it. */
void model_return(struct model *model, uint64_t now_us);

/* descriptors.c: fills @data with a descriptor. Returns its whole length, 0 if there is none. */
size_t model_descriptor(const struct model *model, uint8_t type, uint8_t index, uint8_t *data);
#define MODEL_DESCRIPTOR_BYTES_MAX 512

/* boot.c: starts the newest firmware that is right, or stays in DFU mode. */
void model_boot(struct model *model, uint64_t now_us);

/* boot.c: may the image in this memory run? */
bool model_accepts(const struct model *model, const struct memory *memory);

#endif
