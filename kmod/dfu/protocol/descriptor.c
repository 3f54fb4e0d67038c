// SPDX-License-Identifier: GPL-2.0
/*
 * Reading the DFU functional descriptor (DFU 1.1 4.1.3). It trusts no length and no number.
 */
#include "descriptor.h"
#include "numbers.h"

enum { LENGTH = 0, TYPE = 1, ATTRIBUTES = 2, DETACH_TIMEOUT = 3, TRANSFER_SIZE = 5, VERSION = 7 };

/* Type 0x21 is also HID's: the caller asks only for the descriptors of a DFU interface. */
static const u8 *find_functional(const u8 *extra, size_t extra_bytes)
{
	while (extra_bytes >= 2 && extra[LENGTH] >= 2 && extra[LENGTH] <= extra_bytes) {
		if (extra[TYPE] == DFU_FUNCTIONAL_DESCRIPTOR &&
		    extra[LENGTH] >= DFU_FUNCTIONAL_BYTES_1_0)
			return extra;
		extra_bytes -= extra[LENGTH];
		extra += extra[LENGTH];
	}
	return NULL;
}

static u16 sane_version(u16 version)
{
	if (version == DFU_VERSION_1_0 || version == DFU_VERSION_DFUSE)
		return version;
	return DFU_VERSION_1_1;
}

static u16 sane_transfer_bytes(u16 transfer_bytes, u8 attributes, u16 version)
{
	if (version == DFU_VERSION_DFUSE && (attributes & DFU_CAN_ACCELERATE))
		return DFU_BLOCK_BYTES_ACCELERATED;
	if (!transfer_bytes)
		return DFU_BLOCK_BYTES_MIN;
	if (transfer_bytes == 0xffff)
		return DFU_BLOCK_BYTES_GUESS;
	return transfer_bytes;
}

int dfu_function_parse(const u8 *extra, size_t extra_bytes, struct dfu_function *ret_function)
{
	const u8 *functional = find_functional(extra, extra_bytes);
	u8 attributes = DFU_CAN_DOWNLOAD | DFU_CAN_UPLOAD;
	u16 version = DFU_VERSION_1_1;
	u16 detach_timeout_ms = 0;
	u16 transfer_bytes = 0;

	if (functional) {
		attributes = functional[ATTRIBUTES];
		detach_timeout_ms = dfu_get_le16(functional + DETACH_TIMEOUT);
		transfer_bytes = dfu_get_le16(functional + TRANSFER_SIZE);
		if (functional[LENGTH] >= DFU_FUNCTIONAL_BYTES)
			version = sane_version(dfu_get_le16(functional + VERSION));
	}

	ret_function->can_download = attributes & DFU_CAN_DOWNLOAD;
	ret_function->can_upload = attributes & DFU_CAN_UPLOAD;
	ret_function->is_manifestation_tolerant = attributes & DFU_MANIFESTATION_TOLERANT;
	ret_function->will_detach = attributes & DFU_WILL_DETACH;
	ret_function->detach_timeout_ms =
		detach_timeout_ms ? detach_timeout_ms : DFU_DETACH_TIMEOUT_MS_DEFAULT;
	ret_function->transfer_bytes = sane_transfer_bytes(transfer_bytes, attributes, version);
	ret_function->block_bytes = dfu_smaller(ret_function->transfer_bytes, DFU_BLOCK_BYTES_MAX);
	ret_function->version = version;
	return functional ? 0 : -ENOENT;
}
