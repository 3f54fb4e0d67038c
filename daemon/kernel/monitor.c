// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Joins what udev says (coming, going) with what netlink says (changes, progress) into one stream
 * about devices that are known: each is reported once when it comes, once when it goes, and nothing
 * is said of it in between or after that is not about it. Reads no attributes.
 */
#include "kernel/monitor.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "kernel/netlink.h"
#include "kernel/watch.h"

/*
 * Before the requests of the bus: a caller who started the daemon by its name sees the devices.
 * Reading sysfs waits for no hardware.
 */
#define ENUMERATE_PRIORITY SD_EVENT_PRIORITY_IMPORTANT

struct kernel_monitor {
	const struct kernel_monitor_events *events;
	void *userdata;
	bool is_known[KERNEL_DEVICES_MAX];
	struct watch_udev *udev; /* one of these two */
	struct watch_tree *tree;
	struct netlink_listener *netlink; /* only beside udev */
	sd_event_source *enumerate;
};

static void on_appeared(unsigned index, void *userdata)
{
	struct kernel_monitor *monitor = userdata;

	if (monitor->is_known[index])
		return;
	monitor->is_known[index] = true;
	monitor->events->device_added(index, monitor->userdata);
}

static void on_vanished(unsigned index, void *userdata)
{
	struct kernel_monitor *monitor = userdata;

	if (!monitor->is_known[index])
		return;
	monitor->is_known[index] = false;
	monitor->events->device_removed(index, monitor->userdata);
}

static void on_changed(unsigned index, void *userdata)
{
	struct kernel_monitor *monitor = userdata;

	if (index < KERNEL_DEVICES_MAX && monitor->is_known[index])
		monitor->events->device_changed(index, monitor->userdata);
}

static const struct watch_events watch_events = {
	.appeared = on_appeared,
	.vanished = on_vanished,
	.changed = on_changed,
};

static void on_netlink_event(const struct netlink_event *event, void *userdata)
{
	struct kernel_monitor *monitor = userdata;

	if (event->index >= KERNEL_DEVICES_MAX || !monitor->is_known[event->index])
		return;
	if (event->type == NETLINK_EVENT_PROGRESS)
		monitor->events->slot_progress(event->index, event->slot, event->status,
					       event->done_bytes, event->total_bytes,
					       monitor->userdata);
	else
		on_changed(event->index, monitor);
}

static void on_netlink_missed(void *userdata)
{
	for (unsigned index = 0; index < KERNEL_DEVICES_MAX; index++)
		on_changed(index, userdata);
}

static const struct netlink_listener_events netlink_events = {
	.event = on_netlink_event,
	.missed = on_netlink_missed,
};

static int on_enumerate(_unused_ sd_event_source *source, void *userdata)
{
	struct kernel_monitor *monitor = userdata;
	int r = monitor->udev ? watch_udev_enumerate(monitor->udev) :
				watch_tree_enumerate(monitor->tree);

	if (r < 0)
		log_error("Cannot list the devices of class fwslot: %s", strerror(-r));
	return 0;
}

static int watch(sd_event *event, struct kernel_monitor *monitor)
{
	int r;

	if (strcmp(kernel_sysfs_root(), "/sys") != 0)
		return watch_tree_new(event, &watch_events, monitor, &monitor->tree);
	r = watch_udev_new(event, &watch_events, monitor, &monitor->udev);
	if (r < 0)
		return r;
	return netlink_listener_new(event, &netlink_events, monitor, &monitor->netlink);
}

int kernel_monitor_new(sd_event *event, const struct kernel_monitor_events *events, void *userdata,
		       struct kernel_monitor **ret)
{
	struct kernel_monitor *monitor = calloc(1, sizeof(*monitor));
	int r;

	if (!monitor)
		return -ENOMEM;
	monitor->events = events;
	monitor->userdata = userdata;

	/* First listen, then look: what comes in between is seen twice, never missed. */
	r = watch(event, monitor);
	if (r >= 0)
		r = sd_event_add_defer(event, &monitor->enumerate, on_enumerate, monitor);
	if (r >= 0)
		r = sd_event_source_set_priority(monitor->enumerate, ENUMERATE_PRIORITY);
	if (r < 0) {
		kernel_monitor_free(monitor);
		return r;
	}
	*ret = monitor;
	return 0;
}

struct kernel_monitor *kernel_monitor_free(struct kernel_monitor *monitor)
{
	if (!monitor)
		return NULL;
	sd_event_source_disable_unref(monitor->enumerate);
	netlink_listener_free(monitor->netlink);
	watch_tree_free(monitor->tree);
	watch_udev_free(monitor->udev);
	free(monitor);
	return NULL;
}
