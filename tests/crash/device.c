/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See device.h: boots, orders, and what the kernel shows. */
#include "device.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "flash.h"

/* The kernel's own decisions, not a copy of them. */
#include "kmod/core/boot-assessment.c"

#define LIMIT 3
#define LIE "0.9"

/* The device's own record, where it keeps one: two copies in turn, so a torn one is the old one. */
static bool remember(struct lab_device *device)
{
	enum permission permission;

	if (!device->traits.assesses_itself)
		return true;
	permission = stopper_begin(device->stopper, OPERATION_RECORD);
	if (permission == MAY_NOT)
		return false;
	if (permission == MAY)
		device->stored = device->boot;
	stopper_end(device->stopper);
	return device->is_on;
}

static struct fwslot_boot unknown_boot(const struct lab_device *device)
{
	return (struct fwslot_boot){
		.state = FWSLOT_BOOT_STATE_UNKNOWN,
		.running = device->running,
		.next = device->running,
		.fallback = FWSLOT_NO_SLOT,
		.limit = LIMIT,
	};
}

static bool can_start(const struct lab_device *device, int slot)
{
	const struct image_header *header = flash_image(device, slot);

	return header && header->behaviour != IMAGE_REFUSED;
}

/* The boot loader: the chosen slot if it is whole, else any that is. */
static int start(const struct lab_device *device)
{
	int chosen = device->traits.assesses_itself ? device->stored.next : device->chosen;

	if (can_start(device, chosen))
		return chosen;
	for (unsigned i = 0; i < device->traits.slots; i++)
		if (can_start(device, (int)i))
			return (int)i;
	return FWSLOT_NO_SLOT;
}

static void assess(struct lab_device *device, enum fwslot_restart_reason reason)
{
	struct fwslot_boot_outcome outcome =
		fwslot_boot_assess(&device->boot, device->running, reason);

	if (outcome.must_go_back) {
		device->chosen = device->stored.next = device->boot.fallback;
		device->running = start(device);
		outcome = fwslot_boot_assess(&device->boot, device->running, reason);
	}
	if (outcome.failed_slot != FWSLOT_NO_SLOT)
		device->has_failed[outcome.failed_slot] = true;
	if (device->running >= 0) {
		device->is_new[device->running] = false;
		/* A slot that the boot loader left for another is not tried for ever. */
		device->chosen = device->running;
	}
	device->boots++;
	(void)remember(device);
}

static void boot(struct lab_device *device, enum fwslot_restart_reason reason)
{
	device->is_restarting = false;
	device->running = start(device);
	assess(device, reason);
}

/* Firmware that does not stay up. */
static void crash(struct lab_device *device)
{
	const struct image_header *header = flash_image(device, device->running);

	if (!header || !device->is_on || device->is_restarting)
		return;
	if (header->behaviour == IMAGE_BOOT_LOOPS) {
		boot(device, FWSLOT_RESTART_REASON_FAULT);
	} else if (header->behaviour == IMAGE_HANGS_ONCE && !device->has_hung) {
		device->has_hung = true;
		boot(device, FWSLOT_RESTART_REASON_WATCHDOG);
	}
}

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
			  .limit = LIMIT },
	};
	snprintf(device->serial, sizeof(device->serial), "serial%u", index);
	memset(device->flash, 0xff, sizeof(device->flash));
	memcpy(device->flash[0], image, IMAGE_BYTES);
	device->stored = device->boot;
	device->version_confirmed = device_slot_version(device, 0);
	for (unsigned i = 0; i < traits->slots; i++)
		device->is_known[i] = true;
}

static void forget_work(struct lab_device *device)
{
	device->receiving = device->writing = -1;
	device->uploaded = 0;
	device->is_restarting = false;
	memset(device->error, 0, sizeof(device->error));
}

void device_power_off(struct lab_device *device)
{
	device->is_on = false;
	forget_work(device);
}

/* The kernel meets the device: what neither remembers is unknown. */
static void meet(struct lab_device *device)
{
	device->boot = device->traits.assesses_itself ? device->stored : unknown_boot(device);
	for (unsigned i = 0; i < device->traits.slots; i++) {
		device->is_new[i] = false;
		device->is_known[i] = !device->traits.is_opaque;
		if (!device->traits.assesses_itself)
			device->has_failed[i] = false;
	}
}

void device_power_on(struct lab_device *device)
{
	if (device->is_on)
		return;
	device->is_on = true;
	device->running = start(device);
	meet(device);
	if (device->traits.assesses_itself)
		assess(device, FWSLOT_RESTART_REASON_POWER_ON);
}

void device_host_died(struct lab_device *device)
{
	bool was_restarting = device->is_restarting;

	forget_work(device);
	if (was_restarting) {
		/* It had been told already. */
		device->running = start(device);
		if (device->traits.assesses_itself)
			assess(device, FWSLOT_RESTART_REASON_COMMANDED);
	}
	meet(device);
}

static void write_slot(struct lab_device *device)
{
	unsigned slot = (unsigned)device->writing;
	uint8_t page[FLASH_PAGE_BYTES];
	bool has_power;

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
		if (!has_power)
			return;
	}
	device->writing = -1;
	device->is_known[slot] = true;
	device->is_new[slot] = true;
	device->has_failed[slot] = false;
	if (memcmp(device->flash[slot], device->upload, device->uploaded) != 0)
		snprintf(device->error[slot], sizeof(device->error[slot]), "verifying:hw-error");
}

void device_turn(struct lab_device *device)
{
	if (!device->is_on)
		return;
	if (device->writing >= 0)
		write_slot(device);
	else if (device->is_restarting && device->traits.defect != DEFECT_STUCK)
		boot(device, FWSLOT_RESTART_REASON_COMMANDED);
	else
		crash(device);
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
	bool is_running = device->running == (int)slot;

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
	if (!device->is_on)
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
	if (!device->is_on)
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
	if (!device->is_on)
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
	if (!device->is_on)
		return -ENODEV;
	if (device->receiving != (int)slot)
		return -EINVAL;
	device->receiving = -1;
	device->writing = (int)slot;
	device->is_known[slot] = true;
	(void)fwslot_boot_withdraw(&device->boot, (int)slot);
	if (device->chosen == (int)slot && device->running >= 0)
		device->chosen = device->running;
	(void)remember(device);
	return 0;
}

int device_load_abort(struct lab_device *device, unsigned slot)
{
	slot = place_of(device, slot);
	device->orders++;
	if (!device->is_on)
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
	if (!device->is_on)
		return -ENODEV;
	if (device->traits.has_no_boot_control)
		return -EOPNOTSUPP;
	if (is_busy(device))
		return -EBUSY;
	if (content != FWSLOT_SLOT_STATE_VALID && content != FWSLOT_SLOT_STATE_UNKNOWN)
		return -EINVAL;
	r = fwslot_boot_activate(&device->boot, (int)slot, is_permanent, device->is_new[slot]);
	if (r < 0)
		return r;
	if (remember(device))
		device->chosen = device->boot.next;
	return 0;
}

int device_restart(struct lab_device *device)
{
	device->orders++;
	if (!device->is_on)
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
	if (!device->is_on)
		return -ENODEV;
	r = fwslot_boot_confirm(&device->boot);
	if (r < 0)
		return r;
	if (version > device->version_confirmed)
		device->version_confirmed = version;
	(void)remember(device);
	return 0;
}

int device_set_attempts(struct lab_device *device, unsigned attempts)
{
	int r;

	device->orders++;
	if (!device->is_on)
		return -ENODEV;
	r = fwslot_boot_set_attempts(&device->boot, attempts);
	if (r >= 0)
		(void)remember(device);
	return r;
}
