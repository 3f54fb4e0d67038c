// SPDX-License-Identifier: GPL-2.0
/*
 * A slot: its life as a child device, and what it holds. How it is written is in upload.c, how
 * it is made the one to boot from in control.c.
 */
#include <linux/module.h>
#include <linux/slab.h>

#include "core.h"

static void release_slot(struct device *dev)
{
	struct fwslot_slot *slot = to_fwslot_slot(dev);

	kfree(slot->label);
	kfree(slot);
	/* The reference that keeps this very function in memory. */
	module_put(THIS_MODULE);
}

static const struct device_type slot_type = {
	.name = "fwslot_slot",
	.release = release_slot,
};

struct fwslot_slot *fwslot_slot_create(struct fwslot_device *fdev, unsigned int index,
				       const struct fwslot_slot_desc *desc)
{
	struct fwslot_slot *slot = kzalloc(sizeof(*slot), GFP_KERNEL);
	int ret;

	if (!slot)
		return ERR_PTR(-ENOMEM);
	slot->fdev = fdev;
	slot->index = index;
	slot->size_bytes = desc->size_bytes;
	slot->wrapping_bytes = desc->wrapping_bytes;
	slot->is_read_only = desc->is_read_only;
	slot->groups[0] = &fwslot_slot_group;
	slot->groups[1] = &fwslot_upload_group;
	slot->groups[2] = fwslot_data_group(slot);

	__module_get(THIS_MODULE);
	device_initialize(&slot->dev);
	slot->dev.class = &fwslot_class;
	slot->dev.type = &slot_type;
	slot->dev.parent = &fdev->dev;
	slot->dev.groups = slot->groups;

	ret = -ENOMEM;
	slot->label = kstrdup(desc->label, GFP_KERNEL);
	if (slot->label)
		ret = dev_set_name(&slot->dev, "fwslot%u.%u", fdev->index, index);
	if (ret) {
		put_device(&slot->dev);
		return ERR_PTR(ret);
	}
	return slot;
}

/* Nothing is known of the image any more; fdev->lock is held. */
void fwslot_slot_forget(struct fwslot_slot *slot, enum fwslot_slot_state content)
{
	lockdep_assert_held(&slot->fdev->lock);

	slot->content = content;
	slot->is_new = false;
	slot->has_run = false;
	slot->spoilt = content == FWSLOT_SLOT_STATE_PARTIAL ? content : FWSLOT_SLOT_STATE_UNKNOWN;
	slot->version[0] = '\0';
	slot->image_size_bytes = 0;
	slot->has_digest = false;
}

/* Takes what the device says; fdev->lock is held. Return: true if it is not what was known. */
static bool record_info(struct fwslot_slot *slot, const struct fwslot_slot_info *info)
{
	u64 image_size_bytes = min(info->image_size_bytes, slot->size_bytes);
	enum fwslot_slot_state content = info->state;
	bool is_same_image;
	bool is_changed;

	if (slot->spoilt != FWSLOT_SLOT_STATE_UNKNOWN && !fwslot_assesses_itself(slot->fdev))
		content = slot->spoilt;
	/* To learn the version of an image does not make it another one. */
	is_same_image = image_size_bytes == slot->image_size_bytes &&
			(!slot->version[0] || !strcmp(info->version, slot->version)) &&
			!(info->has_digest && slot->has_digest &&
			  memcmp(info->digest, slot->digest, sizeof(slot->digest)));
	is_changed = !is_same_image || content != slot->content ||
		     strcmp(info->version, slot->version) ||
		     (info->has_digest && !slot->has_digest);

	if (info->has_digest)
		memcpy(slot->digest, info->digest, sizeof(slot->digest));
	slot->has_digest = info->has_digest || (slot->has_digest && is_same_image);
	slot->content = content;
	slot->image_size_bytes = image_size_bytes;
	strscpy(slot->version, info->version, sizeof(slot->version));
	return is_changed;
}

/*
 * Asks the device what the slot holds. Return: 1 if it is not what was known, 0 if it is, or a
 * negative errno.
 */
int fwslot_slot_inspect(struct fwslot_slot *slot)
{
	struct fwslot_slot_info info = { .state = FWSLOT_SLOT_STATE_UNKNOWN };
	struct fwslot_device *fdev = slot->fdev;
	const struct fwslot_ops *ops = fwslot_ops_get(fdev);
	int ret;

	if (!ops)
		return -ENODEV;
	ret = ops->inspect(fdev->priv, slot->index, &info);
	fwslot_ops_put(fdev);
	if (ret)
		return ret;

	info.version[FWSLOT_VERSION_MAX] = '\0';
	mutex_lock(&fdev->lock);
	ret = record_info(slot, &info);
	mutex_unlock(&fdev->lock);
	return ret;
}

/* What userspace is told; fdev->lock is held. */
enum fwslot_slot_state fwslot_slot_state(const struct fwslot_slot *slot)
{
	lockdep_assert_held(&slot->fdev->lock);

	if (fwslot_assesses_itself(slot->fdev))
		return slot->content;
	return fwslot_boot_slot_state(&slot->fdev->boot, slot->index, slot->content, slot->is_new);
}

/* How much can be read from @offset on; fdev->lock is held. */
static ssize_t readable_bytes(const struct fwslot_slot *slot, u64 offset, size_t length)
{
	u64 end = slot->image_size_bytes ? slot->image_size_bytes : slot->size_bytes;

	/* A load only fills memory; whatever else goes on may be in the device's way. */
	if (slot->fdev->status != FWSLOT_STATUS_IDLE &&
	    slot->fdev->status != FWSLOT_STATUS_RECEIVING)
		return -EBUSY;
	if (slot->content == FWSLOT_SLOT_STATE_EMPTY)
		return -ENODATA;
	if (offset && offset != slot->next_read_offset &&
	    (slot->fdev->flags & FWSLOT_READS_IN_SEQUENCE))
		return -ESPIPE;
	return offset >= end ? 0 : min_t(u64, length, end - offset);
}

/* Reads back; returns the number of bytes, 0 at the end of the image. */
ssize_t fwslot_slot_read(struct fwslot_slot *slot, void *data, u64 offset, size_t length)
{
	struct fwslot_device *fdev = slot->fdev;
	const struct fwslot_ops *ops = fwslot_ops_get(fdev);
	size_t num_read = 0;
	ssize_t ret;

	if (!ops)
		return -ENODEV;
	/* Looked at with the operations ours: whoever makes the device busy now comes after us. */
	mutex_lock(&fdev->lock);
	ret = readable_bytes(slot, offset, length);
	mutex_unlock(&fdev->lock);
	if (ret > 0) {
		length = ret;
		ret = ops->read(fdev->priv, slot->index, offset, data, length, &num_read);
		if (!ret)
			ret = min(num_read, length);
	}
	if (ret > 0) {
		mutex_lock(&fdev->lock);
		slot->next_read_offset = offset + ret;
		mutex_unlock(&fdev->lock);
	}
	fwslot_ops_put(fdev);
	return ret;
}

void fwslot_slot_digest_text(const struct fwslot_slot *slot, char *text)
{
	snprintf(text, FWSLOT_DIGEST_TEXT_SIZE, "sha256:%*phN", SHA256_DIGEST_SIZE, slot->digest);
}

void fwslot_slot_error_text(const struct fwslot_slot *slot, char *text)
{
	text[0] = '\0';
	if (slot->error != FWSLOT_ERROR_NONE)
		snprintf(text, FWSLOT_ERROR_TEXT_SIZE, "%s:%s",
			 fwslot_status_words[slot->error_status], fwslot_error_words[slot->error]);
}
