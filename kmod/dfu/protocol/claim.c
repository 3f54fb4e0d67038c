// SPDX-License-Identifier: GPL-2.0
/*
 * Reading entries of the list of devices that may be claimed. Text from the administrator or udev.
 */
#include "claim.h"

/* The rest of the text that is read. */
struct reader {
	const char *text;
	size_t left;
};

static bool take(struct reader *reader, char c)
{
	if (!reader->left || *reader->text != c)
		return false;
	reader->text++;
	reader->left--;
	return true;
}

static int digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 'a' - 'A';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool take_id_half(struct reader *reader, u16 *ret_half)
{
	unsigned int i;
	u16 half = 0;

	if (reader->left < 4)
		return false;
	for (i = 0; i < 4; i++) {
		int digit = digit_value(reader->text[i]);

		if (digit < 0)
			return false;
		half = half << 4 | digit;
	}
	reader->text += 4;
	reader->left -= 4;
	*ret_half = half;
	return true;
}

static bool take_id(struct reader *reader, struct dfu_usb_id *ret_id)
{
	return take_id_half(reader, &ret_id->vendor) && take(reader, ':') &&
	       take_id_half(reader, &ret_id->product);
}

/* A decimal number from 1 to @max, with "K" or "M" after it if @has_unit. */
static bool parse_number(struct reader value, bool has_unit, u32 max, u32 *ret_number)
{
	u64 number = 0;

	while (value.left && *value.text >= '0' && *value.text <= '9') {
		number = number * 10 + (*value.text++ - '0');
		value.left--;
		if (number > max)
			return false;
	}
	if (has_unit && take(&value, 'M'))
		number *= 1024 * 1024;
	else if (has_unit && take(&value, 'K'))
		number *= 1024;
	*ret_number = number;
	return !value.left && number >= 1 && number <= max;
}

static bool is_hardware_id_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '-' || c == '_' || c == '.';
}

/* Two to four segments; none begins with a dot, for they become names of folders. */
static bool parse_hardware_id(struct reader value, char *hardware_id)
{
	size_t segment = 0;
	unsigned int segments = 1;
	size_t i;

	if (value.left > DFU_HARDWARE_ID_MAX)
		return false;
	for (i = 0; i < value.left; i++) {
		char c = value.text[i];

		if (c == '/') {
			if (!segment)
				return false;
			segments++;
			segment = 0;
		} else if (!is_hardware_id_char(c) || (!segment && c == '.') ||
			   ++segment > DFU_HARDWARE_ID_SEGMENT_MAX) {
			return false;
		}
		hardware_id[i] = c;
	}
	hardware_id[i] = 0;
	return segment && segments >= 2 && segments <= 4;
}

/* Takes "KEY=VALUE" up to the next '+' or the end. */
static bool take_option(struct reader *reader, struct dfu_claim *claim)
{
	struct reader value;
	size_t key_length = 0;
	const char *key = reader->text;

	while (key_length < reader->left && key[key_length] != '=')
		key_length++;
	if (key_length == reader->left)
		return false;
	value.text = key + key_length + 1;
	value.left = 0;
	reader->left -= key_length + 1;
	while (reader->left && value.text[value.left] != '+') {
		value.left++;
		reader->left--;
	}
	reader->text = value.text + value.left;

	if (key_length == 2 && !memcmp(key, "id", 2))
		return parse_hardware_id(value, claim->hardware_id);
	if (key_length == 5 && !memcmp(key, "slots", 5))
		return parse_number(value, false, DFU_CLAIM_SLOTS_MAX, &claim->num_slots);
	if (key_length == 4 && !memcmp(key, "size", 4))
		return parse_number(value, true, DFU_SLOT_BYTES_MAX, &claim->slot_bytes);
	return false;
}

int dfu_claim_parse(const char *text, size_t length, struct dfu_claim *ret_claim)
{
	struct reader reader = { text, length };

	*ret_claim = (struct dfu_claim) { .num_ids = 1 };
	if (length == 1 && *text == '*') {
		ret_claim->num_ids = 0;
		ret_claim->is_any = true;
		return 0;
	}
	if (!take_id(&reader, &ret_claim->ids[0]))
		return -EINVAL;
	if (take(&reader, '/')) {
		if (!take_id(&reader, &ret_claim->ids[1]))
			return -EINVAL;
		ret_claim->num_ids = 2;
	}
	while (take(&reader, '+'))
		if (!take_option(&reader, ret_claim))
			return -EINVAL;
	return reader.left ? -EINVAL : 0;
}

bool dfu_claim_fits(const struct dfu_claim *claim, const struct dfu_usb_id *id)
{
	unsigned int i;

	for (i = 0; i < claim->num_ids; i++)
		if (claim->ids[i].vendor == id->vendor && claim->ids[i].product == id->product)
			return true;
	return claim->is_any;
}
