// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * While a slot is written the machine neither goes down nor to sleep, also when its lid is closed: one lock of logind's
 * for all jobs. It is held by systemd, too, so that a crash of ours does not drop it in the middle of a write. Where
 * there is no logind, or it refuses, the write goes on without: what is half written is seen and written again.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include <systemd/sd-daemon.h>

#include "base/file.h"
#include "base/log.h"
#include "bus/objects.h"

#define LOCK_NAME "keep-awake"

static bool is_writing(const struct bus *bus)
{
	for (const struct bus_job *job = bus->jobs; job; job = job->next)
		if (job->job->record.phase == JOB_WRITING ||
		    job->job->record.phase == JOB_RESTORING)
			return true;
	return false;
}

static int on_lock(sd_bus_message *reply, void *userdata, _unused_ sd_bus_error *ignored)
{
	const sd_bus_error *error = sd_bus_message_get_error(reply);
	struct bus *bus = userdata;
	int fd;

	bus->lock_call = sd_bus_slot_unref(bus->lock_call);
	if (error) {
		log_info("The machine is not kept awake while firmware is written: %s",
			 error->message ?: error->name);
		return 0;
	}
	if (sd_bus_message_read(reply, "h", &fd) < 0)
		return 0;
	bus->lock_fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	if (bus->lock_fd < 0) {
		bus->lock_fd = -EBADF;
		return 0;
	}
	(void)sd_pid_notify_with_fds(0, false, "FDSTORE=1\nFDNAME=" LOCK_NAME, &bus->lock_fd, 1);
	keep_awake_sync(bus); /* it may be over already */
	return 0;
}

static void take_lock(struct bus *bus)
{
	int r = sd_bus_call_method_async(bus->bus, &bus->lock_call, "org.freedesktop.login1",
					 "/org/freedesktop/login1",
					 "org.freedesktop.login1.Manager", "Inhibit", on_lock, bus,
					 "ssss", "shutdown:sleep:handle-lid-switch", "fwslotd",
					 "Writing firmware to a device", "block");

	if (r < 0)
		log_info("The machine is not kept awake while firmware is written.");
}

void keep_awake_sync(struct bus *bus)
{
	bool is_needed = is_writing(bus);

	if (is_needed && bus->lock_fd < 0 && !bus->lock_call)
		take_lock(bus);
	if (!is_needed && bus->lock_fd >= 0) {
		close_fd(bus->lock_fd);
		bus->lock_fd = -EBADF;
		(void)sd_notify(false, "FDSTOREREMOVE=1\nFDNAME=" LOCK_NAME);
	}
}

/* Not for a moment is there no lock: another one, asked for as the jobs were taken up, is not needed then. */
bool keep_awake_take_back(struct bus *bus, const char *name, int fd)
{
	if (strcmp(name, LOCK_NAME) != 0 || bus->lock_fd >= 0)
		return false;
	bus->lock_call = sd_bus_slot_unref(bus->lock_call);
	bus->lock_fd = fd;
	keep_awake_sync(bus);
	return true;
}

/* We end: what systemd holds stays until the next one has looked at its jobs. */
void keep_awake_end(struct bus *bus)
{
	bus->lock_call = sd_bus_slot_unref(bus->lock_call);
	close_fd(bus->lock_fd);
	bus->lock_fd = -EBADF;
}
