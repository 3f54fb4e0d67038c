// SPDX-License-Identifier: GPL-2.0
/*
 * An MTD partition as a row of good erase blocks. The MTD device is held only during an operation,
 * so that it can go at any other time.
 */
#include <linux/err.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/mtd/mtd.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "partition.h"

/* To be ended with put_mtd_device(). NULL if it is gone, or not what it was. */
static struct mtd_info *get_mtd(const struct fwslot_mtd_partition *partition)
{
	struct mtd_info *mtd = get_mtd_device_nm(partition->name);

	if (IS_ERR(mtd))
		return NULL;
	if (mtd->size == partition->size_bytes && mtd->erasesize == partition->block_bytes &&
	    mtd->writesize == partition->page_bytes)
		return mtd;
	put_mtd_device(mtd);
	return NULL;
}

bool fwslot_mtd_partition_is_there(const struct fwslot_mtd_partition *partition)
{
	struct mtd_info *mtd = get_mtd(partition);

	if (mtd)
		put_mtd_device(mtd);
	return mtd;
}

u64 fwslot_mtd_partition_capacity(const struct fwslot_mtd_partition *partition)
{
	return (u64)partition->num_good * partition->block_bytes;
}

static int find_good_blocks(struct fwslot_mtd_partition *partition, struct mtd_info *mtd)
{
	u32 num_blocks = div_u64(mtd->size, mtd->erasesize);
	u32 i;

	partition->map = kvmalloc_array(num_blocks, sizeof(*partition->map), GFP_KERNEL);
	partition->block = kvmalloc(mtd->erasesize, GFP_KERNEL);
	if (!partition->map || !partition->block)
		return -ENOMEM;
	for (i = 0; i < num_blocks; i++)
		if (!mtd_block_isbad(mtd, (loff_t)i * mtd->erasesize))
			partition->map[partition->num_good++] = i;
	return partition->num_good ? 0 : -ENOSPC;
}

int fwslot_mtd_partition_open(struct fwslot_mtd_partition *partition, const char *name)
{
	struct mtd_info *mtd = get_mtd_device_nm(name);
	int ret;

	if (IS_ERR(mtd))
		return PTR_ERR(mtd);
	*partition = (struct fwslot_mtd_partition){
		.name = name,
		.size_bytes = mtd->size,
		.block_bytes = mtd->erasesize,
		.page_bytes = mtd->writesize,
	};
	ret = -EROFS;
	if ((mtd->flags & MTD_WRITEABLE) && mtd->erasesize && mtd->writesize)
		ret = find_good_blocks(partition, mtd);
	put_mtd_device(mtd);
	if (ret)
		fwslot_mtd_partition_close(partition);
	return ret;
}

void fwslot_mtd_partition_close(struct fwslot_mtd_partition *partition)
{
	kvfree(partition->map);
	kvfree(partition->block);
	*partition = (struct fwslot_mtd_partition){ };
}

static loff_t address_of(const struct fwslot_mtd_partition *partition, u32 block)
{
	return (loff_t)partition->map[block] * partition->block_bytes;
}

/* Which good block, and where in it. */
static u32 split(const struct fwslot_mtd_partition *partition, u64 offset, u32 *ret_rest)
{
	return div_u64_rem(offset, partition->block_bytes, ret_rest);
}

/*
 * The block failed: it is marked, and the ones behind it move up. False if the flash cannot mark,
 * for then the boot loader would not step over it, or if none is left; then the failure stands.
 */
static bool replace_block(struct fwslot_mtd_partition *partition, struct mtd_info *mtd, u32 block)
{
	if (!mtd_can_have_bb(mtd) || mtd_block_markbad(mtd, address_of(partition, block)))
		return false;
	dev_warn(&mtd->dev, "block %u turned bad and is replaced\n", partition->map[block]);
	partition->num_good--;
	memmove(partition->map + block, partition->map + block + 1,
		(partition->num_good - block) * sizeof(*partition->map));
	return block < partition->num_good;
}

/* Memory that needs no erasing, and has no way to, is made to read as if it were erased. */
static int fill_block(const struct fwslot_mtd_partition *partition, struct mtd_info *mtd, u32 block)
{
	u32 part = min_t(u32, partition->block_bytes, PAGE_SIZE);
	u8 *ones = kmalloc(part, GFP_KERNEL);
	u32 done;
	int ret = 0;

	if (!ones)
		return -ENOMEM;
	memset(ones, 0xff, part);
	for (done = 0; !ret && done < partition->block_bytes; done += part) {
		size_t written;

		part = min(part, partition->block_bytes - done);
		ret = mtd_write(mtd, address_of(partition, block) + done, part, &written, ones);
		if (!ret && written < part)
			ret = -EIO;
	}
	kfree(ones);
	return ret;
}

static int erase_block(struct fwslot_mtd_partition *partition, struct mtd_info *mtd, u32 block)
{
	while (block < partition->num_good) {
		struct erase_info erase = {
			.addr = address_of(partition, block),
			.len = partition->block_bytes,
		};
		int ret;

		ret = mtd_erase(mtd, &erase);
		if ((mtd->flags & MTD_NO_ERASE) && (ret == -ENOTSUPP || ret == -EOPNOTSUPP))
			ret = fill_block(partition, mtd, block);
		if (ret != -EIO)
			return ret;
		if (!replace_block(partition, mtd, block))
			return mtd_can_have_bb(mtd) ? -EUCLEAN : -EIO;
	}
	return -EFBIG;
}

int fwslot_mtd_partition_erase(struct fwslot_mtd_partition *partition, u64 offset, u64 *ret_erased)
{
	struct mtd_info *mtd = get_mtd(partition);
	u32 block;
	u32 rest;
	int ret;

	if (!mtd)
		return -ENODEV;
	block = split(partition, offset, &rest);
	ret = erase_block(partition, mtd, block);
	put_mtd_device(mtd);
	*ret_erased = partition->block_bytes - rest;
	return ret;
}

/* Writes the collected block; what is missing to a page is what erased flash reads as. */
static int write_block(struct fwslot_mtd_partition *partition, struct mtd_info *mtd)
{
	u32 length = roundup(partition->filled_bytes, partition->page_bytes);
	u32 block = partition->filled_block;

	memset(partition->block + partition->filled_bytes, 0xff, length - partition->filled_bytes);
	while (block < partition->num_good) {
		size_t written;
		int ret;

		ret = mtd_write(mtd, address_of(partition, block), length, &written,
				partition->block);
		if (!ret)
			return written == length ? 0 : -EIO;
		if (ret != -EIO)
			return ret;
		if (!replace_block(partition, mtd, block))
			return mtd_can_have_bb(mtd) ? -EUCLEAN : -EIO;
		ret = erase_block(partition, mtd, block);
		if (ret)
			return ret;
	}
	return -EFBIG;
}

int fwslot_mtd_partition_flush(struct fwslot_mtd_partition *partition)
{
	struct mtd_info *mtd;
	int ret;

	if (!partition->filled_bytes)
		return 0;
	mtd = get_mtd(partition);
	if (!mtd)
		return -ENODEV;
	ret = write_block(partition, mtd);
	put_mtd_device(mtd);
	partition->filled_bytes = 0;
	return ret;
}

void fwslot_mtd_partition_drop(struct fwslot_mtd_partition *partition)
{
	partition->filled_bytes = 0;
}

int fwslot_mtd_partition_write(struct fwslot_mtd_partition *partition, u64 offset, const void *data,
			       size_t length, size_t *ret_written)
{
	u32 rest;
	u32 block = split(partition, offset, &rest);

	if (partition->filled_bytes != rest ||
	    (partition->filled_bytes && partition->filled_block != block))
		return -EINVAL;
	if (block >= partition->num_good)
		return -EFBIG;
	length = min_t(size_t, length, partition->block_bytes - rest);
	memcpy(partition->block + rest, data, length);
	partition->filled_block = block;
	partition->filled_bytes += length;
	*ret_written = length;
	if (partition->filled_bytes < partition->block_bytes)
		return 0;
	return fwslot_mtd_partition_flush(partition);
}

int fwslot_mtd_partition_read(const struct fwslot_mtd_partition *partition, u64 offset, void *data,
			      size_t length, size_t *ret_read)
{
	struct mtd_info *mtd = get_mtd(partition);
	u32 block;
	u32 rest;
	int ret = -EFBIG;

	if (!mtd)
		return -ENODEV;
	block = split(partition, offset, &rest);
	length = min_t(size_t, length, partition->block_bytes - rest);
	*ret_read = 0;
	if (block < partition->num_good)
		ret = mtd_read(mtd, address_of(partition, block) + rest, length, ret_read, data);
	put_mtd_device(mtd);
	if (ret == -EUCLEAN)
		return 0;
	return ret == -EBADMSG ? -EIO : ret;
}

int fwslot_mtd_partition_replace(struct fwslot_mtd_partition *partition, u64 offset,
				 const void *data, size_t length)
{
	size_t num_read;
	u64 erased;
	u32 rest;
	u32 block = split(partition, offset, &rest);
	u64 start = (u64)block * partition->block_bytes;
	int ret;

	if (rest + length > partition->block_bytes)
		return -EFBIG;
	ret = fwslot_mtd_partition_read(partition, start, partition->block, partition->block_bytes,
					&num_read);
	if (!ret && num_read < partition->block_bytes)
		ret = -EIO;
	if (!ret)
		ret = fwslot_mtd_partition_erase(partition, start, &erased);
	if (ret)
		return ret;
	memcpy(partition->block + rest, data, length);
	partition->filled_block = block;
	partition->filled_bytes = partition->block_bytes;
	return fwslot_mtd_partition_flush(partition);
}
