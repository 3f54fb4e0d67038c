// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What the DFU driver reads from files and from the administrator: suffixes, DfuSe files, images,
 * entries of the list of devices.
 */
#include "kmod/dfu/protocol/claim.h"
#include "kmod/dfu/protocol/image.h"
#include "tap.h"

/* "0123456789" with a suffix that dfu-suffix 0.11 made: -v 1209 -p 0001 -d 0110 -S 0x0100 */
static const u8 suffixed[] = {
	'0',  '1',  '2',  '3',	'4',  '5', '6', '7', '8', '9', 0x10, 0x01, 0x01,
	0x00, 0x09, 0x12, 0x00, 0x01, 'U', 'F', 'D', 16,  0,   0,    0,	   0,
};

static void put16(u8 *bytes, u16 value)
{
	bytes[0] = value;
	bytes[1] = value >> 8;
}

/* Makes the checksum at the end of a file right. */
static void seal(u8 *file, size_t length)
{
	dfu_put_le32(dfu_crc32(~0U, file, length - 4), file + length - 4);
}

static void test_suffix(void)
{
	struct dfu_suffix suffix;
	u8 file[sizeof(suffixed)];

	tap_is(dfu_crc32(~0U, (const u8 *)"123456789", 9), 0x340bc6d9,
	       "the checksum is JAMCRC: its check value is 340bc6d9");

	memcpy(file, suffixed, sizeof(file));
	seal(file, sizeof(file));
	tap_is(dfu_suffix_parse(file, sizeof(file), &suffix), 0, "a suffix is read");
	tap_is(suffix.bytes, 16, "it has 16 bytes");
	tap_is(suffix.vendor, 0x1209, "its vendor");
	tap_is(suffix.product, 0x0001, "its product");
	tap_is(suffix.device, 0x0110, "its device version");
	tap_is(suffix.version, 0x0100, "its DFU version");

	file[3] ^= 1;
	tap_is(dfu_suffix_parse(file, sizeof(file), &suffix), -EBADMSG,
	       "one wrong bit in the file is found");
	file[3] ^= 1;
	file[21] = 15;
	seal(file, sizeof(file));
	tap_is(dfu_suffix_parse(file, sizeof(file), &suffix), -EBADMSG,
	       "a suffix shorter than 16 bytes is refused");
	file[21] = 27;
	seal(file, sizeof(file));
	tap_is(dfu_suffix_parse(file, sizeof(file), &suffix), -EBADMSG,
	       "a suffix longer than the file is refused");
	file[21] = 20;
	seal(file, sizeof(file));
	tap_is(dfu_suffix_parse(file, sizeof(file), &suffix), 0, "a longer suffix is read");
	tap_is(suffix.bytes, 20, "and known to be longer");

	tap_is(dfu_suffix_parse(file, 10, &suffix), 0, "a file without a suffix is no error");
	tap_is(suffix.bytes, 0, "and has no suffix");
	tap_is(suffix.vendor, DFU_ANY_ID, "and is for any vendor");
	tap_is(dfu_suffix_parse(file, 0, &suffix), 0, "nor is an empty file");
}

static void test_image(void)
{
	static const struct dfu_usb_id ids[] = { { 0x1209, 0x0001 }, { 0x1209, 0x0002 } };
	static const struct dfu_usb_id others[] = { { 0x1209, 0x0003 }, { 0x1234, 0x0001 } };
	struct dfu_image_part part;
	struct dfu_image image;
	u8 file[sizeof(suffixed)];
	u64 extent;

	memcpy(file, suffixed, sizeof(file));
	seal(file, sizeof(file));
	tap_is(dfu_image_open(file, sizeof(file), 0, &image), 0, "a plain image opens");
	tap_is(image.payload_bytes, 10, "its suffix is not sent");
	tap_ok(dfu_image_fits(&image, ids, 2), "it is for a device that shows its ids");
	tap_ok(dfu_image_fits(&image, ids, 1), "in one mode or the other");
	tap_ok(!dfu_image_fits(&image, others, 2), "and for no other");
	tap_is(dfu_image_extent(&image, 0x8000000, &extent), 0, "its extent");
	tap_is(extent, 10, "is its length");

	part = dfu_image_part_at(&image, 0, 4);
	tap_ok(part.is_stored && part.offset == 4 && part.bytes == 6, "the payload is stored");
	part = dfu_image_part_at(&image, 0, 10);
	tap_ok(!part.is_stored && part.bytes == 16, "the suffix is not");
	tap_is(dfu_image_part_at(&image, 0, 26).bytes, 0, "and then there is nothing");
	part = dfu_image_stored_at(&image, 0, 3);
	tap_ok(part.bytes == 7 && part.offset == 3, "from the slot's side it is one piece");
	tap_is(dfu_image_stored_at(&image, 0, 10).bytes, 0, "that ends");

	tap_is(dfu_image_open(file + 10, 16, 0, &image), -EBADMSG, "a broken suffix alone is none");
	put16(file + 14, DFU_ANY_ID);
	put16(file + 12, DFU_ANY_ID);
	seal(file, sizeof(file));
	tap_is(dfu_image_open(file, sizeof(file), 0, &image), 0, "ffff:ffff in the suffix");
	tap_ok(dfu_image_fits(&image, others, 1), "is for any device");
	memmove(file, file + 10, 16);
	seal(file, 16);
	tap_is(dfu_image_open(file, 16, 0, &image), -EBADMSG, "a suffix without an image is none");
}

/* A DfuSe file for alternate @alternate with elements of 4 bytes at 0x1000, 0x1010 and 0x1004. */
static size_t make_dfuse(u8 *file, u8 alternate, const u32 *addresses, unsigned int count)
{
	u8 *at = file + 11 + 274;

	memset(file, 0, 11 + 274);
	memcpy(file, "DfuSe\x01", 6);
	file[10] = 1;
	memcpy(file + 11, "Target", 6);
	file[11 + 6] = alternate;
	dfu_put_le32(count * 12, file + 11 + 266);
	dfu_put_le32(count, file + 11 + 270);
	for (unsigned int i = 0; i < count; i++, at += 12) {
		dfu_put_le32(addresses[i], at);
		dfu_put_le32(4, at + 4);
		memset(at + 8, 'a' + i, 4);
	}
	dfu_put_le32(at - file, file + 6);
	return at - file;
}

static void test_dfuse_file(void)
{
	static const u32 rising[] = { 0x1000, 0x1004, 0x1010 };
	static const u32 overlapping[] = { 0x1000, 0x1003 };
	static const u32 last[] = { 0xfffffffd };
	struct dfu_image_part part;
	struct dfu_image image;
	size_t length, first = 11 + 274 + 8;
	u8 file[512];
	u64 extent;

	length = make_dfuse(file, 1, rising, 3);
	tap_is(dfu_image_open(file, length, 1, &image), 0, "a DfuSe file opens");
	tap_ok(image.is_dfuse, "and is recognised");
	tap_is(dfu_image_open(file, length, 0, &image), -ENOENT,
	       "it has nothing for another alternate setting");
	tap_is(dfu_image_open(file, length, 1, &image), 0, "again");
	tap_is(dfu_image_extent(&image, 0x1000, &extent), 0, "it lies in the slot");
	tap_is(extent, 0x14, "up to its last byte");
	tap_is(dfu_image_extent(&image, 0x1001, &extent), -EFBIG, "or begins before the slot");

	part = dfu_image_part_at(&image, 0x1000, 0);
	tap_ok(!part.is_stored && part.bytes == first, "its prefixes are not stored");
	part = dfu_image_part_at(&image, 0x1000, first + 1);
	tap_ok(part.is_stored && part.bytes == 3 && part.offset == 1, "its first element is");
	part = dfu_image_part_at(&image, 0x1000, first + 4);
	tap_ok(!part.is_stored && part.bytes == 8, "the next element's prefix is not");
	part = dfu_image_part_at(&image, 0x1000, first + 24);
	tap_ok(part.is_stored && part.bytes == 4 && part.offset == 0x10, "the last element is");
	part = dfu_image_stored_at(&image, 0x1000, 8);
	tap_ok(part.offset == 0x10 && part.bytes == 4, "there is a hole before it");
	tap_is(dfu_image_stored_at(&image, 0x1000, 0x14).bytes, 0, "and nothing after it");

	length = make_dfuse(file, 0, overlapping, 2);
	tap_is(dfu_image_open(file, length, 0, &image), -EBADMSG, "elements must not overlap");
	length = make_dfuse(file, 0, last, 1);
	tap_is(dfu_image_open(file, length, 0, &image), -EBADMSG, "nor pass 4 GiB");

	length = make_dfuse(file, 0, rising, 3);
	tap_is(dfu_image_open(file, length - 1, 0, &image), -EBADMSG, "a short file is refused");
	file[10] = 2;
	tap_is(dfu_image_open(file, length, 0, &image), -EBADMSG, "so is a target too many");
	file[10] = 0;
	tap_is(dfu_image_open(file, length, 0, &image), -EBADMSG, "so is one too few");
	file[10] = 1;
	file[5] = 2;
	tap_is(dfu_image_open(file, length, 0, &image), -EBADMSG, "so is another version");
	file[5] = 1;
	dfu_put_le32(4, file + 11 + 270);
	tap_is(dfu_image_open(file, length, 0, &image), -EBADMSG, "so is an element too many");
	dfu_put_le32(DFUSE_ELEMENTS_MAX + 1, file + 11 + 270);
	tap_is(dfu_image_open(file, length, 0, &image), -EBADMSG, "so are too many of them");
	dfu_put_le32(3, file + 11 + 270);
	dfu_put_le32(0xfffffff0, file + first - 4);
	tap_is(dfu_image_open(file, length, 0, &image), -EBADMSG, "so is a huge element");
}

static void test_version(void)
{
	static const u16 unknown[] = { DFU_ANY_ID, DFU_ANY_ID };
	static const u16 both[] = { 0x0100, 0x0110 };
	static const u16 same[] = { 0x0110, 0x0110 };
	char text[DFU_VERSION_TEXT_SIZE];

	dfu_version_text(0x0110, text);
	tap_is_string(text, "1.10", "bcdDevice as a version");
	dfu_version_text(0x1203, text);
	tap_is_string(text, "12.03", "with two digits before the point");
	dfu_version_text(DFU_ANY_ID, text);
	tap_is_string(text, "", "or unknown");

	tap_is(dfu_guess_running(unknown, 1, 0x0100, -1, -1), 0, "one slot: it runs");
	tap_is(dfu_guess_running(unknown, 2, 0x0110, 1, 0), 1, "what was chosen runs");
	tap_is(dfu_guess_running(both, 2, 0x0110, 1, 0), 1, "also if its version shows");
	tap_is(dfu_guess_running(both, 2, 0x0100, 1, 0), 0, "the other's version shows");
	tap_is(dfu_guess_running(both, 2, 0x0100, 1, -1), 0, "even if nothing ran before");
	tap_is(dfu_guess_running(both, 2, 0x0200, 1, 0), 0, "a strange version: what ran before");
	tap_is(dfu_guess_running(both, 2, 0x0200, -1, -1), -1, "or nobody knows");
	tap_is(dfu_guess_running(same, 2, 0x0110, -1, 1), 1, "two alike: what ran before");
}

static int claim_of(const char *text, struct dfu_claim *claim)
{
	return dfu_claim_parse(text, strlen(text), claim);
}

static void test_claim(void)
{
	static const char *const wrong[] = {
		"",
		"1209",
		"1209:",
		"1209:001",
		"1209:00010",
		"120g:0001",
		"1209:0001/",
		"1209:0001/1209",
		"1209:0001+",
		"1209:0001+id",
		"1209:0001+id=",
		"1209:0001+id=acme",
		"1209:0001+id=acme/",
		"1209:0001+id=/acme",
		"1209:0001+id=a//b",
		"1209:0001+id=a/..",
		"1209:0001+id=a/b c",
		"1209:0001+id=a/b/c/d/e",
		"1209:0001+slots=0",
		"1209:0001+slots=33",
		"1209:0001+slots=two",
		"1209:0001+size=0",
		"1209:0001+size=257M",
		"1209:0001+size=4G",
		"1209:0001+size=99999999999999999999",
		"1209:0001+colour=red",
		"1209:0001 ",
		"**",
	};
	static const struct dfu_usb_id runtime = { 0x1209, 0x0abc }, dfu = { 0x1209, 0x0abd };
	static const struct dfu_usb_id other = { 0x1209, 0x0abe };
	struct dfu_claim claim;

	tap_is(claim_of("1209:0abc/1209:0ABD+id=acme/dock/b+slots=2+size=256K", &claim), 0,
	       "an entry with everything");
	tap_is(claim.num_ids, 2, "has two ids");
	tap_is_string(claim.hardware_id, "acme/dock/b", "a hardware id");
	tap_is(claim.num_slots, 2, "a number of slots");
	tap_is(claim.slot_bytes, 256 * 1024, "a size");
	tap_ok(dfu_claim_fits(&claim, &runtime) && dfu_claim_fits(&claim, &dfu),
	       "and fits both ids");
	tap_ok(!dfu_claim_fits(&claim, &other), "and no other");
	tap_is(claim_of("1209:0abc", &claim), 0, "an entry with an id only");
	tap_ok(dfu_claim_fits(&claim, &runtime) && !dfu_claim_fits(&claim, &dfu), "fits that id");
	tap_is(claim_of("*", &claim), 0, "a star");
	tap_ok(dfu_claim_fits(&claim, &other), "fits all");
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		tap_ok(claim_of(wrong[i], &claim) == -EINVAL, "refused: \"%s\"", wrong[i]);
}

int main(void)
{
	test_suffix();
	test_image();
	test_dfuse_file();
	test_version();
	test_claim();
	return tap_done();
}
