// SPDX-License-Identifier: GPL-2.0
/*
 * Life of a device: checked and made, shown, found by its index, gone, released. What it does in
 * between is in other files.
 */
#include <linux/export.h>
#include <linux/idr.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/xarray.h>

#include "core.h"
#include "notify.h"

/* Registered devices by index. Its spinlock makes finding and getting one step. */
static DEFINE_XARRAY(registry);

/* An index is free again when the last reference on its device is dropped. */
static DEFINE_IDA(indexes);

struct class fwslot_class = {
	.name = "fwslot",
};

static void release_device(struct device *dev)
{
	struct fwslot_device *fdev = to_fwslot_device(dev);
	unsigned int i;

	for (i = 0; i < fdev->num_slots && fdev->slots[i]; i++)
		put_device(&fdev->slots[i]->dev);
	fwslot_image_buffer_free(&fdev->upload.image);
	ida_free(&indexes, fdev->index);
	kfree(fdev->name);
	kfree(fdev->provider);
	kfree(fdev->hardware_id);
	kfree(fdev->serial);
	mutex_destroy(&fdev->lock);
	mutex_destroy(&fdev->notify_lock);
	mutex_destroy(&fdev->ops_lock);
	kfree(fdev);
	/* The reference that keeps this very function in memory. */
	module_put(THIS_MODULE);
}

static const struct device_type device_type = {
	.name = "fwslot_device",
	.release = release_device,
};

static bool is_text(const char *text, size_t max_length)
{
	size_t length = text ? strnlen(text, max_length + 1) : 0;

	return length >= 1 && length <= max_length;
}

static const char *explain_slots(const struct fwslot_desc *desc)
{
	unsigned int i;

	if (desc->num_slots < 1 || desc->num_slots > FWSLOT_SLOTS_MAX || !desc->slots)
		return "it needs 1 to 32 slots";
	for (i = 0; i < desc->num_slots; i++) {
		if (!is_text(desc->slots[i].label, FWSLOT_NAME_MAX))
			return "each slot needs a label of 1 to 127 bytes";
		if (!desc->slots[i].size_bytes)
			return "a slot has the size 0";
	}
	return NULL;
}

static const char *explain_ops(const struct fwslot_desc *desc, const struct fwslot_ops *ops)
{
	bool has_boot_control = ops->read_boot;

	if (!ops->inspect)
		return "the operation inspect is missing";
	if (has_boot_control != !!ops->activate)
		return "the operations read_boot and activate come together";
	if (has_boot_control && !(desc->flags & FWSLOT_ASSESSES_ITSELF) && !ops->go_back)
		return "the operation go_back is missing for a device that does not assess itself";
	if ((desc->flags & FWSLOT_ASSESSES_ITSELF) && !(has_boot_control && ops->confirm))
		return "a device that assesses itself needs read_boot and confirm";
	return NULL;
}

/* Return: what is wrong with a description, or NULL. */
static const char *explain_desc(const struct fwslot_desc *desc, const struct fwslot_ops *ops)
{
	const char *problem;

	if (!is_text(desc->name, FWSLOT_NAME_MAX) || !is_text(desc->provider, FWSLOT_NAME_MAX))
		return "name and provider need 1 to 127 bytes";
	if (!is_text(desc->hardware_id, FWSLOT_HARDWARE_ID_MAX))
		return "the hardware id needs 1 to 259 bytes";
	if (desc->serial && !is_text(desc->serial, FWSLOT_NAME_MAX))
		return "a serial number has 1 to 127 bytes";
	problem = explain_slots(desc);
	return problem ? problem : explain_ops(desc, ops);
}

static void init_device(struct fwslot_device *fdev, struct device *parent)
{
	mutex_init(&fdev->ops_lock);
	mutex_init(&fdev->notify_lock);
	mutex_init(&fdev->lock);
	init_waitqueue_head(&fdev->wait_queue);
	fwslot_boot_init(fdev);
	fwslot_upload_init(fdev);

	fdev->groups[0] = &fwslot_device_group;
	if (fwslot_has_boot_control(fdev))
		fdev->groups[1] = &fwslot_boot_group;

	device_initialize(&fdev->dev);
	fdev->dev.class = &fwslot_class;
	fdev->dev.type = &device_type;
	fdev->dev.parent = parent;
	fdev->dev.groups = fdev->groups;
}

/* What can fail, after @fdev->dev can be put. */
static int fill_device(struct fwslot_device *fdev, const struct fwslot_desc *desc)
{
	unsigned int i;
	int ret;

	fdev->name = kstrdup(desc->name, GFP_KERNEL);
	fdev->provider = kstrdup(desc->provider, GFP_KERNEL);
	fdev->hardware_id = kstrdup(desc->hardware_id, GFP_KERNEL);
	fdev->serial = kstrdup(desc->serial, GFP_KERNEL);
	if (!fdev->name || !fdev->provider || !fdev->hardware_id || (desc->serial && !fdev->serial))
		return -ENOMEM;
	ret = dev_set_name(&fdev->dev, "fwslot%u", fdev->index);
	if (ret)
		return ret;

	for (i = 0; i < desc->num_slots; i++) {
		struct fwslot_slot *slot = fwslot_slot_create(fdev, i, &desc->slots[i]);

		if (IS_ERR(slot))
			return PTR_ERR(slot);
		fdev->slots[i] = slot;
	}
	return 0;
}

struct fwslot_device *fwslot_alloc(struct device *parent, const struct fwslot_desc *desc,
				   const struct fwslot_ops *ops, void *priv)
{
	const char *problem = explain_desc(desc, ops);
	struct fwslot_device *fdev;
	int ret;

	if (problem) {
		dev_err(parent, "fwslot: not a device description: %s\n", problem);
		return ERR_PTR(-EINVAL);
	}
	fdev = kzalloc(sizeof(*fdev), GFP_KERNEL);
	if (!fdev)
		return ERR_PTR(-ENOMEM);
	ret = ida_alloc(&indexes, GFP_KERNEL);
	if (ret < 0) {
		kfree(fdev);
		return ERR_PTR(ret);
	}

	fdev->index = ret;
	fdev->flags = desc->flags;
	fdev->num_slots = desc->num_slots;
	fdev->capabilities = ops;
	fdev->ops = ops;
	fdev->priv = priv;
	__module_get(THIS_MODULE);
	init_device(fdev, parent);
	ret = fill_device(fdev, desc);
	if (ret) {
		put_device(&fdev->dev);
		return ERR_PTR(ret);
	}
	return fdev;
}
EXPORT_SYMBOL_GPL(fwslot_alloc);

/* Ends what runs and lets nothing begin: no operation is called from here on. */
static void stop_device(struct fwslot_device *fdev)
{
	mutex_lock(&fdev->lock);
	fwslot_interrupt_locked(fdev, -ENODEV);
	mutex_unlock(&fdev->lock);

	mutex_lock(&fdev->ops_lock);
	fdev->ops = NULL;
	fdev->priv = NULL;
	mutex_unlock(&fdev->ops_lock);

	fwslot_upload_stop(fdev);
}

void fwslot_free(struct fwslot_device *fdev)
{
	if (!fdev)
		return;
	stop_device(fdev);
	fwslot_boot_stop(fdev);
	put_device(&fdev->dev);
}
EXPORT_SYMBOL_GPL(fwslot_free);

/* Takes the first @num_slots slots, then the device out of sysfs. */
static void hide_device(struct fwslot_device *fdev, unsigned int num_slots)
{
	while (num_slots)
		device_del(&fdev->slots[--num_slots]->dev);
	device_del(&fdev->dev);
}

static int show_device(struct fwslot_device *fdev)
{
	unsigned int i;
	int ret;

	ret = device_add(&fdev->dev);
	if (ret)
		return ret;
	for (i = 0; i < fdev->num_slots; i++) {
		ret = device_add(&fdev->slots[i]->dev);
		if (ret) {
			hide_device(fdev, i);
			return ret;
		}
	}
	return 0;
}

int fwslot_register(struct fwslot_device *fdev)
{
	unsigned int i;
	int ret;

	ret = fwslot_boot_read(fdev);
	for (i = 0; ret >= 0 && i < fdev->num_slots; i++)
		ret = fwslot_slot_inspect(fdev->slots[i]);
	if (ret < 0)
		return ret;

	ret = show_device(fdev);
	if (ret)
		return ret;
	ret = xa_err(xa_store(&registry, fdev->index, fdev, GFP_KERNEL));
	if (ret) {
		hide_device(fdev, fdev->num_slots);
		return ret;
	}
	fwslot_notify_added(fdev);
	return 0;
}
EXPORT_SYMBOL_GPL(fwslot_register);

void fwslot_unregister(struct fwslot_device *fdev)
{
	stop_device(fdev);
	xa_erase(&registry, fdev->index);
	fwslot_notify_removed(fdev);
	hide_device(fdev, fdev->num_slots);
	/* Only now: the last user of an attribute may still have queued something. */
	fwslot_boot_stop(fdev);
	put_device(&fdev->dev);
}
EXPORT_SYMBOL_GPL(fwslot_unregister);

struct fwslot_device *fwslot_device_find_from(u32 index)
{
	struct fwslot_device *fdev;
	unsigned long at = index;

	xa_lock(&registry);
	fdev = xa_find(&registry, &at, ULONG_MAX, XA_PRESENT);
	if (fdev)
		get_device(&fdev->dev);
	xa_unlock(&registry);
	return fdev;
}

struct fwslot_device *fwslot_device_find(u32 index)
{
	struct fwslot_device *fdev = fwslot_device_find_from(index);

	if (!fdev || fdev->index == index)
		return fdev;
	put_device(&fdev->dev);
	return NULL;
}

int fwslot_devices_init(void)
{
	return class_register(&fwslot_class);
}

/* Each device holds a reference on the module, so none is left. */
void fwslot_devices_exit(void)
{
	class_unregister(&fwslot_class);
	xa_destroy(&registry);
	ida_destroy(&indexes);
}
