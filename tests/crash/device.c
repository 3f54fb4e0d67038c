/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See device.h: boots, orders, and what the kernel shows. */
#include "device.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "boot-loader.h"
#include "flash.h"

#define LIE "0.9"

void device_make(struct lab_device *device, unsigned index, const struct device_traits *traits,
		 struct stopper *stopper, const uint8_t image[static IMAGE_BYTES])
{
	*device = (struct lab_device){
		.traits = *traits,
		.stopper = stopper,
		.index = index,
		.is_on = true,
		.receiving = -1,
		.writing = -1,
		.boot = { .total = 1,
			  .state = FWSLOT_BOOT_STATE_CONFIRMED,
			  .fallback = FWSLOT_NO_SLOT,
			  .limit = BOOT_LIMIT },
	};
	snprintf(device->serial, sizeof(device->serial), "serial%u", index);
	memset(device->flash, 0xff, sizeof(device->flash));
	memcpy(device->flash[0], image, IMAGE_BYTES);
	memset(device->cell, 0xff, sizeof(device->cell));
	device->stored = device->boot;
	device->version_confirmed = device_slot_version(device, 0);
	for (unsigned i = 0; i < traits->slots; i++)
		device->is_known[i] = true;
}

static bool is_reachable(const struct lab_device *device)
{
	return device->is_on && !device->is_detached;
}

static void forget_work(struct lab_device *device)
{
	device->receiving = device->writing = -1;
	device->uploaded = 0;
	device->is_restarting = device->is_visiting = false;
	memset(device->error, 0, sizeof(device->error));
}

void device_power_off(struct lab_device *device)
{
	device->is_on = false;
	forget_work(device);
}

void device_power_on(struct lab_device *device)
{
	if (device->is_detached) {
		device->is_detached = false;
		loader_meet(device);
	}
	if (device->is_on)
		return;
	device->is_on = true;
	device->running = loader_start(device);
	if (device->traits.loader == LOADER_UBOOT)
		uboot_note_start(device);
	loader_meet(device);
	if (device->traits.loader == LOADER_UBOOT)
		device->boots++;
	else if (device->traits.assesses_itself)
		loader_assess(device, FWSLOT_RESTART_REASON_POWER_ON);
}

void device_host_died(struct lab_device *device)
{
	bool was_restarting = device->is_restarting;

	/* It is the host's own board. */
	if (device->traits.loader == LOADER_UBOOT) {
		device_power_off(device);
		device_power_on(device);
		return;
	}
	forget_work(device);
	if (was_restarting) {
		/* It had been told already. */
		device->running = loader_start(device);
		if (device->traits.assesses_itself)
			loader_assess(device, FWSLOT_RESTART_REASON_COMMANDED);
	}
	loader_meet(device);
}

void device_provider_died(struct lab_device *device)
{
	device_host_died(device);
	device->is_detached = true;
}

/* One transfer is not answered: the provider gives the write up, and the next one succeeds. */
static bool transfer_fails(struct lab_device *device, unsigned slot)
{
	if (device->traits.defect != DEFECT_STALLS_ONCE)
		return false;
	device->traits.defect = DEFECT_NONE;
	device->writing = -1;
	snprintf(device->error[slot], sizeof(device->error[slot]), "transferring:timeout");
	return true;
}

/* The image is complete. What starts by itself starts before anybody is told that it was written. */
static bool manifest(struct lab_device *device)
{
	enum permission permission = stopper_begin(device->stopper, OPERATION_RECORD);

	if (permission == MAY_NOT)
		return false;
	device->is_half_written = permission != MAY;
	stopper_end(device->stopper);
	if (!device->is_on)
		return false;
	if (device->traits.loader == LOADER_DFU_RESETS) {
		fwslot_boot_forget_running(&device->boot);
		loader_boot(device, FWSLOT_RESTART_REASON_COMMANDED);
	}
	return device->is_on;
}

static void write_slot(struct lab_device *device)
{
	unsigned slot = (unsigned)device->writing;
	uint8_t page[FLASH_PAGE_BYTES];
	bool has_power;

	if (loader_is_dfu(device)) {
		loader_enter(device);
		device->is_visiting = false;
		device->is_half_written = true;
	}
	for (unsigned i = 0; i < FLASH_PAGES; i++)
		if (!flash_erase_page(device, slot, i))
			return;
	for (unsigned i = 0; i * FLASH_PAGE_BYTES < device->uploaded; i++) {
		size_t left = device->uploaded - i * FLASH_PAGE_BYTES;

		memset(page, 0xff, sizeof(page));
		memcpy(page, device->upload + i * FLASH_PAGE_BYTES,
		       left < sizeof(page) ? left : sizeof(page));
		has_power = flash_write_page(device, slot, i, page);
		if (i == 1 && device->traits.defect == DEFECT_WORN_FLASH)
			device->flash[slot][FLASH_PAGE_BYTES] &= 0x7e;
		if (!has_power || (i == 2 && transfer_fails(device, slot)))
			return;
	}
	if (loader_is_dfu(device) && !manifest(device))
		return;
	device->writing = -1;
	device->is_known[slot] = true;
	device->is_new[slot] = device->traits.loader != LOADER_DFU_RESETS;
	device->has_failed[slot] = false;
	if (memcmp(device->flash[slot], device->upload, device->uploaded) != 0)
		snprintf(device->error[slot], sizeof(device->error[slot]), "verifying:hw-error");
}

/* What was read runs again: told to, and no attempt of anything. The news may come after a write has begun. */
static void leave_loader(struct lab_device *device)
{
	device->is_visiting = false;
	loader_boot(device, FWSLOT_RESTART_REASON_COMMANDED);
}

bool device_visit_loader(struct lab_device *device)
{
	if (!loader_is_dfu(device))
		return true;
	loader_enter(device);
	device->is_visiting = true;
	return true;
}

void device_turn(struct lab_device *device)
{
	if (!is_reachable(device))
		return;
	if (device->writing >= 0)
		write_slot(device);
	else if (device->is_restarting && device->traits.defect != DEFECT_STUCK)
		loader_boot(device, FWSLOT_RESTART_REASON_COMMANDED);
	else if (device->is_visiting)
		leave_loader(device);
	else
		loader_crash(device);
}

/* The kernel's number of a slot, and back: where images are moved, the running one is in slot 0. */
static unsigned place_of(const struct lab_device *device, unsigned slot)
{
	return device->traits.swaps && device->running == 1 ? slot ^ 1 : slot;
}

static int place_or_none(const struct lab_device *device, int slot)
{
	return slot < 0 ? slot : (int)place_of(device, (unsigned)slot);
}

static enum fwslot_slot_state content_of(const struct lab_device *device, unsigned slot)
{
	if (device->writing == (int)slot)
		return FWSLOT_SLOT_STATE_PARTIAL;
	if (device->has_failed[slot])
		return FWSLOT_SLOT_STATE_INVALID;
	if (!device->is_known[slot])
		return FWSLOT_SLOT_STATE_UNKNOWN;
	if (flash_is_erased(device, slot))
		return FWSLOT_SLOT_STATE_EMPTY;
	return flash_image(device, (int)slot) ? FWSLOT_SLOT_STATE_VALID : FWSLOT_SLOT_STATE_PARTIAL;
}

static void show_slot(const struct lab_device *device, unsigned slot, struct kernel_slot *ret)
{
	const struct image_header *header = flash_image(device, (int)slot);
	bool is_running = device->boot.running == (int)slot;

	snprintf(ret->label, sizeof(ret->label), "%u", place_of(device, slot));
	ret->is_readable = device->traits.is_readable;
	ret->size_bytes = device->traits.defect == DEFECT_SMALL_SLOTS ? IMAGE_BYTES / 2 :
									FLASH_SLOT_BYTES;
	ret->state = (enum kernel_slot_state)fwslot_boot_slot_state(
		&device->boot, (int)slot, content_of(device, slot), device->is_new[slot]);
	ret->status = device->receiving == (int)slot ? KERNEL_STATUS_RECEIVING :
		      device->writing == (int)slot   ? KERNEL_STATUS_TRANSFERRING :
						       KERNEL_STATUS_IDLE;
	ret->is_active = is_running;
	ret->is_next = device->boot.next == (int)slot;
	memcpy(ret->error, device->error[slot], sizeof(device->error[slot]));
	if (!header || ret->status == KERNEL_STATUS_TRANSFERRING)
		return;
	/* Firmware that runs tells its version even where the slot cannot be read. */
	if (device->is_known[slot] || is_running)
		snprintf(ret->version, sizeof(ret->version), "%u.0", header->version);
	if (is_running && header->behaviour == IMAGE_LIES)
		snprintf(ret->version, sizeof(ret->version), LIE);
	if (!device->is_known[slot])
		return;
	ret->image_size_bytes = IMAGE_BYTES;
	image_digest(device->flash[slot], ret->digest);
}

int device_picture(const struct lab_device *device, struct kernel_device *ret)
{
	if (!is_reachable(device))
		return -ENODEV;
	memset(ret, 0, sizeof(*ret));
	ret->index = device->index;
	snprintf(ret->hardware_id, sizeof(ret->hardware_id), "fwslot/sim");
	snprintf(ret->serial, sizeof(ret->serial), "%s", device->serial);
	ret->can_restart = !device->traits.cannot_restart;
	ret->num_slots = device->traits.slots;
	ret->status = device->is_restarting  ? KERNEL_STATUS_RESTARTING :
		      device->writing >= 0   ? KERNEL_STATUS_TRANSFERRING :
		      device->receiving >= 0 ? KERNEL_STATUS_RECEIVING :
					       KERNEL_STATUS_IDLE;
	for (unsigned i = 0; i < device->traits.slots; i++)
		show_slot(device, i, &ret->slots[place_of(device, i)]);
	if (device->traits.has_no_boot_control)
		return 0;
	ret->boot = (struct kernel_boot){
		.is_present = true,
		.state = (enum kernel_boot_state)device->boot.state,
		.total = device->boot.total,
		.running_slot = place_or_none(device, device->boot.running),
		.next_slot = place_or_none(device, device->boot.next),
		.fallback_slot = place_or_none(device, device->boot.fallback),
		.limit = device->boot.limit,
		.attempts = device->boot.attempts,
		.attempts_left = fwslot_boot_attempts_left(&device->boot),
		.last_restart_reason = (enum kernel_restart_reason)device->boot.last_restart_reason,
	};
	return 0;
}

/* Orders. */

static bool is_busy(const struct lab_device *device)
{
	return device->writing >= 0 || device->is_restarting;
}

int device_load_begin(struct lab_device *device, unsigned slot)
{
	slot = place_of(device, slot);
	device->orders++;
	if (!is_reachable(device))
		return -ENODEV;
	if (device->traits.defect == DEFECT_REFUSES_WRITES)
		return -EPERM;
	if (device->traits.slots > 1 && device->running == (int)slot)
		return -ETXTBSY;
	if (is_busy(device) || (device->receiving >= 0 && device->receiving != (int)slot))
		return -EBUSY;
	device->receiving = (int)slot;
	device->uploaded = 0;
	device->error[slot][0] = '\0';
	return 0;
}

int device_load_data(struct lab_device *device, const void *bytes, size_t size)
{
	if (!is_reachable(device))
		return -ENODEV;
	if (device->receiving < 0)
		return -EINVAL;
	if (device->uploaded + size > FLASH_SLOT_BYTES)
		return -EFBIG;
	memcpy(device->upload + device->uploaded, bytes, size);
	if (device->traits.defect == DEFECT_FLIPS_BITS)
		device->upload[device->uploaded + size / 2] ^= 1;
	device->uploaded += size;
	return 0;
}

int device_load_commit(struct lab_device *device, unsigned slot)
{
	slot = place_of(device, slot);
	device->orders++;
	if (!is_reachable(device))
		return -ENODEV;
	if (device->receiving != (int)slot)
		return -EINVAL;
	device->receiving = -1;
	device->writing = (int)slot;
	device->is_known[slot] = true;
	(void)fwslot_boot_withdraw(&device->boot, (int)slot);
	if (device->chosen == (int)slot && device->running >= 0)
		device->chosen = device->running;
	(void)loader_remember(device);
	return 0;
}

int device_load_abort(struct lab_device *device, unsigned slot)
{
	slot = place_of(device, slot);
	device->orders++;
	if (!is_reachable(device))
		return -ENODEV;
	if (device->receiving == (int)slot)
		device->receiving = -1;
	return 0;
}

int device_activate(struct lab_device *device, unsigned slot, bool is_permanent)
{
	enum fwslot_slot_state content;
	int r;

	slot = place_of(device, slot);
	content = content_of(device, slot);

	device->orders++;
	if (!is_reachable(device))
		return -ENODEV;
	if (device->traits.has_no_boot_control)
		return -EOPNOTSUPP;
	if (is_busy(device))
		return -EBUSY;
	if (device->traits.loader == LOADER_UBOOT && content != FWSLOT_SLOT_STATE_EMPTY &&
	    content != FWSLOT_SLOT_STATE_PARTIAL)
		return uboot_choose(device, slot, is_permanent);
	if (content != FWSLOT_SLOT_STATE_VALID && content != FWSLOT_SLOT_STATE_UNKNOWN)
		return -EINVAL;
	r = fwslot_boot_activate(&device->boot, (int)slot, is_permanent, device->is_new[slot]);
	if (r < 0)
		return r;
	if (loader_remember(device))
		device->chosen = device->boot.next;
	return 0;
}

int device_restart(struct lab_device *device)
{
	device->orders++;
	if (!is_reachable(device))
		return -ENODEV;
	if (device->traits.cannot_restart)
		return -EOPNOTSUPP;
	if (device->traits.defect == DEFECT_REFUSES_RESTARTS)
		return -EPERM;
	if (is_busy(device))
		return -EBUSY;
	device->is_restarting = true;
	return 0;
}

int device_confirm(struct lab_device *device)
{
	unsigned version = device_slot_version(device, device->running);
	int r;

	device->orders++;
	if (!is_reachable(device))
		return -ENODEV;
	r = device->traits.loader == LOADER_UBOOT ? uboot_confirm(device) :
						    fwslot_boot_confirm(&device->boot);
	if (r < 0)
		return r;
	if (version > device->version_confirmed)
		device->version_confirmed = version;
	(void)loader_remember(device);
	return 0;
}

int device_set_attempts(struct lab_device *device, unsigned attempts)
{
	int r;

	device->orders++;
	if (!is_reachable(device))
		return -ENODEV;
	r = fwslot_boot_set_attempts(&device->boot, attempts);
	if (r >= 0)
		(void)loader_remember(device);
	return r;
}
