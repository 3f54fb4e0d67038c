/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Devices coming and going: from udev where sysfs is the kernel's, from inotify where FWSLOT_SYSFS
 * names a folder of plain files (tests). Private to this room; may report a device twice, monitor.c
 * sorts that out.
 */
#pragma once

#include <errno.h>
#include <string.h>

#include <systemd/sd-event.h>

#include "base/macros.h"
#include "base/parse.h"
#include "kernel/device.h"

struct watch_events {
	void (*appeared)(unsigned index, void *userdata);
	void (*vanished)(unsigned index, void *userdata);
	void (*changed)(unsigned index, void *userdata);
};

#define WATCH_SUBSYSTEM "fwslot"

/* "fwslot12" to 12; -EINVAL for anything else, slots ("fwslot12.0") included. */
_warn_unused_ static inline int watch_parse_name(const char *name, unsigned *ret_index)
{
	uint64_t index;

	if (strncmp(name, WATCH_SUBSYSTEM, strlen(WATCH_SUBSYSTEM)) != 0)
		return -EINVAL;
	if (parse_u64_range(name + strlen(WATCH_SUBSYSTEM), 0, KERNEL_DEVICES_MAX - 1, &index) < 0)
		return -EINVAL;
	*ret_index = (unsigned)index;
	return 0;
}

struct watch_udev;
int watch_udev_new(sd_event *event, const struct watch_events *events, void *userdata,
		   struct watch_udev **ret);
/* Reports every device that is there and that udev has finished with. */
int watch_udev_enumerate(struct watch_udev *watch);
struct watch_udev *watch_udev_free(struct watch_udev *watch);
DEFINE_CLEANUP(struct watch_udev, watch_udev_free)

/*
 * The tree's contract with its maker: class/fwslot/fwslotN is a link to a device folder, made when
 * it is complete and removed first; whoever changed a device's files writes to its file "uevent"
 * afterwards.
 */
struct watch_tree;
int watch_tree_new(sd_event *event, const struct watch_events *events, void *userdata,
		   struct watch_tree **ret);
int watch_tree_enumerate(struct watch_tree *watch);
struct watch_tree *watch_tree_free(struct watch_tree *watch);
DEFINE_CLEANUP(struct watch_tree, watch_tree_free)
