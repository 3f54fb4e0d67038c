// SPDX-License-Identifier: GPL-2.0
/*
 * The boot loader of the simulated device, and the firmware it starts: checks the image of the
 * chosen slot, starts it or another one, reports that to the core, and lets the firmware crash
 * as its image or a fault says.
 */
#include <linux/crc32.h>
#include <linux/device.h>
#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "sim.h"

#define WATCHDOG_MS		3000
#define FACTORY_VERSION		"1.0.0"
#define FACTORY_PAYLOAD_BYTES	2048

static u32 compute_crc32(u32 crc, const void *data, size_t length)
{
	return ~crc32_le(~crc, data, length);
}

/* Reads and checks the header. Return: NULL, or what is wrong with the image. */
const char *sim_read_image(struct sim_device *sim, unsigned int slot, struct sim_image *ret)
{
	u8 header[SIM_IMAGE_HEADER_BYTES];
	const char *problem;

	lockdep_assert_held(&sim->lock);
	sim_flash_read(sim, slot, 0, header, sizeof(header));
	problem = sim_image_parse(header, compute_crc32, ret);
	if (problem)
		return problem;
	if (ret->payload_bytes > sim->slot_bytes - SIM_IMAGE_HEADER_BYTES)
		return "it is larger than the slot";
	if (strcmp(ret->hardware_id, sim_hardware_id))
		return "it is for other hardware";
	return NULL;
}

/* Checks the payload too, as only the boot loader does. */
static const char *check_image(struct sim_device *sim, unsigned int slot, struct sim_image *image)
{
	const char *problem = sim_read_image(sim, slot, image);
	u32 offset = SIM_IMAGE_HEADER_BYTES;
	u32 crc = 0;
	u32 end;
	u8 *data;

	if (problem)
		return problem;
	data = kmalloc(SIM_PAGE_BYTES, GFP_KERNEL);
	if (!data)
		return "there is no memory to check it";
	for (end = offset + image->payload_bytes; offset < end;) {
		u32 length = min_t(u32, end - offset, SIM_PAGE_BYTES);

		sim_flash_read(sim, slot, offset, data, length);
		crc = compute_crc32(crc, data, length);
		offset += length;
	}
	kfree(data);
	return crc == image->payload_crc ? NULL : "the checksum of its payload is wrong";
}

/*
 * Finds the slot to start: the chosen one, then the one that ran before, then any. Sets
 * running_slot and, if the choice could not be followed, chosen_slot.
 */
void sim_choose_image(struct sim_device *sim)
{
	struct sim_image image;
	int candidates[2] = { sim->chosen_slot, sim->running_slot };
	const char *problem;
	unsigned int i;
	int slot;

	lockdep_assert_held(&sim->lock);
	for (i = 0; i < ARRAY_SIZE(candidates) + sim->num_slots; i++) {
		slot = i < ARRAY_SIZE(candidates) ? candidates[i] : i - ARRAY_SIZE(candidates);
		if (slot == FWSLOT_NO_SLOT)
			continue;
		problem = check_image(sim, slot, &image);
		if (!problem) {
			sim->chosen_slot = slot;
			sim->running_slot = slot;
			return;
		}
		dev_dbg(sim_parent, "sim%u refuses the image in slot %d: %s\n", sim->number, slot,
			problem);
	}
	sim->running_slot = FWSLOT_NO_SLOT;
}

/* The firmware runs: when will it crash? */
void sim_run_image(struct sim_device *sim)
{
	struct sim_image image;

	lockdep_assert_held(&sim->lock);
	if (sim->running_slot == FWSLOT_NO_SLOT ||
	    sim_read_image(sim, sim->running_slot, &image))
		return;
	if (sim->faults.boot_loop || image.behaviour == SIM_BEHAVIOUR_BOOT_LOOPS)
		sim_restart_in(sim, sim->faults.boot_time_ms, FWSLOT_RESTART_REASON_FAULT);
	else if (image.behaviour == SIM_BEHAVIOUR_HANGS)
		sim_restart_in(sim, WATCHDOG_MS, FWSLOT_RESTART_REASON_WATCHDOG);
	else if (sim->faults.crash_after_s)
		sim_restart_in(sim, sim->faults.crash_after_s * MSEC_PER_SEC,
			       FWSLOT_RESTART_REASON_FAULT);
}

/* Supersedes a start that is on its way. */
void sim_restart_in(struct sim_device *sim, unsigned int delay_ms,
		    enum fwslot_restart_reason reason)
{
	lockdep_assert_held(&sim->lock);
	if (!sim->is_plugged)
		return;
	sim->start_reason = reason;
	mod_delayed_work(sim_workqueue, &sim->start_work, msecs_to_jiffies(delay_ms));
}

void sim_start_work(struct work_struct *work)
{
	struct sim_device *sim = container_of(to_delayed_work(work), struct sim_device, start_work);
	enum fwslot_restart_reason reason;
	int chosen, running;

	mutex_lock(&sim->lock);
	if (!sim->is_plugged || sim->faults.silent) {
		mutex_unlock(&sim->lock);
		return;
	}
	reason = sim->start_reason;
	chosen = sim->chosen_slot;
	sim_choose_image(sim);
	running = sim->running_slot;
	if (running != chosen)
		reason = FWSLOT_RESTART_REASON_FAULT;
	sim->total_boots++;
	/* Before the report, so that an order to go back comes later and supersedes the crash. */
	sim_run_image(sim);
	mutex_unlock(&sim->lock);

	/* What runs may call itself another version. */
	fwslot_refresh(sim->fdev);
	fwslot_booted(sim->fdev, running, reason);
}

/* What a new device runs. */
int sim_write_factory_image(struct sim_device *sim, unsigned int slot)
{
	struct sim_image image = {
		.payload_bytes = FACTORY_PAYLOAD_BYTES,
		.behaviour = SIM_BEHAVIOUR_BOOTS,
		.version = FACTORY_VERSION,
	};
	u8 *bytes = kzalloc(SIM_IMAGE_HEADER_BYTES + FACTORY_PAYLOAD_BYTES, GFP_KERNEL);
	int ret;

	if (!bytes)
		return -ENOMEM;
	strscpy(image.hardware_id, sim_hardware_id, sizeof(image.hardware_id));
	image.payload_crc = compute_crc32(0, bytes + SIM_IMAGE_HEADER_BYTES,
					  FACTORY_PAYLOAD_BYTES);
	sim_image_write_header(&image, compute_crc32, bytes);
	ret = sim_flash_program(sim, slot, 0, bytes,
				SIM_IMAGE_HEADER_BYTES + FACTORY_PAYLOAD_BYTES);
	kfree(bytes);
	return ret;
}
