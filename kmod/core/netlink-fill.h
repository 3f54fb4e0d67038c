/* SPDX-License-Identifier: GPL-2.0 */
/*
 * From the objects to netlink attributes; shared by answers and notifications.
 *
 * All take fwslot_device.lock and return 0 or -EMSGSIZE.
 */
#ifndef _FWSLOT_NETLINK_FILL_H
#define _FWSLOT_NETLINK_FILL_H

struct fwslot_device;
struct fwslot_slot;
struct sk_buff;

int fwslot_fill_device(struct sk_buff *skb, struct fwslot_device *fdev);
int fwslot_fill_slot(struct sk_buff *skb, struct fwslot_slot *slot);
int fwslot_fill_progress(struct sk_buff *skb, struct fwslot_slot *slot);

#endif /* _FWSLOT_NETLINK_FILL_H */
