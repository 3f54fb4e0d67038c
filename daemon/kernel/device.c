// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Reads one whole picture of a device from sysfs. What to read is a table: attribute, kind, place
 * in the picture. An attribute that is absent or unknown leaves its field at the value that means
 * "unknown".
 */
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/parse.h"
#include "kernel/attribute.h"
#include "kernel/device.h"

/* Longer than any value we keep, so that too long is seen as such. */
#define VALUE_MAX 4096

enum kind {
	KIND_TEXT, /* char[size] */
	KIND_NUMBER, /* uint64_t */
	KIND_COUNT, /* unsigned */
	KIND_SLOT, /* int; -1 when unknown */
	KIND_FLAG, /* bool from 0 or 1 */
	KIND_STATUS,
	KIND_BOOT_STATE,
	KIND_SLOT_STATE,
	KIND_RESTART_REASON,
};

struct attribute {
	const char *path;
	enum kind kind;
	size_t offset, size;
};

#define FIELD(type, field) offsetof(type, field), sizeof(((type *)NULL)->field)

static const struct attribute device_attributes[] = {
	{ "name", KIND_TEXT, FIELD(struct kernel_device, name) },
	{ "provider", KIND_TEXT, FIELD(struct kernel_device, provider) },
	{ "hardware_id", KIND_TEXT, FIELD(struct kernel_device, hardware_id) },
	{ "serial", KIND_TEXT, FIELD(struct kernel_device, serial) },
	{ "num_slots", KIND_COUNT, FIELD(struct kernel_device, num_slots) },
	{ "status", KIND_STATUS, FIELD(struct kernel_device, status) },
};

/* Present only where the device has boot control. */
static const struct attribute boot_attributes[] = {
	{ "boot/state", KIND_BOOT_STATE, FIELD(struct kernel_device, boot.state) },
	{ "boot/total", KIND_NUMBER, FIELD(struct kernel_device, boot.total) },
	{ "boot/running_slot", KIND_SLOT, FIELD(struct kernel_device, boot.running_slot) },
	{ "boot/next_slot", KIND_SLOT, FIELD(struct kernel_device, boot.next_slot) },
	{ "boot/fallback_slot", KIND_SLOT, FIELD(struct kernel_device, boot.fallback_slot) },
	{ "boot/limit", KIND_COUNT, FIELD(struct kernel_device, boot.limit) },
	{ "boot/attempts", KIND_COUNT, FIELD(struct kernel_device, boot.attempts) },
	{ "boot/attempts_left", KIND_COUNT, FIELD(struct kernel_device, boot.attempts_left) },
	{ "boot/last_restart_reason", KIND_RESTART_REASON,
	  FIELD(struct kernel_device, boot.last_restart_reason) },
};

static const struct attribute slot_attributes[] = {
	{ "label", KIND_TEXT, FIELD(struct kernel_slot, label) },
	{ "size", KIND_NUMBER, FIELD(struct kernel_slot, size_bytes) },
	{ "state", KIND_SLOT_STATE, FIELD(struct kernel_slot, state) },
	{ "status", KIND_STATUS, FIELD(struct kernel_slot, status) },
	{ "active", KIND_FLAG, FIELD(struct kernel_slot, is_active) },
	{ "next", KIND_FLAG, FIELD(struct kernel_slot, is_next) },
	{ "version", KIND_TEXT, FIELD(struct kernel_slot, version) },
	{ "image_size", KIND_NUMBER, FIELD(struct kernel_slot, image_size_bytes) },
	{ "digest", KIND_TEXT, FIELD(struct kernel_slot, digest) },
	{ "error", KIND_TEXT, FIELD(struct kernel_slot, error) },
	{ "remaining_size", KIND_NUMBER, FIELD(struct kernel_slot, remaining_bytes) },
};

/* Stores an enum; a word of a newer kernel becomes @unknown and is reported. */
static int store_word(void *field, int value, int unknown)
{
	int stored = value < 0 ? unknown : value;

	memcpy(field, &stored, sizeof(stored));
	return value < 0 ? -EPROTO : 0;
}

static int store_count(void *field, const char *text)
{
	unsigned count;
	uint64_t number;
	int r = parse_u64_range(text, 0, UINT32_MAX, &number);

	if (r < 0)
		return -EPROTO;
	count = (unsigned)number;
	memcpy(field, &count, sizeof(count));
	return 0;
}

static int store_number(void *field, const char *text)
{
	return parse_u64(text, field) < 0 ? -EPROTO : 0;
}

static int store_slot(void *field, const char *text)
{
	uint64_t number;
	int slot;

	if (parse_u64_range(text, 0, KERNEL_SLOTS_MAX - 1, &number) < 0)
		return -EPROTO;
	slot = (int)number;
	memcpy(field, &slot, sizeof(slot));
	return 0;
}

static int store_flag(void *field, const char *text)
{
	bool is_set = strcmp(text, "1") == 0;

	memcpy(field, &is_set, sizeof(is_set));
	return is_set || strcmp(text, "0") == 0 ? 0 : -EPROTO;
}

static int store_text(char *field, size_t size, const char *text)
{
	size_t length = strlen(text);

	if (length < size) {
		memcpy(field, text, length + 1);
		return 0;
	}
	memcpy(field, text, size - 1);
	field[size - 1] = '\0';
	return -EPROTO;
}

/*
 * Returns 0, or -EPROTO when @text is not what the ABI says; the field then holds the nearest safe
 * value.
 */
static int store_value(const struct attribute *attribute, void *field, const char *text)
{
	switch (attribute->kind) {
	case KIND_TEXT:
		return store_text(field, attribute->size, text);
	case KIND_NUMBER:
		return store_number(field, text);
	case KIND_COUNT:
		return store_count(field, text);
	case KIND_SLOT:
		return store_slot(field, text);
	case KIND_FLAG:
		return store_flag(field, text);
	case KIND_STATUS:
		/* Whatever it does, it is not idle. */
		return store_word(field, kernel_status_from_string(text), KERNEL_STATUS_PREPARING);
	case KIND_BOOT_STATE:
		return store_word(field, kernel_boot_state_from_string(text), KERNEL_BOOT_UNKNOWN);
	case KIND_SLOT_STATE:
		return store_word(field, kernel_slot_state_from_string(text), KERNEL_SLOT_UNKNOWN);
	case KIND_RESTART_REASON:
		return store_word(field, kernel_restart_reason_from_string(text),
				  KERNEL_RESTART_UNKNOWN);
	}
	return -EPROTO;
}

/*
 * Reads the attributes of @table below @dir_fd into @picture. What the device does not have or does
 * not know is left as it is; -EBUSY likewise (the kernel's "error" while an upload runs).
 */
static int read_table(int dir_fd, const struct attribute *table, size_t count, void *picture,
		      bool *is_malformed)
{
	for (size_t i = 0; i < count; i++) {
		char text[VALUE_MAX];
		int r = attribute_read(dir_fd, table[i].path, text, sizeof(text));

		if (r == -ENOENT || r == -ENODATA || r == -EBUSY)
			continue;
		if (r < 0 && r != -EOVERFLOW)
			return r;
		if (store_value(&table[i], (char *)picture + table[i].offset, text) < 0)
			*is_malformed = true;
	}
	return 0;
}

static bool has_attribute(int dir_fd, const char *path)
{
	return faccessat(dir_fd, path, F_OK, 0) == 0;
}

static int read_boot(int device_fd, struct kernel_device *device)
{
	device->boot.running_slot = device->boot.next_slot = device->boot.fallback_slot = -1;
	device->boot.is_present = has_attribute(device_fd, "boot/state");
	if (!device->boot.is_present)
		return 0;
	return read_table(device_fd, boot_attributes, ARRAY_SIZE(boot_attributes), device,
			  &device->is_malformed);
}

static int read_slot(int device_fd, unsigned slot, struct kernel_device *device)
{
	struct kernel_slot *picture = &device->slots[slot];
	_cleanup_close_ int slot_fd = -EBADF;
	struct stat status;
	char name[32];

	snprintf(name, sizeof(name), "fwslot%u.%u", device->index, slot);
	slot_fd = openat(device_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (slot_fd < 0)
		return errno == ENOENT ? -ENODEV : -errno;

	/* By its mode: opening it would start a read-back. */
	picture->is_readable = fstatat(slot_fd, "data", &status, 0) == 0 && (status.st_mode & 0444);
	return read_table(slot_fd, slot_attributes, ARRAY_SIZE(slot_attributes), picture,
			  &device->is_malformed);
}

/*
 * The class entry is a link "../../devices/PARENT/fwslot/fwslotN" (the folder "fwslot" is there
 * only when the parent is of another class or bus): what stands before that is the parent. It names
 * a device without serial by its socket.
 */
static int read_parent(struct kernel_device *device)
{
	char path[512], target[1024], *start, *end;
	ssize_t length;

	snprintf(path, sizeof(path), "%s/class/fwslot/fwslot%u", kernel_sysfs_root(),
		 device->index);
	length = readlink(path, target, sizeof(target) - 1);
	if (length < 0)
		return errno == ENOENT ? -ENODEV : errno == EINVAL ? 0 : -errno;
	target[length] = '\0';

	start = target;
	while (strncmp(start, "../", 3) == 0)
		start += 3;
	end = strrchr(start, '/');
	if (end)
		*end = '\0';
	end = strrchr(start, '/');
	if (end && strcmp(end, "/fwslot") == 0)
		*end = '\0';
	if (store_text(device->parent, sizeof(device->parent), start) < 0)
		device->is_malformed = true;
	return 0;
}

int kernel_device_read(unsigned index, struct kernel_device *ret)
{
	_cleanup_close_ int device_fd = attribute_open_device(index);
	struct kernel_device device = { .index = index };
	int r;

	if (device_fd < 0)
		return device_fd;

	r = read_table(device_fd, device_attributes, ARRAY_SIZE(device_attributes), &device,
		       &device.is_malformed);
	if (r < 0)
		return r;
	r = read_parent(&device);
	if (r < 0)
		return r;
	r = read_boot(device_fd, &device);
	if (r < 0)
		return r;
	device.can_restart = has_attribute(device_fd, "restart");

	if (device.num_slots > KERNEL_SLOTS_MAX) {
		device.num_slots = KERNEL_SLOTS_MAX;
		device.is_malformed = true;
	}
	for (unsigned slot = 0; slot < device.num_slots; slot++) {
		r = read_slot(device_fd, slot, &device);
		if (r < 0)
			return r;
	}
	*ret = device;
	return 0;
}
