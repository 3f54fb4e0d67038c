/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which devices this driver may claim: one entry of the list that the administrator or udev gives.
 *
 *	VVVV:PPPP[/VVVV:PPPP][+id=vendor/model[/rev[/sku]]][+slots=N][+size=BYTES[K|M]]
 *
 * The first pair is what the device shows when it runs its firmware (or always), the second what it
 * shows in DFU mode. "*" alone stands for every device.
 */
#ifndef _FWSLOT_DFU_CLAIM_H
#define _FWSLOT_DFU_CLAIM_H

#include "image.h"

#define DFU_HARDWARE_ID_MAX		259
#define DFU_HARDWARE_ID_SEGMENT_MAX	64
#define DFU_CLAIM_SLOTS_MAX		32
#define DFU_SLOT_BYTES_MAX		0x10000000U	/* 256 MiB */
#define DFU_SLOT_BYTES_DEFAULT		0x1000000U	/* 16 MiB: plain DFU does not tell */

/**
 * struct dfu_claim - an entry of the list
 * @is_any: "*"
 * @num_ids: 1 or 2
 * @ids: what the device shows in its modes
 * @hardware_id: "" if not given
 * @num_slots: 0 if not given; needed while a device only shows its runtime interface
 * @slot_bytes: 0 if not given
 */
struct dfu_claim {
	bool is_any;
	unsigned int num_ids;
	struct dfu_usb_id ids[2];
	char hardware_id[DFU_HARDWARE_ID_MAX + 1];
	unsigned int num_slots;
	u32 slot_bytes;
};

/**
 * dfu_claim_parse() - read one entry
 * @text: entry, not necessarily ended by a zero byte
 * @length: its length
 * @ret_claim: filled on success
 *
 * Return: 0 or -EINVAL.
 */
int dfu_claim_parse(const char *text, size_t length, struct dfu_claim *ret_claim);

/* Is the entry about a device that shows @id now? */
bool dfu_claim_fits(const struct dfu_claim *claim, const struct dfu_usb_id *id);

#endif /* _FWSLOT_DFU_CLAIM_H */
