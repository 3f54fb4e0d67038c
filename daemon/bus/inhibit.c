// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Manager.Inhibit: a program asks for a device to be left alone, for as long as it keeps a descriptor open. It is one end
 * of a pipe; when all copies of it are closed, also by the program's death, we see it at ours.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "bus/authorize.h"
#include "bus/error.h"
#include "bus/request.h"

#define ACTION_INHIBIT "org.fwslot1.inhibit"
#define INHIBITORS_MAX 32
#define INHIBITORS_PER_USER_MAX 8
#define TEXT_MAX 127 /* bytes of who and why */

struct inhibitor {
	struct bus *bus;
	struct inhibitor *next;
	char device_id[RECORD_DEVICE_ID_MAX + 1]; /* "" = all */
	uint32_t uid;
	int fd;
	sd_event_source *source;
};

static void release(struct inhibitor *inhibitor)
{
	struct inhibitor **link = &inhibitor->bus->inhibitors;

	while (*link != inhibitor)
		link = &(*link)->next;
	*link = inhibitor->next;
	sd_event_source_disable_unref(inhibitor->source);
	close_fd(inhibitor->fd);
	free(inhibitor);
}

void inhibitors_forget_all(struct bus *bus)
{
	while (bus->inhibitors)
		release(bus->inhibitors);
}

static int on_closed(_unused_ sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	struct inhibitor *inhibitor = userdata;
	struct bus *bus = inhibitor->bus;
	char device_id[sizeof(inhibitor->device_id)], rubbish[64];

	/* Nothing is expected to be written; who does it all the same is not listened to. */
	if (!(events & (EPOLLHUP | EPOLLERR)) && read(fd, rubbish, sizeof(rubbish)) != 0)
		return 0;
	memcpy(device_id, inhibitor->device_id, sizeof(device_id));
	release(inhibitor);
	manager_uninhibit(bus->manager, device_id);
	return 0;
}

static int check_limits(struct bus *bus, uint32_t uid, sd_bus_error *error)
{
	unsigned all = 0, of_user = 0;

	for (const struct inhibitor *i = bus->inhibitors; i; i = i->next) {
		all++;
		of_user += i->uid == uid;
	}
	if (all >= INHIBITORS_MAX || of_user >= INHIBITORS_PER_USER_MAX)
		return bus_error(
			error, REASON_LIMIT_REACHED,
			"%u of your programs (%u in all) ask for devices to be left alone already.",
			of_user, all);
	return 0;
}

static int add(struct bus *bus, const char *device_id, uint32_t uid, int fd)
{
	struct inhibitor *inhibitor = calloc(1, sizeof(*inhibitor));
	int r;

	if (!inhibitor)
		return -ENOMEM;
	inhibitor->bus = bus;
	inhibitor->uid = uid;
	inhibitor->fd = fd;
	snprintf(inhibitor->device_id, sizeof(inhibitor->device_id), "%s", device_id);
	r = sd_event_add_io(bus->event, &inhibitor->source, fd, EPOLLIN, on_closed, inhibitor);
	if (r < 0) {
		free(inhibitor);
		return r;
	}
	inhibitor->next = bus->inhibitors;
	bus->inhibitors = inhibitor;
	return 0;
}

/* The reply has its own copy of the other end. */
static int hand_out(struct bus *bus, sd_bus_message *call, const char *device_id, uint32_t uid)
{
	_cleanup_close_ int theirs = -EBADF;
	int ends[2], r;

	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0)
		return -errno;
	theirs = ends[1];
	r = add(bus, device_id, uid, ends[0]);
	if (r < 0) {
		close_fd(ends[0]);
		return r;
	}
	r = manager_inhibit(bus->manager, device_id);
	if (r < 0) {
		release(bus->inhibitors);
		return r;
	}
	return sd_bus_reply_method_return(call, "h", theirs);
}

int request_inhibit(struct bus *bus, sd_bus_message *call, const char *device_id, const char *who,
		    const char *why, uint64_t flags, sd_bus_error *error)
{
	struct bus_device *device;
	uint32_t uid;
	int r = bus_check_flags(flags, 0, error);

	if (r >= 0)
		r = bus_check_length(who, TEXT_MAX, "Who asks", error);
	if (r >= 0)
		r = bus_check_length(why, TEXT_MAX, "The reason", error);
	if (r >= 0 && device_id[0])
		r = request_find_device(bus, device_id, 0, 0, &device, error);
	if (r < 0)
		return r;
	r = authorize_action(bus, call, ACTION_INHIBIT,
			     (const struct authorize_detail[]){
				     { "device", device_id }, { "who", who }, { NULL, NULL } },
			     &uid, error);
	if (r <= 0)
		return r < 0 ? r : 1;
	r = check_limits(bus, uid, error);
	if (r < 0)
		return r;
	log_info("%s is left alone as %s asks (%s).", device_id[0] ? device_id : "Every device",
		 who, why);
	return hand_out(bus, call, device_id, uid);
}
