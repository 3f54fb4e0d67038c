// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Devices of class fwslot as udev knows them. Only udev's word counts: before its rules have run,
 * the control attributes still belong to root.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include <systemd/sd-device.h>

#include "kernel/device.h"
#include "kernel/watch.h"

#define DEVTYPE "fwslot_device"

struct watch_udev {
	const struct watch_events *events;
	void *userdata;
	sd_device_monitor *monitor;
};

static int device_index(sd_device *device, unsigned *ret)
{
	const char *name;
	int r = sd_device_get_sysname(device, &name);

	return r < 0 ? r : watch_parse_name(name, ret);
}

/*
 * udev works through a device before its slots, and each slot's control attributes are ours only
 * after that slot: a device is there when all of it is. (70-fwslot.rules tag slots, without which
 * udev would not remember that it was there.)
 */
static bool is_complete(sd_device *device)
{
	uint64_t num_slots, ready = 0;
	const char *text, *suffix;

	if (sd_device_get_is_initialized(device) <= 0 ||
	    sd_device_get_sysattr_value(device, "num_slots", &text) < 0 ||
	    parse_u64(text, &num_slots) < 0)
		return false;
	for (sd_device *slot = sd_device_get_child_first(device, &suffix); slot;
	     slot = sd_device_get_child_next(device, &suffix))
		ready += sd_device_get_is_initialized(slot) > 0;
	return ready >= num_slots;
}

static void report_if_complete(struct watch_udev *watch, sd_device *device)
{
	unsigned index;

	if (device_index(device, &index) >= 0 && is_complete(device))
		watch->events->appeared(index, watch->userdata);
}

static int on_uevent(_unused_ sd_device_monitor *monitor, sd_device *device, void *userdata)
{
	struct watch_udev *watch = userdata;
	sd_device_action_t action;
	sd_device *parent;
	unsigned index;

	if (sd_device_get_action(device, &action) < 0)
		return 0;
	if (action == SD_DEVICE_REMOVE && device_index(device, &index) >= 0)
		watch->events->vanished(index, watch->userdata);
	if (action != SD_DEVICE_ADD)
		return 0; /* changes come by netlink, sooner */
	if (sd_device_get_parent_with_subsystem_devtype(device, WATCH_SUBSYSTEM, DEVTYPE,
							&parent) >= 0)
		report_if_complete(watch, parent);
	else
		report_if_complete(watch, device);
	return 0;
}

int watch_udev_new(sd_event *event, const struct watch_events *events, void *userdata,
		   struct watch_udev **ret)
{
	_cleanup_(watch_udev_freep) struct watch_udev *watch = NULL;
	int r;

	watch = calloc(1, sizeof(*watch));
	if (!watch)
		return -ENOMEM;
	watch->events = events;
	watch->userdata = userdata;

	r = sd_device_monitor_new(&watch->monitor);
	if (r < 0)
		return r;
	r = sd_device_monitor_filter_add_match_subsystem_devtype(watch->monitor, WATCH_SUBSYSTEM,
								 NULL);
	if (r < 0)
		return r;
	r = sd_device_monitor_attach_event(watch->monitor, event);
	if (r < 0)
		return r;
	r = sd_device_monitor_start(watch->monitor, on_uevent, watch);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(watch);
	return 0;
}

/* An enumerator leaves out devices that udev has not finished with: those will be announced. */
int watch_udev_enumerate(struct watch_udev *watch)
{
	sd_device_enumerator *enumerator = NULL;
	int r = sd_device_enumerator_new(&enumerator);

	if (r < 0)
		return r;
	r = sd_device_enumerator_add_match_subsystem(enumerator, WATCH_SUBSYSTEM, true);
	if (r >= 0)
		for (sd_device *device = sd_device_enumerator_get_device_first(enumerator); device;
		     device = sd_device_enumerator_get_device_next(enumerator))
			report_if_complete(watch, device);
	sd_device_enumerator_unref(enumerator);
	return r < 0 ? r : 0;
}

struct watch_udev *watch_udev_free(struct watch_udev *watch)
{
	if (!watch)
		return NULL;
	sd_device_monitor_unref(watch->monitor);
	free(watch);
	return NULL;
}
