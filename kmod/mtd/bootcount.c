// SPDX-License-Identifier: GPL-2.0
/*
 * U-Boot's boot counters: include/bootcount.h and drivers/bootcount/ of its tree.
 */
#ifdef __KERNEL__
#include <linux/errno.h>
#include <linux/string.h>
#else
#include <errno.h>
#include <string.h>
#endif

#include "bootcount.h"

#define PAIR_MAGIC	0xb001c041U
#define WORD_MAGIC	0xb0010000U
#define WORD_MASK	0xffff0000U
#define FILE_MAGIC	0xbd
#define FILE_VERSION	1
#define BYTES_MAGIC	0xbc
#define CHOICE_MAGIC	0xf5
#define CHOICE_VERSION	1

static const struct form {
	const char *name;
	size_t size;
	__u32 count_max;
} forms[__FWSLOT_BOOTCOUNT_FORMS] = {
	[FWSLOT_BOOTCOUNT_PAIR]		= { "pair", 8, 0xffffffff },
	[FWSLOT_BOOTCOUNT_WORD]		= { "word", 4, 0xffff },
	[FWSLOT_BOOTCOUNT_FILE]		= { "file", 4, 0xff },
	[FWSLOT_BOOTCOUNT_BYTES]	= { "bytes", 2, 0xff },
};

const char *fwslot_bootcount_form_name(unsigned int form)
{
	return form < __FWSLOT_BOOTCOUNT_FORMS ? forms[form].name : NULL;
}

size_t fwslot_bootcount_size(enum fwslot_bootcount_form form)
{
	return forms[form].size;
}

static __u32 get_u32(const __u8 *bytes, bool is_big_endian)
{
	if (is_big_endian)
		return (__u32)bytes[0] << 24 | bytes[1] << 16 | bytes[2] << 8 | bytes[3];
	return (__u32)bytes[3] << 24 | bytes[2] << 16 | bytes[1] << 8 | bytes[0];
}

static void put_u32(__u8 *bytes, __u32 value, bool is_big_endian)
{
	unsigned int i;

	for (i = 0; i < 4; i++)
		bytes[is_big_endian ? 3 - i : i] = value >> (8 * i);
}

int fwslot_bootcount_decode(enum fwslot_bootcount_form form, bool is_big_endian, const __u8 *bytes,
			    struct fwslot_bootcount *ret_bootcount)
{
	__u32 word = get_u32(bytes, is_big_endian);
	bool is_there = false;

	*ret_bootcount = (struct fwslot_bootcount){
		.has_upgrade_available = form == FWSLOT_BOOTCOUNT_FILE,
	};
	switch (form) {
	case FWSLOT_BOOTCOUNT_PAIR:
		is_there = get_u32(bytes + 4, is_big_endian) == PAIR_MAGIC;
		ret_bootcount->count = is_there ? word : 0;
		break;
	case FWSLOT_BOOTCOUNT_WORD:
		is_there = (word & WORD_MASK) == WORD_MAGIC;
		ret_bootcount->count = is_there ? word & ~WORD_MASK : 0;
		break;
	case FWSLOT_BOOTCOUNT_FILE:
		is_there = bytes[0] == FILE_MAGIC && bytes[1] == FILE_VERSION;
		ret_bootcount->count = is_there ? bytes[2] : 0;
		ret_bootcount->upgrade_available = is_there && bytes[3];
		break;
	case FWSLOT_BOOTCOUNT_BYTES:
		is_there = bytes[1] == BYTES_MAGIC;
		ret_bootcount->count = is_there ? bytes[0] : 0;
		break;
	case __FWSLOT_BOOTCOUNT_FORMS:
		break;
	}
	return is_there ? 0 : -ENODATA;
}

void fwslot_bootcount_encode(enum fwslot_bootcount_form form, bool is_big_endian,
			     const struct fwslot_bootcount *bootcount, __u8 *bytes)
{
	__u32 count = bootcount->count;

	if (count > forms[form].count_max)
		count = forms[form].count_max;
	switch (form) {
	case FWSLOT_BOOTCOUNT_PAIR:
		put_u32(bytes, count, is_big_endian);
		put_u32(bytes + 4, PAIR_MAGIC, is_big_endian);
		break;
	case FWSLOT_BOOTCOUNT_WORD:
		put_u32(bytes, WORD_MAGIC | count, is_big_endian);
		break;
	case FWSLOT_BOOTCOUNT_FILE:
		bytes[0] = FILE_MAGIC;
		bytes[1] = FILE_VERSION;
		bytes[2] = count;
		bytes[3] = bootcount->upgrade_available;
		break;
	case FWSLOT_BOOTCOUNT_BYTES:
		bytes[0] = count;
		bytes[1] = BYTES_MAGIC;
		break;
	case __FWSLOT_BOOTCOUNT_FORMS:
		break;
	}
}

int fwslot_choice_decode(const __u8 *bytes, unsigned int num_slots,
			 struct fwslot_choice *ret_choice)
{
	__u8 sum = 0;
	unsigned int i;

	*ret_choice = (struct fwslot_choice){ };
	for (i = 0; i < FWSLOT_CHOICE_SIZE; i++)
		sum += bytes[i];
	if (sum || bytes[0] != CHOICE_MAGIC || bytes[1] != CHOICE_VERSION ||
	    bytes[2] >= num_slots || bytes[3] >= num_slots || bytes[4] > 1 || bytes[5] > 1 ||
	    bytes[6] >= num_slots)
		return -ENODATA;
	ret_choice->next = bytes[2];
	ret_choice->previous = bytes[3];
	ret_choice->is_trial = bytes[4];
	ret_choice->start_confirms = bytes[5];
	ret_choice->running = bytes[6];
	return 0;
}

void fwslot_choice_encode(const struct fwslot_choice *choice, __u8 *bytes)
{
	unsigned int i;

	memset(bytes, 0, FWSLOT_CHOICE_SIZE);
	bytes[0] = CHOICE_MAGIC;
	bytes[1] = CHOICE_VERSION;
	bytes[2] = choice->next;
	bytes[3] = choice->previous;
	bytes[4] = choice->is_trial;
	bytes[5] = choice->start_confirms;
	bytes[6] = choice->running;
	for (i = 0; i < FWSLOT_CHOICE_SIZE - 1; i++)
		bytes[FWSLOT_CHOICE_SIZE - 1] -= bytes[i];
}
