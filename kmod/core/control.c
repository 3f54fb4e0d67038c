// SPDX-License-Identifier: GPL-2.0
/*
 * What people order: activate a slot, confirm, restart, withdraw. Each changes the record first, so
 * that a boot that comes quicker than the device's answer is counted right, and takes the change
 * back if the device refuses.
 */
#include <linux/jiffies.h>
#include <linux/module.h>

#include "core.h"
#include "notify.h"

static unsigned int restart_timeout_s = 60;
module_param(restart_timeout_s, uint, 0644);
MODULE_PARM_DESC(restart_timeout_s, "seconds a restarting device is waited for");

/*
 * A trial that is handed back after the host restarted: nobody remembers where it came from. If
 * only one other slot holds an image, it is that one.
 */
static int guess_fallback(const struct fwslot_device *fdev)
{
	int found = FWSLOT_NO_SLOT;
	unsigned int i;

	for (i = 0; i < fdev->num_slots; i++) {
		if ((int)i == fdev->boot.running ||
		    fdev->slots[i]->content != FWSLOT_SLOT_STATE_VALID)
			continue;
		if (found != FWSLOT_NO_SLOT)
			return FWSLOT_NO_SLOT;
		found = i;
	}
	return found;
}

static bool is_bootable(const struct fwslot_slot *slot)
{
	return slot->content != FWSLOT_SLOT_STATE_EMPTY &&
	       slot->content != FWSLOT_SLOT_STATE_PARTIAL &&
	       slot->content != FWSLOT_SLOT_STATE_INVALID;
}

/* Changes the record; fdev->lock is held. */
static int record_activation(struct fwslot_slot *slot, bool is_permanent)
{
	struct fwslot_boot *boot = &slot->fdev->boot;
	int ret;

	if (!is_bootable(slot))
		return -EPERM;
	if (fwslot_assesses_itself(slot->fdev))
		return 0;
	ret = fwslot_boot_activate(boot, slot->index, is_permanent, slot->is_new);
	if (!ret && boot->pending == FWSLOT_PENDING_NONE && boot->fallback == FWSLOT_NO_SLOT &&
	    boot->state == FWSLOT_BOOT_STATE_TRIAL)
		boot->fallback = guess_fallback(slot->fdev);
	return ret;
}

static int tell_device_activation(struct fwslot_device *fdev, unsigned int slot, bool is_permanent)
{
	const struct fwslot_ops *ops = fwslot_ops_get(fdev);
	int ret;

	if (!ops)
		return -ENODEV;
	ret = ops->activate(fdev->priv, slot, is_permanent);
	fwslot_ops_put(fdev);
	return ret;
}

/* The device refused: as before, unless it booted meanwhile and the record has moved on. */
static void take_back(struct fwslot_device *fdev, const struct fwslot_boot *before)
{
	mutex_lock(&fdev->lock);
	if (fdev->boot.total == before->total)
		fdev->boot = *before;
	mutex_unlock(&fdev->lock);
}

int fwslot_slot_activate(struct fwslot_slot *slot, bool is_permanent)
{
	struct fwslot_device *fdev = slot->fdev;
	struct fwslot_picture picture;
	struct fwslot_boot before;
	int ret;

	ret = fwslot_busy_begin(fdev, FWSLOT_STATUS_ACTIVATING, slot);
	if (ret)
		return ret;

	mutex_lock(&fdev->lock);
	fwslot_picture_take(fdev, &picture);
	before = fdev->boot;
	ret = record_activation(slot, is_permanent);
	mutex_unlock(&fdev->lock);
	if (!ret) {
		ret = tell_device_activation(fdev, slot->index, is_permanent);
		if (ret)
			take_back(fdev, &before);
	}
	fwslot_busy_end(fdev);
	if (ret)
		return ret;

	if (fwslot_assesses_itself(fdev))
		fwslot_boot_refresh(fdev);
	fwslot_picture_notify(fdev, &picture, 0);
	fwslot_notify_boot(fdev, FWSLOT_BOOT_EVENT_CHANGED);
	return 0;
}

/* The image in the slot is about to go: nothing may boot it. For who made the device busy. */
int fwslot_slot_withdraw(struct fwslot_slot *slot)
{
	struct fwslot_device *fdev = slot->fdev;
	struct fwslot_picture picture;
	struct fwslot_boot before;
	bool is_withdrawn;
	int running;
	int ret = 0;

	mutex_lock(&fdev->lock);
	fwslot_picture_take(fdev, &picture);
	before = fdev->boot;
	is_withdrawn = fwslot_boot_withdraw(&fdev->boot, slot->index);
	running = fdev->boot.running;
	mutex_unlock(&fdev->lock);

	if (!is_withdrawn)
		return 0;
	if (running != FWSLOT_NO_SLOT)
		ret = tell_device_activation(fdev, running, true);
	if (ret) {
		take_back(fdev, &before);
		return ret;
	}
	fwslot_picture_notify(fdev, &picture, 0);
	fwslot_notify_boot(fdev, FWSLOT_BOOT_EVENT_CHANGED);
	return 0;
}

int fwslot_device_confirm(struct fwslot_device *fdev)
{
	const struct fwslot_ops *ops = fwslot_ops_get(fdev);
	struct fwslot_picture picture;
	struct fwslot_boot before;
	int ret;

	if (!ops)
		return -ENODEV;
	mutex_lock(&fdev->lock);
	fwslot_picture_take(fdev, &picture);
	before = fdev->boot;
	ret = fwslot_boot_confirm(&fdev->boot);
	mutex_unlock(&fdev->lock);
	if (!ret && ops->confirm) {
		ret = ops->confirm(fdev->priv);
		if (ret)
			take_back(fdev, &before);
	}
	fwslot_ops_put(fdev);
	if (ret)
		return ret;

	if (fwslot_assesses_itself(fdev))
		fwslot_boot_refresh(fdev);
	fwslot_picture_notify(fdev, &picture, 0);
	fwslot_notify_boot(fdev, FWSLOT_BOOT_EVENT_CONFIRMED);
	return 0;
}

void fwslot_restart_timed_out(struct work_struct *work)
{
	struct fwslot_device *fdev =
		container_of(to_delayed_work(work), struct fwslot_device, restart_timeout);

	if (fwslot_busy_end_if(fdev, FWSLOT_STATUS_RESTARTING))
		dev_warn(&fdev->dev, "the device did not come back within %u s\n",
			 restart_timeout_s);
}

int fwslot_device_restart(struct fwslot_device *fdev)
{
	const struct fwslot_ops *ops;
	int ret;

	ret = fwslot_busy_begin(fdev, FWSLOT_STATUS_RESTARTING, NULL);
	if (ret)
		return ret;

	ops = fwslot_ops_get(fdev);
	if (!ops) {
		ret = -ENODEV;
	} else {
		/* While the operations are ours fwslot_boot_stop() is still to come. */
		mod_delayed_work(fwslot_workqueue, &fdev->restart_timeout,
				 restart_timeout_s * HZ);
		ret = ops->restart(fdev->priv);
		fwslot_ops_put(fdev);
	}
	if (ret)
		fwslot_busy_end_if(fdev, FWSLOT_STATUS_RESTARTING);
	return ret;
}
