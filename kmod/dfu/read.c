// SPDX-License-Identifier: GPL-2.0
/*
 * Reading a slot for somebody who wants to have what is in it: DFU_UPLOAD, from the beginning to
 * the end, or with DfuSe from anywhere.
 *
 * The device sends blocks of its own size; what is not asked for yet waits in memory.
 */
#include <linux/slab.h>

#include "dfu.h"

/* Makes room for a block of this conversation in read.block. */
int dfu_read_room(struct dfu_device *dfu)
{
	u8 *block = krealloc(dfu->read.block, dfu->session.function.block_bytes, GFP_KERNEL);

	if (!block)
		return -ENOMEM;
	dfu->read.block = block;
	return 0;
}

static int begin_reading(struct dfu_device *dfu, unsigned int slot)
{
	int ret;

	/* It would restart for that, which costs firmware on trial one of its attempts. */
	if (READ_ONCE(dfu->is_on_trial) && dfu_mode_now(dfu) == DFU_MODE_RUNTIME)
		return -EBUSY;
	ret = dfu_mode_begin(dfu, slot, false);
	if (!ret)
		ret = dfu_read_room(dfu);
	if (ret)
		return ret;
	dfu->read = (struct dfu_read){
		.slot = slot, .is_going_on = true, .block = dfu->read.block,
	};
	return 0;
}

/* Fetches the next block of an upload. */
static int fetch_block(struct dfu_device *dfu)
{
	u16 wanted = dfu->session.function.block_bytes;
	u16 received;
	int ret;

	ret = dfu_upload_block(&dfu->session, dfu->read.block, wanted, &received);
	if (ret)
		return ret;
	dfu->read.block_start = 0;
	dfu->read.block_end = received;
	/* A short block ends the image; the device is in dfuIDLE again. */
	dfu->read.is_at_end = received < wanted;
	return 0;
}

static int read_in_sequence(struct dfu_device *dfu, unsigned int slot, u64 offset, u8 *data,
			    size_t length, size_t *ret_read)
{
	struct dfu_read *read = &dfu->read;
	int ret;

	if (!offset)
		ret = begin_reading(dfu, slot);
	else if (read->is_going_on && read->slot == slot && read->offset == offset)
		ret = 0;
	else if (read->error && read->slot == slot && read->offset == offset)
		ret = read->error;
	else
		ret = -ESPIPE;

	while (!ret && *ret_read < length) {
		size_t part = min_t(size_t, length - *ret_read,
				    read->block_end - read->block_start);

		memcpy(data + *ret_read, read->block + read->block_start, part);
		read->block_start += part;
		*ret_read += part;
		if (part)
			continue;
		if (read->is_at_end)
			break;
		ret = dfu_explain(dfu, "could not be read", fetch_block(dfu));
	}
	read->offset = offset + *ret_read;
	return ret;
}

/* DfuSe; the core asks for nothing beyond the end of the slot. */
static int read_at(struct dfu_device *dfu, unsigned int slot, u64 offset, u8 *data, size_t length,
		   size_t *ret_read)
{
	const struct dfuse_layout *layout = &dfu->alternate.layout;
	int ret = 0;

	if (!offset || !dfu->read.is_going_on || dfu->read.slot != slot)
		ret = begin_reading(dfu, slot);
	while (!ret && *ret_read < length) {
		u64 address = layout->runs[0].address + offset + *ret_read;
		u16 part = min_t(size_t, length - *ret_read, dfu->session.function.block_bytes);

		if (dfuse_layout_check(layout, address, part, DFUSE_READABLE))
			return -EACCES;
		ret = dfuse_read(&dfu->session, address, data + *ret_read, part);
		dfu_explain(dfu, "could not be read", ret);
		if (!ret)
			*ret_read += part;
	}
	return ret;
}

int dfu_read(void *priv, unsigned int slot, u64 offset, void *data, size_t length, size_t *ret_read)
{
	struct dfu_device *dfu = priv;
	int ret;

	*ret_read = 0;
	mutex_lock(&dfu->operation_lock);
	if (dfu->has_addresses)
		ret = read_at(dfu, slot, offset, data, length, ret_read);
	else
		ret = read_in_sequence(dfu, slot, offset, data, length, ret_read);
	if (ret) {
		/* What came before the failure is the reader's; the next read says why it ends. */
		dfu->read.is_going_on = false;
		dfu->read.error = ret;
	}
	dfu_mode_linger(dfu);
	mutex_unlock(&dfu->operation_lock);
	return *ret_read ? 0 : ret;
}
