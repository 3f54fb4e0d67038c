// SPDX-License-Identifier: GPL-2.0
/*
 * Files of a slot that write it and read it back: those of the kernel's firmware-upload ABI, and
 * "erase". Documentation/ABI/testing/sysfs-class-fwslot says what they mean.
 */
#include <linux/kstrtox.h>
#include <linux/sysfs.h>

#include "../compat.h"
#include "core.h"

static ssize_t loading_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct fwslot_slot *slot = to_fwslot_slot(dev);
	bool is_loading;

	mutex_lock(&slot->fdev->lock);
	is_loading = slot->fdev->status == FWSLOT_STATUS_RECEIVING &&
		     slot->fdev->busy_slot == slot;
	mutex_unlock(&slot->fdev->lock);
	return sysfs_emit(buf, "%d\n", is_loading);
}

static ssize_t loading_store(struct device *dev, struct device_attribute *attr, const char *buf,
			     size_t count)
{
	static int (* const actions[])(struct fwslot_slot *slot) = {
		fwslot_upload_drop,	/* -1 */
		fwslot_upload_commit,	/* 0 */
		fwslot_upload_begin,	/* 1 */
	};
	int number;
	int ret;

	ret = kstrtoint(buf, 10, &number);
	if (ret)
		return ret;
	if (number < -1 || number > 1)
		return -EINVAL;
	ret = actions[number + 1](to_fwslot_slot(dev));
	return ret ? ret : count;
}
static DEVICE_ATTR_RW(loading);

static ssize_t status_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct fwslot_slot *slot = to_fwslot_slot(dev);
	enum fwslot_status status = FWSLOT_STATUS_IDLE;

	mutex_lock(&slot->fdev->lock);
	if (slot->fdev->busy_slot == slot)
		status = slot->fdev->status;
	mutex_unlock(&slot->fdev->lock);
	return sysfs_emit(buf, "%s\n", fwslot_status_words[status]);
}
static DEVICE_ATTR_RO(status);

static ssize_t error_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct fwslot_slot *slot = to_fwslot_slot(dev);
	char text[FWSLOT_ERROR_TEXT_SIZE];
	bool is_busy;

	mutex_lock(&slot->fdev->lock);
	is_busy = slot->fdev->busy_slot == slot;
	fwslot_slot_error_text(slot, text);
	mutex_unlock(&slot->fdev->lock);
	if (is_busy)
		return -EBUSY;
	return text[0] ? sysfs_emit(buf, "%s\n", text) : 0;
}
static DEVICE_ATTR_RO(error);

static ssize_t remaining_size_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct fwslot_slot *slot = to_fwslot_slot(dev);
	u64 remaining_bytes;

	mutex_lock(&slot->fdev->lock);
	remaining_bytes = slot->remaining_bytes;
	mutex_unlock(&slot->fdev->lock);
	return sysfs_emit(buf, "%llu\n", remaining_bytes);
}
static DEVICE_ATTR_RO(remaining_size);

static ssize_t order(struct device *dev, const char *buf, size_t count,
		     int (*action)(struct fwslot_slot *slot))
{
	int ret;

	if (!fwslot_is_order(buf))
		return -EINVAL;
	ret = action(to_fwslot_slot(dev));
	return ret ? ret : count;
}

static ssize_t cancel_store(struct device *dev, struct device_attribute *attr, const char *buf,
			    size_t count)
{
	return order(dev, buf, count, fwslot_upload_cancel);
}
static DEVICE_ATTR_WO(cancel);

static ssize_t erase_store(struct device *dev, struct device_attribute *attr, const char *buf,
			   size_t count)
{
	return order(dev, buf, count, fwslot_upload_erase);
}
static DEVICE_ATTR_WO(erase);

static struct attribute *attributes[] = {
	&dev_attr_loading.attr,
	&dev_attr_status.attr,
	&dev_attr_error.attr,
	&dev_attr_remaining_size.attr,
	&dev_attr_cancel.attr,
	&dev_attr_erase.attr,
	NULL
};

static umode_t is_visible(struct kobject *kobj, struct attribute *attr, int index)
{
	const struct fwslot_slot *slot = to_fwslot_slot(kobj_to_dev(kobj));
	const struct fwslot_ops *capabilities = slot->fdev->capabilities;

	if (!capabilities->write)
		return 0;
	if (attr == &dev_attr_erase.attr && !capabilities->erase)
		return 0;
	return attr->mode;
}

const struct attribute_group fwslot_upload_group = {
	.attrs = attributes,
	.is_visible = is_visible,
};

static ssize_t data_read(struct file *file, struct kobject *kobj,
			 fwslot_bin_attribute_ptr attr, char *buf, loff_t offset, size_t count)
{
	return fwslot_slot_read(to_fwslot_slot(kobj_to_dev(kobj)), buf, offset, count);
}

static ssize_t data_write(struct file *file, struct kobject *kobj,
			  fwslot_bin_attribute_ptr attr, char *buf, loff_t offset, size_t count)
{
	int ret = fwslot_upload_append(to_fwslot_slot(kobj_to_dev(kobj)), buf, offset, count);

	return ret ? ret : count;
}

/* Three modes rather than is_bin_visible, whose type changed. */
static struct bin_attribute data_read_write = {
	.attr = { .name = "data", .mode = 0600 },
	.read = data_read,
	.write = data_write,
};

static struct bin_attribute data_read_only = {
	.attr = { .name = "data", .mode = 0400 },
	.read = data_read,
};

static struct bin_attribute data_write_only = {
	.attr = { .name = "data", .mode = 0200 },
	.write = data_write,
};

static fwslot_bin_attribute_ptr read_write_attributes[] = { &data_read_write, NULL };
static fwslot_bin_attribute_ptr read_only_attributes[] = { &data_read_only, NULL };
static fwslot_bin_attribute_ptr write_only_attributes[] = { &data_write_only, NULL };

static const struct attribute_group data_groups[] = {
	{ .bin_attrs = read_write_attributes },
	{ .bin_attrs = read_only_attributes },
	{ .bin_attrs = write_only_attributes },
};

/* Return: the group with "data" as this slot can have it, or NULL if it can have none. */
const struct attribute_group *fwslot_data_group(const struct fwslot_slot *slot)
{
	const struct fwslot_ops *capabilities = slot->fdev->capabilities;

	if (capabilities->read)
		return &data_groups[capabilities->write ? 0 : 1];
	return capabilities->write ? &data_groups[2] : NULL;
}
