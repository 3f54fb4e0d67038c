// SPDX-License-Identifier: GPL-2.0
/*
 * The parameter devices=: one row and one function for each setting.
 */
#ifdef __KERNEL__
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>
#else
#include <errno.h>
#include <string.h>
#ifndef ARRAY_SIZE
#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))
#endif
#endif

#include "spec.h"

#define BOOT_LIMIT_MAX		255
#define BOOT_LIMIT_DEFAULT	3
#define NVMEM_PREFIX		"nvmem/"

/* A piece of the parameter: not ended by a NUL. */
struct piece {
	const char *text;
	size_t length;
};

/* Takes what comes before @separator off the front. */
static struct piece take_before(struct piece *rest, char separator)
{
	const char *end = memchr(rest->text, separator, rest->length);
	struct piece piece = { rest->text, end ? (size_t)(end - rest->text) : rest->length };
	size_t taken = piece.length + (end ? 1 : 0);

	rest->text += taken;
	rest->length -= taken;
	return piece;
}

static bool is_word(struct piece piece, const char *word)
{
	return piece.length == strlen(word) && !memcmp(piece.text, word, piece.length);
}

static int copy(struct piece piece, char *text, size_t size)
{
	if (!piece.length || piece.length >= size)
		return -EINVAL;
	memcpy(text, piece.text, piece.length);
	text[piece.length] = '\0';
	return 0;
}

/* Decimal, or hexadecimal with 0x. */
static int read_number(struct piece piece, __u32 max, __u32 *ret_number)
{
	__u64 number = 0;
	__u32 base = 10;
	size_t i = 0;

	if (piece.length > 2 && piece.text[0] == '0' && piece.text[1] == 'x') {
		base = 16;
		i = 2;
	}
	if (i == piece.length)
		return -EINVAL;
	for (; i < piece.length; i++) {
		char c = piece.text[i];
		__u32 digit = 16;

		if (c >= '0' && c <= '9')
			digit = c - '0';
		else if (c >= 'a' && c <= 'f')
			digit = c - 'a' + 10;
		if (digit >= base)
			return -EINVAL;
		number = number * base + digit;
		if (number > max)
			return -EINVAL;
	}
	*ret_number = number;
	return 0;
}

static int set_id(struct fwslot_mtd_spec *spec, struct piece value)
{
	return copy(value, spec->id, sizeof(spec->id));
}

static int set_name(struct fwslot_mtd_spec *spec, struct piece value)
{
	return copy(value, spec->name, sizeof(spec->name));
}

static int set_serial(struct fwslot_mtd_spec *spec, struct piece value)
{
	return copy(value, spec->serial, sizeof(spec->serial));
}

static int set_slots(struct fwslot_mtd_spec *spec, struct piece value)
{
	spec->num_slots = 0;
	while (value.length) {
		struct piece slot = take_before(&value, ':');

		if (spec->num_slots == FWSLOT_MTD_SLOTS_MAX ||
		    copy(slot, spec->slots[spec->num_slots], sizeof(spec->slots[0])))
			return -EINVAL;
		spec->num_slots++;
	}
	return spec->num_slots ? 0 : -EINVAL;
}

static int set_boot(struct fwslot_mtd_spec *spec, struct piece value)
{
	size_t prefix = strlen(NVMEM_PREFIX);
	struct piece name;

	if (value.length > prefix && !memcmp(value.text, NVMEM_PREFIX, prefix)) {
		spec->is_nvmem = true;
		value.text += prefix;
		value.length -= prefix;
	}
	name = take_before(&value, '@');
	spec->has_boot = true;
	if (value.length && read_number(value, 0x7fffffff, &spec->boot_offset))
		return -EINVAL;
	return copy(name, spec->boot, sizeof(spec->boot));
}

static int set_form(struct fwslot_mtd_spec *spec, struct piece value)
{
	unsigned int i;

	for (i = 0; fwslot_bootcount_form_name(i); i++)
		if (is_word(value, fwslot_bootcount_form_name(i))) {
			spec->form = i;
			return 0;
		}
	return -EINVAL;
}

static int set_endian(struct fwslot_mtd_spec *spec, struct piece value)
{
	spec->is_big_endian = is_word(value, "big");
	return spec->is_big_endian || is_word(value, "little") ? 0 : -EINVAL;
}

static int set_limit(struct fwslot_mtd_spec *spec, struct piece value)
{
	__u32 limit;

	if (read_number(value, BOOT_LIMIT_MAX, &limit) || !limit)
		return -EINVAL;
	spec->limit = limit;
	return 0;
}

static const struct setting {
	const char *name;
	const char *problem;
	int (*set)(struct fwslot_mtd_spec *spec, struct piece value);
} settings[] = {
	{ "id", "id= wants vendor/model of 1 to 259 letters", set_id },
	{ "name", "name= wants 1 to 127 letters", set_name },
	{ "serial", "serial= wants 1 to 127 letters", set_serial },
	{ "slots", "slots= wants 1 to 8 names of 1 to 63 letters, separated by :", set_slots },
	{ "boot", "boot= wants PARTITION[@OFFSET] or nvmem/NAME[@OFFSET]", set_boot },
	{ "form", "form= wants pair, word, file or bytes", set_form },
	{ "endian", "endian= wants little or big", set_endian },
	{ "limit", "limit= wants 1 to 255", set_limit },
};

static int read_setting(struct piece piece, struct fwslot_mtd_spec *spec, const char **ret_problem)
{
	struct piece name = take_before(&piece, '=');
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(settings); i++) {
		if (!is_word(name, settings[i].name))
			continue;
		*ret_problem = settings[i].problem;
		return settings[i].set(spec, piece);
	}
	*ret_problem = "there is no such setting: id name serial slots boot form endian limit";
	return -EINVAL;
}

int fwslot_mtd_spec_read(const char **text, struct fwslot_mtd_spec *ret_spec,
			 const char **ret_problem)
{
	struct piece rest = { *text, strlen(*text) };
	struct piece device;

	/* A parameter that was written with echo ends in a newline. */
	if (rest.length && rest.text[rest.length - 1] == '\n')
		rest.length--;
	if (!rest.length)
		return 0;
	*ret_spec = (struct fwslot_mtd_spec){ .limit = BOOT_LIMIT_DEFAULT };
	device = take_before(&rest, ';');
	*text = rest.text;
	while (device.length)
		if (read_setting(take_before(&device, ','), ret_spec, ret_problem))
			return -EINVAL;
	*ret_problem = "a device needs id= and slots=";
	if (!ret_spec->id[0] || !ret_spec->num_slots)
		return -EINVAL;
	if (!ret_spec->name[0]) {
		size_t length = strnlen(ret_spec->id, FWSLOT_MTD_TEXT_MAX);

		memcpy(ret_spec->name, ret_spec->id, length);
		ret_spec->name[length] = '\0';
	}
	return 1;
}
