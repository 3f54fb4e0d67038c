// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What the kernel can be told to do with a device: one attribute written per order. Decides nothing
 * and waits for nothing.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

#include "base/file.h"
#include "kernel/attribute.h"
#include "kernel/device.h"

static int order_device(unsigned index, const char *attribute, const char *word)
{
	_cleanup_close_ int device_fd = attribute_open_device(index);

	return device_fd < 0 ? device_fd : attribute_write(device_fd, attribute, word);
}

static int order_device_number(unsigned index, const char *attribute, unsigned number)
{
	char word[16];

	snprintf(word, sizeof(word), "%u", number);
	return order_device(index, attribute, word);
}

static int order_slot(unsigned index, unsigned slot, const char *attribute, const char *word)
{
	_cleanup_close_ int slot_fd = attribute_open_slot(index, slot);

	return slot_fd < 0 ? slot_fd : attribute_write(slot_fd, attribute, word);
}

int kernel_slot_load_begin(unsigned index, unsigned slot)
{
	return order_slot(index, slot, "loading", "1");
}

int kernel_slot_load_commit(unsigned index, unsigned slot)
{
	return order_slot(index, slot, "loading", "0");
}

int kernel_slot_load_abort(unsigned index, unsigned slot)
{
	return order_slot(index, slot, "loading", "-1");
}

int kernel_slot_open_data(unsigned index, unsigned slot, bool for_writing)
{
	_cleanup_close_ int slot_fd = attribute_open_slot(index, slot);
	int fd;

	if (slot_fd < 0)
		return slot_fd;
	fd = openat(slot_fd, "data", (for_writing ? O_WRONLY : O_RDONLY) | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return errno == ENOENT ? -ENODEV : -errno;
	return fd;
}

int kernel_slot_activate(unsigned index, unsigned slot, bool is_permanent)
{
	return order_slot(index, slot, "activate", is_permanent ? "permanent" : "trial");
}

int kernel_device_restart(unsigned index)
{
	return order_device(index, "restart", "1");
}

int kernel_boot_confirm(unsigned index)
{
	return order_device(index, "boot/confirm", "1");
}

int kernel_boot_set_limit(unsigned index, unsigned limit)
{
	return order_device_number(index, "boot/limit", limit);
}

int kernel_boot_set_attempts(unsigned index, unsigned attempts)
{
	return order_device_number(index, "boot/attempts", attempts);
}
