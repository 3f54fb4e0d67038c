/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The memory of a DfuSe device, as the string of an alternate setting describes it (UM0424 10.3.2):
 * "@Internal Flash  /0x08000000/04*016Kg,01*064Kg,07*128Kg".
 */
#ifndef _FWSLOT_DFU_LAYOUT_H
#define _FWSLOT_DFU_LAYOUT_H

#include "portable.h"

#define DFUSE_RUNS_MAX		64	/* a string descriptor has 126 characters, five per run */
#define DFUSE_NAME_MAX		63
#define DFUSE_SECTOR_BYTES_MAX	0x40000000U

/* The bits of the type letters 'a' to 'g'. */
#define DFUSE_READABLE		1
#define DFUSE_ERASABLE		2
#define DFUSE_WRITABLE		4

/**
 * struct dfuse_run - sectors of one kind that follow each other
 * @address: of the first byte
 * @sector_bytes: 1..DFUSE_SECTOR_BYTES_MAX
 * @num_sectors: at least 1
 * @abilities: of DFUSE_READABLE and the like
 */
struct dfuse_run {
	u32 address;
	u32 sector_bytes;
	u32 num_sectors;
	u8 abilities;
};

/**
 * struct dfuse_layout - the memory behind one alternate setting
 * @name: what the vendor calls it, printable ASCII
 * @num_runs: 1..DFUSE_RUNS_MAX
 * @runs: by rising address; none overlaps another or passes 4 GiB
 */
struct dfuse_layout {
	char name[DFUSE_NAME_MAX + 1];
	unsigned int num_runs;
	struct dfuse_run runs[DFUSE_RUNS_MAX];
};

/* One sector. @start + @bytes may be 4 GiB. */
struct dfuse_sector {
	u64 start;
	u32 bytes;
	u8 abilities;
};

/**
 * dfuse_layout_parse() - read a memory layout string
 * @text: the string, ended by a zero byte
 * @ret_layout: filled on success
 *
 * Return: 0; -ENOENT if @text is no layout at all (no '@' at the front); -EINVAL if it breaks the
 * rules; -E2BIG for too many runs.
 */
int dfuse_layout_parse(const char *text, struct dfuse_layout *ret_layout);

/* Finds the sector that holds @address. Return: 0 or -ENOENT. */
int dfuse_layout_find(const struct dfuse_layout *layout, u64 address,
		      struct dfuse_sector *ret_sector);

/**
 * dfuse_layout_check() - may every byte of a range be used so?
 * @layout: memory
 * @address: first byte
 * @bytes: length
 * @abilities: what every sector touched must have
 *
 * Return: 0, -EFBIG if part of the range is no memory, -EACCES if a sector lacks an ability.
 */
int dfuse_layout_check(const struct dfuse_layout *layout, u64 address, u64 bytes, u8 abilities);

/* Bytes from the lowest address on without a gap: what a slot can hold in one piece. */
u64 dfuse_layout_first_bytes(const struct dfuse_layout *layout);

#endif /* _FWSLOT_DFU_LAYOUT_H */
