// SPDX-License-Identifier: GPL-2.0
/*
 * Writing a slot: understand the image, go to DFU mode, erase, download, manifest, read back.
 *
 * Offsets are those of the file, which may be longer than what is stored of it: a DFU suffix and
 * the structure of a DfuSe file are never sent.
 */
#include <linux/math64.h>

#include "dfu.h"

static const struct dfuse_layout *layout_of(const struct dfu_device *dfu)
{
	return &dfu->alternate.layout;
}

/* Is it an image at all, and for this device? Nothing is asked of the device for that. */
static int open_image(struct dfu_device *dfu, unsigned int slot, const void *file, size_t bytes)
{
	struct dfu_image *image = &dfu->write.image;
	struct dfu_usb_id ids[3];
	unsigned int num_ids;
	int ret;

	dfu->write = (struct dfu_write){ .file = file };
	ret = dfu_image_open(file, bytes, slot, image);
	if (ret == -ENOENT) {
		dev_err(dfu->place, "the DfuSe file has nothing for alternate setting %u\n", slot);
		return -EBADMSG;
	}
	if (ret) {
		dev_err(dfu->place, "the DFU suffix or DfuSe structure of the image is damaged\n");
		return ret;
	}
	if (image->is_dfuse && !dfu->has_addresses) {
		dev_err(dfu->place, "a DfuSe file, but the device does not speak DfuSe\n");
		return -EMEDIUMTYPE;
	}

	mutex_lock(&dfu->lock);
	memcpy(ids, dfu->claim.ids, sizeof(dfu->claim.ids));
	num_ids = dfu->claim.num_ids;
	ids[num_ids++] = dfu->shown.id;
	mutex_unlock(&dfu->lock);
	if (dfu_image_fits(image, ids, num_ids))
		return 0;
	dev_err(dfu->place, "the image is for %04x:%04x, the device is %04x:%04x\n",
		image->suffix.vendor, image->suffix.product, ids[0].vendor, ids[0].product);
	return -EMEDIUMTYPE;
}

/* Finds the next sector at @offset or later that has to be erased. */
static bool next_sector(struct dfu_device *dfu, u64 *offset, struct dfuse_sector *ret_sector)
{
	const struct dfu_write *write = &dfu->write;

	for (;;) {
		struct dfu_image_part part =
			dfu_image_stored_at(&write->image, write->base, *offset);

		if (!part.bytes ||
		    dfuse_layout_find(layout_of(dfu), write->base + part.offset, ret_sector))
			return false;
		*offset = ret_sector->start + ret_sector->bytes - write->base;
		if (ret_sector->abilities & DFUSE_ERASABLE)
			return true;
	}
}

/* With DfuSe: is there writable memory for every byte, and which sectors are touched? */
static int plan_memory(struct dfu_device *dfu)
{
	struct dfu_write *write = &dfu->write;
	struct dfu_image_part part;
	struct dfuse_sector sector;
	u64 offset = 0;
	int ret;

	if (dfu->has_addresses)
		write->base = layout_of(dfu)->runs[0].address;
	ret = dfu_image_extent(&write->image, write->base, &write->extent);
	if (!ret && !dfu->has_addresses)
		return write->extent > dfu_slot_bytes(dfu) ? -EFBIG : 0;
	while (!ret && (part = dfu_image_stored_at(&write->image, write->base, offset)).bytes) {
		ret = dfuse_layout_check(layout_of(dfu), write->base + part.offset, part.bytes,
					 DFUSE_WRITABLE);
		offset = part.offset + part.bytes;
	}
	if (ret) {
		dev_err(dfu->place, "the image does not fit the writable memory: error %d\n", ret);
		return ret;
	}
	for (offset = 0; next_sector(dfu, &offset, &sector);)
		write->sectors_left++;
	return 0;
}

int dfu_prepare(void *priv, unsigned int slot, const void *image, size_t size_bytes)
{
	struct dfu_device *dfu = priv;
	int ret;

	mutex_lock(&dfu->operation_lock);
	ret = open_image(dfu, slot, image, size_bytes);
	if (!ret)
		ret = dfu_mode_begin(dfu, slot, true);
	if (!ret)
		ret = plan_memory(dfu);
	if (ret) {
		dfu_mode_end_visit(dfu);
	} else {
		dfu->write.is_going_on = true;
		atomic_inc(&dfu_num_writes);
	}
	mutex_unlock(&dfu->operation_lock);
	return ret;
}

/* The image is no longer there, nor are we busy with it. */
void dfu_write_end(struct dfu_device *dfu)
{
	if (dfu->write.is_going_on)
		atomic_dec(&dfu_num_writes);
	dfu->write.is_going_on = false;
	dfu->write.file = NULL;
}

/* From here on the slot no longer holds what it held. */
static void become_destructive(struct dfu_device *dfu, unsigned int slot)
{
	if (dfu->write.is_destructive)
		return;
	dfu->write.is_destructive = true;
	dfu->is_visiting = false;
	mutex_lock(&dfu->lock);
	dfu->slots[slot] = (struct dfu_slot){
		.content = FWSLOT_SLOT_STATE_PARTIAL, .version = DFU_ANY_ID,
	};
	mutex_unlock(&dfu->lock);
}

static int erase_sector(struct dfu_device *dfu, unsigned int slot,
			const struct dfuse_sector *sector)
{
	become_destructive(dfu, slot);
	return dfu_explain(dfu, "could not erase its memory",
			   dfuse_erase(&dfu->session, sector->start));
}

/* Only sectors that the image touches; progress is told in bytes of the file. */
static int erase_for_image(struct dfu_device *dfu, unsigned int slot, u64 length, u64 *ret_erased)
{
	struct dfu_write *write = &dfu->write;
	struct dfuse_sector sector;

	*ret_erased = length;
	if (!write->sectors_left || !next_sector(dfu, &write->erase_offset, &sector))
		return 0;
	if (write->sectors_left > 1)
		*ret_erased = max_t(u64, 1, div_u64(length, write->sectors_left));
	write->sectors_left--;
	return erase_sector(dfu, slot, &sector);
}

/* The whole slot, because somebody wants it empty. */
static int erase_at(struct dfu_device *dfu, unsigned int slot, u64 offset, u64 *ret_erased)
{
	struct dfuse_sector sector;
	u64 address;
	int ret = 0;

	if (!offset) {
		dfu->write = (struct dfu_write){ };
		ret = dfu_mode_begin(dfu, slot, true);
	}
	if (ret)
		return ret;
	address = layout_of(dfu)->runs[0].address + offset;
	if (dfuse_layout_find(layout_of(dfu), address, &sector))
		return -EFBIG;
	*ret_erased = sector.start + sector.bytes - address;
	return sector.abilities & DFUSE_ERASABLE ? erase_sector(dfu, slot, &sector) : 0;
}

int dfu_erase(void *priv, unsigned int slot, u64 offset, u64 length, u64 *ret_erased)
{
	struct dfu_device *dfu = priv;
	int ret;

	mutex_lock(&dfu->operation_lock);
	if (!dfu->write.is_going_on)
		ret = erase_at(dfu, slot, offset, ret_erased);
	else
		ret = erase_for_image(dfu, slot, length, ret_erased);
	mutex_unlock(&dfu->operation_lock);
	return ret;
}

int dfu_write(void *priv, unsigned int slot, u64 offset, const void *data, size_t length,
	      size_t *ret_written)
{
	struct dfu_device *dfu = priv;
	struct dfu_write *write = &dfu->write;
	struct dfu_image_part part;
	int ret = 0;

	mutex_lock(&dfu->operation_lock);
	part = dfu_image_part_at(&write->image, write->base, offset);
	part.bytes = min_t(u64, part.bytes, length);
	if (part.is_stored) {
		become_destructive(dfu, slot);
		part.bytes = min_t(u64, part.bytes, dfu->session.function.block_bytes);
		if (dfu->has_addresses)
			ret = dfuse_write(&dfu->session, write->base + part.offset, data,
					  part.bytes);
		else
			ret = dfu_download_block(&dfu->session, data, part.bytes);
	}
	*ret_written = part.bytes;
	dfu_explain(dfu, "did not take the image", ret);
	mutex_unlock(&dfu->operation_lock);
	return ret;
}

/* Firmware that started by itself may crash and come back until somebody says what it is. */
static void expect_trial(struct dfu_device *dfu)
{
	mutex_lock(&dfu->lock);
	dfu->is_on_trial = true;
	mutex_unlock(&dfu->lock);
}

/* Manifestation. A device that is not tolerant may restart by itself: it is waited for. */
static int manifest(struct dfu_device *dfu)
{
	enum dfu_manifested manifested;
	enum dfu_mode mode;
	int ret;

	dfu_mode_expect(dfu, !dfu->session.function.is_manifestation_tolerant);
	ret = dfu_manifest(&dfu->session, &manifested);
	if (!ret && manifested == DFU_MANIFESTED_IS_GONE) {
		ret = -ENODEV;
		if (!dfu->session.function.is_manifestation_tolerant &&
		    !dfu_mode_await_departure(dfu, DFU_LEAVE_MS)) {
			expect_trial(dfu);
			ret = dfu_mode_await_return(dfu, &mode);
		}
	}
	if (ret) {
		dfu_mode_expect(dfu, false);
		return ret;
	}
	/* One that waits for a reset may lose patience and restart by itself. */
	dfu->write.needs_reset = manifested != DFU_MANIFESTED_IDLE;
	if (manifested != DFU_MANIFESTED_NEEDS_RESET)
		dfu_mode_expect(dfu, false);
	return 0;
}

/* What the slot holds now. */
static void note_written(struct dfu_device *dfu, unsigned int slot)
{
	mutex_lock(&dfu->lock);
	dfu->slots[slot].content = FWSLOT_SLOT_STATE_VALID;
	if (dfu->write.image.suffix.device != DFU_ANY_ID)
		dfu->slots[slot].version = dfu->write.image.suffix.device;
	dfu->slots[slot].image_bytes = dfu->write.extent;
	dfu->chosen = slot;
	mutex_unlock(&dfu->lock);
}

/* A DfuSe device has nothing to put in force before it is told to leave. */
int dfu_program(void *priv, unsigned int slot)
{
	struct dfu_device *dfu = priv;
	int ret = 0;

	mutex_lock(&dfu->operation_lock);
	mutex_lock(&dfu->lock);
	dfu->chosen = slot;
	mutex_unlock(&dfu->lock);
	if (!dfu->has_addresses)
		ret = dfu_explain(dfu, "refused the image at its end", manifest(dfu));
	if (!ret)
		note_written(dfu, slot);
	if (!ret && !dfu->session.function.can_upload) {
		dev_notice(dfu->place, "the device cannot be read: its answers were believed\n");
		dfu_write_end(dfu);
	}
	mutex_unlock(&dfu->operation_lock);
	return ret;
}

/* Reads the stored bytes of the file from @offset on and compares. */
static int compare_part(struct dfu_device *dfu, struct dfu_image_part part, u64 offset)
{
	const u8 *expected = dfu->write.file + offset;
	u8 *block = dfu->read.block;
	u16 received = part.bytes;
	int ret;

	if (dfu->has_addresses)
		ret = dfuse_read(&dfu->session, dfu->write.base + part.offset, block, part.bytes);
	else
		ret = dfu_upload_block(&dfu->session, block, dfu->session.function.block_bytes,
				       &received);
	if (ret)
		return dfu_explain(dfu, "could not be read back", ret);
	if (received >= part.bytes && !memcmp(block, expected, part.bytes))
		return 0;
	dev_err(dfu->place, "the device does not give back what it was given, near byte %llu\n",
		offset);
	return -EIO;
}

static int begin_verifying(struct dfu_device *dfu)
{
	int ret;

	if (dfu->write.is_verifying)
		return 0;
	ret = dfu_read_room(dfu);
	if (!ret)
		ret = dfu_reach_idle(&dfu->session);
	dfu->write.is_verifying = !ret;
	return ret;
}

static int end_verifying(struct dfu_device *dfu)
{
	int ret = dfu->write.is_verifying ? dfu_reach_idle(&dfu->session) : 0;

	if (!ret)
		dfu_write_end(dfu);
	return ret;
}

int dfu_verify(void *priv, unsigned int slot, u64 offset, size_t length, size_t *ret_verified)
{
	struct dfu_device *dfu = priv;
	struct dfu_image_part part;
	int ret = 0;

	mutex_lock(&dfu->operation_lock);
	part = dfu_image_part_at(&dfu->write.image, dfu->write.base, offset);
	part.bytes = min_t(u64, part.bytes, length);
	if (dfu->write.needs_reset) {
		if (!offset)
			dev_notice(dfu->place, "the device restarts before it can be read: its answers were believed\n");
		part.bytes = length;
		part.is_stored = false;
	}
	if (part.is_stored) {
		part.bytes = min_t(u64, part.bytes, dfu->session.function.block_bytes);
		ret = begin_verifying(dfu);
		if (!ret)
			ret = compare_part(dfu, part, offset);
	}
	*ret_verified = part.bytes;
	if (!ret && offset + part.bytes >= dfu->write.image.file_bytes)
		ret = end_verifying(dfu);
	mutex_unlock(&dfu->operation_lock);
	return ret;
}

/* Back to where a new write can begin; to its firmware, if that is still there. */
void dfu_abort(void *priv, unsigned int slot)
{
	struct dfu_device *dfu = priv;

	mutex_lock(&dfu->operation_lock);
	dfu->is_uncancellable = true;
	/* A device that stays busy is left so: the next conversation begins where it is then. */
	dfu->session.busy_limit_ms = DFU_TIDY_LIMIT_MS;
	if (dfu_link_check(dfu) == 0 && dfu_mode_now(dfu) == DFU_MODE_DFU)
		dfu_reach_idle(&dfu->session);
	if (!dfu->write.is_destructive)
		dfu_mode_end_visit(dfu);
	dfu_write_end(dfu);
	mutex_unlock(&dfu->operation_lock);
}
