// SPDX-License-Identifier: GPL-2.0
/*
 * Devices come and go: which USB interface is claimed, which device it belongs to, and when a
 * device that left is given up.
 *
 * A device is known again by its port and its serial number. One that was told to leave, or whose
 * firmware is on trial, is waited for; any other is gone when it leaves.
 */
#include <linux/jiffies.h>

#include "dfu.h"

static DEFINE_MUTEX(dfu_devices_lock);
static LIST_HEAD(dfu_devices);

static void give_up_work(struct work_struct *work);
static DECLARE_DELAYED_WORK(give_up, give_up_work);

/* Away for longer than it may be? Else *@wait is shortened to the time it still has. */
static bool is_overdue(struct dfu_device *dfu, unsigned long *wait)
{
	bool is_late = false;

	mutex_lock(&dfu->lock);
	if (dfu->mode == DFU_MODE_AWAY) {
		is_late = time_after_eq(jiffies, dfu->gone_at);
		if (!is_late)
			*wait = min(*wait, dfu->gone_at - jiffies);
	}
	mutex_unlock(&dfu->lock);
	return is_late;
}

static void forget_device(struct dfu_device *dfu)
{
	lockdep_assert_held(&dfu_devices_lock);
	list_del(&dfu->link);
	dfu_device_destroy(dfu);
}

static void give_up_work(struct work_struct *work)
{
	unsigned long wait = MAX_JIFFY_OFFSET;
	struct dfu_device *dfu, *next;

	mutex_lock(&dfu_devices_lock);
	list_for_each_entry_safe(dfu, next, &dfu_devices, link)
		if (is_overdue(dfu, &wait))
			forget_device(dfu);
	mutex_unlock(&dfu_devices_lock);
	if (wait != MAX_JIFFY_OFFSET)
		mod_delayed_work(dfu_workqueue, &give_up, wait);
}

/* Every device has a port of its own. */
static struct dfu_device *find_on_port(const char *port)
{
	struct dfu_device *dfu;

	list_for_each_entry(dfu, &dfu_devices, link)
		if (!strcmp(dfu->port, port))
			return dfu;
	return NULL;
}

/* Is what appears on its port the device that left? A boot loader may have no serial number. */
static bool is_same_device(const struct dfu_device *dfu, const struct usb_device *udev,
			   const struct dfu_usb_id *id)
{
	char serial[sizeof(dfu->serial)];

	dfu_copy_text(serial, udev->serial, sizeof(serial));
	return dfu_claim_fits(&dfu->claim, id) &&
	       (!serial[0] || !dfu->serial[0] || !strcmp(serial, dfu->serial));
}

/* Joins the interface to its device or makes one; dfu_devices_lock is held. Takes @shown over. */
static struct dfu_device *attach(struct usb_interface *interface, enum dfu_mode mode,
				 const struct dfu_claim *claim, struct dfu_shown *shown)
{
	struct usb_device *udev = interface_to_usbdev(interface);
	struct dfu_device *dfu = find_on_port(dev_name(&udev->dev));
	int ret;

	if (dfu && dfu_mode_now(dfu) != DFU_MODE_AWAY) {
		dev_notice(&interface->dev, "a second DFU interface is left alone\n");
		dfu_shown_free(shown);
		return ERR_PTR(-EBUSY);
	}
	if (dfu && !is_same_device(dfu, udev, &shown->id)) {
		forget_device(dfu);
		dfu = NULL;
	}
	if (dfu) {
		ret = dfu_device_arrive(dfu, interface, mode, shown);
		return ret ? ERR_PTR(ret) : dfu;
	}
	dfu = dfu_device_create(interface, mode, claim, shown);
	if (!IS_ERR(dfu))
		list_add_tail(&dfu->link, &dfu_devices);
	return dfu;
}

/* The entry that allows this device: of the list, or made of what was written to new_id. */
static int find_claim(const struct usb_device_id *id, const struct dfu_shown *shown,
		      struct dfu_claim *ret_claim)
{
	if (!dfu_claims_find(&shown->id, ret_claim))
		return 0;
	if (!(id->match_flags & USB_DEVICE_ID_MATCH_VENDOR))
		return -ENODEV;
	*ret_claim = (struct dfu_claim){ .num_ids = 1, .ids = { shown->id } };
	return 0;
}

int dfu_probe(struct usb_interface *interface, const struct usb_device_id *id)
{
	const struct usb_interface_descriptor *desc = &interface->altsetting[0].desc;
	struct dfu_claim claim;
	struct dfu_device *dfu;
	struct dfu_shown shown;
	enum dfu_mode mode;
	int ret;

	/* With new_id any interface of a device gets here. */
	if (desc->bInterfaceClass != DFU_INTERFACE_CLASS ||
	    desc->bInterfaceSubClass != DFU_INTERFACE_SUBCLASS)
		return -ENODEV;
	mode = desc->bInterfaceProtocol == DFU_PROTOCOL_DFU ? DFU_MODE_DFU : DFU_MODE_RUNTIME;
	shown.id.vendor = le16_to_cpu(interface_to_usbdev(interface)->descriptor.idVendor);
	shown.id.product = le16_to_cpu(interface_to_usbdev(interface)->descriptor.idProduct);
	ret = find_claim(id, &shown, &claim);
	if (ret)
		return ret;
	ret = dfu_shown_read(interface, &shown);
	if (ret)
		return ret;

	mutex_lock(&dfu_devices_lock);
	dfu = attach(interface, mode, &claim, &shown);
	mutex_unlock(&dfu_devices_lock);
	if (IS_ERR(dfu))
		return PTR_ERR(dfu);
	usb_set_intfdata(interface, dfu);
	/* A boot loader in the middle of its work must stay awake; firmware may sleep. */
	if (mode == DFU_MODE_DFU)
		usb_autopm_get_interface_no_resume(interface);
	return 0;
}

void dfu_disconnect(struct usb_interface *interface)
{
	struct dfu_device *dfu = usb_get_intfdata(interface);

	usb_set_intfdata(interface, NULL);
	dfu_device_leave(dfu);
	mod_delayed_work(dfu_workqueue, &give_up, 0);
}

/* The driver is unregistered: every device is away, none comes back. */
void dfu_attach_exit(void)
{
	struct dfu_device *dfu, *next;

	cancel_delayed_work_sync(&give_up);
	mutex_lock(&dfu_devices_lock);
	list_for_each_entry_safe(dfu, next, &dfu_devices, link)
		forget_device(dfu);
	mutex_unlock(&dfu_devices_lock);
}
