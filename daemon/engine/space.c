/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Adds up what a job will need and asks the file system of the state folder. */
#include "engine/space.h"

#include <errno.h>
#include <sys/statvfs.h>

static uint64_t sum(uint64_t a, uint64_t b)
{
	return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

static uint64_t backup_bytes(const struct manager *manager, const struct device *device, int target)
{
	const struct kernel_slot *slot;

	if (target < 0 || (unsigned)target >= device->now.num_slots)
		return 0;
	slot = &device->now.slots[target];
	if (!slot->is_readable || slot->state == KERNEL_SLOT_EMPTY ||
	    (device->now.num_slots > 1 && !manager->config.backs_up_spares))
		return 0;
	return slot->image_size_bytes ? slot->image_size_bytes : slot->size_bytes;
}

int space_check(struct manager *manager, const struct device *device, int target,
		uint64_t payload_bytes, struct failure *failure)
{
	uint64_t saved = backup_bytes(manager, device, target), free_bytes, needed;
	struct statvfs status;

	if (statvfs(manager->folders.state, &status) < 0)
		return fail_errno(failure, errno, "The free space of %s cannot be asked",
				  manager->folders.state);
	free_bytes = (uint64_t)status.f_bavail * status.f_frsize;
	needed = sum(sum(payload_bytes, saved), SPACE_JOURNAL_BYTES);
	if (needed <= free_bytes)
		return 0;
	return fail(
		failure, REASON_NO_SPACE,
		"%s has %llu bytes free, and %llu are needed: %llu for the image, %llu for the backup of what is "
		"overwritten, %llu for the journal. Make room and try again.",
		manager->folders.state, (unsigned long long)free_bytes, (unsigned long long)needed,
		(unsigned long long)payload_bytes, (unsigned long long)saved,
		(unsigned long long)SPACE_JOURNAL_BYTES);
}
