// SPDX-License-Identifier: GPL-2.0
/*
 * What a device says about itself in one of its modes: descriptors and strings, read once when it
 * appears. All of it is the device's word: text is made printable, numbers are made sane.
 */
#include <linux/slab.h>

#include "dfu.h"

#define STRING_BYTES	256

/* Printable ASCII, no spaces at the ends. */
void dfu_copy_text(char *to, const char *from, size_t size)
{
	size_t length = 0;

	for (; from && *from && length < size - 1; from++) {
		char c = *from >= ' ' && *from <= '~' ? *from : '?';

		if (length || c != ' ')
			to[length++] = c;
	}
	while (length && to[length - 1] == ' ')
		length--;
	to[length] = '\0';
}

/*
 * The functional descriptor comes after the last alternate setting, or after each: USB's core keeps
 * it with the setting before it.
 */
static void read_function(struct usb_interface *interface, struct dfu_function *ret_function)
{
	unsigned int i;

	for (i = 0; i < interface->num_altsetting; i++) {
		const struct usb_host_interface *setting = &interface->altsetting[i];

		if (!dfu_function_parse(setting->extra, setting->extralen, ret_function))
			return;
	}
	dev_info(&interface->dev, "no DFU functional descriptor: assuming 64 bytes per transfer\n");
}

/* Settings need not be sorted, nor numbered without gaps. */
static const struct usb_host_interface *find_setting(struct usb_interface *interface,
						     unsigned int number)
{
	unsigned int i;

	for (i = 0; i < interface->num_altsetting; i++)
		if (interface->altsetting[i].desc.bAlternateSetting == number)
			return &interface->altsetting[i];
	return NULL;
}

static void read_alternate(struct usb_interface *interface, unsigned int number, char *text,
			   bool is_dfuse, struct dfu_alternate *ret_alternate)
{
	const struct usb_host_interface *setting = find_setting(interface, number);
	int ret = 0;

	text[0] = '\0';
	if (setting && setting->desc.iInterface)
		ret = usb_string(interface_to_usbdev(interface), setting->desc.iInterface, text,
				 STRING_BYTES);
	if (ret < 0)
		text[0] = '\0';
	dfu_copy_text(ret_alternate->label, text, sizeof(ret_alternate->label));
	if (!is_dfuse)
		return;

	ret = dfuse_layout_parse(text, &ret_alternate->layout);
	ret_alternate->has_layout = !ret;
	if (ret)
		dev_warn(&interface->dev,
			 "alternate setting %u has no DfuSe memory layout but \"%s\"\n", number,
			 ret_alternate->label);
	else
		strscpy(ret_alternate->label, ret_alternate->layout.name,
			sizeof(ret_alternate->label));
}

int dfu_shown_read(struct usb_interface *interface, struct dfu_shown *ret_shown)
{
	const struct usb_device *udev = interface_to_usbdev(interface);
	const struct usb_interface_descriptor *desc = &interface->altsetting[0].desc;
	unsigned int i;
	char *text;

	*ret_shown = (struct dfu_shown){
		.id = {
			.vendor = le16_to_cpu(udev->descriptor.idVendor),
			.product = le16_to_cpu(udev->descriptor.idProduct),
		},
		.version = le16_to_cpu(udev->descriptor.bcdDevice),
		.interface = desc->bInterfaceNumber,
		.num_alternates = min_t(unsigned int, interface->num_altsetting, FWSLOT_SLOTS_MAX),
	};
	dfu_copy_text(ret_shown->name, udev->product, sizeof(ret_shown->name));
	read_function(interface, &ret_shown->function);
	ret_shown->has_addresses = ret_shown->function.version == DFU_VERSION_DFUSE;

	text = kmalloc(STRING_BYTES, GFP_KERNEL);
	ret_shown->alternates = kvcalloc(ret_shown->num_alternates, sizeof(*ret_shown->alternates),
					 GFP_KERNEL);
	if (!text || !ret_shown->alternates) {
		kfree(text);
		dfu_shown_free(ret_shown);
		return -ENOMEM;
	}
	for (i = 0; i < ret_shown->num_alternates; i++)
		read_alternate(interface, i, text,
			       ret_shown->has_addresses &&
			       desc->bInterfaceProtocol == DFU_PROTOCOL_DFU,
			       &ret_shown->alternates[i]);
	kfree(text);
	return 0;
}

void dfu_shown_free(struct dfu_shown *shown)
{
	kvfree(shown->alternates);
	shown->alternates = NULL;
}
