/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Headers of images in flash, and the parameter devices= of fwslot_mtd. */
#include <errno.h>
#include <string.h>

#include "base/macros.h"
#include "kmod/mtd/bootcount.c"
#include "kmod/mtd/image.c"
#include "kmod/mtd/spec.c"
#include "tap.h"

static int read_spec(const char *text, struct fwslot_mtd_spec *spec)
{
	const char *problem = NULL;
	int r = fwslot_mtd_spec_read(&text, spec, &problem);

	if (r < 0 && !problem)
		tap_ok(false, "every refusal has words");
	return r;
}

static void good_specs(void)
{
	const char *text =
		"id=acme/board,slots=fw a:fw-b,name=Board,serial=7,boot=nvmem/0-00500@0x40,"
		"form=file,endian=big,limit=5;id=acme/other,slots=image,boot=count\n";
	const char *problem;
	struct fwslot_mtd_spec spec;

	tap_is(fwslot_mtd_spec_read(&text, &spec, &problem), 1, "a device with everything");
	tap_is_string(spec.id, "acme/board", "its id");
	tap_is_string(spec.name, "Board", "its name");
	tap_is_string(spec.serial, "7", "its serial number");
	tap_is(spec.num_slots, 2, "its slots");
	tap_is_string(spec.slots[0], "fw a", "a name with a space");
	tap_ok(spec.has_boot && spec.is_nvmem && spec.boot_offset == 0x40 &&
		       strcmp(spec.boot, "0-00500") == 0,
	       "its boot record");
	tap_ok(spec.form == FWSLOT_BOOTCOUNT_FILE && spec.is_big_endian && spec.limit == 5,
	       "and how it is stored");
	tap_is(fwslot_mtd_spec_read(&text, &spec, &problem), 1, "a second device");
	tap_ok(spec.has_boot && !spec.is_nvmem && spec.boot_offset == 0 && spec.limit == 3 &&
		       spec.form == FWSLOT_BOOTCOUNT_PAIR && !spec.is_big_endian,
	       "with what is usual");
	tap_is_string(spec.name, "acme/other", "named by its id");
	tap_is(fwslot_mtd_spec_read(&text, &spec, &problem), 0, "and no third");
}

static const struct {
	const char *what, *text;
} bad_specs[] = {
	{ "no id", "slots=a" },
	{ "no slots", "id=a/b" },
	{ "empty slots", "id=a/b,slots=" },
	{ "an empty slot", "id=a/b,slots=a::b" },
	{ "nine slots", "id=a/b,slots=1:2:3:4:5:6:7:8:9" },
	{ "a name of 64 letters",
	  "id=a/b,slots=xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx" },
	{ "an unknown setting", "id=a/b,slots=a,colour=red" },
	{ "a setting without a value", "id=a/b,slots=a,form" },
	{ "an unknown form", "id=a/b,slots=a,form=xml" },
	{ "an unknown order", "id=a/b,slots=a,endian=middle" },
	{ "a limit of 0", "id=a/b,slots=a,limit=0" },
	{ "a limit of 256", "id=a/b,slots=a,limit=256" },
	{ "a limit that is no number", "id=a/b,slots=a,limit=few" },
	{ "an offset that is no number", "id=a/b,slots=a,boot=x@y" },
	{ "an offset beyond all", "id=a/b,slots=a,boot=x@0x80000000" },
	{ "no name before the offset", "id=a/b,slots=a,boot=@5" },
	{ "only a separator", ";" },
};

/* Legacy: magic, crc, time, size 0x1234, load, entry, crc, types, name. */
static const __u8 legacy[FWSLOT_MTD_HEAD_SIZE] = {
	0x27, 0x05, 0x19, 0x56,	      1,   2,	3,   4,	  0,   0,   0,	 0,   0,
	0,    0x12, 0x34, [32] = 'L', 'i', 'n', 'u', 'x', ' ', '6', '.', '1', 0x07,
};

static void heads(void)
{
	struct fwslot_mtd_head head;
	__u8 bytes[FWSLOT_MTD_HEAD_SIZE] = { 0xd0, 0x0d, 0xfe, 0xed, 0, 1, 0, 2 };

	fwslot_mtd_head_read(legacy, &head);
	tap_is(head.size_bytes, 0x1234 + 64, "a legacy image says its size");
	tap_is_string(head.name, "Linux_6.1_", "and its name, without what cannot be shown");
	fwslot_mtd_head_read(bytes, &head);
	tap_is(head.size_bytes, 0x10002, "a flattened tree says its size");
	tap_is_string(head.name, "", "but no name");
	memset(bytes, 0xff, sizeof(bytes));
	fwslot_mtd_head_read(bytes, &head);
	tap_is(head.is_erased, true, "erased");
	bytes[63] = 0xfe;
	fwslot_mtd_head_read(bytes, &head);
	tap_ok(!head.is_erased && head.size_bytes == 0, "anything else is just bytes");
}

int main(void)
{
	struct fwslot_mtd_spec spec;

	good_specs();
	tap_is(read_spec("", &spec), 0, "nothing is no device");
	tap_is(read_spec("\n", &spec), 0, "nor is a newline");
	for (size_t i = 0; i < ARRAY_SIZE(bad_specs); i++)
		tap_is(read_spec(bad_specs[i].text, &spec), -EINVAL, bad_specs[i].what);
	heads();
	return tap_done();
}
