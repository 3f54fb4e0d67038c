/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* U-Boot's boot counters, and the choice of a slot beside them. */
#include <errno.h>
#include <string.h>

#include "base/macros.h"
#include "kmod/mtd/bootcount.c"
#include "tap.h"

static const struct {
	const char *what;
	enum fwslot_bootcount_form form;
	bool is_big_endian;
	__u8 bytes[FWSLOT_BOOTCOUNT_SIZE];
	int expected;
	__u32 count;
	bool upgrade_available;
} counters[] = {
	/* As U-Boot writes them. */
	{ "pair, little",
	  FWSLOT_BOOTCOUNT_PAIR,
	  false,
	  { 3, 0, 0, 0, 0x41, 0xc0, 0x01, 0xb0 },
	  0,
	  3,
	  false },
	{ "pair, big",
	  FWSLOT_BOOTCOUNT_PAIR,
	  true,
	  { 0, 0, 1, 2, 0xb0, 0x01, 0xc0, 0x41 },
	  0,
	  258,
	  false },
	{ "pair, the other order",
	  FWSLOT_BOOTCOUNT_PAIR,
	  true,
	  { 3, 0, 0, 0, 0x41, 0xc0, 0x01, 0xb0 },
	  -ENODATA,
	  0,
	  false },
	{ "word, little", FWSLOT_BOOTCOUNT_WORD, false, { 7, 0, 0x01, 0xb0 }, 0, 7, false },
	{ "word, big", FWSLOT_BOOTCOUNT_WORD, true, { 0xb0, 0x01, 0, 7 }, 0, 7, false },
	{ "word, full", FWSLOT_BOOTCOUNT_WORD, true, { 0xb0, 0x01, 0xff, 0xff }, 0, 65535, false },
	{ "file, waiting", FWSLOT_BOOTCOUNT_FILE, false, { 0xbd, 1, 2, 1 }, 0, 2, true },
	{ "file, good", FWSLOT_BOOTCOUNT_FILE, false, { 0xbd, 1, 0, 0 }, 0, 0, false },
	{ "file, another version",
	  FWSLOT_BOOTCOUNT_FILE,
	  false,
	  { 0xbd, 2, 1, 1 },
	  -ENODATA,
	  0,
	  false },
	{ "bytes", FWSLOT_BOOTCOUNT_BYTES, false, { 5, 0xbc }, 0, 5, false },
	{ "erased pair",
	  FWSLOT_BOOTCOUNT_PAIR,
	  false,
	  { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff },
	  -ENODATA,
	  0,
	  false },
	{ "erased word",
	  FWSLOT_BOOTCOUNT_WORD,
	  false,
	  { 0xff, 0xff, 0xff, 0xff },
	  -ENODATA,
	  0,
	  false },
	{ "erased file",
	  FWSLOT_BOOTCOUNT_FILE,
	  false,
	  { 0xff, 0xff, 0xff, 0xff },
	  -ENODATA,
	  0,
	  false },
	{ "erased bytes", FWSLOT_BOOTCOUNT_BYTES, false, { 0xff, 0xff }, -ENODATA, 0, false },
	{ "zero", FWSLOT_BOOTCOUNT_PAIR, false, { 0 }, -ENODATA, 0, false },
};

static void known_counters(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(counters); i++) {
		struct fwslot_bootcount bootcount;
		__u8 bytes[FWSLOT_BOOTCOUNT_SIZE] = { 0 };

		tap_is(fwslot_bootcount_decode(counters[i].form, counters[i].is_big_endian,
					       counters[i].bytes, &bootcount),
		       counters[i].expected, counters[i].what);
		tap_ok(bootcount.count == counters[i].count &&
			       bootcount.upgrade_available == counters[i].upgrade_available &&
			       bootcount.has_upgrade_available ==
				       (counters[i].form == FWSLOT_BOOTCOUNT_FILE),
		       "... its numbers");
		if (counters[i].expected < 0)
			continue;
		fwslot_bootcount_encode(counters[i].form, counters[i].is_big_endian, &bootcount,
					bytes);
		tap_ok(memcmp(bytes, counters[i].bytes, fwslot_bootcount_size(counters[i].form)) ==
			       0,
		       "... and back");
	}
}

static void full_counters(void)
{
	static const __u32 max[] = { 0xffffffff, 0xffff, 0xff, 0xff };

	for (unsigned form = 0; fwslot_bootcount_form_name(form); form++) {
		struct fwslot_bootcount bootcount = { .count = 0xffffffff };
		__u8 bytes[FWSLOT_BOOTCOUNT_SIZE] = { 0 };

		fwslot_bootcount_encode(form, false, &bootcount, bytes);
		fwslot_bootcount_decode(form, false, bytes, &bootcount);
		tap_ok(bootcount.count == max[form], "%s: what is too much becomes the most",
		       fwslot_bootcount_form_name(form));
	}
}

static void choices(void)
{
	struct fwslot_choice choice = { 1, 0, true, true, 1 }, read;
	__u8 bytes[FWSLOT_CHOICE_SIZE];
	unsigned wrong = 0;

	fwslot_choice_encode(&choice, bytes);
	tap_is(fwslot_choice_decode(bytes, 2, &read), 0, "a choice is read back");
	tap_ok(read.next == 1 && read.previous == 0 && read.is_trial && read.start_confirms &&
		       read.running == 1,
	       "and is the same");
	tap_is(fwslot_choice_decode(bytes, 1, &read), -ENODATA, "a slot that is not there");
	tap_ok(read.next == 0 && !read.is_trial, "is slot 0");
	for (unsigned bit = 0; bit < 8 * sizeof(bytes); bit++) {
		bytes[bit / 8] ^= (__u8)(1 << bit % 8);
		wrong += fwslot_choice_decode(bytes, 255, &read) == 0;
		bytes[bit / 8] ^= (__u8)(1 << bit % 8);
	}
	tap_is(wrong, 0, "no bit can flip unnoticed");
	memset(bytes, 0xff, sizeof(bytes));
	tap_is(fwslot_choice_decode(bytes, 2, &read), -ENODATA, "erased");
}

int main(void)
{
	known_counters();
	full_counters();
	choices();
	return tap_done();
}
