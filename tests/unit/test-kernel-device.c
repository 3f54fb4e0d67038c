// SPDX-License-Identifier: LGPL-2.1-or-later
/* daemon/kernel/device.c, orders.c and words.c against a tree of plain files. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "kernel-tree.h"
#include "kernel/device.h"
#include "tap.h"

static void test_words(void)
{
	for (int i = 0; i < KERNEL_STATUS_MAX; i++)
		tap_is(kernel_status_from_string(kernel_status_to_string(i)), i,
		       "status word and back");
	for (int i = 0; i < KERNEL_BOOT_MAX; i++)
		tap_is(kernel_boot_state_from_string(kernel_boot_state_to_string(i)), i,
		       "boot state and back");
	for (int i = 0; i < KERNEL_SLOT_STATE_MAX; i++)
		tap_is(kernel_slot_state_from_string(kernel_slot_state_to_string(i)), i,
		       "slot state and back");
	for (int i = 0; i < KERNEL_RESTART_MAX; i++)
		tap_is(kernel_restart_reason_from_string(kernel_restart_reason_to_string(i)), i,
		       "restart reason and back");
	tap_is(kernel_status_from_string("sleeping"), KERNEL_STATUS_INVALID, "a word nobody knows");
	tap_is_string(kernel_status_to_string(KERNEL_STATUS_MAX), NULL, "a number nobody knows");
}

static void test_whole_picture(void)
{
	struct kernel_device device;

	tap_is(kernel_device_read(0, &device), 0, "a complete device is read");
	tap_is_string(device.name, "Test device", "name");
	tap_is_string(device.provider, "sim", "provider");
	tap_is_string(device.hardware_id, "fwslot/sim", "hardware id");
	tap_is_string(device.serial, "test-0000", "serial");
	tap_is_string(device.parent, "devices/fwslot_test", "parent, from the class link");
	tap_is(device.status, KERNEL_STATUS_IDLE, "status");
	tap_is(device.can_restart, true, "can restart");
	tap_is(device.is_malformed, false, "nothing malformed");
	tap_is(device.boot.is_present, true, "has boot control");
	tap_is(device.boot.state, KERNEL_BOOT_CONFIRMED, "boot state");
	tap_is(device.boot.total, 1, "boots");
	tap_is(device.boot.running_slot, 0, "running slot");
	tap_is(device.boot.fallback_slot, -1, "an absent fallback slot is unknown");
	tap_is(device.boot.limit, 3, "limit");
	tap_is(device.boot.last_restart_reason, KERNEL_RESTART_POWER_ON, "restart reason");
	tap_is(device.num_slots, 2, "slots");
	tap_is_string(device.slots[0].version, "1.0.0", "version of slot 0");
	tap_is(device.slots[0].image_size_bytes, 4096, "image size of slot 0");
	tap_is(strlen(device.slots[0].digest), KERNEL_DIGEST_LENGTH, "digest of slot 0");
	tap_is(device.slots[0].is_active, true, "slot 0 is active");
	tap_is_string(device.slots[1].version, "", "an empty slot has no version");
	tap_is(device.slots[1].state, KERNEL_SLOT_EMPTY, "state of slot 1");
	tap_is(device.slots[1].size_bytes, 1048576, "capacity of slot 1");
	tap_is_string(device.slots[1].label, "slot-1", "label of slot 1");
}

/* Each row breaks one attribute; the picture must still be read, be marked, and be safe. */
static void test_malformed(void)
{
	static const struct {
		const char *path, *value, *good, *what;
	} rows[] = {
		{ "status", "dreaming", "idle", "an unknown status" },
		{ "boot/state", "perhaps", "confirmed", "an unknown boot state" },
		{ "boot/total", "-1", "1", "a negative count" },
		{ "boot/limit", "4294967296", "3", "a count beyond 32 bits" },
		{ "boot/running_slot", "32", "0", "a slot beyond the limit" },
		{ "fwslot0.1/state", "", "empty", "an empty word" },
		{ "fwslot0.1/active", "2", "0", "a flag that is neither 0 nor 1" },
		{ "fwslot0.1/version",
		  "0123456789012345678901234567890123456789012345678901234567890123456789", NULL,
		  "a version that is too long" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct kernel_device device = {};
		int r;

		tree_set(0, rows[i].path, rows[i].value);
		r = kernel_device_read(0, &device);
		tap_ok(r == 0 && device.is_malformed, "%s marks the picture", rows[i].what);
		if (strcmp(rows[i].path, "status") == 0)
			tap_ok(device.status != KERNEL_STATUS_IDLE,
			       "an unknown status is not idle");
		tree_set(0, rows[i].path, rows[i].good);
	}
}

static void test_absent_abilities(void)
{
	struct kernel_device device;

	tree_set(0, "boot/state", NULL);
	tree_set(0, "restart", NULL);
	tree_set(0, "serial", NULL);
	tap_is(kernel_device_read(0, &device), 0, "a device without boot control is read");
	tap_is(device.boot.is_present, false, "boot control is absent");
	tap_is(device.boot.running_slot, -1, "running slot is unknown");
	tap_is(device.can_restart, false, "cannot restart");
	tap_is_string(device.serial, "", "no serial");
	tap_is(device.is_malformed, false, "absent is not malformed");
	tap_is(kernel_device_restart(0), -EOPNOTSUPP, "restarting it is not supported");
	tree_set(0, "boot/state", "confirmed");
	tree_set(0, "restart", "");
	tree_set(0, "serial", "test-0000");
}

static void test_gone(void)
{
	struct kernel_device device = { .index = 77 };

	tap_is(kernel_device_read(9, &device), -ENODEV, "a device that was never there");
	tap_is(device.index, 77, "the picture is untouched then");
	tree_set(0, "num_slots", "3");
	tap_is(kernel_device_read(0, &device), -ENODEV, "a slot that vanished while reading");
	tree_set(0, "num_slots", "2");
	tap_is(kernel_boot_confirm(9), -ENODEV, "an order to a device that is gone");
	tap_is(kernel_slot_load_begin(0, 9), -ENODEV, "an order to a slot that is gone");
	tap_is(kernel_slot_open_data(0, 9, true), -ENODEV,
	       "opening the data of a slot that is gone");
}

static void test_orders(void)
{
	int fd;

	tap_is(kernel_slot_load_begin(0, 1), 0, "begin");
	tap_is_string(tree_get(0, "fwslot0.1/loading"), "1", "begin writes 1");
	tap_is(kernel_slot_load_commit(0, 1), 0, "commit");
	tap_is_string(tree_get(0, "fwslot0.1/loading"), "0", "commit writes 0");
	tap_is(kernel_slot_load_abort(0, 1), 0, "abort");
	tap_is_string(tree_get(0, "fwslot0.1/loading"), "-1", "abort writes -1");
	tap_is(kernel_slot_activate(0, 1, false), 0, "activate on trial");
	tap_is_string(tree_get(0, "fwslot0.1/activate"), "trial", "writes trial");
	tap_is(kernel_slot_activate(0, 1, true), 0, "activate for good");
	tap_is_string(tree_get(0, "fwslot0.1/activate"), "permanent", "writes permanent");
	tap_is(kernel_device_restart(0), 0, "restart");
	tap_is_string(tree_get(0, "restart"), "1", "writes 1");
	tap_is(kernel_boot_confirm(0), 0, "confirm");
	tap_is_string(tree_get(0, "boot/confirm"), "1", "writes 1");
	tap_is(kernel_boot_set_limit(0, 7), 0, "set the limit");
	tap_is_string(tree_get(0, "boot/limit"), "7", "writes the number");
	tap_is(kernel_boot_set_attempts(0, 2), 0, "set the attempts");
	tap_is_string(tree_get(0, "boot/attempts"), "2", "writes the number");
	fd = kernel_slot_open_data(0, 1, true);
	tap_ok(fd >= 0 && (fcntl(fd, F_GETFL) & O_ACCMODE) == O_WRONLY, "data opens for writing");
	if (fd >= 0)
		close(fd);
}

int main(void)
{
	tree_make();
	tree_add_device(0, 2);
	test_words();
	test_whole_picture();
	test_malformed();
	test_absent_abilities();
	test_gone();
	test_orders();
	tree_remove();
	return tap_done();
}
