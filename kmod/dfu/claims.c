// SPDX-License-Identifier: GPL-2.0
/*
 * The list of devices that may be claimed. It is empty unless somebody says otherwise: dfu-util and
 * fwupd keep all devices that are not on it.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/device.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "dfu.h"

#define CLAIMS_MAX		64
#define CLAIM_TEXT_MAX		383	/* two ids, a hardware id of 259, slots and size */

struct entry {
	struct list_head link;
	struct dfu_claim claim;
	char text[CLAIM_TEXT_MAX + 1];
};

/* Guards what follows. */
static DEFINE_MUTEX(claims_lock);
static LIST_HEAD(claims);
static bool is_enabled;
static bool is_closed;

static void free_entries(struct list_head *entries)
{
	struct entry *entry, *next;

	list_for_each_entry_safe(entry, next, entries, link) {
		list_del(&entry->link);
		kfree(entry);
	}
}

/* Adds one entry; an empty one is none. */
static int add_entry(struct list_head *entries, const char *text, size_t length)
{
	struct entry *entry;
	int ret;

	if (!length)
		return 0;
	if (length > CLAIM_TEXT_MAX)
		return -EINVAL;
	entry = kzalloc(sizeof(*entry), GFP_KERNEL);
	if (!entry)
		return -ENOMEM;
	memcpy(entry->text, text, length);
	ret = dfu_claim_parse(text, length, &entry->claim);
	if (ret) {
		pr_err("devices: \"%s\" is not VVVV:PPPP[/VVVV:PPPP][+id=vendor/model][+slots=N][+size=BYTES]\n",
		       entry->text);
		kfree(entry);
		return ret;
	}
	list_add_tail(&entry->link, entries);
	return 0;
}

/* Entries are separated by commas; the text may end with a newline. */
static int parse_entries(const char *text, struct list_head *entries)
{
	int ret = 0;

	while (!ret && *text && *text != '\n') {
		size_t length = strcspn(text, ",\n");

		ret = add_entry(entries, text, length);
		text += length;
		if (*text == ',')
			text++;
	}
	return ret;
}

static bool is_dfu_interface(const struct usb_interface *interface)
{
	const struct usb_interface_descriptor *desc = &interface->altsetting[0].desc;

	return desc->bInterfaceClass == DFU_INTERFACE_CLASS &&
	       desc->bInterfaceSubClass == DFU_INTERFACE_SUBCLASS;
}

/* Offers the free DFU interfaces of a device to drivers again, and so to us. */
static int offer_device(struct usb_device *udev, void *unused)
{
	int i;

	device_lock(&udev->dev);
	for (i = 0; udev->actconfig && i < udev->actconfig->desc.bNumInterfaces; i++) {
		struct usb_interface *interface = udev->actconfig->interface[i];

		if (!interface->dev.driver && is_dfu_interface(interface) &&
		    device_attach(&interface->dev) < 0)
			dev_dbg(&interface->dev, "not attached\n");
	}
	device_unlock(&udev->dev);
	return 0;
}

static unsigned int count_entries(const struct list_head *entries)
{
	const struct list_head *at;
	unsigned int count = 0;

	list_for_each(at, entries)
		count++;
	return count;
}

/* Says the list this already? claims_lock is held. */
static bool is_listed(const struct entry *wanted)
{
	const struct entry *entry;

	list_for_each_entry(entry, &claims, link)
		if (!strcmp(entry->text, wanted->text))
			return true;
	return false;
}

/* udev says the same each time a device appears; claims_lock is held. */
static void drop_listed(struct list_head *entries)
{
	struct entry *entry, *next;

	list_for_each_entry_safe(entry, next, entries, link) {
		if (!is_listed(entry))
			continue;
		list_del(&entry->link);
		kfree(entry);
	}
}

/* claims_lock is held. */
static int take_over(struct list_head *entries, bool is_addition)
{
	if (is_closed)
		return -ENODEV;
	if (is_addition)
		drop_listed(entries);
	if (count_entries(entries) + (is_addition ? count_entries(&claims) : 0) > CLAIMS_MAX)
		return -ENOSPC;
	if (!is_addition)
		free_entries(&claims);
	list_splice_tail_init(entries, &claims);
	return 0;
}

/* "+" adds to the list, anything else replaces it. Devices that are claimed already stay so. */
static int set_devices(const char *text, const struct kernel_param *parameter)
{
	bool is_addition = *text == '+';
	LIST_HEAD(entries);
	bool must_offer;
	int ret;

	ret = parse_entries(text + is_addition, &entries);
	mutex_lock(&claims_lock);
	if (!ret)
		ret = take_over(&entries, is_addition);
	must_offer = is_enabled && !ret;
	mutex_unlock(&claims_lock);

	free_entries(&entries);
	if (must_offer)
		usb_for_each_dev(NULL, offer_device);
	return ret;
}

static int get_devices(char *buffer, const struct kernel_param *parameter)
{
	struct entry *entry;
	int length = 0;

	mutex_lock(&claims_lock);
	list_for_each_entry(entry, &claims, link)
		length += scnprintf(buffer + length, PAGE_SIZE - length, "%s%s",
				    length ? "," : "", entry->text);
	length += scnprintf(buffer + length, PAGE_SIZE - length, "\n");
	mutex_unlock(&claims_lock);
	return length;
}

static const struct kernel_param_ops devices_ops = {
	.set = set_devices,
	.get = get_devices,
};
module_param_cb(devices, &devices_ops, NULL, 0644);
MODULE_PARM_DESC(devices, "devices to claim: VVVV:PPPP[/VVVV:PPPP][+id=vendor/model][+slots=N][+size=BYTES],... or *; none if empty");

/* Return: 0 and a copy of the first entry that allows the device, or -ENODEV. */
int dfu_claims_find(const struct dfu_usb_id *id, struct dfu_claim *ret_claim)
{
	struct entry *entry;
	int ret = -ENODEV;

	mutex_lock(&claims_lock);
	list_for_each_entry(entry, &claims, link) {
		if (!dfu_claim_fits(&entry->claim, id))
			continue;
		*ret_claim = entry->claim;
		ret = 0;
		break;
	}
	mutex_unlock(&claims_lock);
	return ret;
}

/* From now on a change of the list takes effect at once. */
void dfu_claims_enable(void)
{
	mutex_lock(&claims_lock);
	is_enabled = true;
	mutex_unlock(&claims_lock);
}

void dfu_claims_exit(void)
{
	mutex_lock(&claims_lock);
	is_enabled = false;
	is_closed = true;
	free_entries(&claims);
	mutex_unlock(&claims_lock);
}
