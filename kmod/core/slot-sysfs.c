// SPDX-License-Identifier: GPL-2.0
/*
 * Files of a slot that say what it is and holds, and "activate". Those that write it are in
 * upload-sysfs.c. Documentation/ABI/testing/sysfs-class-fwslot says what they mean.
 */
#include <linux/string.h>
#include <linux/sysfs.h>

#include "core.h"

static ssize_t index_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%u\n", to_fwslot_slot(dev)->index);
}
static DEVICE_ATTR_RO(index);

static ssize_t label_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%s\n", to_fwslot_slot(dev)->label);
}
static DEVICE_ATTR_RO(label);

static ssize_t size_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%llu\n", to_fwslot_slot(dev)->size_bytes);
}
static DEVICE_ATTR_RO(size);

static ssize_t state_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct fwslot_slot *slot = to_fwslot_slot(dev);
	enum fwslot_slot_state state;

	mutex_lock(&slot->fdev->lock);
	state = fwslot_slot_state(slot);
	mutex_unlock(&slot->fdev->lock);
	return sysfs_emit(buf, "%s\n", fwslot_slot_state_words[state]);
}
static DEVICE_ATTR_RO(state);

static ssize_t active_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct fwslot_slot *slot = to_fwslot_slot(dev);
	bool is_active;

	mutex_lock(&slot->fdev->lock);
	is_active = slot->fdev->boot.running == (int)slot->index;
	mutex_unlock(&slot->fdev->lock);
	return sysfs_emit(buf, "%d\n", is_active);
}
static DEVICE_ATTR_RO(active);

static ssize_t next_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct fwslot_slot *slot = to_fwslot_slot(dev);
	bool is_next;

	mutex_lock(&slot->fdev->lock);
	is_next = slot->fdev->boot.next == (int)slot->index;
	mutex_unlock(&slot->fdev->lock);
	return sysfs_emit(buf, "%d\n", is_next);
}
static DEVICE_ATTR_RO(next);

static ssize_t version_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct fwslot_slot *slot = to_fwslot_slot(dev);
	ssize_t ret = -ENODATA;

	mutex_lock(&slot->fdev->lock);
	if (slot->version[0])
		ret = sysfs_emit(buf, "%s\n", slot->version);
	mutex_unlock(&slot->fdev->lock);
	return ret;
}
static DEVICE_ATTR_RO(version);

static ssize_t image_size_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct fwslot_slot *slot = to_fwslot_slot(dev);
	u64 image_size_bytes;

	mutex_lock(&slot->fdev->lock);
	image_size_bytes = slot->image_size_bytes;
	mutex_unlock(&slot->fdev->lock);
	return image_size_bytes ? sysfs_emit(buf, "%llu\n", image_size_bytes) : -ENODATA;
}
static DEVICE_ATTR_RO(image_size);

static ssize_t digest_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct fwslot_slot *slot = to_fwslot_slot(dev);
	char text[FWSLOT_DIGEST_TEXT_SIZE];
	bool has_digest;

	mutex_lock(&slot->fdev->lock);
	has_digest = slot->has_digest;
	fwslot_slot_digest_text(slot, text);
	mutex_unlock(&slot->fdev->lock);
	return has_digest ? sysfs_emit(buf, "%s\n", text) : -ENODATA;
}
static DEVICE_ATTR_RO(digest);

static ssize_t activate_store(struct device *dev, struct device_attribute *attr, const char *buf,
			      size_t count)
{
	static const char * const words[] = { "trial", "permanent" };
	int word = sysfs_match_string(words, buf);
	int ret;

	if (word < 0)
		return word;
	ret = fwslot_slot_activate(to_fwslot_slot(dev), word == 1);
	return ret ? ret : count;
}
static DEVICE_ATTR_WO(activate);

static struct attribute *attributes[] = {
	&dev_attr_index.attr,
	&dev_attr_label.attr,
	&dev_attr_size.attr,
	&dev_attr_state.attr,
	&dev_attr_active.attr,
	&dev_attr_next.attr,
	&dev_attr_version.attr,
	&dev_attr_image_size.attr,
	&dev_attr_digest.attr,
	&dev_attr_activate.attr,
	NULL
};

static umode_t is_visible(struct kobject *kobj, struct attribute *attr, int index)
{
	const struct fwslot_slot *slot = to_fwslot_slot(kobj_to_dev(kobj));

	if (!fwslot_has_boot_control(slot->fdev) &&
	    (attr == &dev_attr_active.attr || attr == &dev_attr_next.attr ||
	     attr == &dev_attr_activate.attr))
		return 0;
	return attr->mode;
}

const struct attribute_group fwslot_slot_group = {
	.attrs = attributes,
	.is_visible = is_visible,
};
