/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Telling userspace: pollable sysfs files, uevents and netlink, always together.
 *
 * All of these may sleep and take notify_lock and lock of the device; before a device is shown and
 * once it is being taken down they do nothing.
 */
#ifndef _FWSLOT_NOTIFY_H
#define _FWSLOT_NOTIFY_H

#include <linux/types.h>

struct fwslot_device;
struct fwslot_slot;

/* The device is complete; allows the others. */
void fwslot_notify_added(struct fwslot_device *fdev);

/* The device goes; forbids the others. */
void fwslot_notify_removed(struct fwslot_device *fdev);

/* The status changed; @slot is the one it is about, or NULL. */
void fwslot_notify_status(struct fwslot_device *fdev, struct fwslot_slot *slot);

/* The operation on @slot advanced; most calls tell nobody (FWSLOT_PROGRESS_INTERVAL_MS). */
void fwslot_notify_progress(struct fwslot_slot *slot);

/* State, version, size or digest of the slot changed. */
void fwslot_notify_slot(struct fwslot_slot *slot);

enum fwslot_boot_event {
	FWSLOT_BOOT_EVENT_CHANGED,	/* activated, handed back */
	FWSLOT_BOOT_EVENT_BOOTED,
	FWSLOT_BOOT_EVENT_FALLBACK,
	FWSLOT_BOOT_EVENT_CONFIRMED,
};

/* The boot record changed. */
void fwslot_notify_boot(struct fwslot_device *fdev, enum fwslot_boot_event event);

#endif /* _FWSLOT_NOTIFY_H */
