/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What slots and trials of a device with MCUboot look like, row by row; what is remembered of it. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/file.h"
#include "base/macros.h"
#include "smp/memory-file.h"
#include "smp/options.h"
#include "smp/view.h"
#include "tap.h"

/* As a device tells it: "A" active, "C" confirmed, "P" pending, "!" permanent, "-" not bootable. */
static struct smp_image_state image(unsigned slot, uint8_t hash, const char *flags)
{
	struct smp_image_state state = { .slot = slot,
					 .version = "1.0.0",
					 .hash = { hash },
					 .hash_size = 32,
					 .has_flags = true };

	state.is_active = strchr(flags, 'A');
	state.is_confirmed = strchr(flags, 'C');
	state.is_pending = strchr(flags, 'P');
	state.is_permanent = strchr(flags, '!');
	state.is_bootable = !strchr(flags, '-');
	return state;
}

static struct smp_hash hash_of(uint8_t byte)
{
	return (struct smp_hash){ .bytes = { byte }, .size = byte ? 32 : 0 };
}

#define EMPTY FWSLOT_SLOT_STATE_EMPTY
#define PARTIAL FWSLOT_SLOT_STATE_PARTIAL
#define VALID FWSLOT_SLOT_STATE_VALID
#define INVALID FWSLOT_SLOT_STATE_INVALID
#define PENDING FWSLOT_SLOT_STATE_PENDING
#define ON_TRIAL FWSLOT_SLOT_STATE_TRIAL
#define GOOD FWSLOT_SLOT_STATE_CONFIRMED

static const struct row {
	const char *what;
	/* Flags of slot 0 (hash 1) and slot 1 (hash 2); NULL: nothing there. */
	const char *flags[2];
	uint8_t failed; /* hash remembered as failed */
	int partial;
	/* expected */
	enum fwslot_slot_state states[2];
	enum fwslot_boot_state boot;
	int running, next, fallback;
	unsigned attempts;
} rows[] = {
	{ "one image",
	  { "AC", NULL },
	  0,
	  -1,
	  { GOOD, EMPTY },
	  FWSLOT_BOOT_STATE_CONFIRMED,
	  0,
	  0,
	  -1,
	  0 },
	{ "an upload was begun",
	  { "AC", NULL },
	  0,
	  1,
	  { GOOD, PARTIAL },
	  FWSLOT_BOOT_STATE_CONFIRMED,
	  0,
	  0,
	  -1,
	  0 },
	{ "an image was uploaded",
	  { "AC", "" },
	  0,
	  -1,
	  { GOOD, VALID },
	  FWSLOT_BOOT_STATE_CONFIRMED,
	  0,
	  0,
	  -1,
	  0 },
	{ "marked for test",
	  { "AC", "P" },
	  0,
	  -1,
	  { GOOD, PENDING },
	  FWSLOT_BOOT_STATE_CONFIRMED,
	  0,
	  1,
	  -1,
	  0 },
	{ "marked for good",
	  { "AC", "P!" },
	  0,
	  -1,
	  { GOOD, PENDING },
	  FWSLOT_BOOT_STATE_CONFIRMED,
	  0,
	  1,
	  -1,
	  0 },
	{ "being tested",
	  { "A", "C" },
	  0,
	  -1,
	  { ON_TRIAL, GOOD },
	  FWSLOT_BOOT_STATE_TRIAL,
	  0,
	  0,
	  1,
	  1 },
	{ "being tested, nothing to go back to",
	  { "A", NULL },
	  0,
	  -1,
	  { ON_TRIAL, EMPTY },
	  FWSLOT_BOOT_STATE_TRIAL,
	  0,
	  0,
	  -1,
	  1 },
	{ "confirmed",
	  { "AC", "" },
	  0,
	  -1,
	  { GOOD, VALID },
	  FWSLOT_BOOT_STATE_CONFIRMED,
	  0,
	  0,
	  -1,
	  0 },
	{ "reverted",
	  { "AC", "" },
	  2,
	  -1,
	  { GOOD, INVALID },
	  FWSLOT_BOOT_STATE_FALLBACK,
	  0,
	  0,
	  -1,
	  0 },
	{ "reverted, and what failed is gone",
	  { "AC", NULL },
	  9,
	  -1,
	  { GOOD, EMPTY },
	  FWSLOT_BOOT_STATE_FALLBACK,
	  0,
	  0,
	  -1,
	  0 },
	{ "not bootable",
	  { "AC", "-" },
	  0,
	  -1,
	  { GOOD, INVALID },
	  FWSLOT_BOOT_STATE_CONFIRMED,
	  0,
	  0,
	  -1,
	  0 },
	{ "in serial recovery",
	  { "C", "" },
	  0,
	  -1,
	  { GOOD, VALID },
	  FWSLOT_BOOT_STATE_UNKNOWN,
	  -1,
	  -1,
	  -1,
	  0 },
	{ "in serial recovery, nothing there",
	  { NULL, NULL },
	  0,
	  -1,
	  { EMPTY, EMPTY },
	  FWSLOT_BOOT_STATE_UNKNOWN,
	  -1,
	  -1,
	  -1,
	  0 },
	{ "direct XIP: slot 1 runs",
	  { "", "AC" },
	  0,
	  -1,
	  { VALID, GOOD },
	  FWSLOT_BOOT_STATE_CONFIRMED,
	  1,
	  1,
	  -1,
	  0 },
	{ "direct XIP: slot 1 is tested",
	  { "C", "A" },
	  0,
	  -1,
	  { GOOD, ON_TRIAL },
	  FWSLOT_BOOT_STATE_TRIAL,
	  1,
	  1,
	  0,
	  1 },
};

static struct smp_image_list list_of(const char *const *flags)
{
	struct smp_image_list list = { 0 };

	for (unsigned slot = 0; slot < 2; slot++)
		if (flags[slot])
			list.images[list.count++] = image(slot, (uint8_t)(slot + 1), flags[slot]);
	return list;
}

static void views(void)
{
	struct smp_layout layout;

	smp_layout_make(NULL, 0, &layout);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct row *row = &rows[i];
		struct smp_image_list list = list_of(row->flags);
		struct smp_memory memory = SMP_MEMORY_EMPTY;
		struct smp_view view;

		memory.failed = hash_of(row->failed);
		memory.partial_slot = row->partial;
		smp_view_make(&layout, &list, &memory, FWSLOT_RESTART_REASON_UNKNOWN, &view);
		tap_ok(view.contents[0].state == row->states[0] &&
			       view.contents[1].state == row->states[1],
		       "%s: slots", row->what);
		tap_ok(view.boot.state == row->boot && view.boot.running_slot == row->running &&
			       view.boot.next_slot == row->next &&
			       view.boot.fallback_slot == row->fallback &&
			       view.boot.attempts == row->attempts &&
			       view.boot.limit == SMP_TRIAL_LIMIT,
		       "%s: boots", row->what);
	}
}

static void digests(void)
{
	static const char *const flags[] = { "AC", "" };
	struct smp_image_list list = list_of(flags);
	struct smp_memory memory = SMP_MEMORY_EMPTY;
	struct smp_file file = { .hash = hash_of(2), .digest = { 7 }, .size_bytes = 1234 };
	struct smp_layout layout;
	struct smp_view view;

	smp_layout_make(NULL, 0, &layout);
	smp_memory_add(&memory, &file);
	smp_view_make(&layout, &list, &memory, FWSLOT_RESTART_REASON_UNKNOWN, &view);
	tap_is(view.contents[0].flags, 0, "an image from elsewhere has no digest");
	tap_is(view.contents[1].flags, FWSLOT_USER_HAS_DIGEST, "one that came through here has");
	tap_is(view.contents[1].digest[0], 7, "its own");
	tap_is(view.contents[1].image_size, 1234, "and its size");
	for (uint8_t i = 10; i < 30; i++) {
		file.hash = hash_of(i);
		smp_memory_add(&memory, &file);
	}
	tap_is(memory.file_count, SMP_MEMORY_FILES_MAX, "old files are forgotten");
	tap_is(memory.files[0].hash.bytes[0], 29, "the newest is first");
	smp_memory_add(&memory, &memory.files[3]);
	tap_is(memory.file_count, SMP_MEMORY_FILES_MAX, "the same image is remembered once");
	tap_is(memory.files[0].hash.bytes[0], 26, "and comes to the front");
}

/* Trial (T) and failed (F) hashes before and after the device says something. */
static const struct {
	const char *what;
	uint8_t trial, failed;
	const char *flags[2];
	uint8_t trial_after, failed_after;
} observations[] = {
	{ "nothing happened", 0, 0, { "AC", "" }, 0, 0 },
	{ "still pending", 2, 0, { "AC", "P" }, 2, 0 },
	{ "the trial runs", 1, 0, { "A", "C" }, 1, 0 },
	{ "somebody else began a trial", 0, 0, { "A", "C" }, 1, 0 },
	{ "a new trial ends the memory of the old failure", 0, 9, { "A", "C" }, 1, 0 },
	{ "the trial was confirmed", 1, 0, { "AC", "" }, 0, 0 },
	{ "the trial was reverted", 2, 0, { "AC", "" }, 0, 2 },
	{ "the boot loader threw it away", 2, 0, { "AC", NULL }, 0, 2 },
	{ "an old failure stays one", 0, 2, { "AC", "" }, 0, 2 },
	{ "in recovery nothing is learnt", 2, 0, { "C", "" }, 2, 0 },
};

static void memories(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(observations); i++) {
		struct smp_image_list list = list_of(observations[i].flags);
		struct smp_memory memory = SMP_MEMORY_EMPTY;
		bool is_learnt;

		memory.trial = hash_of(observations[i].trial);
		memory.failed = hash_of(observations[i].failed);
		is_learnt = smp_memory_observe(&memory, &list, 0);
		tap_is(memory.trial.size ? memory.trial.bytes[0] : 0, observations[i].trial_after,
		       observations[i].what);
		tap_is(memory.failed.size ? memory.failed.bytes[0] : 0,
		       observations[i].failed_after, "... and what failed");
		tap_is(is_learnt,
		       observations[i].trial != observations[i].trial_after ||
			       observations[i].failed != observations[i].failed_after,
		       "... and whether that is news");
	}
}

static void writable(void)
{
	static const char *const confirmed[] = { "AC", "" }, *const pending[] = { "AC", "P" },
				 *const trial[] = { "A", "C" }, *const recovery[] = { "C", "" };
	static const struct {
		const char *what;
		const char *const *flags;
		bool is_told;
		int expected[2];
	} cases[] = {
		{ "confirmed", confirmed, false, { -ETXTBSY, 0 } },
		{ "pending", pending, false, { -ETXTBSY, -EBUSY } },
		{ "on trial", trial, false, { -ETXTBSY, -EBUSY } },
		{ "in recovery", recovery, false, { 0, -EROFS } },
		{ "in recovery, direct upload", recovery, true, { 0, 0 } },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct smp_slot_list slots = { .slots = { { .slot = 0, .upload_image = 1 },
							  { .slot = 1, .upload_image = 2 } },
					       .count = 2 };
		struct smp_image_list list = list_of(cases[i].flags);
		struct smp_memory memory = SMP_MEMORY_EMPTY;
		struct smp_layout layout;
		struct smp_view view;

		smp_layout_make(cases[i].is_told ? &slots : NULL, 0, &layout);
		smp_view_make(&layout, &list, &memory, FWSLOT_RESTART_REASON_UNKNOWN, &view);
		for (unsigned slot = 0; slot < 2; slot++)
			tap_ok(smp_view_check_writable(&layout, &view, slot) ==
				       cases[i].expected[slot],
			       "%s: may slot %u be written?", cases[i].what, slot);
	}
}

static void layouts(void)
{
	struct smp_slot_list slots = {
		.slots = { { .image = 0, .slot = 0, .size_bytes = 1000, .upload_image = -1 },
			   { .image = 0,
			     .slot = 1,
			     .size_bytes = 1000,
			     .upload_image = 0,
			     .image_size_max = 900 },
			   { .image = 1, .slot = 0, .size_bytes = 500, .upload_image = -1 } },
		.count = 3,
	};
	struct smp_layout layout;

	smp_layout_make(&slots, 0, &layout);
	tap_is(layout.num_slots, 2, "two slots of image 0");
	tap_is(layout.slots[1].image_size_max, 900, "what an image may fill");
	tap_is(layout.slots[0].is_writable, false, "slot 0 takes no upload");
	smp_layout_make(&slots, 1, &layout);
	tap_is(layout.num_slots, 1, "one slot of image 1");
	smp_layout_make(&slots, 2, &layout);
	tap_is(layout.num_slots, 2, "an image it does not know of has two by default");
	smp_layout_make(NULL, 1, &layout);
	tap_is(layout.slots[1].upload_image, 1, "the second image is named in uploads");
	tap_is(layout.slots[1].size_bytes, SMP_SLOT_SIZE_UNKNOWN, "of unknown size");
}

/* ---- the file ---- */

static void check_file(int fd, const char *text, int expected, const char *what)
{
	struct smp_memory memory;

	if (text && file_write_atomic(&io_default, fd, "m", text, strlen(text), 0600) < 0)
		tap_bail("cannot write");
	tap_is(smp_memory_load(fd, "m", &memory), expected, what);
	if (expected < 0)
		tap_ok(memory.file_count == 0 && memory.partial_slot == -1,
		       "... and the memory is empty");
}

static void files(void)
{
	char folder[] = "/tmp/fwslot-test-memory-XXXXXX", name[SMP_MEMORY_NAME_SIZE];
	struct smp_memory memory = SMP_MEMORY_EMPTY, loaded;
	int fd;

	if (!mkdtemp(folder))
		tap_bail("mkdtemp");
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	check_file(fd, NULL, -ENOENT, "no file");
	for (uint8_t i = 1; i <= SMP_MEMORY_FILES_MAX; i++)
		smp_memory_add(&memory, &(struct smp_file){ .hash = hash_of(i),
							    .digest = { i, 1 },
							    .size_bytes = 1000U + i });
	memory.trial = hash_of(3);
	memory.failed = hash_of(4);
	memory.partial_slot = 1;
	tap_is(smp_memory_save(&io_default, fd, "m", &memory), 0, "a full memory is saved");
	tap_is(smp_memory_load(fd, "m", &loaded), 0, "and loaded");
	tap_ok(memcmp(&memory, &loaded, sizeof(memory)) == 0, "and is the same");
	check_file(fd, "fwslot-smp 1\n", 0, "an empty one");
	check_file(fd, "", -EBADMSG, "an empty file");
	check_file(fd, "fwslot-smp 2\n", -EBADMSG, "another version");
	check_file(fd, "fwslot-smp 1\ntrial\n", -EBADMSG, "a word is missing");
	check_file(fd, "fwslot-smp 1\ntrial xx\n", -EBADMSG, "not hexadecimal");
	check_file(fd, "fwslot-smp 1\npartial 2\n", -EBADMSG, "a slot that cannot be");
	check_file(fd, "fwslot-smp 1\nfile aa bb 1\n", -EBADMSG, "a short digest");
	check_file(fd, "fwslot-smp 1\nhello 1\n", -EBADMSG, "an unknown word");
	tap_is(file_remove(&io_default, fd, "m"), 0, "the file is removed");
	close(fd);
	rmdir(folder);

	smp_memory_name("acme/dock/rev b", "../x", name);
	tap_is_string(name, "acme_dock_rev_b_.._x", "a name is a name of a file");
	smp_memory_name(".", "", name);
	tap_is_string(name, "__", "that does not begin with a dot");
	tap_ok(smp_hardware_id_is_valid("acme/dock"), "vendor/model");
	tap_ok(smp_hardware_id_is_valid("a/b/c/d"), "four parts");
	tap_ok(!smp_hardware_id_is_valid("acme"), "one part is none");
	tap_ok(!smp_hardware_id_is_valid("a/b/c/d/e"), "five are too many");
	tap_ok(!smp_hardware_id_is_valid("acme//x"), "an empty part");
	tap_ok(!smp_hardware_id_is_valid("acme/do ck"), "a space");
}

int main(void)
{
	views();
	digests();
	memories();
	writable();
	layouts();
	files();
	return tap_done();
}
