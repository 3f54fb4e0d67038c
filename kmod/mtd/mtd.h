/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the files of this provider share: a device of MTD partitions, and who does what.
 */
#ifndef _FWSLOT_MTD_H
#define _FWSLOT_MTD_H

#include "fwslot.h"
#include "partition.h"
#include "spec.h"
#include "standing.h"

/**
 * struct fwslot_mtd_slot - a slot
 * @partition: where it is
 * @is_partial: erased or half written
 * @written_bytes: size of the image that was written to it since we know it, or 0
 */
struct fwslot_mtd_slot {
	struct fwslot_mtd_partition partition;
	bool is_partial;
	u64 written_bytes;
};

/**
 * struct fwslot_mtd_device - a device; operations on it come one at a time
 * @spec: what was said of it
 * @fdev: the device as the core knows it, or NULL while a partition is missing
 * @slots: open while @fdev is there
 * @boot: partition of the boot record; open while @fdev is there, if the record is on MTD
 * @removed: a bit for each slot, and %FWSLOT_MTD_BOOT_BIT, whose partition was removed: whoever
 *	uses it then, be it an operation of ours, keeps it to be found for a while
 */
struct fwslot_mtd_device {
	struct fwslot_mtd_spec spec;
	struct fwslot_device *fdev;
	struct fwslot_mtd_slot slots[FWSLOT_MTD_SLOTS_MAX];
	struct fwslot_mtd_partition boot;
	unsigned long removed;
};

#define FWSLOT_MTD_BOOT_BIT FWSLOT_MTD_SLOTS_MAX

/* record.c: reading and writing it. Return: 0 or a negative errno. */
int fwslot_mtd_record_read(struct fwslot_mtd_device *device, struct fwslot_mtd_record *ret_record);
int fwslot_mtd_record_write(struct fwslot_mtd_device *device,
			    const struct fwslot_mtd_record *record);

/* provider.c: Return: 0, -ENODEV something of it is missing, or another negative errno. */
int fwslot_mtd_device_show(struct fwslot_mtd_device *device, struct device *parent);
void fwslot_mtd_device_hide(struct fwslot_mtd_device *device);
bool fwslot_mtd_device_is_whole(const struct fwslot_mtd_device *device);

/* A partition came, or was removed; the device may have nothing to do with it. From any context. */
void fwslot_mtd_device_note(struct fwslot_mtd_device *device, const char *name, bool is_there);

/* tree.c: fills in @devices from the device tree. Return: how many, at most @max. */
unsigned int fwslot_mtd_read_tree(struct fwslot_mtd_spec *specs, unsigned int max);

#endif /* _FWSLOT_MTD_H */
