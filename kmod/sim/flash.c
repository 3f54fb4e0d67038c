// SPDX-License-Identifier: GPL-2.0
/*
 * A model of flash memory: erasing sets the bits of a whole block, programming only clears bits.
 * Who programs what was not erased gets what real flash gives: the AND of both.
 */
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "sim.h"

static unsigned int num_blocks(const struct sim_device *sim)
{
	return sim->slot_bytes / SIM_BLOCK_BYTES;
}

int sim_flash_init(struct sim_device *sim)
{
	unsigned int i;

	for (i = 0; i < sim->num_slots; i++) {
		sim->slots[i].blocks = kvcalloc(num_blocks(sim), sizeof(u8 *), GFP_KERNEL);
		if (!sim->slots[i].blocks)
			return -ENOMEM;
	}
	return 0;
}

void sim_flash_free(struct sim_device *sim)
{
	unsigned int i, block;

	for (i = 0; i < sim->num_slots; i++) {
		if (!sim->slots[i].blocks)
			continue;
		for (block = 0; block < num_blocks(sim); block++)
			kvfree(sim->slots[i].blocks[block]);
		kvfree(sim->slots[i].blocks);
	}
}

/* Erases the block at @offset. */
void sim_flash_erase(struct sim_device *sim, unsigned int slot, u64 offset)
{
	u8 **block = &sim->slots[slot].blocks[offset / SIM_BLOCK_BYTES];

	kvfree(*block);
	*block = NULL;
}

static void clear_bits(u8 *flash, const u8 *data, size_t length)
{
	while (length--)
		*flash++ &= *data++;
}

/* Programs what lies within one block. */
static int program_block(u8 **block, size_t within, const u8 *data, size_t length)
{
	if (!*block) {
		*block = kvmalloc(SIM_BLOCK_BYTES, GFP_KERNEL);
		if (!*block)
			return -ENOMEM;
		memset(*block, 0xff, SIM_BLOCK_BYTES);
		memcpy(*block + within, data, length);
		return 0;
	}
	clear_bits(*block + within, data, length);
	return 0;
}

int sim_flash_program(struct sim_device *sim, unsigned int slot, u64 offset, const u8 *data,
		      size_t length)
{
	while (length) {
		size_t within = offset % SIM_BLOCK_BYTES;
		size_t part = min_t(size_t, length, SIM_BLOCK_BYTES - within);
		u8 **block = &sim->slots[slot].blocks[offset / SIM_BLOCK_BYTES];
		int ret = program_block(block, within, data, part);

		if (ret)
			return ret;
		offset += part;
		data += part;
		length -= part;
	}
	return 0;
}

void sim_flash_read(struct sim_device *sim, unsigned int slot, u64 offset, u8 *data, size_t length)
{
	while (length) {
		const u8 *block = sim->slots[slot].blocks[offset / SIM_BLOCK_BYTES];
		size_t within = offset % SIM_BLOCK_BYTES;
		size_t part = min_t(size_t, length, SIM_BLOCK_BYTES - within);

		if (block)
			memcpy(data, block + within, part);
		else
			memset(data, 0xff, part);
		offset += part;
		data += part;
		length -= part;
	}
}

/* A bit of an erased block cannot be flipped; it stays erased. */
void sim_flash_flip_bit(struct sim_device *sim, unsigned int slot, u64 offset)
{
	u8 *block = sim->slots[slot].blocks[offset / SIM_BLOCK_BYTES];

	if (block)
		block[offset % SIM_BLOCK_BYTES] ^= 1;
}

bool sim_flash_is_erased(struct sim_device *sim, unsigned int slot)
{
	unsigned int block;

	for (block = 0; block < num_blocks(sim); block++)
		if (sim->slots[slot].blocks[block])
			return false;
	return true;
}
