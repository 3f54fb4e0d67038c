// SPDX-License-Identifier: GPL-2.0
/*
 * fwslot_sim.ko: simulated devices, the other half of every test. Here they are created and
 * deleted.
 */
#include <linux/device.h>
#include <linux/err.h>
#include <linux/idr.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "sim.h"

#define DEFAULT_BOOT_TIME_MS 500

static unsigned int devices = 1;
module_param(devices, uint, 0444);
MODULE_PARM_DESC(devices, "how many devices there are from the start");

static unsigned int slots = 2;
module_param(slots, uint, 0444);
MODULE_PARM_DESC(slots, "slots of each device");

static unsigned int slot_size = 1U << 20;
module_param(slot_size, uint, 0644);
MODULE_PARM_DESC(slot_size, "bytes of each slot, a multiple of 65536, at most 64 MiB");

static unsigned int flash_delay_us_per_page;
module_param(flash_delay_us_per_page, uint, 0644);
MODULE_PARM_DESC(flash_delay_us_per_page, "how slow the flash of new devices is");

char *sim_hardware_id = "fwslot/sim";
module_param_named(hardware_id, sim_hardware_id, charp, 0444);
MODULE_PARM_DESC(hardware_id, "what the devices are, vendor/model");

struct workqueue_struct *sim_workqueue;

/* All devices, and whether new ones may join them. */
static DEFINE_MUTEX(sim_list_lock);
static LIST_HEAD(sim_list);
static bool is_stopping;
static DEFINE_IDA(sim_numbers);

u32 sim_default_slot_bytes(void)
{
	return slot_size;
}

static void free_device(struct sim_device *sim)
{
	sim_flash_free(sim);
	mutex_destroy(&sim->lock);
	mutex_destroy(&sim->plug_lock);
	ida_free(&sim_numbers, sim->number);
	kfree(sim);
}

static void init_device(struct sim_device *sim, unsigned int num_slots, u32 slot_bytes)
{
	mutex_init(&sim->plug_lock);
	mutex_init(&sim->lock);
	INIT_DELAYED_WORK(&sim->start_work, sim_start_work);
	INIT_WORK(&sim->vanish_work, sim_vanish_work);
	sim->num_slots = num_slots;
	sim->slot_bytes = slot_bytes;
	sim->running_slot = FWSLOT_NO_SLOT;
	sim->remembers = true;
	sim->faults = (struct sim_faults){
		.flash_delay_us_per_page = flash_delay_us_per_page,
		.torn_write_at_page = SIM_NO_PAGE,
		.bit_flip_at_page = SIM_NO_PAGE,
		.boot_time_ms = DEFAULT_BOOT_TIME_MS,
	};
}

static struct sim_device *make_device(unsigned int num_slots, u32 slot_bytes)
{
	struct sim_device *sim = kzalloc(sizeof(*sim), GFP_KERNEL);
	int ret;

	if (!sim)
		return ERR_PTR(-ENOMEM);
	ret = ida_alloc_max(&sim_numbers, SIM_DEVICES_MAX - 1, GFP_KERNEL);
	if (ret < 0) {
		kfree(sim);
		return ERR_PTR(ret);
	}
	sim->number = ret;
	init_device(sim, num_slots, slot_bytes);

	ret = sim_flash_init(sim);
	if (!ret)
		ret = sim_write_factory_image(sim, 0);
	if (!ret)
		ret = sim_plug(sim);
	if (ret) {
		free_device(sim);
		return ERR_PTR(ret);
	}
	return sim;
}

/* @sim is in no list, or in none any more. */
static void delete_device(struct sim_device *sim)
{
	sim_debugfs_remove(sim);
	sim_unplug(sim);
	/* It finds nothing to pull out, but it must not find nothing at all. */
	cancel_work_sync(&sim->vanish_work);
	free_device(sim);
}

/* Return: the number of the new device, -EINVAL for impossible sizes, or another negative errno. */
int sim_create_device(unsigned int num_slots, u32 slot_bytes)
{
	struct sim_device *sim;
	int ret;

	if (num_slots < 1 || num_slots > FWSLOT_SLOTS_MAX ||
	    slot_bytes < SIM_SLOT_BYTES_MIN || slot_bytes > SIM_SLOT_BYTES_MAX ||
	    slot_bytes % SIM_BLOCK_BYTES)
		return -EINVAL;
	sim = make_device(num_slots, slot_bytes);
	if (IS_ERR(sim))
		return PTR_ERR(sim);
	ret = -ENODEV;
	mutex_lock(&sim_list_lock);
	if (!is_stopping) {
		list_add_tail(&sim->link, &sim_list);
		sim_debugfs_add(sim);
		ret = sim->number;
	}
	mutex_unlock(&sim_list_lock);
	if (ret < 0)
		delete_device(sim);
	return ret;
}

/* Takes a device out of the list: this one, or any for a negative number. */
static struct sim_device *take_device(int number)
{
	struct sim_device *sim, *found = NULL;

	mutex_lock(&sim_list_lock);
	list_for_each_entry(sim, &sim_list, link) {
		if (number < 0 || sim->number == (unsigned int)number) {
			found = sim;
			list_del(&sim->link);
			break;
		}
	}
	mutex_unlock(&sim_list_lock);
	return found;
}

int sim_delete_device(unsigned int number)
{
	struct sim_device *sim;

	if (number >= SIM_DEVICES_MAX)
		return -ENODEV;
	sim = take_device(number);
	if (!sim)
		return -ENODEV;
	delete_device(sim);
	return 0;
}

static void delete_all_devices(void)
{
	struct sim_device *sim;

	mutex_lock(&sim_list_lock);
	is_stopping = true;
	mutex_unlock(&sim_list_lock);
	while ((sim = take_device(-1)))
		delete_device(sim);
}

static int create_first_devices(void)
{
	unsigned int i;

	if (devices > SIM_DEVICES_MAX || strlen(sim_hardware_id) > SIM_IMAGE_HARDWARE_ID_MAX)
		return -EINVAL;
	for (i = 0; i < devices; i++) {
		int ret = sim_create_device(slots, slot_size);

		if (ret < 0)
			return ret;
	}
	return 0;
}

static void sim_stop(void)
{
	delete_all_devices();
	/* Waits for those who would create or delete, who find that it is too late. */
	sim_debugfs_exit();
	destroy_workqueue(sim_workqueue);
	root_device_unregister(sim_parent);
	ida_destroy(&sim_numbers);
}

static int __init sim_init(void)
{
	int ret;

	sim_workqueue = alloc_workqueue("fwslot_sim", WQ_UNBOUND, 0);
	if (!sim_workqueue)
		return -ENOMEM;
	sim_parent = root_device_register("fwslot_sim");
	if (IS_ERR(sim_parent)) {
		destroy_workqueue(sim_workqueue);
		return PTR_ERR(sim_parent);
	}
	sim_debugfs_init();
	ret = create_first_devices();
	if (ret)
		sim_stop();
	return ret;
}
module_init(sim_init);

static void __exit sim_exit(void)
{
	sim_stop();
}
module_exit(sim_exit);

MODULE_DESCRIPTION("Simulated devices with firmware slots");
MODULE_AUTHOR("fwslot");
MODULE_LICENSE("GPL");
MODULE_VERSION(FWSLOT_VERSION);
