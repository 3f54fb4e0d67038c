/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The boot counter as U-Boot keeps it, and beside it the choice of a slot, which U-Boot leaves to
 * its scripts. Pure: bytes in, numbers out, no kernel headers but types; also compiled into a unit
 * test.
 */
#ifndef _FWSLOT_MTD_BOOTCOUNT_H
#define _FWSLOT_MTD_BOOTCOUNT_H

#include <linux/types.h>
#ifndef __KERNEL__
#include <stdbool.h>
#include <stddef.h>
#endif

/*
 * What U-Boot's drivers/bootcount store. Numbers wider than a byte are in the byte order that the
 * board's U-Boot was configured for.
 */
enum fwslot_bootcount_form {
	FWSLOT_BOOTCOUNT_PAIR,		/* u32 count, u32 0xb001c041 */
	FWSLOT_BOOTCOUNT_WORD,		/* u32: 0xb001, count (SYS_BOOTCOUNT_SINGLEWORD) */
	FWSLOT_BOOTCOUNT_FILE,		/* 0xbd, 1, count, upgrade_available (BOOTCOUNT_FS) */
	FWSLOT_BOOTCOUNT_BYTES,		/* count, 0xbc (BOOTCOUNT_I2C, BOOTCOUNT_RTC) */

	__FWSLOT_BOOTCOUNT_FORMS
};

/* The longest form, and where the choice follows it in every form. */
#define FWSLOT_BOOTCOUNT_SIZE	8
#define FWSLOT_CHOICE_OFFSET	8
#define FWSLOT_CHOICE_SIZE	8
#define FWSLOT_RECORD_SIZE	(FWSLOT_CHOICE_OFFSET + FWSLOT_CHOICE_SIZE)

/**
 * struct fwslot_bootcount - a boot counter
 * @count: boots since it was reset
 * @has_upgrade_available: the form has such a field
 * @upgrade_available: U-Boot counts, and falls back, only if this is set
 */
struct fwslot_bootcount {
	__u32 count;
	bool has_upgrade_available;
	bool upgrade_available;
};

/* "pair", "word", "file", "bytes"; NULL for no form. */
const char *fwslot_bootcount_form_name(unsigned int form);

/* Return: bytes a form takes. */
size_t fwslot_bootcount_size(enum fwslot_bootcount_form form);

/**
 * fwslot_bootcount_decode() - read a counter
 * @form: how it is stored
 * @is_big_endian: byte order
 * @bytes: FWSLOT_BOOTCOUNT_SIZE of them
 * @ret_bootcount: counter
 *
 * Return: 0, or -ENODATA if there is none (U-Boot then begins at 0, and so does *@ret_bootcount).
 */
int fwslot_bootcount_decode(enum fwslot_bootcount_form form, bool is_big_endian, const __u8 *bytes,
			    struct fwslot_bootcount *ret_bootcount);

/**
 * fwslot_bootcount_encode() - write a counter
 * @form: how it is stored
 * @is_big_endian: byte order
 * @bootcount: counter; a count beyond what the form can hold becomes the largest that it can
 * @bytes: FWSLOT_BOOTCOUNT_SIZE of them, of which those of the form are written
 */
void fwslot_bootcount_encode(enum fwslot_bootcount_form form, bool is_big_endian,
			     const struct fwslot_bootcount *bootcount, __u8 *bytes);

/**
 * struct fwslot_choice - which slot boots
 * @next: the slot to boot
 * @previous: the slot to boot when attempts have run out; the same as @next if there is none
 * @is_trial: @next is not confirmed
 * @start_confirms: its first start is enough to confirm it
 * @running: the slot that ran when this was chosen, and does until the next boot
 *
 * In flash: 0xf5, 1, next, previous, is_trial, start_confirms, running, and a byte that makes the
 * sum of all eight 0.
 */
struct fwslot_choice {
	__u8 next;
	__u8 previous;
	bool is_trial;
	bool start_confirms;
	__u8 running;
};

/**
 * fwslot_choice_decode() - read a choice
 * @bytes: FWSLOT_CHOICE_SIZE of them
 * @num_slots: slots that there are
 * @ret_choice: choice
 *
 * Return: 0, or -ENODATA if there is none that makes sense (then slot 0, confirmed).
 */
int fwslot_choice_decode(const __u8 *bytes, unsigned int num_slots,
			 struct fwslot_choice *ret_choice);

/* @bytes: FWSLOT_CHOICE_SIZE of them. */
void fwslot_choice_encode(const struct fwslot_choice *choice, __u8 *bytes);

#endif /* _FWSLOT_MTD_BOOTCOUNT_H */
