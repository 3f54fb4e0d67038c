/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The memory behind one alternate setting of the test device: a plain slot that a download fills
 * from its beginning, or DfuSe memory with addresses, that must be erased before it is written.
 * Knows nothing of USB; answers with DFU status codes.
 */
#ifndef DFU_DEVICE_MEMORY_H
#define DFU_DEVICE_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MEMORY_RUNS_MAX 16

enum {
	MEMORY_READABLE = 1,
	MEMORY_ERASABLE = 2,
	MEMORY_WRITABLE = 4,
};

/* Sectors of one kind, one after the other. */
struct memory_run {
	uint32_t address;
	uint32_t sector_bytes;
	uint32_t sectors;
	unsigned int abilities;
	uint8_t *bytes;
};

struct memory {
	const char *text; /* of the string descriptor */
	bool is_dfuse;

	/* Plain. */
	uint8_t *image;
	size_t capacity;
	size_t image_bytes; /* of the last complete download */
	size_t received_bytes; /* of the one that is going on */

	/* DfuSe. */
	struct memory_run runs[MEMORY_RUNS_MAX];
	unsigned int num_runs;

	uint64_t written; /* when it was last completely written: a counter, 0 = never */
};

/* A plain slot. Returns false when there is no memory. */
bool memory_init_plain(struct memory *memory, const char *text, size_t capacity);

/* DfuSe memory as @text ("@Name/0x0/4*1Kg") describes it, erased. Returns false if it is malformed. */
bool memory_init_dfuse(struct memory *memory, const char *text);

void memory_free(struct memory *memory);

/* Plain: appends to the download. Returns a status code. */
uint8_t memory_append(struct memory *memory, const uint8_t *data, size_t length);

/* DfuSe. Each returns a status code. */
uint8_t memory_erase(struct memory *memory, uint32_t address);
uint8_t memory_erase_all(struct memory *memory);
uint8_t memory_write(struct memory *memory, uint32_t address, const uint8_t *data, size_t length);
uint8_t memory_read(struct memory *memory, uint32_t address, uint8_t *data, size_t length,
		    size_t *ret_length);

/* The firmware in it, as far as it is in one piece from the beginning. */
const uint8_t *memory_firmware(const struct memory *memory, size_t *ret_bytes);

#endif
