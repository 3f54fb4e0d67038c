/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a boot record means, and what orders make of it (documented in Documentation/mtd.rst):
 *
 *	on trial	count		what runs	boot state
 *	no		any		next		confirmed
 *	yes		0		running		confirmed (next is pending)
 *	yes		1..limit	next		trial, or confirmed if a start confirms
 *	yes		above limit	previous	fallback
 *
 * What is chosen for good is counted, too, until it has started once: before that another slot
 * runs, and if it does not start there is a way back.
 *
 * Pure: no kernel headers but types; also compiled into the crash laboratory.
 */
#ifndef _FWSLOT_MTD_STANDING_H
#define _FWSLOT_MTD_STANDING_H

#include "../include/uapi/fwslot_netlink.h"
#include "bootcount.h"

#ifndef FWSLOT_NO_SLOT
#define FWSLOT_NO_SLOT (-1)
#endif

/**
 * struct fwslot_mtd_record - the boot record, as it is stored
 * @bootcount: the boot loader's counter
 * @choice: which slot boots
 */
struct fwslot_mtd_record {
	struct fwslot_bootcount bootcount;
	struct fwslot_choice choice;
};

/**
 * struct fwslot_mtd_standing - how the boots of a device stand
 * @state: boot state
 * @running: slot that runs
 * @next: slot that boots next
 * @fallback: slot that the running trial goes back to, or FWSLOT_NO_SLOT
 * @attempts: boots of the running trial
 * @failed: slot whose trial failed, or FWSLOT_NO_SLOT
 */
struct fwslot_mtd_standing {
	enum fwslot_boot_state state;
	int running;
	int next;
	int fallback;
	unsigned int attempts;
	int failed;
};

struct fwslot_mtd_standing fwslot_mtd_judge(const struct fwslot_mtd_record *record,
					    unsigned int limit);

/* Boot from @slot next. Return: 0, or -ETXTBSY to try what runs. */
int fwslot_mtd_choose(struct fwslot_mtd_record *record, unsigned int limit, unsigned int slot,
		      bool is_permanent);

/* What runs is good. Return: 0, or -ENOENT if no trial runs. */
int fwslot_mtd_end_trial(struct fwslot_mtd_record *record, unsigned int limit);

/**
 * fwslot_mtd_note_start() - the board started
 * @record: record, updated
 * @limit: boots that a trial may have
 *
 * What a start confirms is confirmed. Boot loaders that know nothing of upgrade_available count
 * every boot, and go back when nobody says that it was a good one. Outside of trials every boot of
 * the host is one.
 *
 * Return: whether the record changed.
 */
bool fwslot_mtd_note_start(struct fwslot_mtd_record *record, unsigned int limit);

#endif /* _FWSLOT_MTD_STANDING_H */
