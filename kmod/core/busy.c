// SPDX-License-Identifier: GPL-2.0
/*
 * Who may use a device: one long operation at a time ("busy"), one call to the provider at a time,
 * none once the device is gone, and how a running one is interrupted.
 */
#include <linux/export.h>
#include <linux/ktime.h>

#include "core.h"
#include "notify.h"

/* Makes the device busy with @slot (or NULL); fdev->lock is held. -ENODEV, -EBUSY. */
int fwslot_busy_begin_locked(struct fwslot_device *fdev, enum fwslot_status status,
			     struct fwslot_slot *slot)
{
	lockdep_assert_held(&fdev->lock);

	if (fdev->is_gone)
		return -ENODEV;
	if (fdev->status != FWSLOT_STATUS_IDLE)
		return -EBUSY;
	fdev->status = status;
	fdev->busy_slot = slot;
	fdev->done_bytes = 0;
	fdev->total_bytes = 0;
	return 0;
}

int fwslot_busy_begin(struct fwslot_device *fdev, enum fwslot_status status,
		      struct fwslot_slot *slot)
{
	int ret;

	mutex_lock(&fdev->lock);
	ret = fwslot_busy_begin_locked(fdev, status, slot);
	mutex_unlock(&fdev->lock);
	if (!ret)
		fwslot_notify_status(fdev, slot);
	return ret;
}

/* The busy operation enters its next part, in which @total_bytes are to be done. */
void fwslot_busy_change(struct fwslot_device *fdev, enum fwslot_status status, u64 total_bytes)
{
	mutex_lock(&fdev->lock);
	fdev->status = status;
	fdev->done_bytes = 0;
	fdev->total_bytes = total_bytes;
	mutex_unlock(&fdev->lock);
	fwslot_notify_status(fdev, fdev->busy_slot);
}

/* Ends "busy"; fdev->lock is held. What was cancelled is over, and must not cancel what comes. */
void fwslot_busy_end_locked(struct fwslot_device *fdev)
{
	lockdep_assert_held(&fdev->lock);

	fdev->status = FWSLOT_STATUS_IDLE;
	fdev->busy_slot = NULL;
	fwslot_resume_locked(fdev);
}

/* Ends "busy" if the device is busy with @status. Return: whether it was. */
bool fwslot_busy_end_if(struct fwslot_device *fdev, enum fwslot_status status)
{
	struct fwslot_slot *slot;
	bool is_ended;

	mutex_lock(&fdev->lock);
	slot = fdev->busy_slot;
	is_ended = fdev->status == status;
	if (is_ended)
		fwslot_busy_end_locked(fdev);
	mutex_unlock(&fdev->lock);
	if (is_ended)
		fwslot_notify_status(fdev, slot);
	return is_ended;
}

/* Ends "busy"; for whoever began it. */
void fwslot_busy_end(struct fwslot_device *fdev)
{
	struct fwslot_slot *slot;

	mutex_lock(&fdev->lock);
	slot = fdev->busy_slot;
	fwslot_busy_end_locked(fdev);
	mutex_unlock(&fdev->lock);
	fwslot_notify_status(fdev, slot);
}

/*
 * Waits for the running operation and keeps others out. NULL if the device is gone; otherwise to be
 * ended with fwslot_ops_put().
 */
const struct fwslot_ops *fwslot_ops_get(struct fwslot_device *fdev)
{
	mutex_lock(&fdev->ops_lock);
	if (fdev->ops)
		return fdev->ops;
	mutex_unlock(&fdev->ops_lock);
	return NULL;
}

void fwslot_ops_put(struct fwslot_device *fdev)
{
	mutex_unlock(&fdev->ops_lock);
}

/* -ECANCELED: the running operation shall end. -ENODEV: and no other begin, ever. */
void fwslot_interrupt_locked(struct fwslot_device *fdev, int interruption)
{
	lockdep_assert_held(&fdev->lock);

	if (interruption == -ENODEV)
		fdev->is_gone = true;
	else if (fdev->is_gone)
		return;
	WRITE_ONCE(fdev->interruption, interruption);
	wake_up_all(&fdev->wait_queue);
}

/* Operations may sleep again, unless the device is gone. */
void fwslot_resume_locked(struct fwslot_device *fdev)
{
	lockdep_assert_held(&fdev->lock);

	if (!fdev->is_gone)
		WRITE_ONCE(fdev->interruption, 0);
}

int fwslot_interrupted(struct fwslot_device *fdev)
{
	return READ_ONCE(fdev->interruption);
}
EXPORT_SYMBOL_GPL(fwslot_interrupted);

int fwslot_sleep(struct fwslot_device *fdev, unsigned long duration_us)
{
	if (duration_us)
		wait_event_hrtimeout(fdev->wait_queue, fwslot_interrupted(fdev),
				     ns_to_ktime((u64)duration_us * NSEC_PER_USEC));
	return fwslot_interrupted(fdev);
}
EXPORT_SYMBOL_GPL(fwslot_sleep);

wait_queue_head_t *fwslot_wait_queue(struct fwslot_device *fdev)
{
	return &fdev->wait_queue;
}
EXPORT_SYMBOL_GPL(fwslot_wait_queue);
