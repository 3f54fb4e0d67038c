// SPDX-License-Identifier: GPL-2.0
/*
 * Decisions about the boot record: see standing.h. It is read and written in record.c.
 */
#ifdef __KERNEL__
#include <linux/errno.h>
#else
#include <errno.h>
#endif

#include "standing.h"

struct fwslot_mtd_standing fwslot_mtd_judge(const struct fwslot_mtd_record *record,
					    unsigned int limit)
{
	const struct fwslot_choice *choice = &record->choice;
	__u32 count = record->bootcount.count;
	struct fwslot_mtd_standing standing = {
		.state = FWSLOT_BOOT_STATE_CONFIRMED,
		.running = choice->next,
		.next = choice->next,
		.fallback = FWSLOT_NO_SLOT,
		.failed = FWSLOT_NO_SLOT,
	};

	if (!choice->is_trial)
		return standing;
	if (!count) {
		standing.running = choice->running;
	} else if (count > limit) {
		standing.state = FWSLOT_BOOT_STATE_FALLBACK;
		standing.running = choice->previous;
		standing.next = choice->previous;
		standing.failed = choice->next;
	} else if (!choice->start_confirms) {
		standing.state = FWSLOT_BOOT_STATE_TRIAL;
		standing.attempts = count;
		if (choice->previous != choice->next)
			standing.fallback = choice->previous;
	}
	return standing;
}

/* Nothing but @slot, and nobody counts. */
static void settle(struct fwslot_mtd_record *record, unsigned int slot)
{
	record->choice = (struct fwslot_choice){
		.next = slot,
		.previous = slot,
		.running = slot,
	};
	record->bootcount.count = 0;
	record->bootcount.upgrade_available = false;
}

int fwslot_mtd_choose(struct fwslot_mtd_record *record, unsigned int limit, unsigned int slot,
		      bool is_permanent)
{
	struct fwslot_mtd_standing standing = fwslot_mtd_judge(record, limit);

	if ((int)slot == standing.running) {
		if (!is_permanent)
			return -ETXTBSY;
		settle(record, slot);
		return 0;
	}
	record->choice = (struct fwslot_choice){
		.next = slot,
		/* A trial goes back to what was not itself on trial. */
		.previous = standing.fallback != FWSLOT_NO_SLOT ? standing.fallback :
								  standing.running,
		.is_trial = true,
		.start_confirms = is_permanent,
		.running = standing.running,
	};
	record->bootcount.count = 0;
	record->bootcount.upgrade_available = true;
	return 0;
}

int fwslot_mtd_end_trial(struct fwslot_mtd_record *record, unsigned int limit)
{
	if (fwslot_mtd_judge(record, limit).state != FWSLOT_BOOT_STATE_TRIAL)
		return -ENOENT;
	settle(record, record->choice.next);
	return 0;
}

bool fwslot_mtd_note_start(struct fwslot_mtd_record *record, unsigned int limit)
{
	const struct fwslot_choice *choice = &record->choice;
	__u32 count = record->bootcount.count;

	if (choice->is_trial && !(choice->start_confirms && count && count <= limit))
		return false;
	if (!choice->is_trial && !count && !record->bootcount.upgrade_available)
		return false;
	settle(record, choice->next);
	return true;
}
