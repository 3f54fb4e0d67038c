// SPDX-License-Identifier: GPL-2.0
/*
 * fwslot_dfu.ko: firmware slots behind USB DFU 1.1 and DfuSe. Here the module meets USB's core.
 *
 * Documentation/dfu.rst says what it is for, what it claims and what it cannot do.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/module.h>
#include <linux/suspend.h>

#include "dfu.h"

struct workqueue_struct *dfu_workqueue;
atomic_t dfu_num_writes = ATOMIC_INIT(0);

static int suspend(struct usb_interface *interface, pm_message_t message)
{
	return 0;
}

static int resume(struct usb_interface *interface)
{
	return 0;
}

/* Each conversation begins by asking where the device is, so nothing need be restored. */
static int reset_resume(struct usb_interface *interface)
{
	return 0;
}

/* With both of these a reset leaves the interface bound, if the device shows the same as before. */
static int pre_reset(struct usb_interface *interface)
{
	dfu_link_pause(usb_get_intfdata(interface));
	return 0;
}

static int post_reset(struct usb_interface *interface)
{
	dfu_link_resume(usb_get_intfdata(interface));
	return 0;
}

/* The class as a whole; dfu_probe() takes only what is on the list. */
static const struct usb_device_id ids[] = {
	{ USB_INTERFACE_INFO(DFU_INTERFACE_CLASS, DFU_INTERFACE_SUBCLASS, DFU_PROTOCOL_RUNTIME) },
	{ USB_INTERFACE_INFO(DFU_INTERFACE_CLASS, DFU_INTERFACE_SUBCLASS, DFU_PROTOCOL_DFU) },
	{ }
};
MODULE_DEVICE_TABLE(usb, ids);

static struct usb_driver driver = {
	.name = "fwslot_dfu",
	.id_table = ids,
	.probe = dfu_probe,
	.disconnect = dfu_disconnect,
	.suspend = suspend,
	.resume = resume,
	.reset_resume = reset_resume,
	.pre_reset = pre_reset,
	.post_reset = post_reset,
	.supports_autosuspend = 1,
};

/* A machine that sleeps in the middle of a write leaves a device without firmware. */
static int veto_sleep(struct notifier_block *notifier, unsigned long event, void *unused)
{
	if ((event == PM_SUSPEND_PREPARE || event == PM_HIBERNATION_PREPARE) &&
	    atomic_read(&dfu_num_writes)) {
		pr_notice("not now: firmware is being written\n");
		return notifier_from_errno(-EBUSY);
	}
	return NOTIFY_DONE;
}

static struct notifier_block sleep_notifier = { .notifier_call = veto_sleep };

static int __init dfu_init(void)
{
	int ret = -ENOMEM;

	dfu_workqueue = alloc_workqueue("fwslot_dfu", WQ_UNBOUND, 0);
	if (!dfu_workqueue)
		goto out_claims;
	ret = register_pm_notifier(&sleep_notifier);
	if (ret)
		goto out_workqueue;
	ret = usb_register(&driver);
	if (ret)
		goto out_notifier;
	dfu_claims_enable();
	return 0;

out_notifier:
	unregister_pm_notifier(&sleep_notifier);
out_workqueue:
	destroy_workqueue(dfu_workqueue);
out_claims:
	dfu_claims_exit();
	return ret;
}
module_init(dfu_init);

static void __exit dfu_exit(void)
{
	dfu_claims_exit();
	usb_deregister(&driver);
	dfu_attach_exit();
	unregister_pm_notifier(&sleep_notifier);
	destroy_workqueue(dfu_workqueue);
}
module_exit(dfu_exit);

MODULE_DESCRIPTION("Firmware slots of USB DFU 1.1 and DfuSe devices");
MODULE_AUTHOR("fwslot");
MODULE_LICENSE("GPL");
MODULE_VERSION(FWSLOT_VERSION);
