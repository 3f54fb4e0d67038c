// SPDX-License-Identifier: GPL-2.0
/*
 * The joined device: made when it is first seen in whichever mode, told of its appearances, and
 * freed when it is not waited for any more. Who comes and who goes is decided in attach.c.
 */
#include <linux/device.h>
#include <linux/slab.h>
#include <linux/sysfs.h>

#include "dfu.h"

#define PLACE_NAME_MAX	(sizeof("fwslot_dfu-") + DFU_PORT_MAX)

/* Slots as userspace sees them from now on, whatever the device shows later. */
static void describe_slots(struct dfu_device *dfu, struct fwslot_slot_desc *descs,
			   char (*labels)[FWSLOT_NAME_MAX + 1])
{
	const struct dfu_shown *shown = &dfu->shown;
	unsigned int i;

	for (i = 0; i < dfu->num_slots; i++) {
		const struct dfu_alternate *alternate =
			dfu->mode == DFU_MODE_DFU ? &shown->alternates[i] : NULL;
		const struct dfuse_layout *layout =
			alternate && alternate->has_layout ? &alternate->layout : NULL;

		if (alternate && alternate->label[0])
			strscpy(labels[i], alternate->label, sizeof(labels[i]));
		else
			snprintf(labels[i], sizeof(labels[i]), "slot %u", i);
		descs[i] = (struct fwslot_slot_desc){
			.label = labels[i],
			.size_bytes = dfu_slot_bytes(dfu),
			.wrapping_bytes = shown->has_addresses ? DFUSE_WRAPPING_BYTES :
								 DFU_WRAPPING_BYTES,
		};
		if (layout) {
			descs[i].size_bytes = dfuse_layout_first_bytes(layout);
			descs[i].is_read_only = !(layout->runs[0].abilities & DFUSE_WRITABLE);
		} else if (alternate && shown->has_addresses) {
			descs[i].is_read_only = true;
		}
	}
}

static int allocate_fwslot(struct dfu_device *dfu)
{
	struct fwslot_slot_desc *descs = kcalloc(dfu->num_slots, sizeof(*descs), GFP_KERNEL);
	char (*labels)[FWSLOT_NAME_MAX + 1] = kcalloc(dfu->num_slots, sizeof(*labels), GFP_KERNEL);
	struct fwslot_desc desc = {
		.name = dfu->shown.name[0] ? dfu->shown.name : "USB DFU device",
		.provider = "dfu",
		.hardware_id = dfu->claim.hardware_id,
		.serial = dfu->serial[0] ? dfu->serial : NULL,
		.num_slots = dfu->num_slots,
		.slots = descs,
		.flags = FWSLOT_PROGRAMS_FIRST |
			 (dfu->has_addresses ? 0 : FWSLOT_READS_IN_SEQUENCE),
	};
	int ret = -ENOMEM;

	if (descs && labels) {
		describe_slots(dfu, descs, labels);
		dfu->fdev = fwslot_alloc(dfu->place, &desc,
					 dfu_provider_ops(&dfu->shown.function, dfu->has_addresses),
					 dfu);
		ret = PTR_ERR_OR_ZERO(dfu->fdev);
		if (ret)
			dfu->fdev = NULL;
	}
	kfree(descs);
	kfree(labels);
	return ret;
}

/* Its place does not depend on a USB device, for it has two of them in turn. */
static int make_place(struct dfu_device *dfu)
{
	char name[PLACE_NAME_MAX];
	struct device *place;

	snprintf(name, sizeof(name), "fwslot_dfu-%s", dfu->port);
	place = root_device_register(name);
	if (IS_ERR(place))
		return PTR_ERR(place);
	dfu->place = place;
	return 0;
}

/* For people and udev: the USB interface that is the device at the moment. */
static void show_interface(struct dfu_device *dfu, struct usb_interface *interface)
{
	if (sysfs_create_link(&dfu->place->kobj, &interface->dev.kobj, "usb"))
		dev_warn(dfu->place, "no link to %s\n", dev_name(&interface->dev));
}

static void hide_interface(struct dfu_device *dfu)
{
	sysfs_remove_link(&dfu->place->kobj, "usb");
}

static void init_device(struct dfu_device *dfu, struct usb_interface *interface,
			const struct dfu_claim *claim, const struct dfu_shown *shown)
{
	struct usb_device *udev = interface_to_usbdev(interface);
	unsigned int i;

	mutex_init(&dfu->lock);
	mutex_init(&dfu->operation_lock);
	INIT_WORK(&dfu->restart_work, dfu_mode_restart_work);
	INIT_DELAYED_WORK(&dfu->linger_work, dfu_mode_linger_work);
	dfu->claim = *claim;
	if (!dfu->claim.hardware_id[0])
		snprintf(dfu->claim.hardware_id, sizeof(dfu->claim.hardware_id), "usb-%04x/%04x",
			 claim->num_ids ? claim->ids[0].vendor : shown->id.vendor,
			 claim->num_ids ? claim->ids[0].product : shown->id.product);
	strscpy(dfu->port, dev_name(&udev->dev), sizeof(dfu->port));
	dfu_copy_text(dfu->serial, udev->serial, sizeof(dfu->serial));
	dfu->running = FWSLOT_NO_SLOT;
	dfu->chosen = FWSLOT_NO_SLOT;
	for (i = 0; i < FWSLOT_SLOTS_MAX; i++)
		dfu->slots[i].version = DFU_ANY_ID;
}

/* The firmware that runs is there, and says its version; lock is held. */
static void note_running(struct dfu_device *dfu)
{
	u16 versions[FWSLOT_SLOTS_MAX];
	unsigned int i;

	for (i = 0; i < dfu->num_slots; i++)
		versions[i] = dfu->slots[i].version;
	dfu->running = dfu_guess_running(versions, dfu->num_slots, dfu->shown.version,
					 dfu->chosen, dfu->running);
	if (dfu->running == FWSLOT_NO_SLOT)
		return;
	dfu->slots[dfu->running].content = FWSLOT_SLOT_STATE_VALID;
	dfu->slots[dfu->running].version = dfu->shown.version;
}

static void free_device(struct dfu_device *dfu)
{
	fwslot_free(dfu->fdev);
	if (dfu->place)
		root_device_unregister(dfu->place);
	dfu_link_free(dfu);
	dfu_shown_free(&dfu->shown);
	kfree(dfu->read.block);
	mutex_destroy(&dfu->operation_lock);
	mutex_destroy(&dfu->lock);
	kfree(dfu);
}

/* All that can fail. */
static int set_up(struct dfu_device *dfu, struct usb_interface *interface, enum dfu_mode mode)
{
	int ret;

	ret = dfu_link_init(dfu);
	if (ret)
		return ret;
	ret = make_place(dfu);
	if (ret)
		return ret;
	dfu->mode = mode;
	dfu->has_addresses = dfu->shown.has_addresses;
	dfu->num_slots = mode == DFU_MODE_DFU ? dfu->shown.num_alternates :
						dfu->claim.num_slots ? : 1;
	if (mode == DFU_MODE_RUNTIME)
		note_running(dfu);
	ret = allocate_fwslot(dfu);
	if (ret)
		return ret;
	ret = dfu_link_attach(dfu, interface);
	if (ret)
		return ret;
	ret = fwslot_register(dfu->fdev);
	if (ret)
		dfu_link_detach(dfu);
	return ret;
}

/* Takes @shown over. Return: the device or an ERR_PTR(). */
struct dfu_device *dfu_device_create(struct usb_interface *interface, enum dfu_mode mode,
				     const struct dfu_claim *claim, struct dfu_shown *shown)
{
	struct dfu_device *dfu = kzalloc(sizeof(*dfu), GFP_KERNEL);
	int ret;

	if (!dfu) {
		dfu_shown_free(shown);
		return ERR_PTR(-ENOMEM);
	}
	init_device(dfu, interface, claim, shown);
	dfu->shown = *shown;
	ret = set_up(dfu, interface, mode);
	if (ret) {
		free_device(dfu);
		return ERR_PTR(ret);
	}
	show_interface(dfu, interface);
	return dfu;
}

/* The device is away and will not be waited for any more. */
void dfu_device_destroy(struct dfu_device *dfu)
{
	mutex_lock(&dfu->lock);
	dfu->is_gone = true;
	mutex_unlock(&dfu->lock);
	wake_up_all(fwslot_wait_queue(dfu->fdev));
	/* They use what fwslot_unregister() takes away; none is queued any more. */
	cancel_work_sync(&dfu->restart_work);
	cancel_delayed_work_sync(&dfu->linger_work);
	fwslot_unregister(dfu->fdev);
	dfu->fdev = NULL;
	dfu_write_end(dfu);
	free_device(dfu);
}

/* It started its firmware, or found none to start. */
static void report_start(struct dfu_device *dfu, enum dfu_mode mode, bool was_expected)
{
	enum fwslot_restart_reason reason = was_expected ? FWSLOT_RESTART_REASON_COMMANDED :
							   FWSLOT_RESTART_REASON_FAULT;

	if (mode == DFU_MODE_RUNTIME)
		fwslot_booted(dfu->fdev, READ_ONCE(dfu->running), reason);
	else if (!was_expected)
		fwslot_booted(dfu->fdev, FWSLOT_NO_SLOT, reason);
	fwslot_refresh(dfu->fdev);
}

/* It is back on the bus. Takes @shown over. */
int dfu_device_arrive(struct dfu_device *dfu, struct usb_interface *interface,
		      enum dfu_mode mode, struct dfu_shown *shown)
{
	bool was_expected;
	int ret;

	mutex_lock(&dfu->lock);
	dfu_shown_free(&dfu->shown);
	dfu->shown = *shown;
	mutex_unlock(&dfu->lock);
	ret = dfu_link_attach(dfu, interface);
	if (ret)
		return ret;

	mutex_lock(&dfu->lock);
	was_expected = dfu->is_expected;
	dfu->generation++;
	dfu->mode = mode;
	if (mode == DFU_MODE_RUNTIME) {
		note_running(dfu);
		dfu->is_expected = false;
	}
	mutex_unlock(&dfu->lock);
	show_interface(dfu, interface);
	wake_up_all(fwslot_wait_queue(dfu->fdev));
	report_start(dfu, mode, was_expected);
	return 0;
}

/* It left the bus: whatever goes on ends at once. */
void dfu_device_leave(struct dfu_device *dfu)
{
	unsigned int patience_ms = 0;

	mutex_lock(&dfu->lock);
	/* New firmware that crashes leaves the bus without being told to. */
	if (dfu->is_expected || (dfu->is_on_trial && dfu->mode == DFU_MODE_RUNTIME))
		patience_ms = DFU_REATTACH_MS;
	dfu->mode = DFU_MODE_AWAY;
	dfu->generation++;
	dfu->gone_at = jiffies + msecs_to_jiffies(patience_ms);
	mutex_unlock(&dfu->lock);

	hide_interface(dfu);
	wake_up_all(fwslot_wait_queue(dfu->fdev));
	dfu_link_detach(dfu);
}
