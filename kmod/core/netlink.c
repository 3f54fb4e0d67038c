// SPDX-License-Identifier: GPL-2.0
/*
 * Generic netlink family "fwslot": get, dump and the two multicast groups. It reads and tells; it
 * changes nothing, so nobody needs a privilege. It works in every network namespace, because the
 * daemon lives in one of its own.
 */
#include <linux/module.h>
#include <linux/rtnetlink.h>
#include <net/genetlink.h>
#include <net/net_namespace.h>

#include "core.h"
#include "netlink.h"
#include "netlink-fill.h"

enum { GROUP_EVENTS, GROUP_PROGRESS };

static const struct genl_multicast_group groups[] = {
	[GROUP_EVENTS] = { .name = FWSLOT_MCGRP_EVENTS },
	[GROUP_PROGRESS] = { .name = FWSLOT_MCGRP_PROGRESS },
};

static const struct nla_policy device_get_policy[] = {
	[FWSLOT_A_DEV_INDEX] = { .type = NLA_U32 },
};

static const struct nla_policy slot_get_policy[] = {
	[FWSLOT_A_SLOT_DEV_INDEX] = { .type = NLA_U32 },
	[FWSLOT_A_SLOT_INDEX] = NLA_POLICY_MAX(NLA_U32, FWSLOT_SLOTS_MAX - 1),
};

static struct genl_family family;

static struct sk_buff *new_message(u32 portid, u32 seq, int flags, u8 command, void **ret_header)
{
	struct sk_buff *skb = genlmsg_new(NLMSG_GOODSIZE, GFP_KERNEL);

	if (!skb)
		return NULL;
	*ret_header = genlmsg_put(skb, portid, seq, &family, flags, command);
	if (*ret_header)
		return skb;
	nlmsg_free(skb);
	return NULL;
}

static bool is_missing(struct genl_info *info, int attribute)
{
	if (info->attrs[attribute])
		return false;
	NL_SET_ERR_MSG(info->extack, "the index of the device, or of the slot, is missing");
	return true;
}

static struct fwslot_device *device_of_request(struct genl_info *info, int attribute)
{
	struct fwslot_device *fdev;

	if (is_missing(info, attribute))
		return ERR_PTR(-EINVAL);
	fdev = fwslot_device_find(nla_get_u32(info->attrs[attribute]));
	if (fdev)
		return fdev;
	NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[attribute], "no device has this index");
	return ERR_PTR(-ENODEV);
}

static int get_device_message(struct sk_buff *request, struct genl_info *info)
{
	struct fwslot_device *fdev = device_of_request(info, FWSLOT_A_DEV_INDEX);
	struct sk_buff *skb;
	void *header;
	int ret = -ENOMEM;

	if (IS_ERR(fdev))
		return PTR_ERR(fdev);
	skb = new_message(info->snd_portid, info->snd_seq, 0, FWSLOT_CMD_DEV_GET, &header);
	if (skb)
		ret = fwslot_fill_device(skb, fdev);
	put_device(&fdev->dev);
	if (ret) {
		nlmsg_free(skb);
		return ret;
	}
	genlmsg_end(skb, header);
	return genlmsg_reply(skb, info);
}

static int answer_slot(struct genl_info *info, struct fwslot_device *fdev)
{
	u32 index = nla_get_u32(info->attrs[FWSLOT_A_SLOT_INDEX]);
	struct sk_buff *skb;
	void *header;
	int ret;

	if (index >= fdev->num_slots) {
		NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[FWSLOT_A_SLOT_INDEX],
				    "the device has no slot of this index");
		return -ENOENT;
	}
	skb = new_message(info->snd_portid, info->snd_seq, 0, FWSLOT_CMD_SLOT_GET, &header);
	if (!skb)
		return -ENOMEM;
	ret = fwslot_fill_slot(skb, fdev->slots[index]);
	if (ret) {
		nlmsg_free(skb);
		return ret;
	}
	genlmsg_end(skb, header);
	return genlmsg_reply(skb, info);
}

static int get_slot_message(struct sk_buff *request, struct genl_info *info)
{
	struct fwslot_device *fdev;
	int ret;

	if (is_missing(info, FWSLOT_A_SLOT_INDEX))
		return -EINVAL;
	fdev = device_of_request(info, FWSLOT_A_SLOT_DEV_INDEX);
	if (IS_ERR(fdev))
		return PTR_ERR(fdev);
	ret = answer_slot(info, fdev);
	put_device(&fdev->dev);
	return ret;
}

/*
 * Where a dump is: the next device and its next slot, and the device at which it ends.
 */
struct dump_position {
	u32 device;
	u32 slot;
	u32 last_device;
};

static struct dump_position *dump_position(struct netlink_callback *callback)
{
	BUILD_BUG_ON(sizeof(struct dump_position) > sizeof(callback->ctx));
	return (struct dump_position *)callback->ctx;
}

static int start_device_dump(struct netlink_callback *callback)
{
	*dump_position(callback) = (struct dump_position){ .last_device = U32_MAX };
	return 0;
}

/* With a device named only its slots are dumped. */
static int start_slot_dump(struct netlink_callback *callback)
{
	struct nlattr *attributes[FWSLOT_A_SLOT_DEV_INDEX + 1];
	struct fwslot_device *fdev;
	u32 index;
	int ret;

	start_device_dump(callback);
	ret = genlmsg_parse(callback->nlh, &family, attributes, FWSLOT_A_SLOT_DEV_INDEX,
			    slot_get_policy, callback->extack);
	if (ret || !attributes[FWSLOT_A_SLOT_DEV_INDEX])
		return ret;

	index = nla_get_u32(attributes[FWSLOT_A_SLOT_DEV_INDEX]);
	fdev = fwslot_device_find(index);
	if (!fdev) {
		NL_SET_ERR_MSG_ATTR(callback->extack, attributes[FWSLOT_A_SLOT_DEV_INDEX],
				    "no device has this index");
		return -ENODEV;
	}
	put_device(&fdev->dev);
	dump_position(callback)->device = index;
	dump_position(callback)->last_device = index;
	return 0;
}

static void *put_dump_header(struct sk_buff *skb, struct netlink_callback *callback, u8 command)
{
	return genlmsg_put(skb, NETLINK_CB(callback->skb).portid, callback->nlh->nlmsg_seq, &family,
			   NLM_F_MULTI, command);
}

static int dump_device(struct sk_buff *skb, struct netlink_callback *callback,
		       struct fwslot_device *fdev)
{
	void *header = put_dump_header(skb, callback, FWSLOT_CMD_DEV_GET);

	if (!header)
		return -EMSGSIZE;
	if (fwslot_fill_device(skb, fdev)) {
		genlmsg_cancel(skb, header);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, header);
	return 0;
}

/* Goes on where the previous message was full. */
static int dump_slots(struct sk_buff *skb, struct netlink_callback *callback,
		      struct fwslot_device *fdev)
{
	struct dump_position *position = dump_position(callback);

	for (; position->slot < fdev->num_slots; position->slot++) {
		void *header = put_dump_header(skb, callback, FWSLOT_CMD_SLOT_GET);

		if (!header)
			return -EMSGSIZE;
		if (fwslot_fill_slot(skb, fdev->slots[position->slot])) {
			genlmsg_cancel(skb, header);
			return -EMSGSIZE;
		}
		genlmsg_end(skb, header);
	}
	position->slot = 0;
	return 0;
}

static int dump(struct sk_buff *skb, struct netlink_callback *callback,
		int (*dump_one)(struct sk_buff *skb, struct netlink_callback *callback,
				struct fwslot_device *fdev))
{
	struct dump_position *position = dump_position(callback);
	struct fwslot_device *fdev;
	int ret = 0;

	while (!ret && (fdev = fwslot_device_find_from(position->device))) {
		/* The device in the middle of which the last message ended may be gone. */
		if (fdev->index != position->device)
			position->slot = 0;
		position->device = fdev->index;

		if (fdev->index > position->last_device)
			ret = -ENOENT;
		else
			ret = dump_one(skb, callback, fdev);
		put_device(&fdev->dev);
		if (!ret)
			position->device++;
	}
	return skb->len;
}

static int dump_device_messages(struct sk_buff *skb, struct netlink_callback *callback)
{
	return dump(skb, callback, dump_device);
}

static int dump_slot_messages(struct sk_buff *skb, struct netlink_callback *callback)
{
	return dump(skb, callback, dump_slots);
}

static const struct genl_ops commands[] = {
	{
		.cmd		= FWSLOT_CMD_DEV_GET,
		.policy		= device_get_policy,
		.maxattr	= FWSLOT_A_DEV_INDEX,
		.doit		= get_device_message,
		.start		= start_device_dump,
		.dumpit		= dump_device_messages,
	},
	{
		.cmd		= FWSLOT_CMD_SLOT_GET,
		.policy		= slot_get_policy,
		.maxattr	= FWSLOT_A_SLOT_INDEX,
		.doit		= get_slot_message,
		.start		= start_slot_dump,
		.dumpit		= dump_slot_messages,
	},
};

static struct genl_family family __ro_after_init = {
	.name		= FWSLOT_FAMILY_NAME,
	.version	= FWSLOT_FAMILY_VERSION,
	.module		= THIS_MODULE,
	.netnsok	= true,
	.parallel_ops	= true,
	.ops		= commands,
	.n_ops		= ARRAY_SIZE(commands),
	.mcgrps		= groups,
	.n_mcgrps	= ARRAY_SIZE(groups),
};

static bool has_listeners(unsigned int group)
{
	struct net *net;
	bool found = false;

	down_read(&net_rwsem);
	for_each_net(net)
		if (genl_has_listeners(&family, net, group))
			found = true;
	up_read(&net_rwsem);
	return found;
}

/* Consumes @skb. Stable kernels changed the arguments of genlmsg_multicast_allns(). */
static void multicast(struct sk_buff *skb, unsigned int group)
{
	struct net *net;

	down_read(&net_rwsem);
	for_each_net(net) {
		struct sk_buff *copy;

		if (!genl_has_listeners(&family, net, group))
			continue;
		copy = skb_clone(skb, GFP_KERNEL);
		if (copy)
			genlmsg_multicast_netns(&family, net, copy, 0, group, GFP_KERNEL);
	}
	up_read(&net_rwsem);
	nlmsg_free(skb);
}

void fwslot_netlink_device(struct fwslot_device *fdev, u8 command)
{
	struct sk_buff *skb;
	void *header;
	int ret;

	if (!has_listeners(GROUP_EVENTS))
		return;
	skb = new_message(0, 0, 0, command, &header);
	if (!skb)
		return;
	if (command == FWSLOT_CMD_DEV_DEL_NTF)
		ret = nla_put_u32(skb, FWSLOT_A_DEV_INDEX, fdev->index);
	else
		ret = fwslot_fill_device(skb, fdev);
	if (ret) {
		nlmsg_free(skb);
		return;
	}
	genlmsg_end(skb, header);
	multicast(skb, GROUP_EVENTS);
}

static void tell_slot(struct fwslot_slot *slot, u8 command, unsigned int group,
		      int (*fill)(struct sk_buff *skb, struct fwslot_slot *slot))
{
	struct sk_buff *skb;
	void *header;

	if (!has_listeners(group))
		return;
	skb = new_message(0, 0, 0, command, &header);
	if (!skb)
		return;
	if (fill(skb, slot)) {
		nlmsg_free(skb);
		return;
	}
	genlmsg_end(skb, header);
	multicast(skb, group);
}

void fwslot_netlink_slot(struct fwslot_slot *slot)
{
	tell_slot(slot, FWSLOT_CMD_SLOT_CHANGE_NTF, GROUP_EVENTS, fwslot_fill_slot);
}

void fwslot_netlink_progress(struct fwslot_slot *slot)
{
	tell_slot(slot, FWSLOT_CMD_PROGRESS_NTF, GROUP_PROGRESS, fwslot_fill_progress);
}

int fwslot_netlink_init(void)
{
	return genl_register_family(&family);
}

void fwslot_netlink_exit(void)
{
	genl_unregister_family(&family);
}

MODULE_ALIAS_GENL_FAMILY(FWSLOT_FAMILY_NAME);
