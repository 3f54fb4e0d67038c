// SPDX-License-Identifier: GPL-2.0
/*
 * fwslot.ko: the class of devices with firmware slots. Here its parts are started and ended in
 * order. It has no devices of its own; providers are modules beside it.
 */
#include <linux/module.h>

#include "core.h"
#include "netlink.h"

/* Unbound, because a write keeps its worker for minutes. */
struct workqueue_struct *fwslot_workqueue;

static int __init fwslot_init(void)
{
	int ret;

	fwslot_workqueue = alloc_workqueue("fwslot", WQ_UNBOUND, 0);
	if (!fwslot_workqueue)
		return -ENOMEM;
	ret = fwslot_devices_init();
	if (ret)
		goto destroy_workqueue;
	ret = fwslot_netlink_init();
	if (ret)
		goto exit_devices;
	return 0;

exit_devices:
	fwslot_devices_exit();
destroy_workqueue:
	destroy_workqueue(fwslot_workqueue);
	return ret;
}
module_init(fwslot_init);

static void __exit fwslot_exit(void)
{
	fwslot_netlink_exit();
	fwslot_devices_exit();
	destroy_workqueue(fwslot_workqueue);
}
module_exit(fwslot_exit);

MODULE_DESCRIPTION("Devices with firmware slots: class, upload, boot assessment, netlink");
MODULE_AUTHOR("fwslot");
MODULE_LICENSE("GPL");
MODULE_VERSION(FWSLOT_VERSION);
