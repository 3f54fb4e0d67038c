// SPDX-License-Identifier: GPL-2.0
/*
 * Writing a slot, the part that faces the device: a worker that goes through the steps of an upload
 * or an erase. It owns the device until fwslot_upload_finish(); whoever began it may be long dead.
 */
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "core.h"
#include "notify.h"
#include "sha256.h"

/* The most that is handed to a provider at once. */
#define FWSLOT_CHUNK_BYTES (64 * 1024)

struct upload_step {
	enum fwslot_status status;
	int (*run)(struct fwslot_device *fdev, struct fwslot_upload *upload);
};

static u64 length_of(const struct fwslot_upload *upload)
{
	return upload->is_erase ? upload->slot->size_bytes : upload->image.length;
}

static void advance(struct fwslot_device *fdev, u64 done_bytes)
{
	mutex_lock(&fdev->lock);
	fdev->done_bytes = done_bytes;
	if (fdev->status == FWSLOT_STATUS_TRANSFERRING)
		fdev->busy_slot->remaining_bytes = fdev->total_bytes - done_bytes;
	mutex_unlock(&fdev->lock);
	fwslot_notify_progress(fdev->busy_slot);
}

/* From here on the slot no longer holds what it held. */
static void become_destructive(struct fwslot_device *fdev, struct fwslot_upload *upload)
{
	if (upload->is_destructive)
		return;
	upload->is_destructive = true;
	mutex_lock(&fdev->lock);
	fwslot_slot_forget(upload->slot, FWSLOT_SLOT_STATE_PARTIAL);
	mutex_unlock(&fdev->lock);
	fwslot_notify_slot(upload->slot);
}

static int prepare(struct fwslot_device *fdev, struct fwslot_upload *upload)
{
	const struct fwslot_ops *ops;
	int ret = fwslot_slot_withdraw(upload->slot);

	if (ret || upload->is_erase)
		return ret;
	ops = fwslot_ops_get(fdev);
	if (!ops)
		return -ENODEV;
	if (ops->prepare) {
		ret = ops->prepare(fdev->priv, upload->slot->index, upload->image.mapping,
				   upload->image.length);
		upload->is_prepared = !ret;
	}
	fwslot_ops_put(fdev);
	return ret;
}

static int erase(struct fwslot_device *fdev, struct fwslot_upload *upload)
{
	u64 length = length_of(upload);
	u64 offset = 0;

	while (offset < length) {
		const struct fwslot_ops *ops;
		u64 erased = 0;
		int ret;

		ops = fwslot_ops_get(fdev);
		if (!ops)
			return -ENODEV;
		if (!ops->erase) {
			fwslot_ops_put(fdev);
			return 0;
		}
		become_destructive(fdev, upload);
		ret = ops->erase(fdev->priv, upload->slot->index, offset, length - offset, &erased);
		fwslot_ops_put(fdev);
		if (!ret)
			ret = erased ? fwslot_interrupted(fdev) : -EPROTO;
		if (ret)
			return ret;
		offset += erased;
		advance(fdev, min(offset, length));
	}
	return 0;
}

static int transfer(struct fwslot_device *fdev, struct fwslot_upload *upload)
{
	const struct fwslot_image_buffer *image = &upload->image;
	size_t offset = 0;

	become_destructive(fdev, upload);
	while (offset < image->length) {
		size_t length = min_t(size_t, image->length - offset, FWSLOT_CHUNK_BYTES);
		const struct fwslot_ops *ops = fwslot_ops_get(fdev);
		size_t written = 0;
		int ret;

		if (!ops)
			return -ENODEV;
		ret = ops->write(fdev->priv, upload->slot->index, offset, image->mapping + offset,
				 length, &written);
		fwslot_ops_put(fdev);
		if (!ret)
			ret = written && written <= length ? fwslot_interrupted(fdev) : -EPROTO;
		if (ret)
			return ret;
		offset += written;
		advance(fdev, offset);
	}
	return 0;
}

/* Reads at most @length bytes back into @data; returns how many, at least 1. */
static ssize_t read_back(struct fwslot_device *fdev, unsigned int slot, u64 offset, void *data,
			 size_t length)
{
	const struct fwslot_ops *ops = fwslot_ops_get(fdev);
	size_t num_read = 0;
	int ret;

	if (!ops)
		return -ENODEV;
	ret = ops->read(fdev->priv, slot, offset, data, length, &num_read);
	fwslot_ops_put(fdev);
	if (!ret)
		ret = num_read && num_read <= length ? fwslot_interrupted(fdev) : -EPROTO;
	return ret ? ret : num_read;
}

static int compare(struct fwslot_device *fdev, struct fwslot_upload *upload, void *data,
		   struct fwslot_sha256 *sha256)
{
	const struct fwslot_image_buffer *image = &upload->image;
	size_t offset = 0;

	while (offset < image->length) {
		ssize_t length = min_t(size_t, image->length - offset, FWSLOT_CHUNK_BYTES);

		length = read_back(fdev, upload->slot->index, offset, data, length);
		if (length < 0)
			return length;
		if (memcmp(data, image->mapping + offset, length))
			return -EIO;
		fwslot_sha256_update(sha256, data, length);
		offset += length;
		advance(fdev, offset);
	}
	return 0;
}

/* The provider compares: not every byte of the image is stored in the slot. */
static int let_compare(struct fwslot_device *fdev, struct fwslot_upload *upload)
{
	const struct fwslot_image_buffer *image = &upload->image;
	size_t offset = 0;

	while (offset < image->length) {
		size_t length = min_t(size_t, image->length - offset, FWSLOT_CHUNK_BYTES);
		const struct fwslot_ops *ops = fwslot_ops_get(fdev);
		size_t verified = 0;
		int ret;

		if (!ops)
			return -ENODEV;
		ret = ops->verify(fdev->priv, upload->slot->index, offset, length, &verified);
		fwslot_ops_put(fdev);
		if (!ret)
			ret = verified && verified <= length ? fwslot_interrupted(fdev) : -EPROTO;
		if (ret)
			return ret;
		offset += verified;
		advance(fdev, offset);
	}
	return 0;
}

/*
 * Compares and hashes what the device gives back. A device that cannot be read is trusted to hold
 * what it acknowledged; then, and if the provider compares, the digest is that of the image.
 */
static int verify(struct fwslot_device *fdev, struct fwslot_upload *upload)
{
	struct fwslot_sha256 sha256;
	void *data;
	int ret = 0;

	fwslot_sha256_init(&sha256);
	if (fdev->capabilities->verify) {
		ret = let_compare(fdev, upload);
		fwslot_sha256_update(&sha256, upload->image.mapping, upload->image.length);
	} else if (fdev->capabilities->read) {
		data = kvmalloc(FWSLOT_CHUNK_BYTES, GFP_KERNEL);
		if (!data)
			return -ENOMEM;
		ret = compare(fdev, upload, data, &sha256);
		kvfree(data);
	} else {
		fwslot_sha256_update(&sha256, upload->image.mapping, upload->image.length);
	}
	if (ret)
		return ret;
	fwslot_sha256_final(&sha256, upload->digest);
	upload->has_digest = true;
	return 0;
}

static int program(struct fwslot_device *fdev, struct fwslot_upload *upload)
{
	const struct fwslot_ops *ops = fwslot_ops_get(fdev);
	int ret = 0;

	if (!ops)
		return -ENODEV;
	if (ops->program)
		ret = ops->program(fdev->priv, upload->slot->index);
	fwslot_ops_put(fdev);
	return ret;
}

static const struct upload_step write_steps[] = {
	{ FWSLOT_STATUS_PREPARING,	prepare },
	{ FWSLOT_STATUS_ERASING,	erase },
	{ FWSLOT_STATUS_TRANSFERRING,	transfer },
	{ FWSLOT_STATUS_VERIFYING,	verify },
	{ FWSLOT_STATUS_PROGRAMMING,	program },
	{ }
};

/* FWSLOT_PROGRAMS_FIRST */
static const struct upload_step program_first_steps[] = {
	{ FWSLOT_STATUS_PREPARING,	prepare },
	{ FWSLOT_STATUS_ERASING,	erase },
	{ FWSLOT_STATUS_TRANSFERRING,	transfer },
	{ FWSLOT_STATUS_PROGRAMMING,	program },
	{ FWSLOT_STATUS_VERIFYING,	verify },
	{ }
};

static const struct upload_step erase_steps[] = {
	{ FWSLOT_STATUS_PREPARING,	prepare },
	{ FWSLOT_STATUS_ERASING,	erase },
	{ }
};

static const struct upload_step *steps_of(const struct fwslot_device *fdev)
{
	if (fdev->upload.is_erase)
		return erase_steps;
	return fdev->flags & FWSLOT_PROGRAMS_FIRST ? program_first_steps : write_steps;
}

static void abort_write(struct fwslot_device *fdev, struct fwslot_upload *upload)
{
	const struct fwslot_ops *ops;

	/* To tidy up may take time; the cancelling has been heard. */
	mutex_lock(&fdev->lock);
	fwslot_resume_locked(fdev);
	mutex_unlock(&fdev->lock);

	ops = fwslot_ops_get(fdev);
	if (!ops)
		return;
	if (upload->is_prepared && ops->abort)
		ops->abort(fdev->priv, upload->slot->index);
	fwslot_ops_put(fdev);
}

void fwslot_upload_work(struct work_struct *work)
{
	struct fwslot_upload *upload = container_of(work, struct fwslot_upload, work);
	struct fwslot_device *fdev = container_of(upload, struct fwslot_device, upload);
	const struct upload_step *step;
	int ret = 0;

	for (step = steps_of(fdev); !ret && step->run; step++) {
		ret = fwslot_interrupted(fdev);
		if (ret)
			break;
		fwslot_busy_change(fdev, step->status, length_of(upload));
		ret = step->run(fdev, upload);
	}
	if (ret)
		abort_write(fdev, upload);
	fwslot_upload_finish(fdev, ret);
}
