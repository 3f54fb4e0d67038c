/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the administrator says of a device in the parameter devices=. Pure: text in, structure out.
 *
 *	id=acme/board,slots=fw-a:fw-b,boot=bootcount,form=file;id=acme/other,slots=image
 *
 * Devices are separated by ";", settings by ",", slots by ":". Names of partitions may hold
 * anything else.
 */
#ifndef _FWSLOT_MTD_SPEC_H
#define _FWSLOT_MTD_SPEC_H

#include <linux/types.h>
#ifndef __KERNEL__
#include <stdbool.h>
#include <stddef.h>
#endif

#include "bootcount.h"

#define FWSLOT_MTD_DEVICES_MAX	8
#define FWSLOT_MTD_SLOTS_MAX	8
#define FWSLOT_MTD_NAME_MAX	63	/* of a partition */
#define FWSLOT_MTD_TEXT_MAX	127	/* of the other texts */
#define FWSLOT_MTD_ID_MAX	259

/**
 * struct fwslot_mtd_spec - a device
 * @id: hardware id; id=
 * @name: for people; name=, else the id
 * @serial: serial=, else "" (then the first partition's name is its identity)
 * @slots: names of partitions; slots=
 * @num_slots: at least 1
 * @has_boot: there is a boot record
 * @is_nvmem: on an nvmem device, not on MTD; boot=nvmem/NAME
 * @boot: name of the partition or nvmem device
 * @boot_offset: where the record is in it; boot=NAME@OFFSET
 * @form: form=pair (the default), word, file, bytes
 * @is_big_endian: endian=big; else little
 * @limit: bootlimit of the boot loader; limit=, 3
 */
struct fwslot_mtd_spec {
	char id[FWSLOT_MTD_ID_MAX + 1];
	char name[FWSLOT_MTD_TEXT_MAX + 1];
	char serial[FWSLOT_MTD_TEXT_MAX + 1];
	char slots[FWSLOT_MTD_SLOTS_MAX][FWSLOT_MTD_NAME_MAX + 1];
	unsigned int num_slots;
	bool has_boot;
	bool is_nvmem;
	char boot[FWSLOT_MTD_NAME_MAX + 1];
	__u32 boot_offset;
	enum fwslot_bootcount_form form;
	bool is_big_endian;
	unsigned int limit;
};

/**
 * fwslot_mtd_spec_read() - read the next device of a parameter
 * @text: in: where to begin; out: where the next device begins
 * @ret_spec: device
 * @ret_problem: what is wrong, in words, if something is
 *
 * Return: 1 a device; 0 the end; -EINVAL.
 */
int fwslot_mtd_spec_read(const char **text, struct fwslot_mtd_spec *ret_spec,
			 const char **ret_problem);

#endif /* _FWSLOT_MTD_SPEC_H */
