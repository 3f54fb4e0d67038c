// SPDX-License-Identifier: GPL-2.0
/*
 * Plugging a simulated device in and pulling it out. Pulled out it keeps its flash, as a real one
 * does, and can come back.
 */
#include <linux/device.h>

#include "sim.h"

/* Where simulated devices hang in the device tree. */
struct device *sim_parent;

static struct fwslot_device *describe(struct sim_device *sim)
{
	struct fwslot_slot_desc slots[FWSLOT_SLOTS_MAX];
	char labels[FWSLOT_SLOTS_MAX][4];
	char name[40], serial[20];
	const struct fwslot_desc desc = {
		.name = name,
		.provider = "sim",
		.hardware_id = sim_hardware_id,
		.serial = serial,
		.num_slots = sim->num_slots,
		.slots = slots,
	};
	unsigned int i;

	snprintf(name, sizeof(name), "Simulated device %u", sim->number);
	snprintf(serial, sizeof(serial), "sim-%04u", sim->number);
	for (i = 0; i < sim->num_slots; i++) {
		/* "a" to "z", then "s26" */
		if (i < 26)
			snprintf(labels[i], sizeof(labels[i]), "%c", 'a' + i);
		else
			snprintf(labels[i], sizeof(labels[i]), "s%u", i % 100);
		slots[i] = (struct fwslot_slot_desc){
			.label = labels[i],
			.size_bytes = sim->slot_bytes,
		};
	}
	return fwslot_alloc(sim_parent, &desc, &sim_ops, sim);
}

/* Power comes: the boot loader starts before the host sees the device. */
static void power_on(struct sim_device *sim)
{
	mutex_lock(&sim->lock);
	sim->is_plugged = true;
	sim->pages_written = 0;
	sim_choose_image(sim);
	sim->total_boots++;
	mutex_unlock(&sim->lock);
}

static void power_off(struct sim_device *sim)
{
	mutex_lock(&sim->lock);
	sim->is_plugged = false;
	sim->remembers = false;
	mutex_unlock(&sim->lock);
	/* No start is on its way any more, and none begins. */
	cancel_delayed_work_sync(&sim->start_work);
}

static int plug(struct sim_device *sim)
{
	struct fwslot_device *fdev;
	int ret;

	fdev = describe(sim);
	if (IS_ERR(fdev))
		return PTR_ERR(fdev);
	sim->fdev = fdev;
	power_on(sim);
	ret = fwslot_register(fdev);
	if (ret) {
		power_off(sim);
		fwslot_free(fdev);
		sim->fdev = NULL;
		return ret;
	}

	mutex_lock(&sim->lock);
	sim_run_image(sim);
	mutex_unlock(&sim->lock);
	return 0;
}

static void unplug(struct sim_device *sim)
{
	if (!sim->fdev)
		return;
	power_off(sim);
	fwslot_unregister(sim->fdev);
	sim->fdev = NULL;
}

/* Pulls it out first if it is in. */
int sim_plug(struct sim_device *sim)
{
	int ret;

	mutex_lock(&sim->plug_lock);
	unplug(sim);
	ret = plug(sim);
	mutex_unlock(&sim->plug_lock);
	return ret;
}

void sim_unplug(struct sim_device *sim)
{
	mutex_lock(&sim->plug_lock);
	unplug(sim);
	mutex_unlock(&sim->plug_lock);
}

/*
 * For operations, which cannot wait for themselves. They have cut the power already; if it is there
 * again, somebody plugged the device in meanwhile.
 */
void sim_vanish_work(struct work_struct *work)
{
	struct sim_device *sim = container_of(work, struct sim_device, vanish_work);
	bool is_plugged;

	mutex_lock(&sim->plug_lock);
	mutex_lock(&sim->lock);
	is_plugged = sim->is_plugged;
	mutex_unlock(&sim->lock);
	if (!is_plugged)
		unplug(sim);
	mutex_unlock(&sim->plug_lock);
}
