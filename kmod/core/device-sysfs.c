// SPDX-License-Identifier: GPL-2.0
/*
 * Files of /sys/class/fwslot/fwslotN except boot/. Documentation/ABI/testing/sysfs-class-fwslot
 * says what they mean.
 */
#include <linux/sysfs.h>

#include "core.h"

static ssize_t name_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%s\n", to_fwslot_device(dev)->name);
}
static DEVICE_ATTR_RO(name);

static ssize_t provider_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%s\n", to_fwslot_device(dev)->provider);
}
static DEVICE_ATTR_RO(provider);

static ssize_t hardware_id_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%s\n", to_fwslot_device(dev)->hardware_id);
}
static DEVICE_ATTR_RO(hardware_id);

static ssize_t serial_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%s\n", to_fwslot_device(dev)->serial);
}
static DEVICE_ATTR_RO(serial);

static ssize_t num_slots_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%u\n", to_fwslot_device(dev)->num_slots);
}
static DEVICE_ATTR_RO(num_slots);

static ssize_t status_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct fwslot_device *fdev = to_fwslot_device(dev);
	enum fwslot_status status;

	mutex_lock(&fdev->lock);
	status = fdev->status;
	mutex_unlock(&fdev->lock);
	return sysfs_emit(buf, "%s\n", fwslot_status_words[status]);
}
static DEVICE_ATTR_RO(status);

static ssize_t restart_store(struct device *dev, struct device_attribute *attr, const char *buf,
			     size_t count)
{
	int ret;

	if (!fwslot_is_order(buf))
		return -EINVAL;
	ret = fwslot_device_restart(to_fwslot_device(dev));
	return ret ? ret : count;
}
static DEVICE_ATTR_WO(restart);

static struct attribute *attributes[] = {
	&dev_attr_name.attr,
	&dev_attr_provider.attr,
	&dev_attr_hardware_id.attr,
	&dev_attr_serial.attr,
	&dev_attr_num_slots.attr,
	&dev_attr_status.attr,
	&dev_attr_restart.attr,
	NULL
};

static umode_t is_visible(struct kobject *kobj, struct attribute *attr, int index)
{
	const struct fwslot_device *fdev = to_fwslot_device(kobj_to_dev(kobj));

	if (attr == &dev_attr_serial.attr && !fdev->serial)
		return 0;
	if (attr == &dev_attr_restart.attr && !fdev->capabilities->restart)
		return 0;
	return attr->mode;
}

const struct attribute_group fwslot_device_group = {
	.attrs = attributes,
	.is_visible = is_visible,
};
