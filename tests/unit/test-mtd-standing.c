/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The boot record of a board with U-Boot: what it means, what orders and starts make of it. */
#include <errno.h>

#include "base/macros.h"
#include "kmod/mtd/bootcount.c"
#include "kmod/mtd/standing.c"
#include "tap.h"

#define LIMIT 3
#define NO FWSLOT_NO_SLOT

static const struct {
	const char *what;
	unsigned count;
	struct fwslot_choice choice;
	enum fwslot_boot_state state;
	int running, next, fallback, failed;
} rows[] = {
	{ "nothing under way",
	  0,
	  { 1, 1, false, false, 1 },
	  FWSLOT_BOOT_STATE_CONFIRMED,
	  1,
	  1,
	  NO,
	  NO },
	{ "counted outside of a trial",
	  9,
	  { 1, 1, false, false, 1 },
	  FWSLOT_BOOT_STATE_CONFIRMED,
	  1,
	  1,
	  NO,
	  NO },
	{ "chosen for trial",
	  0,
	  { 1, 0, true, false, 0 },
	  FWSLOT_BOOT_STATE_CONFIRMED,
	  0,
	  1,
	  NO,
	  NO },
	{ "chosen for good",
	  0,
	  { 1, 0, true, true, 0 },
	  FWSLOT_BOOT_STATE_CONFIRMED,
	  0,
	  1,
	  NO,
	  NO },
	{ "chosen while another is tried",
	  0,
	  { 2, 0, true, false, 1 },
	  FWSLOT_BOOT_STATE_CONFIRMED,
	  1,
	  2,
	  NO,
	  NO },
	{ "the first attempt", 1, { 1, 0, true, false, 0 }, FWSLOT_BOOT_STATE_TRIAL, 1, 1, 0, NO },
	{ "the last attempt",
	  LIMIT,
	  { 1, 0, true, false, 0 },
	  FWSLOT_BOOT_STATE_TRIAL,
	  1,
	  1,
	  0,
	  NO },
	{ "one more",
	  LIMIT + 1,
	  { 1, 0, true, false, 0 },
	  FWSLOT_BOOT_STATE_FALLBACK,
	  0,
	  0,
	  NO,
	  1 },
	{ "for good, started",
	  1,
	  { 1, 0, true, true, 0 },
	  FWSLOT_BOOT_STATE_CONFIRMED,
	  1,
	  1,
	  NO,
	  NO },
	{ "for good, never started",
	  LIMIT + 1,
	  { 1, 0, true, true, 0 },
	  FWSLOT_BOOT_STATE_FALLBACK,
	  0,
	  0,
	  NO,
	  1 },
};

static void what_it_means(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct fwslot_mtd_record record = { .bootcount.count = rows[i].count,
						    .choice = rows[i].choice };
		struct fwslot_mtd_standing standing = fwslot_mtd_judge(&record, LIMIT);

		tap_ok(standing.state == rows[i].state && standing.running == rows[i].running &&
			       standing.next == rows[i].next &&
			       standing.fallback == rows[i].fallback &&
			       standing.failed == rows[i].failed,
		       "%s: state %d, runs %d, then %d", rows[i].what, standing.state,
		       standing.running, standing.next);
	}
}

/* U-Boot, which counts only what it was told to. */
static unsigned boot(struct fwslot_mtd_record *record)
{
	record->bootcount.count += record->bootcount.upgrade_available;
	return record->bootcount.count > LIMIT ? record->choice.previous : record->choice.next;
}

static void a_trial(void)
{
	struct fwslot_mtd_record record = { .choice = { 0 } };

	tap_is(fwslot_mtd_choose(&record, LIMIT, 0, false), -ETXTBSY, "what runs is not tried");
	tap_is(fwslot_mtd_end_trial(&record, LIMIT), -ENOENT, "nothing is on trial");
	tap_is(fwslot_mtd_choose(&record, LIMIT, 1, false), 0, "the other slot is chosen");
	tap_is(fwslot_mtd_judge(&record, LIMIT).running, 0, "which does not run before it starts");
	tap_is(boot(&record), 1, "it starts");
	tap_ok(!fwslot_mtd_note_start(&record, LIMIT), "its start alone proves nothing");
	tap_is(fwslot_mtd_end_trial(&record, LIMIT), 0, "it is confirmed");
	for (unsigned i = 0; i < 2 * LIMIT; i++)
		boot(&record);
	tap_is(boot(&record), 1, "and stays, however often it starts");
	tap_is(fwslot_mtd_choose(&record, LIMIT, 0, false), 0, "the first slot is tried");
	for (unsigned i = 0; i < LIMIT; i++)
		tap_is(boot(&record), 0, "it has its attempts");
	tap_is(boot(&record), 1, "and when they are used up the second runs");
}

static void for_good(void)
{
	struct fwslot_mtd_record record = { .choice = { 0 } };

	tap_is(fwslot_mtd_choose(&record, LIMIT, 1, true), 0, "a slot is chosen for good");
	tap_is(fwslot_mtd_judge(&record, LIMIT).running, 0, "which does not run before it starts");
	tap_ok(!fwslot_mtd_note_start(&record, LIMIT), "nor is it confirmed before");
	tap_is(fwslot_mtd_choose(&record, LIMIT, 0, true), 0, "the choice is taken back");
	tap_is(boot(&record), 0, "and what ran starts");
	fwslot_mtd_choose(&record, LIMIT, 1, true);
	tap_is(boot(&record), 1, "chosen again it starts");
	tap_ok(fwslot_mtd_note_start(&record, LIMIT), "which is enough");
	tap_ok(!record.choice.is_trial && !record.bootcount.upgrade_available &&
		       record.choice.previous == 1,
	       "it is confirmed");
	fwslot_mtd_choose(&record, LIMIT, 0, true);
	for (unsigned i = 0; i < LIMIT; i++)
		boot(&record);
	tap_is(boot(&record), 1, "one that never comes up is left again");
}

int main(void)
{
	what_it_means();
	a_trial();
	for_good();
	return tap_done();
}
