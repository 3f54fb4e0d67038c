// SPDX-License-Identifier: GPL-2.0
/*
 * From firmware to DFU mode and back (DFU 1.1 chapter 5), and the beginning and end of every
 * conversation. operation_lock is held throughout.
 *
 * Changing the mode means that the USB device goes and another one comes on the same port. attach.c
 * joins them; here it is asked for and waited for.
 */
#include <linux/jiffies.h>

#include "dfu.h"

enum dfu_mode dfu_mode_now(struct dfu_device *dfu)
{
	return READ_ONCE(dfu->mode);
}

/* It may leave the bus from now on without being lost; or it may not any more. */
void dfu_mode_expect(struct dfu_device *dfu, bool is_expected)
{
	mutex_lock(&dfu->lock);
	dfu->is_expected = is_expected;
	mutex_unlock(&dfu->lock);
}

static bool is_over(struct dfu_device *dfu)
{
	return READ_ONCE(dfu->is_gone) || fwslot_interrupted(dfu->fdev) == -ENODEV;
}

static void wait_for_change(struct dfu_device *dfu, unsigned int generation,
			    unsigned int timeout_ms)
{
	wait_event_timeout(*fwslot_wait_queue(dfu->fdev),
			   READ_ONCE(dfu->generation) != generation || is_over(dfu),
			   msecs_to_jiffies(timeout_ms));
}

/* Waits until the device of this conversation has left the bus. Return: 0 or -ETIMEDOUT. */
int dfu_mode_await_departure(struct dfu_device *dfu, unsigned int timeout_ms)
{
	wait_for_change(dfu, dfu->session_generation, timeout_ms);
	return READ_ONCE(dfu->generation) == dfu->session_generation ? -ETIMEDOUT : 0;
}

/* Waits until a device that is away is back, in either mode. Return: 0 or -ENODEV. */
int dfu_mode_await_return(struct dfu_device *dfu, enum dfu_mode *ret_mode)
{
	wait_event_timeout(*fwslot_wait_queue(dfu->fdev),
			   dfu_mode_now(dfu) != DFU_MODE_AWAY || is_over(dfu),
			   msecs_to_jiffies(DFU_REATTACH_MS));
	*ret_mode = dfu_mode_now(dfu);
	return *ret_mode == DFU_MODE_AWAY || is_over(dfu) ? -ENODEV : 0;
}

/* The interface, with a reference, if the device is on the bus. */
static struct usb_interface *get_interface(struct dfu_device *dfu)
{
	struct usb_interface *interface;

	mutex_lock(&dfu->transfer_lock);
	interface = usb_get_intf(dfu->interface);
	mutex_unlock(&dfu->transfer_lock);
	return interface;
}

/* A USB reset. If the device then shows something else it leaves and comes back as that. */
static int reset_bus(struct dfu_device *dfu)
{
	struct usb_interface *interface = get_interface(dfu);
	struct usb_device *udev;
	int ret;

	if (!interface)
		return -ENODEV;
	udev = interface_to_usbdev(interface);
	ret = usb_lock_device_for_reset(udev, interface);
	if (!ret) {
		ret = usb_reset_device(udev);
		usb_unlock_device(udev);
	}
	usb_put_intf(interface);
	return ret;
}

/*
 * DFU_DETACH. A device that will detach leaves by itself; any other waits for a reset, for as long
 * as it was told. Answers are not believed: some stall the request and leave nevertheless.
 */
static int detach(struct dfu_device *dfu)
{
	const struct dfu_function *function = &dfu->session.function;
	int ret;

	ret = dfu_link_ops.send(dfu, DFU_DETACH, function->detach_timeout_ms, NULL, 0);
	if (ret == -ECANCELED)
		return ret;
	if (function->will_detach &&
	    !dfu_mode_await_departure(dfu, function->detach_timeout_ms + DFU_LEAVE_MS))
		return 0;
	if (dfu_mode_now(dfu) == DFU_MODE_AWAY)
		return 0;
	reset_bus(dfu);
	return dfu_mode_await_departure(dfu, DFU_LEAVE_MS);
}

static int enter_dfu_mode(struct dfu_device *dfu)
{
	enum dfu_mode mode;
	int ret;

	dfu_mode_expect(dfu, true);
	ret = detach(dfu);
	if (!ret)
		ret = dfu_mode_await_return(dfu, &mode);
	dfu_mode_expect(dfu, false);
	if (ret == -ETIMEDOUT || (!ret && mode != DFU_MODE_DFU)) {
		dev_err(dfu->place, "the device does not enter DFU mode\n");
		ret = -EPROTO;
	}
	if (!ret)
		dfu->is_visiting = true;
	return ret;
}

/* Begins a conversation in DFU mode, wherever the device is now. */
static int reach_dfu_mode(struct dfu_device *dfu)
{
	enum dfu_mode mode;
	int ret;

	ret = dfu_mode_await_return(dfu, &mode);
	if (!ret)
		ret = dfu_link_begin(dfu);
	if (ret || mode == DFU_MODE_DFU)
		return ret;
	ret = enter_dfu_mode(dfu);
	return ret ? ret : dfu_link_begin(dfu);
}

/* What the session needs to know of its alternate setting. */
static int choose_alternate(struct dfu_device *dfu, unsigned int slot)
{
	bool is_there;

	mutex_lock(&dfu->lock);
	is_there = slot < dfu->shown.num_alternates;
	if (is_there)
		dfu->alternate = dfu->shown.alternates[slot];
	mutex_unlock(&dfu->lock);
	if (is_there && (!dfu->has_addresses || dfu->alternate.has_layout))
		return 0;
	dev_err(dfu->place, "in DFU mode the device has no %s %u\n",
		is_there ? "memory layout for alternate setting" : "alternate setting", slot);
	return -EPROTO;
}

static int reach_idle(struct dfu_device *dfu, unsigned int slot)
{
	int ret = choose_alternate(dfu, slot);

	if (!ret)
		ret = dfu_link_select(dfu, slot);
	if (!ret)
		ret = dfu_reach_idle(&dfu->session);
	return ret;
}

/**
 * dfu_mode_begin() - begin a conversation with a slot
 * @dfu: device, in any mode
 * @slot: alternate setting
 * @is_cancellable: -ECANCELED from fwslot_interrupted() concerns it
 *
 * Return: 0, and the device is in dfuIDLE; or a negative errno.
 */
int dfu_mode_begin(struct dfu_device *dfu, unsigned int slot, bool is_cancellable)
{
	int ret;

	dfu->is_lingering = false;
	dfu->read.is_going_on = false;
	dfu->is_uncancellable = !is_cancellable;
	dfu->session_slot = slot;

	ret = reach_dfu_mode(dfu);
	if (!ret)
		ret = reach_idle(dfu, slot);
	if (ret == -ECONNRESET) {
		/* It was left waiting for a reset, which may take it to its firmware. */
		dfu_mode_expect(dfu, true);
		reset_bus(dfu);
		dfu_mode_await_departure(dfu, DFU_LEAVE_MS);
		ret = reach_dfu_mode(dfu);
		dfu_mode_expect(dfu, false);
		if (!ret)
			ret = reach_idle(dfu, slot);
	}
	return ret == -ECONNRESET ? -EPROTO : dfu_explain(dfu, "was not ready", ret);
}

/* Makes the device start its firmware. It is expected to leave the bus; that is not waited for. */
int dfu_mode_leave(struct dfu_device *dfu)
{
	int ret;

	dfu->is_visiting = false;
	dfu->is_lingering = false;
	dfu->read.is_going_on = false;
	dfu->is_uncancellable = true;
	ret = dfu_link_begin(dfu);
	if (ret)
		return ret;
	dfu_mode_expect(dfu, true);
	if (dfu->has_addresses && !choose_alternate(dfu, dfu->session_slot) &&
	    !dfu_link_select(dfu, dfu->session_slot) &&
	    !dfuse_leave(&dfu->session, dfu->alternate.layout.runs[0].address) &&
	    !dfu_mode_await_departure(dfu, DFU_LEAVE_MS))
		return 0;
	reset_bus(dfu);
	return dfu_mode_await_departure(dfu, DFU_LEAVE_MS);
}

/* An operation that changed nothing is over: a device that ran its firmware does so again. */
void dfu_mode_end_visit(struct dfu_device *dfu)
{
	if (dfu->is_visiting && dfu_mode_now(dfu) == DFU_MODE_DFU && dfu_mode_leave(dfu))
		dfu_mode_expect(dfu, false);
}

/* A read may go on or be over, nobody says: end the visit when nothing comes any more. */
void dfu_mode_linger(struct dfu_device *dfu)
{
	if (!dfu->is_visiting)
		return;
	dfu->is_lingering = true;
	mutex_lock(&dfu->lock);
	if (!dfu->is_gone)
		mod_delayed_work(dfu_workqueue, &dfu->linger_work,
				 msecs_to_jiffies(DFU_LINGER_MS));
	mutex_unlock(&dfu->lock);
}

void dfu_mode_linger_work(struct work_struct *work)
{
	struct dfu_device *dfu = container_of(to_delayed_work(work), struct dfu_device,
					      linger_work);

	mutex_lock(&dfu->operation_lock);
	if (dfu->is_lingering)
		dfu_mode_end_visit(dfu);
	mutex_unlock(&dfu->operation_lock);
}

/* Return: the mode in which the device is after a restart, DFU_MODE_AWAY if it was lost. */
static enum dfu_mode restart(struct dfu_device *dfu)
{
	enum dfu_mode mode;

	dfu->is_uncancellable = true;
	/* Firmware cannot be told to restart: it is sent to DFU mode and back. */
	if (dfu_mode_now(dfu) == DFU_MODE_RUNTIME &&
	    (dfu_link_begin(dfu) || enter_dfu_mode(dfu)))
		return dfu_mode_now(dfu);
	dfu_mode_leave(dfu);
	if (dfu_mode_await_return(dfu, &mode))
		return DFU_MODE_AWAY;
	dfu_mode_expect(dfu, false);
	return mode;
}

void dfu_mode_restart_work(struct work_struct *work)
{
	struct dfu_device *dfu = container_of(work, struct dfu_device, restart_work);

	mutex_lock(&dfu->operation_lock);
	/* Started firmware was reported when it appeared. */
	if (restart(dfu) == DFU_MODE_DFU) {
		dev_warn(dfu->place, "restarted, but stays in DFU mode: it has nothing to start\n");
		fwslot_booted(dfu->fdev, FWSLOT_NO_SLOT, FWSLOT_RESTART_REASON_COMMANDED);
	}
	mutex_unlock(&dfu->operation_lock);
}
