// SPDX-License-Identifier: GPL-2.0
/*
 * Files of /sys/class/fwslot/fwslotN/boot. Documentation/ABI/testing/sysfs-class-fwslot says
 * what they mean.
 */
#include <linux/kstrtox.h>
#include <linux/sysfs.h>

#include "core.h"
#include "notify.h"

static struct fwslot_boot get_boot(struct device *dev)
{
	struct fwslot_device *fdev = to_fwslot_device(dev);
	struct fwslot_boot boot;

	mutex_lock(&fdev->lock);
	boot = fdev->boot;
	mutex_unlock(&fdev->lock);
	return boot;
}

static ssize_t emit_slot(char *buf, int slot)
{
	return slot == FWSLOT_NO_SLOT ? -ENODATA : sysfs_emit(buf, "%d\n", slot);
}

static ssize_t total_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%llu\n", get_boot(dev).total);
}
static DEVICE_ATTR_RO(total);

static ssize_t state_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%s\n", fwslot_boot_state_words[get_boot(dev).state]);
}
static DEVICE_ATTR_RO(state);

static ssize_t running_slot_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return emit_slot(buf, get_boot(dev).running);
}
static DEVICE_ATTR_RO(running_slot);

static ssize_t next_slot_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return emit_slot(buf, get_boot(dev).next);
}
static DEVICE_ATTR_RO(next_slot);

static ssize_t fallback_slot_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return emit_slot(buf, get_boot(dev).fallback);
}
static DEVICE_ATTR_RO(fallback_slot);

static ssize_t attempts_left_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct fwslot_boot boot = get_boot(dev);

	return sysfs_emit(buf, "%u\n", fwslot_boot_attempts_left(&boot));
}
static DEVICE_ATTR_RO(attempts_left);

static ssize_t last_restart_reason_show(struct device *dev, struct device_attribute *attr,
					char *buf)
{
	return sysfs_emit(buf, "%s\n",
			  fwslot_restart_reason_words[get_boot(dev).last_restart_reason]);
}
static DEVICE_ATTR_RO(last_restart_reason);

/* Writes a number of the boot record through one of its rules. */
static ssize_t set_number(struct device *dev, const char *buf, size_t count,
			  int (*set)(struct fwslot_boot *boot, unsigned int number))
{
	struct fwslot_device *fdev = to_fwslot_device(dev);
	unsigned int number;
	int ret;

	ret = kstrtouint(buf, 10, &number);
	if (ret)
		return ret;

	mutex_lock(&fdev->lock);
	ret = fdev->is_gone ? -ENODEV : set(&fdev->boot, number);
	mutex_unlock(&fdev->lock);
	if (ret)
		return ret;
	fwslot_notify_boot(fdev, FWSLOT_BOOT_EVENT_CHANGED);
	return count;
}

static ssize_t limit_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%u\n", get_boot(dev).limit);
}

static ssize_t limit_store(struct device *dev, struct device_attribute *attr, const char *buf,
			   size_t count)
{
	return set_number(dev, buf, count, fwslot_boot_set_limit);
}
static DEVICE_ATTR_RW(limit);

static ssize_t attempts_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%u\n", get_boot(dev).attempts);
}

static ssize_t attempts_store(struct device *dev, struct device_attribute *attr, const char *buf,
			      size_t count)
{
	return set_number(dev, buf, count, fwslot_boot_set_attempts);
}
static DEVICE_ATTR_RW(attempts);

static ssize_t confirm_store(struct device *dev, struct device_attribute *attr, const char *buf,
			     size_t count)
{
	int ret;

	if (!fwslot_is_order(buf))
		return -EINVAL;
	ret = fwslot_device_confirm(to_fwslot_device(dev));
	return ret ? ret : count;
}
static DEVICE_ATTR_WO(confirm);

static struct attribute *attributes[] = {
	&dev_attr_total.attr,
	&dev_attr_state.attr,
	&dev_attr_running_slot.attr,
	&dev_attr_next_slot.attr,
	&dev_attr_fallback_slot.attr,
	&dev_attr_limit.attr,
	&dev_attr_attempts.attr,
	&dev_attr_attempts_left.attr,
	&dev_attr_last_restart_reason.attr,
	&dev_attr_confirm.attr,
	NULL
};

/* A device that assesses itself has its own idea of these two. */
static umode_t is_visible(struct kobject *kobj, struct attribute *attr, int index)
{
	const struct fwslot_device *fdev = to_fwslot_device(kobj_to_dev(kobj));

	if (fwslot_assesses_itself(fdev) &&
	    (attr == &dev_attr_limit.attr || attr == &dev_attr_attempts.attr))
		return 0444;
	return attr->mode;
}

const struct attribute_group fwslot_boot_group = {
	.name = "boot",
	.attrs = attributes,
	.is_visible = is_visible,
};
