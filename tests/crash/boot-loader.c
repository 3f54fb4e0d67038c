/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See boot-loader.h. */
#include "boot-loader.h"

#include <string.h>

#include "flash.h"

/* The kernel's own decisions, not a copy of them. */
#include "kmod/core/boot-assessment.c"

/* The device's own record, where it keeps one: two copies in turn, so a torn one is the old one. */
bool loader_remember(struct lab_device *device)
{
	enum permission permission;

	if (!device->traits.assesses_itself || device->traits.loader == LOADER_UBOOT)
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
		.limit = BOOT_LIMIT,
	};
}

static bool can_start(const struct lab_device *device, int slot)
{
	const struct image_header *header = flash_image(device, slot);

	return header && header->behaviour != IMAGE_REFUSED && !device->is_half_written;
}

int loader_start(struct lab_device *device)
{
	int chosen = device->traits.assesses_itself ? device->stored.next : device->chosen;

	if (device->traits.loader == LOADER_UBOOT)
		return uboot_start(device);
	if (can_start(device, chosen))
		return chosen;
	for (unsigned i = 0; i < device->traits.slots; i++)
		if (can_start(device, (int)i))
			return (int)i;
	return FWSLOT_NO_SLOT;
}

void loader_assess(struct lab_device *device, enum fwslot_restart_reason reason)
{
	struct fwslot_boot_outcome outcome =
		fwslot_boot_assess(&device->boot, device->running, reason);

	/* A DFU device cannot be told to. */
	if (outcome.must_go_back && !loader_is_dfu(device)) {
		device->chosen = device->stored.next = device->boot.fallback;
		device->running = loader_start(device);
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
	(void)loader_remember(device);
}

void loader_boot(struct lab_device *device, enum fwslot_restart_reason reason)
{
	device->is_restarting = false;
	device->running = loader_start(device);
	if (device->traits.loader != LOADER_UBOOT) {
		loader_assess(device, reason);
		return;
	}
	device->boots++;
	loader_meet(device);
}

void loader_crash(struct lab_device *device)
{
	const struct image_header *header = flash_image(device, device->running);

	if (!header || !device->is_on || device->is_restarting)
		return;
	if (header->behaviour == IMAGE_BOOT_LOOPS && device->traits.loader != LOADER_UBOOT) {
		loader_boot(device, FWSLOT_RESTART_REASON_FAULT);
	} else if (header->behaviour == IMAGE_HANGS_ONCE && !device->has_hung) {
		device->has_hung = true;
		loader_boot(device, FWSLOT_RESTART_REASON_WATCHDOG);
	}
}

void loader_meet(struct lab_device *device)
{
	if (device->traits.loader == LOADER_UBOOT)
		uboot_meet(device);
	else
		device->boot = device->traits.assesses_itself ? device->stored :
								unknown_boot(device);
	for (unsigned i = 0; i < device->traits.slots; i++) {
		device->is_new[i] = false;
		device->is_known[i] = !device->traits.is_opaque;
		if (!device->traits.assesses_itself)
			device->has_failed[i] = false;
	}
}

/* The kernel's record of boots stays as it is: it was told to leave, and not started. */
void loader_enter(struct lab_device *device)
{
	device->running = FWSLOT_NO_SLOT;
}
