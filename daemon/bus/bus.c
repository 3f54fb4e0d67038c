// SPDX-License-Identifier: LGPL-2.1-or-later
/* The connection: made, named, kept in the event loop, given up. */
#include "bus/bus.h"

#include <errno.h>
#include <stdlib.h>

#include "bus/authorize.h"
#include "bus/objects.h"

static int connect_bus(struct bus *bus)
{
	int r = sd_bus_open_system(&bus->bus);

	if (r < 0)
		return r;
	/*
	 * Without a bus nobody can see or stop us: end, and let systemd start us when there is one
	 * again.
	 */
	r = sd_bus_set_exit_on_disconnect(bus->bus, true);
	if (r < 0)
		return r;
	r = bus_export(bus);
	if (r < 0)
		return r;
	/*
	 * No queueing, no replacing: the name is what keeps a second fwslotd off the store and the
	 * devices.
	 */
	r = sd_bus_request_name(bus->bus, BUS_NAME, 0);
	if (r < 0)
		return r;
	return sd_bus_attach_event(bus->bus, bus->event, SD_EVENT_PRIORITY_NORMAL);
}

int bus_new(sd_event *event, struct bus **ret)
{
	_cleanup_(bus_freep) struct bus *bus = calloc(1, sizeof(*bus));
	int r;

	if (!bus)
		return -ENOMEM;
	bus->event = sd_event_ref(event);
	bus->lock_fd = -EBADF;
	bus->log_target = getenv("JOURNAL_STREAM") ? "journal" : "console";
	r = connect_bus(bus);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(bus);
	return 0;
}

void bus_set_manager(struct bus *bus, struct manager *manager)
{
	bus->manager = manager;
}

struct bus *bus_free(struct bus *bus)
{
	if (!bus)
		return NULL;
	authorize_forget_all(bus);
	world_forget(bus);
	inhibitors_forget_all(bus);
	keep_awake_end(bus);
	while (bus->devices) {
		struct bus_device *device = bus->devices;

		bus->devices = device->next;
		free(device);
	}
	while (bus->jobs) {
		struct bus_job *job = bus->jobs;

		bus->jobs = job->next;
		sd_bus_message_unref(job->call);
		free(job);
	}
	sd_bus_flush_close_unref(bus->bus);
	sd_event_unref(bus->event);
	free(bus);
	return NULL;
}
