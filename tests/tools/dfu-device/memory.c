// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Memory of the test device. Stricter than most real flash: a byte that is not erased cannot be
 * written at all.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "usb.h"

bool memory_init_plain(struct memory *memory, const char *text, size_t capacity)
{
	*memory = (struct memory){ .text = text, .capacity = capacity };
	memory->image = calloc(1, capacity);
	return memory->image;
}

static bool add_run(struct memory *memory, const struct memory_run *run)
{
	size_t size = (size_t)run->sector_bytes * run->sectors;

	if (memory->num_runs == MEMORY_RUNS_MAX || !size || size > 64 << 20)
		return false;
	memory->runs[memory->num_runs] = *run;
	memory->runs[memory->num_runs].bytes = malloc(size);
	if (!memory->runs[memory->num_runs].bytes)
		return false;
	memset(memory->runs[memory->num_runs++].bytes, 0xff, size);
	return true;
}

bool memory_init_dfuse(struct memory *memory, const char *text)
{
	const char *at = strchr(text, '/');
	struct memory_run run = { 0 };
	char unit, letter;
	int used;

	*memory = (struct memory){ .text = text, .is_dfuse = true };
	while (at && sscanf(at, "/0x%x/%n", &run.address, &used) == 1) {
		at += used;
		while (sscanf(at, "%u*%u%c%c%n", &run.sectors, &run.sector_bytes, &unit, &letter,
			      &used) == 4) {
			at += used;
			run.sector_bytes *= unit == 'K' ? 1024 : unit == 'M' ? 1 << 20 : 1;
			run.abilities = letter & 7;
			if (!add_run(memory, &run))
				return false;
			run.address += run.sector_bytes * run.sectors;
			if (*at != ',')
				break;
			at++;
		}
		if (!*at)
			return memory->num_runs;
	}
	return false;
}

void memory_free(struct memory *memory)
{
	free(memory->image);
	for (unsigned int i = 0; i < memory->num_runs; i++)
		free(memory->runs[i].bytes);
	*memory = (struct memory){ 0 };
}

uint8_t memory_append(struct memory *memory, const uint8_t *data, size_t length)
{
	if (length > memory->capacity - memory->received_bytes)
		return DFU_ERR_ADDRESS;
	memcpy(memory->image + memory->received_bytes, data, length);
	memory->received_bytes += length;
	memory->image_bytes = 0;
	return DFU_OK;
}

/* The run that holds @address, and where in it. */
static struct memory_run *find_run(struct memory *memory, uint32_t address, size_t *ret_offset)
{
	for (unsigned int i = 0; i < memory->num_runs; i++) {
		struct memory_run *run = &memory->runs[i];

		*ret_offset = address - run->address;
		if (address >= run->address &&
		    *ret_offset < (size_t)run->sector_bytes * run->sectors)
			return run;
	}
	return NULL;
}

uint8_t memory_erase(struct memory *memory, uint32_t address)
{
	size_t offset;
	struct memory_run *run = find_run(memory, address, &offset);

	if (!run)
		return DFU_ERR_ADDRESS;
	if (!(run->abilities & MEMORY_ERASABLE))
		return DFU_ERR_ERASE;
	memset(run->bytes + offset - offset % run->sector_bytes, 0xff, run->sector_bytes);
	return DFU_OK;
}

uint8_t memory_erase_all(struct memory *memory)
{
	for (unsigned int i = 0; i < memory->num_runs; i++) {
		struct memory_run *run = &memory->runs[i];

		if (run->abilities & MEMORY_ERASABLE)
			memset(run->bytes, 0xff, (size_t)run->sector_bytes * run->sectors);
	}
	return DFU_OK;
}

uint8_t memory_write(struct memory *memory, uint32_t address, const uint8_t *data, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		size_t offset;
		struct memory_run *run = find_run(memory, address + i, &offset);

		if (!run)
			return DFU_ERR_ADDRESS;
		if (!(run->abilities & MEMORY_WRITABLE))
			return DFU_ERR_WRITE;
		if ((run->abilities & MEMORY_ERASABLE) && run->bytes[offset] != 0xff)
			return DFU_ERR_CHECK_ERASED;
		run->bytes[offset] = data[i];
	}
	return DFU_OK;
}

uint8_t memory_read(struct memory *memory, uint32_t address, uint8_t *data, size_t length,
		    size_t *ret_length)
{
	for (*ret_length = 0; *ret_length < length; ++*ret_length) {
		size_t offset;
		struct memory_run *run = find_run(memory, address + *ret_length, &offset);

		if (!run)
			return *ret_length ? DFU_OK : DFU_ERR_ADDRESS;
		if (!(run->abilities & MEMORY_READABLE))
			return DFU_ERR_VENDOR;
		data[*ret_length] = run->bytes[offset];
	}
	return DFU_OK;
}

const uint8_t *memory_firmware(const struct memory *memory, size_t *ret_bytes)
{
	if (!memory->is_dfuse) {
		*ret_bytes = memory->image_bytes;
		return memory->image;
	}
	*ret_bytes = (size_t)memory->runs[0].sector_bytes * memory->runs[0].sectors;
	return memory->runs[0].bytes;
}
