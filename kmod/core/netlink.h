/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Generic netlink family "fwslot". The messages take fwslot_device.lock; failing to send one is not
 * an error, a listener that lost messages asks again (ENOBUFS).
 */
#ifndef _FWSLOT_NETLINK_H
#define _FWSLOT_NETLINK_H

#include <linux/types.h>

struct fwslot_device;
struct fwslot_slot;

int fwslot_netlink_init(void);
void fwslot_netlink_exit(void);

/* Group "events"; @command is one of those whose payload is a device. */
void fwslot_netlink_device(struct fwslot_device *fdev, u8 command);

/* Group "events". */
void fwslot_netlink_slot(struct fwslot_slot *slot);

/* Group "progress". */
void fwslot_netlink_progress(struct fwslot_slot *slot);

#endif /* _FWSLOT_NETLINK_H */
