// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/fwslot: a process provides a device. One read is one request, one write is one answer; the
 * messages are in include/uapi/fwslot_user.h. This file is the character device and nothing more.
 */
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/poll.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "user.h"

#define OUTGOING_MAX \
	(sizeof(struct fwslot_user_header) + sizeof(struct fwslot_user_request) + \
	 FWSLOT_USER_TRANSFER_MAX)

static int open(struct inode *inode, struct file *file)
{
	struct fwslot_user *user = kzalloc(sizeof(*user), GFP_KERNEL);

	if (!user)
		return -ENOMEM;
	mutex_init(&user->create_lock);
	mutex_init(&user->read_lock);
	mutex_init(&user->lock);
	init_waitqueue_head(&user->wait);
	file->private_data = user;
	return stream_open(inode, file);
}

/* The last reference to the file is gone: so is the device. */
static int release(struct inode *inode, struct file *file)
{
	struct fwslot_user *user = file->private_data;

	fwslot_user_destroy(user);
	kvfree(user->outgoing);
	mutex_destroy(&user->lock);
	mutex_destroy(&user->read_lock);
	mutex_destroy(&user->create_lock);
	kfree(user);
	return 0;
}

/* Waits until there is something to read; user->read_lock is held. */
static ssize_t wait_for_message(struct fwslot_user *user, size_t room, bool is_blocking)
{
	unsigned int seen;
	size_t size;
	int ret;

	for (;;) {
		seen = READ_ONCE(user->changes);
		size = fwslot_user_next_message(user, room, &ret);
		if (size)
			return size;
		if (ret != -EAGAIN || !is_blocking)
			return ret;
		ret = wait_event_interruptible(user->wait, READ_ONCE(user->changes) != seen);
		if (ret)
			return ret;
	}
}

static ssize_t read(struct file *file, char __user *buffer, size_t count, loff_t *offset)
{
	struct fwslot_user *user = file->private_data;
	ssize_t ret;

	ret = mutex_lock_interruptible(&user->read_lock);
	if (ret)
		return ret;
	if (!user->outgoing)
		user->outgoing = kvmalloc(OUTGOING_MAX, GFP_KERNEL);
	ret = -ENOMEM;
	if (user->outgoing)
		ret = wait_for_message(user, min_t(size_t, count, OUTGOING_MAX),
				       !(file->f_flags & O_NONBLOCK));
	/* A process that passes a bad address has lost the message; the request will time out. */
	if (ret > 0 && copy_to_user(buffer, user->outgoing, ret))
		ret = -EFAULT;
	mutex_unlock(&user->read_lock);
	return ret;
}

static int take_message(struct fwslot_user *user, const struct fwslot_user_header *header,
			const void *body)
{
	switch (header->type) {
	case FWSLOT_USER_CREATE:
		return fwslot_user_create(user, body, header->length);
	case FWSLOT_USER_DESTROY:
		return fwslot_user_destroy(user);
	case FWSLOT_USER_STATE:
		return fwslot_user_set_state(user, body, header->length);
	case FWSLOT_USER_BOOTED:
		return fwslot_user_booted(user, body);
	case FWSLOT_USER_ANSWER:
		return fwslot_user_answer(user, header, body);
	case FWSLOT_USER_WORKING:
		return fwslot_user_working(user, header->id);
	}
	return -EOPNOTSUPP;
}

static ssize_t write(struct file *file, const char __user *buffer, size_t count, loff_t *offset)
{
	struct fwslot_user *user = file->private_data;
	struct fwslot_user_header header;
	void *body = NULL;
	int ret;

	if (count < sizeof(header))
		return -EMSGSIZE;
	if (copy_from_user(&header, buffer, sizeof(header)))
		return -EFAULT;
	ret = fwslot_user_check_header(&header, count);
	if (ret)
		return ret;
	if (header.length) {
		body = vmemdup_user(buffer + sizeof(header), header.length);
		if (IS_ERR(body))
			return PTR_ERR(body);
	}
	ret = take_message(user, &header, body);
	kvfree(body);
	return ret ? ret : count;
}

static __poll_t poll(struct file *file, poll_table *table)
{
	struct fwslot_user *user = file->private_data;

	poll_wait(file, &user->wait, table);
	return EPOLLOUT | EPOLLWRNORM |
	       (fwslot_user_has_message(user) ? EPOLLIN | EPOLLRDNORM : 0);
}

static const struct file_operations operations = {
	.owner = THIS_MODULE,
	.open = open,
	.release = release,
	.read = read,
	.write = write,
	.poll = poll,
};

static struct miscdevice device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "fwslot",
	.fops = &operations,
	.mode = 0600,
};

struct device *fwslot_user_parent(void)
{
	return device.this_device;
}

module_misc_device(device);

MODULE_DESCRIPTION("fwslot provider: devices that a process provides through /dev/fwslot");
MODULE_AUTHOR("fwslot");
MODULE_LICENSE("GPL");
MODULE_VERSION(FWSLOT_VERSION);
