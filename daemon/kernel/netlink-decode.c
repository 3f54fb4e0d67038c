// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Netlink messages to plain structs. Pure: no socket, no allocation, every length checked by
 * libnl's policies.
 */
#include <errno.h>
#include <string.h>

#include <fwslot_netlink.h>
#include <linux/genetlink.h>
#include <netlink/attr.h>
#include <netlink/genl/genl.h>
#include <netlink/msg.h>

#include "kernel/netlink.h"

static const struct nla_policy family_policy[CTRL_ATTR_MAX + 1] = {
	[CTRL_ATTR_FAMILY_ID] = { .type = NLA_U16 },
	[CTRL_ATTR_FAMILY_NAME] = { .type = NLA_STRING, .maxlen = GENL_NAMSIZ },
	[CTRL_ATTR_MCAST_GROUPS] = { .type = NLA_NESTED },
};

static const struct nla_policy group_policy[CTRL_ATTR_MCAST_GRP_MAX + 1] = {
	[CTRL_ATTR_MCAST_GRP_NAME] = { .type = NLA_STRING, .maxlen = GENL_NAMSIZ },
	[CTRL_ATTR_MCAST_GRP_ID] = { .type = NLA_U32 },
};

static const struct nla_policy device_policy[FWSLOT_A_DEV_MAX + 1] = {
	[FWSLOT_A_DEV_INDEX] = { .type = NLA_U32 },
};

static const struct nla_policy slot_policy[FWSLOT_A_SLOT_MAX + 1] = {
	[FWSLOT_A_SLOT_DEV_INDEX] = { .type = NLA_U32 },
};

static const struct nla_policy progress_policy[FWSLOT_A_PROGRESS_MAX + 1] = {
	[FWSLOT_A_PROGRESS_DEV_INDEX] = { .type = NLA_U32 },
	[FWSLOT_A_PROGRESS_SLOT_INDEX] = { .type = NLA_U32 },
	[FWSLOT_A_PROGRESS_STATUS] = { .type = NLA_U32 },
	[FWSLOT_A_PROGRESS_DONE] = { .type = NLA_U64 },
	[FWSLOT_A_PROGRESS_TOTAL] = { .type = NLA_U64 },
};

/* The vocabularies are one: what the family counts is what the words of sysfs are read into. */
_Static_assert((int)KERNEL_STATUS_MAX == (int)__FWSLOT_STATUS_MAX, "a status was added: words.c");
_Static_assert((int)KERNEL_STATUS_RESTARTING == (int)FWSLOT_STATUS_RESTARTING, "order of status");

static int parse(struct nlmsghdr *message, struct nlattr **attributes, int max,
		 const struct nla_policy *policy)
{
	if (!genlmsg_valid_hdr(message, 0))
		return -EBADMSG;
	return genlmsg_parse(message, 0, attributes, max, (struct nla_policy *)policy) < 0 ?
		       -EBADMSG :
		       0;
}

/* Strings of nlctrl need not end with a NUL. */
static bool attribute_is(struct nlattr *attribute, const char *text)
{
	size_t length = strnlen(nla_data(attribute), (size_t)nla_len(attribute));

	return length == strlen(text) && memcmp(nla_data(attribute), text, length) == 0;
}

static int decode_groups(struct nlattr *groups, struct netlink_family *family)
{
	struct nlattr *group;
	int left;

	nla_for_each_nested(group, groups, left) {
		struct nlattr *attributes[CTRL_ATTR_MCAST_GRP_MAX + 1], *name, *id;

		if (nla_parse_nested(attributes, CTRL_ATTR_MCAST_GRP_MAX, group,
				     (struct nla_policy *)group_policy) < 0)
			return -EBADMSG;
		name = attributes[CTRL_ATTR_MCAST_GRP_NAME];
		id = attributes[CTRL_ATTR_MCAST_GRP_ID];
		if (!name || !id)
			return -EBADMSG;
		if (attribute_is(name, FWSLOT_MCGRP_EVENTS))
			family->events_group = nla_get_u32(id);
		else if (attribute_is(name, FWSLOT_MCGRP_PROGRESS))
			family->progress_group = nla_get_u32(id);
	}
	return 0;
}

int netlink_decode_family(struct nlmsghdr *message, struct netlink_family *ret)
{
	struct nlattr *attributes[CTRL_ATTR_MAX + 1], *name;
	struct netlink_family family = {};
	int r, command;

	r = parse(message, attributes, CTRL_ATTR_MAX, family_policy);
	if (r < 0)
		return r;
	command = genlmsg_hdr(message)->cmd;
	if (command != CTRL_CMD_NEWFAMILY && command != CTRL_CMD_DELFAMILY)
		return -ENOMSG;

	name = attributes[CTRL_ATTR_FAMILY_NAME];
	if (!name || !attributes[CTRL_ATTR_FAMILY_ID])
		return -EBADMSG;
	memcpy(family.name, nla_data(name), strnlen(nla_data(name), (size_t)nla_len(name)));
	family.name[sizeof(family.name) - 1] = '\0';
	family.id = nla_get_u16(attributes[CTRL_ATTR_FAMILY_ID]);
	family.is_gone = command == CTRL_CMD_DELFAMILY;
	if (attributes[CTRL_ATTR_MCAST_GROUPS]) {
		r = decode_groups(attributes[CTRL_ATTR_MCAST_GROUPS], &family);
		if (r < 0)
			return r;
	}
	*ret = family;
	return 0;
}

static int decode_changed(struct nlmsghdr *message, int max, const struct nla_policy *policy,
			  int index, struct netlink_event *ret)
{
	struct nlattr *attributes[FWSLOT_A_DEV_MAX + FWSLOT_A_SLOT_MAX + 1];
	int r = parse(message, attributes, max, policy);

	if (r < 0)
		return r;
	if (!attributes[index])
		return -EBADMSG;
	*ret = (struct netlink_event){
		.type = NETLINK_EVENT_CHANGED,
		.index = nla_get_u32(attributes[index]),
	};
	return 0;
}

static int decode_progress(struct nlmsghdr *message, struct netlink_event *ret)
{
	struct nlattr *attributes[FWSLOT_A_PROGRESS_MAX + 1];
	uint32_t status;
	int r = parse(message, attributes, FWSLOT_A_PROGRESS_MAX, progress_policy);

	if (r < 0)
		return r;
	if (!attributes[FWSLOT_A_PROGRESS_DEV_INDEX] || !attributes[FWSLOT_A_PROGRESS_SLOT_INDEX] ||
	    !attributes[FWSLOT_A_PROGRESS_STATUS])
		return -EBADMSG;

	status = nla_get_u32(attributes[FWSLOT_A_PROGRESS_STATUS]);
	*ret = (struct netlink_event){
		.type = NETLINK_EVENT_PROGRESS,
		.index = nla_get_u32(attributes[FWSLOT_A_PROGRESS_DEV_INDEX]),
		.slot = nla_get_u32(attributes[FWSLOT_A_PROGRESS_SLOT_INDEX]),
		/* A status of a newer kernel: whatever it is, it is not idle. */
		.status = status < KERNEL_STATUS_MAX ? (enum kernel_status)status :
						       KERNEL_STATUS_PREPARING,
	};
	if (attributes[FWSLOT_A_PROGRESS_DONE])
		ret->done_bytes = nla_get_u64(attributes[FWSLOT_A_PROGRESS_DONE]);
	if (attributes[FWSLOT_A_PROGRESS_TOTAL])
		ret->total_bytes = nla_get_u64(attributes[FWSLOT_A_PROGRESS_TOTAL]);
	return 0;
}

int netlink_decode_event(struct nlmsghdr *message, struct netlink_event *ret)
{
	if (!genlmsg_valid_hdr(message, 0))
		return -EBADMSG;
	switch (genlmsg_hdr(message)->cmd) {
	case FWSLOT_CMD_SLOT_CHANGE_NTF:
		return decode_changed(message, FWSLOT_A_SLOT_MAX, slot_policy,
				      FWSLOT_A_SLOT_DEV_INDEX, ret);
	case FWSLOT_CMD_DEV_DEL_NTF: /* reading it again tells that it is gone, before udev does */
	case FWSLOT_CMD_BOOT_NTF:
	case FWSLOT_CMD_FALLBACK_NTF:
		return decode_changed(message, FWSLOT_A_DEV_MAX, device_policy, FWSLOT_A_DEV_INDEX,
				      ret);
	case FWSLOT_CMD_PROGRESS_NTF:
		return decode_progress(message, ret);
	default: /* DEV_ADD_NTF: udev tells, when the control attributes are ours */
		return -ENOMSG;
	}
}
