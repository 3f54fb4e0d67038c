/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The DFU functional descriptor: what a device says it can do.
 */
#ifndef _FWSLOT_DFU_DESCRIPTOR_H
#define _FWSLOT_DFU_DESCRIPTOR_H

#include "portable.h"

#define DFU_BLOCK_BYTES_MIN		64	/* for a device that says 0: its control packet */
#define DFU_BLOCK_BYTES_GUESS		1024	/* for a device that says 0xffff */
#define DFU_BLOCK_BYTES_ACCELERATED	4096
#define DFU_BLOCK_BYTES_MAX		32768	/* ours: one piece of memory per session */
#define DFU_DETACH_TIMEOUT_MS_DEFAULT	1000

/**
 * struct dfu_function - a DFU functional descriptor, made sane
 * @can_download: accepts firmware
 * @can_upload: gives it back
 * @is_manifestation_tolerant: still answers after manifestation
 * @will_detach: leaves the bus by itself after DFU_DETACH
 * @detach_timeout_ms: how long it waits for the reset after DFU_DETACH, never 0
 * @transfer_bytes: wTransferSize as the device means it; DfuSe counts addresses in it
 * @block_bytes: what we transfer at once: 1..DFU_BLOCK_BYTES_MAX, at most @transfer_bytes
 * @version: DFU_VERSION_1_0, DFU_VERSION_1_1 or DFU_VERSION_DFUSE
 */
struct dfu_function {
	bool can_download;
	bool can_upload;
	bool is_manifestation_tolerant;
	bool will_detach;
	u16 detach_timeout_ms;
	u16 transfer_bytes;
	u16 block_bytes;
	u16 version;
};

/**
 * dfu_function_parse() - find and read the functional descriptor
 * @extra: descriptors that follow an interface descriptor, unchecked bytes of the device
 * @extra_bytes: their length
 * @ret_function: always filled: without a descriptor with what such devices usually can
 *
 * Return: 0, or -ENOENT if there is no functional descriptor in @extra.
 */
int dfu_function_parse(const u8 *extra, size_t extra_bytes, struct dfu_function *ret_function);

#endif /* _FWSLOT_DFU_DESCRIPTOR_H */
