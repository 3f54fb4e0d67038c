/* SPDX-License-Identifier: GPL-2.0 */
/*
 * An MTD partition as a row of good erase blocks: bad ones are stepped over, blocks that turn bad
 * are marked and replaced by the next good one. Not for two users at a time: lock above this.
 */
#ifndef _FWSLOT_MTD_PARTITION_H
#define _FWSLOT_MTD_PARTITION_H

#include <linux/types.h>

struct mtd_info;

/**
 * struct fwslot_mtd_partition - a partition; all zero is a valid closed one
 * @name: of the partition
 * @size_bytes: with bad blocks
 * @block_bytes: an erase block
 * @page_bytes: smallest unit of a write
 * @map: the physical block of each good one, in order
 * @num_good: good blocks
 * @block: the block that is being filled by writes
 * @filled_bytes: how far
 * @filled_block: which
 */
struct fwslot_mtd_partition {
	const char *name;
	u64 size_bytes;
	u32 block_bytes;
	u32 page_bytes;
	u32 *map;
	u32 num_good;
	u8 *block;
	u32 filled_bytes;
	u32 filled_block;
};

/**
 * fwslot_mtd_partition_open() - look at a partition
 * @partition: closed
 * @name: of the partition; must stay
 *
 * Return: 0, -ENODEV there is none, -EROFS, -ENOMEM, -ENOSPC no block of it is good.
 */
int fwslot_mtd_partition_open(struct fwslot_mtd_partition *partition, const char *name);
void fwslot_mtd_partition_close(struct fwslot_mtd_partition *partition);

/* Is it still there, and the same? */
bool fwslot_mtd_partition_is_there(const struct fwslot_mtd_partition *partition);

/* What fits into its good blocks. */
u64 fwslot_mtd_partition_capacity(const struct fwslot_mtd_partition *partition);

/**
 * fwslot_mtd_partition_erase() - erase the block that holds @offset
 * @partition: open
 * @offset: in good blocks
 * @ret_erased: bytes from @offset to the end of the block
 *
 * Return: 0, -ENODEV, -EIO, -EUCLEAN too few good blocks are left, -EFBIG behind the end.
 */
int fwslot_mtd_partition_erase(struct fwslot_mtd_partition *partition, u64 offset, u64 *ret_erased);

/**
 * fwslot_mtd_partition_write() - write what follows the write before
 * @partition: open, erased there
 * @offset: 0, or where the write before ended
 * @data: bytes
 * @length: how many
 * @ret_written: how many were taken
 *
 * Only whole blocks reach the flash; the last one does with fwslot_mtd_partition_flush().
 * Return: 0, -ENODEV, -EIO, -EUCLEAN, -EFBIG, -EINVAL not what follows.
 */
int fwslot_mtd_partition_write(struct fwslot_mtd_partition *partition, u64 offset, const void *data,
			       size_t length, size_t *ret_written);
int fwslot_mtd_partition_flush(struct fwslot_mtd_partition *partition);

/* Forgets what was not flushed. */
void fwslot_mtd_partition_drop(struct fwslot_mtd_partition *partition);

/**
 * fwslot_mtd_partition_read() - read
 * @partition: open
 * @offset: in good blocks
 * @data: room
 * @length: bytes, at most to the end of the block
 * @ret_read: how many were read
 *
 * Flipped bits that the flash corrected are no error. Return: 0, -ENODEV, -EIO, -EFBIG.
 */
int fwslot_mtd_partition_read(const struct fwslot_mtd_partition *partition, u64 offset, void *data,
			      size_t length, size_t *ret_read);

/**
 * fwslot_mtd_partition_replace() - change a few bytes of a block
 * @partition: open
 * @offset: in good blocks
 * @data: bytes
 * @length: how many; all in one block
 *
 * The block is read, erased and written again: what else is in it is lost if power fails between.
 * Return: as the functions above.
 */
int fwslot_mtd_partition_replace(struct fwslot_mtd_partition *partition, u64 offset,
				 const void *data, size_t length);

#endif /* _FWSLOT_MTD_PARTITION_H */
