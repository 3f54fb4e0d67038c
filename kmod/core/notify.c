// SPDX-License-Identifier: GPL-2.0
/*
 * Telling userspace. What happened is decided elsewhere; here is only who hears of it, and how
 * often.
 */
#include <linux/jiffies.h>
#include <linux/kobject.h>
#include <linux/sysfs.h>

#include "core.h"
#include "netlink.h"
#include "notify.h"

/* At most ten progress messages a second and device, and always the last. */
#define FWSLOT_PROGRESS_INTERVAL_MS 100

static const char * const boot_attributes[] = {
	"total", "state", "running_slot", "next_slot", "fallback_slot", "limit", "attempts",
	"attempts_left", "last_restart_reason",
};

static const char * const slot_attributes[] = {
	"state", "active", "next", "version", "image_size", "digest",
};

static void send_uevent(struct device *dev, char *event)
{
	kobject_uevent_env(&dev->kobj, KOBJ_CHANGE, (char *[]){ event, NULL });
}

void fwslot_notify_added(struct fwslot_device *fdev)
{
	mutex_lock(&fdev->notify_lock);
	fdev->is_shown = true;
	fwslot_netlink_device(fdev, FWSLOT_CMD_DEV_ADD_NTF);
	mutex_unlock(&fdev->notify_lock);
}

void fwslot_notify_removed(struct fwslot_device *fdev)
{
	mutex_lock(&fdev->notify_lock);
	fdev->is_shown = false;
	fwslot_netlink_device(fdev, FWSLOT_CMD_DEV_DEL_NTF);
	mutex_unlock(&fdev->notify_lock);
}

static bool progress_is_due(const struct fwslot_device *fdev)
{
	return time_after_eq(jiffies, fdev->last_progress_jiffies +
				      msecs_to_jiffies(FWSLOT_PROGRESS_INTERVAL_MS));
}

static void tell_progress(struct fwslot_slot *slot)
{
	slot->fdev->last_progress_jiffies = jiffies;
	sysfs_notify(&slot->dev.kobj, NULL, "remaining_size");
	fwslot_netlink_progress(slot);
}

static void tell_status(struct fwslot_device *fdev, struct fwslot_slot *slot)
{
	bool is_idle;

	mutex_lock(&fdev->lock);
	is_idle = fdev->status == FWSLOT_STATUS_IDLE;
	mutex_unlock(&fdev->lock);

	sysfs_notify(&fdev->dev.kobj, NULL, "status");
	if (slot) {
		sysfs_notify(&slot->dev.kobj, NULL, "status");
		sysfs_notify(&slot->dev.kobj, NULL, "loading");
		if (is_idle)
			sysfs_notify(&slot->dev.kobj, NULL, "error");
		if (is_idle || progress_is_due(fdev))
			tell_progress(slot);
	}
	if (is_idle)
		send_uevent(&fdev->dev, "FWSLOT_EVENT=status");
}

void fwslot_notify_status(struct fwslot_device *fdev, struct fwslot_slot *slot)
{
	mutex_lock(&fdev->notify_lock);
	if (fdev->is_shown)
		tell_status(fdev, slot);
	mutex_unlock(&fdev->notify_lock);
}

void fwslot_notify_progress(struct fwslot_slot *slot)
{
	struct fwslot_device *fdev = slot->fdev;

	mutex_lock(&fdev->notify_lock);
	if (fdev->is_shown && progress_is_due(fdev))
		tell_progress(slot);
	mutex_unlock(&fdev->notify_lock);
}

void fwslot_notify_slot(struct fwslot_slot *slot)
{
	struct fwslot_device *fdev = slot->fdev;
	unsigned int i;

	mutex_lock(&fdev->notify_lock);
	if (fdev->is_shown) {
		for (i = 0; i < ARRAY_SIZE(slot_attributes); i++)
			sysfs_notify(&slot->dev.kobj, NULL, slot_attributes[i]);
		fwslot_netlink_slot(slot);
		send_uevent(&slot->dev, "FWSLOT_EVENT=slot");
	}
	mutex_unlock(&fdev->notify_lock);
}

void fwslot_notify_boot(struct fwslot_device *fdev, enum fwslot_boot_event event)
{
	static const struct {
		char *uevent;
		u8 command;
	} told[] = {
		[FWSLOT_BOOT_EVENT_CHANGED] = { NULL, FWSLOT_CMD_BOOT_NTF },
		[FWSLOT_BOOT_EVENT_BOOTED] = { "FWSLOT_EVENT=booted", FWSLOT_CMD_BOOT_NTF },
		[FWSLOT_BOOT_EVENT_FALLBACK] = { "FWSLOT_EVENT=fallback", FWSLOT_CMD_FALLBACK_NTF },
		[FWSLOT_BOOT_EVENT_CONFIRMED] = { "FWSLOT_EVENT=confirmed", FWSLOT_CMD_BOOT_NTF },
	};
	unsigned int i;

	mutex_lock(&fdev->notify_lock);
	if (fdev->is_shown) {
		for (i = 0; i < ARRAY_SIZE(boot_attributes); i++)
			sysfs_notify(&fdev->dev.kobj, "boot", boot_attributes[i]);
		fwslot_netlink_device(fdev, told[event].command);
		if (told[event].uevent)
			send_uevent(&fdev->dev, told[event].uevent);
	}
	mutex_unlock(&fdev->notify_lock);
}
