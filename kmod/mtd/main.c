// SPDX-License-Identifier: GPL-2.0
/*
 * Devices whose slots are MTD partitions: named by the parameter devices= or by the device tree,
 * shown as soon as all their partitions are there, and hidden when one goes.
 */
#include <linux/device.h>
#include <linux/module.h>
#include <linux/mtd/mtd.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "mtd.h"

static char *devices = "";
module_param(devices, charp, 0444);
MODULE_PARM_DESC(devices, "id=vendor/model,slots=PARTITION:PARTITION[,boot=PARTITION[@OFFSET]];...");

/*
 * After the module is loaded only the work touches them, but for what the notifications note; how
 * many there are and what was said of them stays.
 */
static struct fwslot_mtd_device *known;
static unsigned int num_known;
static bool is_leaving;

static struct device *parent;
static struct workqueue_struct *workqueue;

/*
 * A partition came or went. MTD tells so with its table locked, so nothing can be looked at there:
 * the work looks at everything.
 */
static void look(struct work_struct *work)
{
	unsigned int i;

	for (i = 0; i < num_known; i++) {
		struct fwslot_mtd_device *device = &known[i];
		int ret = 0;

		if (device->fdev && (is_leaving || !fwslot_mtd_device_is_whole(device)))
			fwslot_mtd_device_hide(device);
		if (!device->fdev && !is_leaving)
			ret = fwslot_mtd_device_show(device, parent);
		if (ret && ret != -ENODEV)
			pr_warn("fwslot_mtd: %s cannot be shown: error %d\n", device->spec.id, ret);
	}
}

static DECLARE_WORK(look_work, look);

static void mtd_added(struct mtd_info *mtd)
{
	unsigned int i;

	for (i = 0; i < num_known; i++)
		fwslot_mtd_device_note(&known[i], mtd->name, true);
	queue_work(workqueue, &look_work);
}

static void mtd_removed(struct mtd_info *mtd)
{
	unsigned int i;

	for (i = 0; i < num_known; i++)
		fwslot_mtd_device_note(&known[i], mtd->name, false);
	queue_work(workqueue, &look_work);
}

static struct mtd_notifier notifier = { .add = mtd_added, .remove = mtd_removed };

static int read_parameter(void)
{
	const char *problem = "more than 8 devices";
	const char *text = devices;
	struct fwslot_mtd_spec *spec = kzalloc(sizeof(*spec), GFP_KERNEL);
	int ret = spec ? 1 : -ENOMEM;

	while (ret > 0) {
		ret = fwslot_mtd_spec_read(&text, spec, &problem);
		if (ret > 0 && num_known == FWSLOT_MTD_DEVICES_MAX)
			ret = -EINVAL;
		if (ret > 0)
			known[num_known++].spec = *spec;
		if (ret == -EINVAL)
			pr_err("fwslot_mtd: devices=: %s, before \"%s\"\n", problem, text);
	}
	kfree(spec);
	return ret;
}

static int read_tree(void)
{
	struct fwslot_mtd_spec *specs = kcalloc(FWSLOT_MTD_DEVICES_MAX, sizeof(*specs), GFP_KERNEL);
	unsigned int count;
	unsigned int i;

	if (!specs)
		return -ENOMEM;
	count = fwslot_mtd_read_tree(specs, FWSLOT_MTD_DEVICES_MAX - num_known);
	for (i = 0; i < count; i++)
		known[num_known++].spec = specs[i];
	kfree(specs);
	return 0;
}

static void free_all(void)
{
	if (!IS_ERR_OR_NULL(parent))
		root_device_unregister(parent);
	if (workqueue)
		destroy_workqueue(workqueue);
	kvfree(known);
}

static int __init mtd_init(void)
{
	int ret;

	known = kvcalloc(FWSLOT_MTD_DEVICES_MAX, sizeof(*known), GFP_KERNEL);
	workqueue = alloc_workqueue("fwslot_mtd", WQ_UNBOUND, 0);
	parent = root_device_register("fwslot_mtd");
	if (IS_ERR(parent))
		ret = PTR_ERR(parent);
	else
		ret = known && workqueue ? read_parameter() : -ENOMEM;
	if (!ret)
		ret = read_tree();
	if (ret) {
		free_all();
		return ret;
	}
	register_mtd_user(&notifier);
	return 0;
}
module_init(mtd_init);

static void __exit mtd_exit(void)
{
	unregister_mtd_user(&notifier);
	/* The last look: everything goes. */
	WRITE_ONCE(is_leaving, true);
	queue_work(workqueue, &look_work);
	flush_work(&look_work);
	free_all();
}
module_exit(mtd_exit);

MODULE_DESCRIPTION("fwslot provider: MTD partitions as slots, boot counters of U-Boot");
MODULE_AUTHOR("fwslot");
MODULE_LICENSE("GPL");
MODULE_VERSION(FWSLOT_VERSION);
