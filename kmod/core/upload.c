// SPDX-License-Identifier: GPL-2.0
/*
 * Writing a slot, the part that faces the user: receive an image, hand it to the worker, cancel,
 * and record the end. It follows the kernel's firmware-upload ABI
 * (Documentation/driver-api/firmware/ fw_upload.rst in the kernel's tree). The worker is in
 * upload-worker.c, the files in upload-sysfs.c.
 */
#include <linux/jiffies.h>
#include <linux/module.h>
#include <linux/security.h>

#include "core.h"
#include "notify.h"

static unsigned int load_timeout_s = 60;
module_param(load_timeout_s, uint, 0644);
MODULE_PARM_DESC(load_timeout_s, "seconds without a byte after which an unfinished load is dropped");

static unsigned long image_limit_bytes = 256UL << 20;
module_param(image_limit_bytes, ulong, 0644);
MODULE_PARM_DESC(image_limit_bytes, "largest image that is received, whatever the slot can hold");

static bool is_loading(const struct fwslot_slot *slot)
{
	lockdep_assert_held(&slot->fdev->lock);
	return slot->fdev->status == FWSLOT_STATUS_RECEIVING && slot->fdev->busy_slot == slot;
}

/* May what the slot holds be replaced? fdev->lock is held. */
static int check_writable(const struct fwslot_slot *slot)
{
	const struct fwslot_device *fdev = slot->fdev;
	int index = slot->index;

	if (slot->is_read_only)
		return -EROFS;
	if (index == fdev->boot.running && fdev->num_slots > 1)
		return -ETXTBSY;
	/* The way back of the running trial. */
	if (fdev->boot.state == FWSLOT_BOOT_STATE_TRIAL && index == fdev->boot.fallback)
		return -EBUSY;
	return 0;
}

static void set_error(struct fwslot_slot *slot, enum fwslot_status status, int error)
{
	slot->error_status = status;
	slot->error = fwslot_error_of_errno(error);
}

/* Ends a load that will not be used; fdev->lock is held, the device becomes idle. */
static void drop_load(struct fwslot_device *fdev, int error)
{
	set_error(fdev->busy_slot, FWSLOT_STATUS_RECEIVING, error);
	fwslot_image_buffer_free(&fdev->upload.image);
	fwslot_busy_end_locked(fdev);
}

/* A new upload or erase of this slot, which made the device busy; fdev->lock is held. */
static void init_upload(struct fwslot_slot *slot, bool is_erase)
{
	struct fwslot_upload *upload = &slot->fdev->upload;

	upload->slot = slot;
	upload->is_erase = is_erase;
	upload->is_destructive = false;
	upload->is_prepared = false;
	upload->has_digest = false;
	slot->remaining_bytes = 0;
	set_error(slot, FWSLOT_STATUS_IDLE, 0);
}

static int begin_load(struct fwslot_slot *slot)
{
	struct fwslot_device *fdev = slot->fdev;
	struct fwslot_upload *upload = &fdev->upload;
	int ret;

	if (is_loading(slot))
		drop_load(fdev, 0);
	ret = fwslot_busy_begin_locked(fdev, FWSLOT_STATUS_RECEIVING, slot);
	if (ret)
		return ret;
	ret = check_writable(slot);
	if (!ret)
		ret = security_kernel_load_data(LOADING_FIRMWARE, true);
	if (!ret)
		ret = fwslot_image_buffer_init(&upload->image,
					       min_t(u64, slot->size_bytes + slot->wrapping_bytes,
						     image_limit_bytes));
	if (ret) {
		fwslot_busy_end_locked(fdev);
		return ret;
	}

	init_upload(slot, false);
	upload->last_received_jiffies = jiffies;
	mod_delayed_work(fwslot_workqueue, &upload->timeout, load_timeout_s * HZ);
	return 0;
}

/* "1": a new load; an unfinished one of the same slot is dropped. */
int fwslot_upload_begin(struct fwslot_slot *slot)
{
	int ret;

	mutex_lock(&slot->fdev->lock);
	ret = begin_load(slot);
	mutex_unlock(&slot->fdev->lock);
	if (!ret)
		fwslot_notify_status(slot->fdev, slot);
	return ret;
}

int fwslot_upload_append(struct fwslot_slot *slot, const void *data, u64 offset, size_t length)
{
	struct fwslot_device *fdev = slot->fdev;
	int ret = -EINVAL;

	mutex_lock(&fdev->lock);
	if (fdev->is_gone) {
		ret = -ENODEV;
	} else if (is_loading(slot)) {
		ret = fwslot_image_buffer_append(&fdev->upload.image, data, offset, length);
		fdev->upload.last_received_jiffies = jiffies;
	}
	mutex_unlock(&fdev->lock);
	return ret;
}

/* "-1": as if the load had never begun. */
int fwslot_upload_drop(struct fwslot_slot *slot)
{
	struct fwslot_device *fdev = slot->fdev;
	int ret = -EINVAL;

	mutex_lock(&fdev->lock);
	if (is_loading(slot)) {
		drop_load(fdev, -ECANCELED);
		ret = 0;
	}
	mutex_unlock(&fdev->lock);
	if (!ret)
		fwslot_notify_status(fdev, slot);
	return ret;
}

static void drop_idle_load(struct work_struct *work)
{
	struct fwslot_upload *upload =
		container_of(to_delayed_work(work), struct fwslot_upload, timeout);
	struct fwslot_device *fdev = container_of(upload, struct fwslot_device, upload);
	unsigned long deadline;
	struct fwslot_slot *slot = NULL;

	mutex_lock(&fdev->lock);
	deadline = upload->last_received_jiffies + load_timeout_s * HZ;
	if (fdev->status != FWSLOT_STATUS_RECEIVING || fdev->is_gone) {
		/* It was finished, or fwslot_upload_stop() drops it. */
	} else if (time_before(jiffies, deadline)) {
		queue_delayed_work(fwslot_workqueue, &upload->timeout, deadline - jiffies);
	} else {
		slot = fdev->busy_slot;
		drop_load(fdev, -ETIMEDOUT);
	}
	mutex_unlock(&fdev->lock);
	if (slot)
		fwslot_notify_status(fdev, slot);
}

/* The load is over, the image ours alone. -EINVAL if there was none. */
static int end_load(struct fwslot_slot *slot)
{
	struct fwslot_device *fdev = slot->fdev;
	bool is_empty = false;
	int ret = -EINVAL;

	mutex_lock(&fdev->lock);
	if (is_loading(slot)) {
		is_empty = !fdev->upload.image.length;
		if (is_empty) {
			drop_load(fdev, -EFBIG);
		} else {
			fdev->status = FWSLOT_STATUS_PREPARING;
			fdev->total_bytes = fdev->upload.image.length;
			slot->remaining_bytes = fdev->upload.image.length;
			ret = 0;
		}
	}
	mutex_unlock(&fdev->lock);
	if (!ret || is_empty)
		fwslot_notify_status(fdev, slot);
	return ret;
}

/* The same question that the kernel's own uploader asks before an image is used (IMA, lockdown). */
static int ask_security_modules(struct fwslot_image_buffer *image)
{
	return security_kernel_post_load_data(image->mapping, image->length, LOADING_FIRMWARE,
					      "blob");
}

/* Hands the upload to the worker, unless the device is gone. */
static int queue_upload(struct fwslot_device *fdev)
{
	int ret = -ENODEV;

	mutex_lock(&fdev->lock);
	if (!fdev->is_gone) {
		queue_work(fwslot_workqueue, &fdev->upload.work);
		ret = 0;
	}
	mutex_unlock(&fdev->lock);
	return ret;
}

/* "0": the image is complete. Return: 0 when the worker has it; from here no process is needed. */
int fwslot_upload_commit(struct fwslot_slot *slot)
{
	struct fwslot_device *fdev = slot->fdev;
	struct fwslot_image_buffer *image = &fdev->upload.image;
	int ret;

	ret = end_load(slot);
	if (ret)
		return ret;
	ret = fwslot_image_buffer_map(image);
	if (!ret)
		ret = ask_security_modules(image);
	if (!ret)
		ret = queue_upload(fdev);
	if (ret)
		fwslot_upload_finish(fdev, ret);
	return ret;
}

int fwslot_upload_erase(struct fwslot_slot *slot)
{
	struct fwslot_device *fdev = slot->fdev;
	int ret;

	mutex_lock(&fdev->lock);
	ret = check_writable(slot);
	if (!ret && (int)slot->index == fdev->boot.running)
		ret = -ETXTBSY;
	if (!ret)
		ret = fwslot_busy_begin_locked(fdev, FWSLOT_STATUS_PREPARING, slot);
	if (!ret)
		init_upload(slot, true);
	mutex_unlock(&fdev->lock);
	if (ret)
		return ret;

	fwslot_notify_status(fdev, slot);
	ret = queue_upload(fdev);
	if (ret)
		fwslot_upload_finish(fdev, ret);
	return ret;
}

/*
 * Return: 0, -ENODEV if nothing goes on in this slot, -EBUSY if it cannot be stopped now.
 */
int fwslot_upload_cancel(struct fwslot_slot *slot)
{
	struct fwslot_device *fdev = slot->fdev;
	bool is_dropped = false;
	int ret = 0;

	mutex_lock(&fdev->lock);
	if (fdev->busy_slot != slot) {
		ret = -ENODEV;
	} else if (fdev->status == FWSLOT_STATUS_RECEIVING) {
		drop_load(fdev, -ECANCELED);
		is_dropped = true;
	} else if (fdev->status == FWSLOT_STATUS_ACTIVATING ||
		   fdev->status == FWSLOT_STATUS_PROGRAMMING) {
		ret = -EBUSY;
	} else {
		fwslot_interrupt_locked(fdev, -ECANCELED);
	}
	mutex_unlock(&fdev->lock);
	if (is_dropped)
		fwslot_notify_status(fdev, slot);
	return ret;
}

/* What the slot holds after a successful write; fdev->lock is held. */
static void record_image(struct fwslot_slot *slot, const struct fwslot_upload *upload)
{
	/* A device that cannot tell: we know what we wrote. */
	if (slot->content == FWSLOT_SLOT_STATE_UNKNOWN ||
	    slot->content == FWSLOT_SLOT_STATE_PARTIAL ||
	    slot->content == FWSLOT_SLOT_STATE_EMPTY)
		slot->content = FWSLOT_SLOT_STATE_VALID;
	slot->is_new = !slot->has_run;
	/* A provider that compares by itself knows how much of the image is stored. */
	if (!slot->fdev->capabilities->verify || !slot->image_size_bytes)
		slot->image_size_bytes = upload->image.length;
	slot->has_digest = upload->has_digest;
	memcpy(slot->digest, upload->digest, sizeof(slot->digest));
}

/* Every byte was written: what does the device make of it? */
static int inspect_written(struct fwslot_slot *slot)
{
	int ret;

	mutex_lock(&slot->fdev->lock);
	slot->spoilt = FWSLOT_SLOT_STATE_UNKNOWN;
	mutex_unlock(&slot->fdev->lock);
	ret = fwslot_slot_inspect(slot);
	return min(ret, 0);
}

/*
 * The end of an upload or an erase, well or ill. For whoever owns it: the worker, or the one who
 * could not hand it to the worker.
 */
void fwslot_upload_finish(struct fwslot_device *fdev, int error)
{
	struct fwslot_upload *upload = &fdev->upload;
	struct fwslot_slot *slot = upload->slot;
	bool is_destructive = upload->is_destructive;

	if (!error && !upload->is_erase)
		error = inspect_written(slot);

	mutex_lock(&fdev->lock);
	if (!error && upload->is_erase)
		fwslot_slot_forget(slot, FWSLOT_SLOT_STATE_EMPTY);
	else if (!error)
		record_image(slot, upload);
	if (!error)
		fdev->done_bytes = fdev->total_bytes;
	set_error(slot, fdev->status, error);
	fwslot_image_buffer_free(&upload->image);
	fwslot_busy_end_locked(fdev);
	mutex_unlock(&fdev->lock);

	if (is_destructive)
		fwslot_notify_slot(slot);
	fwslot_notify_status(fdev, slot);
}

void fwslot_upload_init(struct fwslot_device *fdev)
{
	INIT_WORK(&fdev->upload.work, fwslot_upload_work);
	INIT_DELAYED_WORK(&fdev->upload.timeout, drop_idle_load);
}

/*
 * The device is gone, and nothing can be queued any more. The worker, if it runs, finds no
 * operations and comes to its end; a load that is being received is dropped.
 */
void fwslot_upload_stop(struct fwslot_device *fdev)
{
	struct fwslot_slot *slot = NULL;

	cancel_delayed_work_sync(&fdev->upload.timeout);
	flush_work(&fdev->upload.work);

	mutex_lock(&fdev->lock);
	if (fdev->status == FWSLOT_STATUS_RECEIVING) {
		slot = fdev->busy_slot;
		drop_load(fdev, -ENODEV);
	}
	mutex_unlock(&fdev->lock);
	if (slot)
		fwslot_notify_status(fdev, slot);
}
