/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A board whose slots are partitions and whose U-Boot counts: the record is bytes of a cell (nvmem)
 * that U-Boot's script and the kernel module both write. What the module makes of them is its own code.
 * U-Boot's part is what kmod/Documentation/mtd.rst asks of a script.
 */
#include <string.h>

#include "boot-loader.h"
#include "flash.h"
#include "kmod/mtd/bootcount.c"
#include "kmod/mtd/standing.c"

#define FORM FWSLOT_BOOTCOUNT_FILE
_Static_assert(FWSLOT_RECORD_SIZE == UBOOT_RECORD_BYTES, "the cell holds a record");

static void read_record(const struct lab_device *device, struct fwslot_mtd_record *ret)
{
	fwslot_bootcount_decode(FORM, false, device->cell, &ret->bootcount);
	fwslot_choice_decode(device->cell + FWSLOT_CHOICE_OFFSET, device->traits.slots,
			     &ret->choice);
}

/* In the module's order: before a trial the counter comes first, after it the choice. */
static bool write_record(struct lab_device *device, const struct fwslot_mtd_record *record)
{
	uint8_t bytes[UBOOT_RECORD_BYTES];
	enum permission permission = stopper_begin(device->stopper, OPERATION_RECORD);

	if (permission == MAY_NOT)
		return false;
	memcpy(bytes, device->cell, sizeof(bytes));
	fwslot_bootcount_encode(FORM, false, &record->bootcount, bytes);
	fwslot_choice_encode(&record->choice, bytes + FWSLOT_CHOICE_OFFSET);
	if (permission == MAY || record->choice.is_trial)
		memcpy(device->cell, bytes, FWSLOT_CHOICE_OFFSET);
	if (permission == MAY || !record->choice.is_trial)
		memcpy(device->cell + FWSLOT_CHOICE_OFFSET, bytes + FWSLOT_CHOICE_OFFSET,
		       FWSLOT_CHOICE_SIZE);
	stopper_end(device->stopper);
	return device->is_on;
}

/* With all of Linux: what boot-loops does so before anybody is told. */
static bool can_start(const struct lab_device *device, int slot)
{
	const struct image_header *header = flash_image(device, slot);

	return header && header->behaviour != IMAGE_REFUSED &&
	       header->behaviour != IMAGE_BOOT_LOOPS;
}

/* Counts while an upgrade is tried; above the limit the other slot. A watchdog starts again what hangs. */
int uboot_start(struct lab_device *device)
{
	struct fwslot_mtd_record record;
	int slot;

	for (unsigned i = 0; i <= BOOT_LIMIT + 1; i++) {
		read_record(device, &record);
		if (record.bootcount.upgrade_available) {
			record.bootcount.count++;
			if (!write_record(device, &record))
				return FWSLOT_NO_SLOT;
		}
		slot = record.bootcount.count > BOOT_LIMIT ? record.choice.previous :
							     record.choice.next;
		if (can_start(device, slot))
			return slot;
	}
	return FWSLOT_NO_SLOT;
}

/* The board started, and fwslot_mtd is loaded. */
void uboot_note_start(struct lab_device *device)
{
	struct fwslot_mtd_record record;

	read_record(device, &record);
	if (fwslot_mtd_note_start(&record, BOOT_LIMIT))
		(void)write_record(device, &record);
}

/* All that fwslot_mtd knows is what the record says. */
void uboot_meet(struct lab_device *device)
{
	struct fwslot_mtd_standing standing;
	struct fwslot_mtd_record record;

	read_record(device, &record);
	standing = fwslot_mtd_judge(&record, BOOT_LIMIT);
	device->boot = (struct fwslot_boot){
		.state = standing.state,
		.running = standing.running,
		.next = standing.next,
		.fallback = standing.fallback,
		.limit = BOOT_LIMIT,
		.attempts = standing.attempts,
		.last_restart_reason = standing.state == FWSLOT_BOOT_STATE_FALLBACK ?
					       FWSLOT_RESTART_REASON_ATTEMPTS_EXHAUSTED :
					       FWSLOT_RESTART_REASON_UNKNOWN,
	};
	for (unsigned i = 0; i < device->traits.slots; i++)
		device->has_failed[i] = standing.failed == (int)i;
}

int uboot_choose(struct lab_device *device, unsigned slot, bool is_permanent)
{
	struct fwslot_mtd_record record;
	int r;

	read_record(device, &record);
	r = fwslot_mtd_choose(&record, BOOT_LIMIT, slot, is_permanent);
	if (r >= 0 && write_record(device, &record))
		uboot_meet(device);
	return r;
}

int uboot_confirm(struct lab_device *device)
{
	struct fwslot_mtd_record record;
	int r;

	read_record(device, &record);
	r = fwslot_mtd_end_trial(&record, BOOT_LIMIT);
	if (r >= 0 && write_record(device, &record))
		uboot_meet(device);
	return r;
}
