// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Everything the DFU driver parses: the first byte of the input chooses which, the rest is parsed,
 * and what comes out must keep the promises of the headers.
 *
 * covers: kmod/dfu/protocol/claim.c kmod/dfu/protocol/descriptor.c
 * covers: kmod/dfu/protocol/image.c kmod/dfu/protocol/layout.c kmod/dfu/protocol/suffix.c
 * covers: kmod/dfu/protocol/dfuse-file.c
 */
#include <stdint.h>
#include <stdlib.h>

#include "kmod/dfu/protocol/claim.h"
#include "kmod/dfu/protocol/descriptor.h"
#include "kmod/dfu/protocol/image.h"
#include "kmod/dfu/protocol/layout.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool is_kept)
{
	if (!is_kept)
		abort();
}

static void fuzz_descriptor(const uint8_t *data, size_t size)
{
	struct dfu_function function;

	dfu_function_parse(data, size, &function);
	must(function.block_bytes >= 1 && function.block_bytes <= DFU_BLOCK_BYTES_MAX);
	must(function.block_bytes <= function.transfer_bytes && function.detach_timeout_ms);
}

/* Every byte of the file has one fate; what is stored lies within the extent, in rising order. */
static void fuzz_image(const uint8_t *data, size_t size)
{
	struct dfu_image_part part;
	struct dfu_image image;
	u64 extent, offset = 0, stored = 0, end = 0;
	u32 base = size ? data[0] << 12 : 0;

	if (dfu_image_open(data, size, 0, &image) || dfu_image_extent(&image, base, &extent))
		return;
	must(extent > 0);
	while ((part = dfu_image_part_at(&image, base, offset)).bytes) {
		if (part.is_stored) {
			must(part.offset >= end);
			end = part.offset + part.bytes;
			stored += part.bytes;
		}
		offset += part.bytes;
	}
	must(offset == size && end == extent);
	for (offset = 0; (part = dfu_image_stored_at(&image, base, offset)).bytes;
	     offset = part.offset + part.bytes)
		stored -= part.bytes;
	must(!stored);
}

static void fuzz_layout(const uint8_t *data, size_t size)
{
	struct dfuse_sector sector;
	struct dfuse_layout layout;
	char *text = malloc(size + 1);
	u64 address;

	memcpy(text, data, size);
	text[size] = 0;
	if (!dfuse_layout_parse(text, &layout)) {
		must(layout.num_runs >= 1 && layout.num_runs <= DFUSE_RUNS_MAX);
		address = layout.runs[0].address;
		must(dfuse_layout_first_bytes(&layout) > 0);
		must(!dfuse_layout_check(&layout, address, dfuse_layout_first_bytes(&layout), 0));
		must(!dfuse_layout_find(&layout, address, &sector));
		must(sector.start == address && sector.bytes);
	}
	free(text);
}

static void fuzz_claim(const uint8_t *data, size_t size)
{
	struct dfu_claim claim;

	if (dfu_claim_parse((const char *)data, size, &claim))
		return;
	must(claim.is_any || claim.num_ids);
	must(claim.slot_bytes <= DFU_SLOT_BYTES_MAX && claim.num_slots <= DFU_CLAIM_SLOTS_MAX);
	must(strlen(claim.hardware_id) <= DFU_HARDWARE_ID_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const parsers[])(const uint8_t *data, size_t size) = {
		fuzz_descriptor,
		fuzz_image,
		fuzz_layout,
		fuzz_claim,
	};
	u8 *copy;

	if (!size)
		return 0;
	/* An allocation of its own, so that reading beyond its end is found. */
	copy = malloc(size - 1 ? size - 1 : 1);
	memcpy(copy, data + 1, size - 1);
	parsers[data[0] % (sizeof(parsers) / sizeof(parsers[0]))](copy, size - 1);
	free(copy);
	return 0;
}
