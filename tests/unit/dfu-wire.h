/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A wire between the driver's side of a DFU conversation (kmod/dfu/protocol) and the test device's
 * model (tests/tools/dfu-device), with a clock that only moves when somebody waits. No kernel, no
 * USB, no real time.
 */
#ifndef TESTS_DFU_WIRE_H
#define TESTS_DFU_WIRE_H

#include "kmod/dfu/protocol/session.h"
#include "tests/tools/dfu-device/model.h"

struct dfu_wire {
	struct model_config config;
	struct model model;
	struct dfu_session session;
	uint64_t now_us;
	uint64_t waited_us; /* in all */
	bool is_off; /* the device left the bus */
	int interruption; /* what waiting returns, to play a cancelled operation */
};

/* A device with one plain slot of 1 MiB that is tolerant and strict about time; change @config next. */
void dfu_wire_init(struct dfu_wire *wire);

/* The same with DfuSe memory. */
void dfu_wire_init_dfuse(struct dfu_wire *wire, const char *layout);

/* Powers the device on and begins a conversation with what its descriptor says. */
void dfu_wire_start(struct dfu_wire *wire);

/* A control request that is not of the session, such as SET_INTERFACE. Returns its answer. */
int dfu_wire_request(struct dfu_wire *wire, uint8_t type, uint8_t request, uint16_t value);

void dfu_wire_free(struct dfu_wire *wire);

/* Downloads @length bytes, without manifestation. Returns 0 or a negative errno. */
int dfu_wire_download(struct dfu_wire *wire, const uint8_t *image, size_t length);

#endif
