// SPDX-License-Identifier: LGPL-2.1-or-later
/* daemon/kernel/netlink-decode.c: messages as the kernel makes them, and as it never should. */
#include <errno.h>
#include <string.h>

#include <fwslot_netlink.h>
#include <linux/genetlink.h>
#include <netlink/attr.h>
#include <netlink/genl/genl.h>
#include <netlink/msg.h>

#include "kernel/netlink.h"
#include "tap.h"

#define FAMILY 30

static struct nl_msg *message_new(int type, int command)
{
	struct nl_msg *message = nlmsg_alloc();

	if (!message || !genlmsg_put(message, 0, 0, type, 0, 0, command, 1))
		tap_bail("no memory");
	return message;
}

static int decode(struct nl_msg *message, struct netlink_event *ret)
{
	int r = netlink_decode_event(nlmsg_hdr(message), ret);

	nlmsg_free(message);
	return r;
}

static void test_changes(void)
{
	static const struct {
		int command, attribute;
		const char *what;
	} rows[] = {
		{ FWSLOT_CMD_SLOT_CHANGE_NTF, FWSLOT_A_SLOT_DEV_INDEX, "a slot changed" },
		{ FWSLOT_CMD_BOOT_NTF, FWSLOT_A_DEV_INDEX, "a device booted" },
		{ FWSLOT_CMD_FALLBACK_NTF, FWSLOT_A_DEV_INDEX, "a device fell back" },
		{ FWSLOT_CMD_DEV_DEL_NTF, FWSLOT_A_DEV_INDEX, "a device is gone" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct nl_msg *message = message_new(FAMILY, rows[i].command);
		struct netlink_event event = {};
		int r;

		nla_put_u32(message, rows[i].attribute, 7);
		r = decode(message, &event);
		tap_ok(r == 0 && event.type == NETLINK_EVENT_CHANGED && event.index == 7, "%s",
		       rows[i].what);
		tap_is(decode(message_new(FAMILY, rows[i].command), &event), -EBADMSG,
		       "without a device index it is malformed");
	}
}

static struct nl_msg *progress(uint32_t status)
{
	struct nl_msg *message = message_new(FAMILY, FWSLOT_CMD_PROGRESS_NTF);

	nla_put_u32(message, FWSLOT_A_PROGRESS_DEV_INDEX, 1);
	nla_put_u32(message, FWSLOT_A_PROGRESS_SLOT_INDEX, 2);
	nla_put_u32(message, FWSLOT_A_PROGRESS_STATUS, status);
	return message;
}

static void test_progress(void)
{
	struct nl_msg *message = progress(FWSLOT_STATUS_TRANSFERRING);
	struct netlink_event event = {};

	nla_put_u64(message, FWSLOT_A_PROGRESS_DONE, 5000000000);
	nla_put_u64(message, FWSLOT_A_PROGRESS_TOTAL, 6000000000);
	tap_is(decode(message, &event), 0, "progress");
	tap_is(event.type, NETLINK_EVENT_PROGRESS, "its type");
	tap_is(event.index, 1, "its device");
	tap_is(event.slot, 2, "its slot");
	tap_is(event.status, KERNEL_STATUS_TRANSFERRING, "its status");
	tap_is(event.done_bytes, 5000000000, "bytes done");
	tap_is(event.total_bytes, 6000000000, "bytes to do");

	tap_is(decode(progress(FWSLOT_STATUS_IDLE), &event), 0, "progress without byte counts");
	tap_is(event.done_bytes, 0, "counts 0");
	tap_is(decode(progress(1000), &event), 0, "a status of a newer kernel");
	tap_ok(event.status != KERNEL_STATUS_IDLE, "is not idle");
}

static void test_malformed(void)
{
	struct nl_msg *message = message_new(FAMILY, FWSLOT_CMD_PROGRESS_NTF);
	struct netlink_event event = {};
	struct nlmsghdr header = { .nlmsg_len = NLMSG_HDRLEN, .nlmsg_type = FAMILY };

	nla_put_u16(message, FWSLOT_A_PROGRESS_DEV_INDEX, 1);
	tap_is(decode(message, &event), -EBADMSG, "an index of two bytes");
	tap_is(decode(message_new(FAMILY, FWSLOT_CMD_PROGRESS_NTF), &event), -EBADMSG,
	       "progress of nothing");
	tap_is(netlink_decode_event(&header, &event), -EBADMSG, "no generic netlink header");
	tap_is(decode(message_new(FAMILY, FWSLOT_CMD_DEV_ADD_NTF), &event), -ENOMSG,
	       "a device that comes is udev's news");
	tap_is(decode(message_new(FAMILY, 200), &event), -ENOMSG,
	       "a notification of a newer kernel");
}

static void put_group(struct nl_msg *message, const char *name, uint32_t id)
{
	struct nlattr *group = nla_nest_start(message, 1);

	nla_put_string(message, CTRL_ATTR_MCAST_GRP_NAME, name);
	nla_put_u32(message, CTRL_ATTR_MCAST_GRP_ID, id);
	nla_nest_end(message, group);
}

static void test_family(void)
{
	struct nl_msg *message = message_new(GENL_ID_CTRL, CTRL_CMD_NEWFAMILY);
	struct netlink_family family = {};
	struct nlattr *groups;

	nla_put_u16(message, CTRL_ATTR_FAMILY_ID, FAMILY);
	nla_put_string(message, CTRL_ATTR_FAMILY_NAME, FWSLOT_FAMILY_NAME);
	groups = nla_nest_start(message, CTRL_ATTR_MCAST_GROUPS);
	put_group(message, FWSLOT_MCGRP_EVENTS, 40);
	put_group(message, "later", 41);
	put_group(message, FWSLOT_MCGRP_PROGRESS, 42);
	nla_nest_end(message, groups);
	tap_is(netlink_decode_family(nlmsg_hdr(message), &family), 0, "a family announced");
	tap_is_string(family.name, "fwslot", "its name");
	tap_is(family.id, FAMILY, "its number");
	tap_is(family.is_gone, false, "it is there");
	tap_is(family.events_group, 40, "group events");
	tap_is(family.progress_group, 42, "group progress");
	genlmsg_hdr(nlmsg_hdr(message))->cmd = CTRL_CMD_DELFAMILY;
	tap_is(netlink_decode_family(nlmsg_hdr(message), &family), 0, "a family withdrawn");
	tap_is(family.is_gone, true, "it is gone");
	genlmsg_hdr(nlmsg_hdr(message))->cmd = CTRL_CMD_NEWMCAST_GRP;
	tap_is(netlink_decode_family(nlmsg_hdr(message), &family), -ENOMSG, "other news of nlctrl");
	nlmsg_free(message);

	message = message_new(GENL_ID_CTRL, CTRL_CMD_NEWFAMILY);
	nla_put_string(message, CTRL_ATTR_FAMILY_NAME, FWSLOT_FAMILY_NAME);
	tap_is(netlink_decode_family(nlmsg_hdr(message), &family), -EBADMSG,
	       "a family without a number");
	nlmsg_free(message);
}

int main(void)
{
	test_changes();
	test_progress();
	test_malformed();
	test_family();
	return tap_done();
}
