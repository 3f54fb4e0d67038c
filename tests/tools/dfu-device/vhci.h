/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Puts a model on a real bus: vhci_hcd (USB/IP) over a socket pair, no network and no usbip tools.
 */
#ifndef DFU_DEVICE_VHCI_H
#define DFU_DEVICE_VHCI_H

#include "model.h"

#define VHCI_PORTS_MAX 8

struct vhci {
	struct model *model;
	int port; /* of vhci_hcd's first controller, high speed: 0..VHCI_PORTS_MAX - 1 */
	int socket; /* -1 while the device is off the bus */
	uint64_t return_at_us; /* when it comes back; UINT64_MAX = never by itself */

	/* An answer that is due later, or never (unanswered requests wait for their unlink). */
	uint32_t waiting_sequence;
	uint64_t answer_at_us;
	size_t answer_bytes;
	uint8_t answer[48 + 65536];
};

/* Plugs it in. Returns 0 or a negative errno. */
int vhci_plug(struct vhci *vhci, uint64_t now_us);

/* Pulls it out. */
void vhci_unplug(struct vhci *vhci, uint64_t return_at_us);

/* Serves what has arrived on the socket. Returns 0, or a negative errno if the bus is gone. */
int vhci_serve(struct vhci *vhci, uint64_t now_us);

/* Does what is due by time. Returns 0 or a negative errno. */
int vhci_timer(struct vhci *vhci, uint64_t now_us);

/* When vhci_timer() has something to do, or UINT64_MAX. */
uint64_t vhci_timer_us(const struct vhci *vhci);

#endif
