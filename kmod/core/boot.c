// SPDX-License-Identifier: GPL-2.0
/*
 * Boots as providers report them: fed to the assessment, told to userspace, and the device asked to
 * go back when the assessment says so. What people order is in control.c.
 */
#include <linux/export.h>

#include "core.h"
#include "notify.h"

/* A provider's word is checked once, here. */
static int sane_slot(const struct fwslot_device *fdev, int slot)
{
	return slot >= 0 && slot < (int)fdev->num_slots ? slot : FWSLOT_NO_SLOT;
}

static void set_boot(struct fwslot_device *fdev, const struct fwslot_boot_info *info)
{
	struct fwslot_boot *boot = &fdev->boot;

	boot->total = max(boot->total, info->total);
	boot->state = min_t(unsigned int, info->state, FWSLOT_BOOT_STATE_MAX);
	boot->running = sane_slot(fdev, info->running);
	boot->next = sane_slot(fdev, info->next);
	boot->fallback = sane_slot(fdev, info->fallback);
	boot->limit = clamp(info->limit, 1U, (unsigned int)FWSLOT_BOOT_LIMIT_MAX);
	boot->attempts = min(info->attempts, boot->limit);
	boot->last_restart_reason = min_t(unsigned int, info->last_restart_reason,
					  FWSLOT_RESTART_REASON_MAX);
}

/* Asks the device what it remembers of its boots. */
int fwslot_boot_read(struct fwslot_device *fdev)
{
	struct fwslot_boot_info info = {
		.running = FWSLOT_NO_SLOT,
		.next = FWSLOT_NO_SLOT,
		.fallback = FWSLOT_NO_SLOT,
		.limit = FWSLOT_BOOT_LIMIT_DEFAULT,
	};
	const struct fwslot_ops *ops;
	int ret;

	if (!fwslot_has_boot_control(fdev))
		return 0;
	ops = fwslot_ops_get(fdev);
	if (!ops)
		return -ENODEV;
	ret = ops->read_boot(fdev->priv, &info);
	fwslot_ops_put(fdev);
	if (ret)
		return ret;

	mutex_lock(&fdev->lock);
	set_boot(fdev, &info);
	mutex_unlock(&fdev->lock);
	return 0;
}

static void go_back(struct work_struct *work)
{
	struct fwslot_device *fdev = container_of(work, struct fwslot_device, go_back_work);
	const struct fwslot_ops *ops = fwslot_ops_get(fdev);
	int slot;
	int ret;

	if (!ops)
		return;
	mutex_lock(&fdev->lock);
	slot = fdev->boot.is_going_back ? fdev->boot.fallback : FWSLOT_NO_SLOT;
	mutex_unlock(&fdev->lock);

	ret = slot == FWSLOT_NO_SLOT ? 0 : ops->go_back(fdev->priv, slot);
	fwslot_ops_put(fdev);
	if (ret)
		dev_err(&fdev->dev, "the device did not go back to slot %d: error %d\n", slot, ret);
}

/* Counts the boots of a device that assesses itself, now that what it says is known. */
static enum fwslot_boot_event count_reported(struct fwslot_device *fdev,
					     enum fwslot_boot_state before)
{
	enum fwslot_boot_event event = FWSLOT_BOOT_EVENT_CHANGED;

	mutex_lock(&fdev->lock);
	if (fdev->num_reported) {
		fdev->boot.total += fdev->num_reported;
		fdev->num_reported = 0;
		event = FWSLOT_BOOT_EVENT_BOOTED;
	}
	if (fdev->boot.state == FWSLOT_BOOT_STATE_FALLBACK && before != fdev->boot.state)
		event = FWSLOT_BOOT_EVENT_FALLBACK;
	mutex_unlock(&fdev->lock);
	return event;
}

static enum fwslot_boot_state boot_state(struct fwslot_device *fdev)
{
	enum fwslot_boot_state state;

	mutex_lock(&fdev->lock);
	state = fdev->boot.state;
	mutex_unlock(&fdev->lock);
	return state;
}

/* Asks what the slots hold, except the one being written. Return: a bit for each that changed. */
static u32 inspect_slots(struct fwslot_device *fdev)
{
	u32 changed = 0;
	unsigned int i;

	for (i = 0; i < fdev->num_slots; i++) {
		bool is_busy;

		mutex_lock(&fdev->lock);
		is_busy = fdev->busy_slot == fdev->slots[i] &&
			  fdev->status != FWSLOT_STATUS_ACTIVATING;
		mutex_unlock(&fdev->lock);
		if (!is_busy && fwslot_slot_inspect(fdev->slots[i]) > 0)
			changed |= BIT(i);
	}
	return changed;
}

/*
 * Asks everything anew: slots first, then the boot record, then the number of boots. So whoever
 * sees a new boot sees also what came with it.
 */
void fwslot_boot_refresh(struct fwslot_device *fdev)
{
	enum fwslot_boot_state before = boot_state(fdev);
	enum fwslot_boot_event event = FWSLOT_BOOT_EVENT_CHANGED;
	struct fwslot_picture picture;
	bool is_asked;
	u32 changed;

	mutex_lock(&fdev->lock);
	fwslot_picture_take(fdev, &picture);
	mutex_unlock(&fdev->lock);
	changed = inspect_slots(fdev);
	is_asked = fwslot_assesses_itself(fdev) && !fwslot_boot_read(fdev);
	if (is_asked)
		event = count_reported(fdev, before);
	if (event != FWSLOT_BOOT_EVENT_CHANGED)
		fwslot_busy_end_if(fdev, FWSLOT_STATUS_RESTARTING);
	fwslot_picture_notify(fdev, &picture, changed);
	if (is_asked)
		fwslot_notify_boot(fdev, event);
}

static void refresh(struct work_struct *work)
{
	fwslot_boot_refresh(container_of(work, struct fwslot_device, refresh_work));
}

void fwslot_refresh(struct fwslot_device *fdev)
{
	/* Late ones, which fwslot_boot_stop() would miss, have nothing to ask any more. */
	if (fwslot_interrupted(fdev) != -ENODEV)
		queue_work(fwslot_workqueue, &fdev->refresh_work);
}
EXPORT_SYMBOL_GPL(fwslot_refresh);

/*
 * A device that restarts to put an image in force runs it before anybody could choose it; whether
 * it is on trial is said afterwards, as after a restart of the host. fdev->lock is held.
 */
static void note_start_of_written(struct fwslot_device *fdev, int slot)
{
	if (slot == FWSLOT_NO_SLOT || fdev->busy_slot != fdev->slots[slot] ||
	    fdev->status != FWSLOT_STATUS_PROGRAMMING)
		return;
	fdev->busy_slot->has_run = true;
	fwslot_boot_forget_running(&fdev->boot);
}

/* Counts the boot; fdev->lock is held. */
static enum fwslot_boot_event assess(struct fwslot_device *fdev, int slot,
				     enum fwslot_restart_reason reason)
{
	struct fwslot_boot_outcome outcome;

	note_start_of_written(fdev, slot);
	outcome = fwslot_boot_assess(&fdev->boot, slot, reason);
	if (outcome.must_go_back) {
		if (!fdev->is_gone)
			queue_work(fwslot_workqueue, &fdev->go_back_work);
		return FWSLOT_BOOT_EVENT_CHANGED;
	}
	if (outcome.failed_slot != FWSLOT_NO_SLOT) {
		fdev->slots[outcome.failed_slot]->content = FWSLOT_SLOT_STATE_INVALID;
		fdev->slots[outcome.failed_slot]->spoilt = FWSLOT_SLOT_STATE_INVALID;
	}
	if (slot != FWSLOT_NO_SLOT)
		fdev->slots[slot]->is_new = false;
	return outcome.has_fallen_back ? FWSLOT_BOOT_EVENT_FALLBACK : FWSLOT_BOOT_EVENT_BOOTED;
}

void fwslot_booted(struct fwslot_device *fdev, int slot, enum fwslot_restart_reason reason)
{
	struct fwslot_picture before;
	enum fwslot_boot_event event;

	if (!fwslot_has_boot_control(fdev))
		return;
	if (fwslot_assesses_itself(fdev)) {
		mutex_lock(&fdev->lock);
		fdev->num_reported++;
		mutex_unlock(&fdev->lock);
		fwslot_refresh(fdev);
		return;
	}
	slot = sane_slot(fdev, slot);

	mutex_lock(&fdev->lock);
	fwslot_picture_take(fdev, &before);
	event = assess(fdev, slot, reason);
	mutex_unlock(&fdev->lock);

	if (event != FWSLOT_BOOT_EVENT_CHANGED)
		fwslot_busy_end_if(fdev, FWSLOT_STATUS_RESTARTING);
	fwslot_picture_notify(fdev, &before, 0);
	fwslot_notify_boot(fdev, event);
}
EXPORT_SYMBOL_GPL(fwslot_booted);

void fwslot_boot_init(struct fwslot_device *fdev)
{
	fdev->boot = (struct fwslot_boot){
		.running = FWSLOT_NO_SLOT,
		.next = FWSLOT_NO_SLOT,
		.fallback = FWSLOT_NO_SLOT,
		.limit = FWSLOT_BOOT_LIMIT_DEFAULT,
	};
	INIT_WORK(&fdev->go_back_work, go_back);
	INIT_WORK(&fdev->refresh_work, refresh);
	INIT_DELAYED_WORK(&fdev->restart_timeout, fwslot_restart_timed_out);
}

/* The device is gone: nothing of this file runs any more. */
void fwslot_boot_stop(struct fwslot_device *fdev)
{
	cancel_delayed_work_sync(&fdev->restart_timeout);
	cancel_work_sync(&fdev->go_back_work);
	cancel_work_sync(&fdev->refresh_work);
}
