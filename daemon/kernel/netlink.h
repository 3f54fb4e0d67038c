/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The generic netlink family "fwslot" as a source of events: decoding (pure functions) and
 * listening. Private to this room; monitor.c makes of it what the rest of the daemon hears.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <linux/netlink.h>
#include <systemd/sd-event.h>

#include "base/macros.h"
#include "kernel/device.h"

/* What "nlctrl" says about a family: its number and its multicast groups, 0 = has none. */
struct netlink_family {
	char name[16]; /* GENL_NAMSIZ */
	bool is_gone;
	uint16_t id;
	uint32_t events_group, progress_group;
};

enum netlink_event_type {
	NETLINK_EVENT_CHANGED, /* something about device @index; read it again */
	NETLINK_EVENT_PROGRESS, /* an operation on slot @slot of device @index */
};

struct netlink_event {
	enum netlink_event_type type;
	unsigned index, slot;
	enum kernel_status status;
	uint64_t done_bytes, total_bytes;
};

/* Decodes a message of nlctrl. Returns 0, -ENOMSG (not about families), or -EBADMSG. */
_warn_unused_ int netlink_decode_family(struct nlmsghdr *message, struct netlink_family *ret);

/*
 * Decodes a notification of family fwslot. Returns 0, -ENOMSG (one that tells us nothing), or
 * -EBADMSG.
 */
_warn_unused_ int netlink_decode_event(struct nlmsghdr *message, struct netlink_event *ret);

struct netlink_listener;

struct netlink_listener_events {
	void (*event)(const struct netlink_event *event, void *userdata);
	/*
	 * Notifications may have been missed: the family appeared just now, or the socket
	 * overflowed.
	 */
	void (*missed)(void *userdata);
};

/* Listens from now on; a family that is not registered yet is heard of when it comes. */
int netlink_listener_new(sd_event *event, const struct netlink_listener_events *events,
			 void *userdata, struct netlink_listener **ret);
struct netlink_listener *netlink_listener_free(struct netlink_listener *listener);
DEFINE_CLEANUP(struct netlink_listener, netlink_listener_free)
