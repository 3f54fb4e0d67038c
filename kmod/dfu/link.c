// SPDX-License-Identifier: GPL-2.0
/*
 * Transfers to a device: struct dfu_link_ops over USB's control pipe.
 *
 * There is one URB, so that disconnect can end the transfer that waits for a device which is no
 * longer there, and so that nothing is allocated per block.
 */
#include <linux/slab.h>

#include "dfu.h"

#define TRANSFER_TIMEOUT_MS	5000
#define BUFFER_BYTES_MIN	64

int dfu_link_init(struct dfu_device *dfu)
{
	mutex_init(&dfu->transfer_lock);
	init_completion(&dfu->done);
	dfu->urb = usb_alloc_urb(0, GFP_KERNEL);
	dfu->setup = kmalloc(sizeof(*dfu->setup), GFP_KERNEL);
	if (!dfu->urb || !dfu->setup)
		return -ENOMEM;
	usb_poison_urb(dfu->urb);
	return 0;
}

void dfu_link_free(struct dfu_device *dfu)
{
	usb_free_urb(dfu->urb);
	kfree(dfu->setup);
	kfree(dfu->buffer);
	mutex_destroy(&dfu->transfer_lock);
}

/* Room for the blocks of the mode the device is in now. */
static int fit_buffer(struct dfu_device *dfu, size_t bytes)
{
	u8 *buffer;

	if (bytes < BUFFER_BYTES_MIN)
		bytes = BUFFER_BYTES_MIN;
	if (bytes <= dfu->buffer_bytes)
		return 0;
	buffer = kmalloc(bytes, GFP_KERNEL);
	if (!buffer)
		return -ENOMEM;
	kfree(dfu->buffer);
	dfu->buffer = buffer;
	dfu->buffer_bytes = bytes;
	return 0;
}

/* The device is on the bus. */
int dfu_link_attach(struct dfu_device *dfu, struct usb_interface *interface)
{
	int ret;

	mutex_lock(&dfu->transfer_lock);
	ret = fit_buffer(dfu, dfu->shown.function.block_bytes);
	if (!ret) {
		dfu->interface = interface;
		usb_unpoison_urb(dfu->urb);
	}
	mutex_unlock(&dfu->transfer_lock);
	return ret;
}

/* The device is off the bus: ends a transfer that waits for it. */
void dfu_link_detach(struct dfu_device *dfu)
{
	usb_poison_urb(dfu->urb);
	mutex_lock(&dfu->transfer_lock);
	dfu->interface = NULL;
	mutex_unlock(&dfu->transfer_lock);
}

/* Nothing may go over the wire between pre_reset and post_reset. */
void dfu_link_pause(struct dfu_device *dfu)
{
	mutex_lock(&dfu->transfer_lock);
}

void dfu_link_resume(struct dfu_device *dfu)
{
	mutex_unlock(&dfu->transfer_lock);
}

/* May the conversation go on? */
int dfu_link_check(struct dfu_device *dfu)
{
	int interruption = fwslot_interrupted(dfu->fdev);

	if (READ_ONCE(dfu->is_gone) || READ_ONCE(dfu->mode) == DFU_MODE_AWAY ||
	    READ_ONCE(dfu->generation) != dfu->session_generation)
		return -ENODEV;
	return interruption == -ECANCELED && dfu->is_uncancellable ? 0 : interruption;
}

static void complete_transfer(struct urb *urb)
{
	complete(urb->context);
}

/* How a transfer ended, in the words of struct dfu_link_ops. */
static int sane_error(int status)
{
	switch (status) {
	case -ENOENT:		/* poisoned or killed by disconnect */
	case -ECONNRESET:
	case -ESHUTDOWN:
	case -EPERM:		/* submitted after it was poisoned */
	case -EHOSTUNREACH:
		return -ENODEV;
	}
	return status;
}

/* Fills in, submits, waits. Return: bytes transferred, or a negative errno. */
static int run_transfer(struct dfu_device *dfu, unsigned int pipe, u16 length)
{
	struct usb_device *udev = interface_to_usbdev(dfu->interface);
	bool is_late;
	int ret;

	reinit_completion(&dfu->done);
	usb_fill_control_urb(dfu->urb, udev, pipe, (u8 *)dfu->setup, dfu->buffer, length,
			     complete_transfer, &dfu->done);
	ret = usb_submit_urb(dfu->urb, GFP_KERNEL);
	if (ret)
		return sane_error(ret);
	is_late = !wait_for_completion_timeout(&dfu->done, msecs_to_jiffies(TRANSFER_TIMEOUT_MS));
	if (is_late)
		usb_kill_urb(dfu->urb);
	if (is_late && dfu->urb->status == -ENOENT && READ_ONCE(dfu->mode) != DFU_MODE_AWAY)
		return -ETIMEDOUT;
	return dfu->urb->status ? sane_error(dfu->urb->status) : (int)dfu->urb->actual_length;
}

static int transfer(struct dfu_device *dfu, u8 type, u8 request, u16 value, u16 length)
{
	struct usb_device *udev;
	unsigned int pipe;
	int ret;

	lockdep_assert_held(&dfu->transfer_lock);

	if (!dfu->interface)
		return -ENODEV;
	if (length > dfu->buffer_bytes)
		return -EOVERFLOW;
	udev = interface_to_usbdev(dfu->interface);
	pipe = type & USB_DIR_IN ? usb_rcvctrlpipe(udev, 0) : usb_sndctrlpipe(udev, 0);
	dfu->setup->bRequestType = type | USB_RECIP_INTERFACE;
	dfu->setup->bRequest = request;
	dfu->setup->wValue = cpu_to_le16(value);
	dfu->setup->wIndex = cpu_to_le16(dfu->shown.interface);
	dfu->setup->wLength = cpu_to_le16(length);

	ret = usb_autopm_get_interface(dfu->interface);
	if (ret)
		return sane_error(ret);
	ret = run_transfer(dfu, pipe, length);
	usb_autopm_put_interface(dfu->interface);
	return ret;
}

static int link_send(void *link, u8 request, u16 value, const void *data, u16 length)
{
	struct dfu_device *dfu = link;
	int ret;

	mutex_lock(&dfu->transfer_lock);
	ret = dfu_link_check(dfu);
	if (!ret && length)
		memcpy(dfu->buffer, data, min_t(size_t, length, dfu->buffer_bytes));
	if (!ret)
		ret = transfer(dfu, USB_DIR_OUT | USB_TYPE_CLASS, request, value, length);
	mutex_unlock(&dfu->transfer_lock);
	return ret;
}

static int link_receive(void *link, u8 request, u16 value, void *data, u16 length)
{
	struct dfu_device *dfu = link;
	int ret;

	mutex_lock(&dfu->transfer_lock);
	ret = dfu_link_check(dfu);
	if (!ret)
		ret = transfer(dfu, USB_DIR_IN | USB_TYPE_CLASS, request, value, length);
	if (ret > 0)
		memcpy(data, dfu->buffer, ret);
	mutex_unlock(&dfu->transfer_lock);
	return ret;
}

static int link_wait(void *link, u32 duration_us)
{
	struct dfu_device *dfu = link;

	wait_event_hrtimeout(*fwslot_wait_queue(dfu->fdev), dfu_link_check(dfu),
			     ns_to_ktime((u64)duration_us * NSEC_PER_USEC));
	return dfu_link_check(dfu);
}

static u64 link_now_us(void *link)
{
	return ktime_to_us(ktime_get());
}

const struct dfu_link_ops dfu_link_ops = {
	.send = link_send,
	.receive = link_receive,
	.wait = link_wait,
	.now_us = link_now_us,
};

/* Begins a conversation with the device as it is now. */
int dfu_link_begin(struct dfu_device *dfu)
{
	struct dfu_function function;
	enum dfu_mode mode;

	mutex_lock(&dfu->lock);
	mode = dfu->mode;
	function = dfu->shown.function;
	dfu->session_generation = dfu->generation;
	mutex_unlock(&dfu->lock);
	dfu_session_init(&dfu->session, &dfu_link_ops, dfu, &function);
	return mode == DFU_MODE_AWAY ? -ENODEV : 0;
}

/*
 * SET_INTERFACE. Not usb_set_interface(), which waits for its answer even if the device has left:
 * a DFU interface has no endpoints for USB's core to set up.
 */
int dfu_link_select(struct dfu_device *dfu, unsigned int alternate)
{
	int ret;

	mutex_lock(&dfu->transfer_lock);
	ret = dfu_link_check(dfu);
	if (!ret)
		ret = transfer(dfu, USB_DIR_OUT | USB_TYPE_STANDARD, USB_REQ_SET_INTERFACE,
			       alternate, 0);
	mutex_unlock(&dfu->transfer_lock);
	/* With nothing to choose from, devices need not know the request (USB 2.0 9.4.10). */
	if (ret == -EPIPE && dfu->shown.num_alternates == 1)
		return 0;
	return ret;
}
