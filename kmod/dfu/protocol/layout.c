// SPDX-License-Identifier: GPL-2.0
/*
 * Reading DfuSe memory layouts and looking up sectors. The text comes from the device: every number
 * is bounded before it is used.
 */
#include "layout.h"

#define ADDRESS_SPACE	0x100000000ULL

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static void skip_blanks(const char **text)
{
	while (**text == ' ')
		(*text)++;
}

/* A decimal number of at most @max; at least one digit. */
static int parse_decimal(const char **text, u32 max, u32 *ret_number)
{
	u64 number = 0;

	if (!is_digit(**text))
		return -EINVAL;
	for (; is_digit(**text); (*text)++) {
		number = number * 10 + (**text - '0');
		if (number > max)
			return -EINVAL;
	}
	*ret_number = number;
	return 0;
}

static int hex_value(char c)
{
	if (is_digit(c))
		return c - '0';
	c |= 'a' - 'A';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* "0x" and one to eight hexadecimal digits. */
static int parse_address(const char **text, u32 *ret_address)
{
	unsigned int digits = 0;
	u32 address = 0;

	skip_blanks(text);
	if ((*text)[0] != '0' || ((*text)[1] | 0x20) != 'x')
		return -EINVAL;
	for (*text += 2; hex_value(**text) >= 0; (*text)++) {
		if (++digits > 8)
			return -EINVAL;
		address = address << 4 | hex_value(**text);
	}
	skip_blanks(text);
	*ret_address = address;
	return digits ? 0 : -EINVAL;
}

/* "B" or a space, "K", "M"; some devices leave it out. */
static u32 parse_multiplier(const char **text)
{
	switch (**text) {
	case 'M':
		(*text)++;
		return 1024 * 1024;
	case 'K':
		(*text)++;
		return 1024;
	case 'B':
	case ' ':
		(*text)++;
		break;
	}
	return 1;
}

/* "04*016Kg": number of sectors, their size, multiplier, type letter */
static int parse_run(const char **text, struct dfuse_run *ret_run)
{
	u32 size, multiplier;

	skip_blanks(text);
	if (parse_decimal(text, ~0U, &ret_run->num_sectors) || !ret_run->num_sectors)
		return -EINVAL;
	if (*(*text)++ != '*')
		return -EINVAL;
	if (parse_decimal(text, DFUSE_SECTOR_BYTES_MAX, &size) || !size)
		return -EINVAL;
	multiplier = parse_multiplier(text);
	if (size > DFUSE_SECTOR_BYTES_MAX / multiplier)
		return -EINVAL;
	ret_run->sector_bytes = size * multiplier;

	if (**text < 'a' || **text > 'g')
		return -EINVAL;
	ret_run->abilities = *(*text)++ - 'a' + 1;
	skip_blanks(text);
	return 0;
}

static u64 run_end(const struct dfuse_run *run)
{
	return run->address + (u64)run->sector_bytes * run->num_sectors;
}

/* Keeps the runs sorted. */
static int insert_run(struct dfuse_layout *layout, const struct dfuse_run *run)
{
	unsigned int place = layout->num_runs;

	if (place == DFUSE_RUNS_MAX)
		return -E2BIG;
	if (run_end(run) > ADDRESS_SPACE)
		return -EINVAL;
	while (place && layout->runs[place - 1].address > run->address) {
		layout->runs[place] = layout->runs[place - 1];
		place--;
	}
	layout->runs[place] = *run;
	layout->num_runs++;

	if (place && run_end(&layout->runs[place - 1]) > run->address)
		return -EINVAL;
	if (place + 1 < layout->num_runs && run_end(run) > layout->runs[place + 1].address)
		return -EINVAL;
	return 0;
}

/* "/0x08000000/" was read up to the address: now the runs that follow each other from there. */
static int parse_zone(const char **text, struct dfuse_layout *layout)
{
	struct dfuse_run run;
	u64 address;
	int ret;

	if (parse_address(text, &run.address) || *(*text)++ != '/')
		return -EINVAL;
	for (;;) {
		ret = parse_run(text, &run);
		if (!ret)
			ret = insert_run(layout, &run);
		if (ret)
			return ret;
		if (**text != ',')
			return 0;
		(*text)++;

		address = run_end(&run);
		if (address >= ADDRESS_SPACE)
			return -EINVAL;
		run.address = address;
	}
}

/* The name ends at '/'; trailing spaces are padding. What is not printable ASCII becomes '?'. */
static void parse_name(const char **text, char *name)
{
	size_t length = 0;

	skip_blanks(text);
	for (; **text && **text != '/'; (*text)++) {
		if (length < DFUSE_NAME_MAX)
			name[length++] = **text >= ' ' && **text <= '~' ? **text : '?';
	}
	while (length && name[length - 1] == ' ')
		length--;
	name[length] = 0;
}

int dfuse_layout_parse(const char *text, struct dfuse_layout *ret_layout)
{
	int ret;

	if (*text++ != '@')
		return -ENOENT;
	parse_name(&text, ret_layout->name);
	ret_layout->num_runs = 0;
	do {
		if (*text++ != '/')
			return -EINVAL;
		ret = parse_zone(&text, ret_layout);
		if (ret)
			return ret;
	} while (*text);
	return 0;
}

int dfuse_layout_find(const struct dfuse_layout *layout, u64 address,
		      struct dfuse_sector *ret_sector)
{
	unsigned int i;

	for (i = 0; i < layout->num_runs; i++) {
		const struct dfuse_run *run = &layout->runs[i];

		if (address < run->address || address >= run_end(run))
			continue;
		/* Half-open: the byte after a sector belongs to the next one. */
		ret_sector->start = address - (u32)(address - run->address) % run->sector_bytes;
		ret_sector->bytes = run->sector_bytes;
		ret_sector->abilities = run->abilities;
		return 0;
	}
	return -ENOENT;
}

int dfuse_layout_check(const struct dfuse_layout *layout, u64 address, u64 bytes, u8 abilities)
{
	unsigned int i;
	u64 end;

	if (bytes > ADDRESS_SPACE)
		return -EFBIG;
	for (i = 0, end = address + bytes; i < layout->num_runs && address < end; i++) {
		const struct dfuse_run *run = &layout->runs[i];

		if (address >= run_end(run))
			continue;
		if (address < run->address)
			return -EFBIG;
		if ((run->abilities & abilities) != abilities)
			return -EACCES;
		address = dfu_smaller(end, run_end(run));
	}
	return address < end ? -EFBIG : 0;
}

u64 dfuse_layout_first_bytes(const struct dfuse_layout *layout)
{
	u64 end = run_end(&layout->runs[0]);
	unsigned int i;

	for (i = 1; i < layout->num_runs && layout->runs[i].address == end; i++)
		end = run_end(&layout->runs[i]);
	return end - layout->runs[0].address;
}
