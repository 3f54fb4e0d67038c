/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* MCUboot image files, and the course of an upload. */
#include <errno.h>

#include "base/macros.h"
#include "smp/header.h"
#include "smp/image.h"
#include "smp/upload.h"
#include "tap.h"

#define HEADER 32
#define BODY 100

static uint8_t file[1024];

static void put(size_t offset, uint32_t value, unsigned size)
{
	for (unsigned i = 0; i < size; i++)
		file[offset + i] = (uint8_t)(value >> (8 * i));
}

/* 1.2.3.4, a protected area, and a SHA-256 TLV behind one of another type. Returns its size. */
static size_t make(void)
{
	size_t end = HEADER + BODY;

	memset(file, 0x5a, sizeof(file));
	put(0, 0x96f3b83d, 4);
	put(4, 0, 4);
	put(8, HEADER, 2);
	put(10, 12, 2);
	put(12, BODY, 4);
	put(16, 0x10, 4);
	file[20] = 1;
	file[21] = 2;
	put(22, 3, 2);
	put(24, 4, 4);
	put(end, 0x6908, 2);
	put(end + 2, 12, 2);
	put(end + 4, 0x50, 2);
	put(end + 6, 4, 2);
	end += 12;
	put(end, 0x6907, 2);
	put(end + 2, 4 + 4 + 2 + 4 + 32, 2);
	put(end + 4, 0x01, 2);
	put(end + 6, 2, 2);
	put(end + 10, 0x10, 2);
	put(end + 12, 32, 2);
	for (unsigned i = 0; i < 32; i++)
		file[end + 14 + i] = (uint8_t)i;
	return end + 46;
}

static int parse(size_t size, struct mcuboot_image *image)
{
	const char *problem = NULL;
	int r = mcuboot_image_read(file, size, image, &problem);

	if (r < 0 && !problem)
		tap_ok(false, "every refusal has a sentence");
	return r;
}

static void good_images(void)
{
	struct mcuboot_image image;
	size_t size = make();

	tap_is(parse(size, &image), 0, "an image is read");
	tap_is_string(image.version, "1.2.3.4", "its version with the build number");
	tap_is(image.hash_size, 32, "its hash");
	tap_is(image.hash[31], 31, "to the last byte");
	tap_is(image.size_bytes, size, "its size");
	tap_is(parse(size + 50, &image), 0, "padding behind it is none of its business");
	tap_is(image.size_bytes, size, "and not counted");
	put(24, 0, 4);
	tap_is(parse(size, &image), 0, "without a build number");
	tap_is_string(image.version, "1.2.3", "the version has three parts");
}

static const struct {
	const char *what;
	size_t offset;
	uint32_t value;
	unsigned size;
} damages[] = {
	{ "another magic number", 0, 0x12345678, 4 },
	{ "the magic number of before 1.0", 0, 0x96f3b83c, 4 },
	{ "a header shorter than a header", 8, 31, 2 },
	{ "a header longer than the file", 8, 0xffff, 2 },
	{ "a body longer than the file", 12, 2000, 4 },
	{ "a body as long as can be", 12, 0xffffffff, 4 },
	{ "no protected area where one is announced", HEADER + BODY, 0, 2 },
	{ "a protected area of another size than announced", 10, 16, 2 },
	{ "a protected area nobody announced", 10, 0, 2 },
	{ "a protected area that ends behind the file", HEADER + BODY + 2, 0xfff0, 2 },
	{ "no TLV area", HEADER + BODY + 12, 0, 2 },
	{ "a TLV area shorter than its head", HEADER + BODY + 14, 3, 2 },
	{ "a TLV area that ends behind the file", HEADER + BODY + 14, 0x1000, 2 },
	{ "a TLV longer than the area", HEADER + BODY + 18, 200, 2 },
	{ "a hash of a wrong length", HEADER + BODY + 24, 31, 2 },
	{ "no hash", HEADER + BODY + 22, 0x20, 2 },
};

static void bad_images(void)
{
	struct mcuboot_image image;
	size_t size = make();
	unsigned accepted = 0;

	for (size_t i = 0; i < ARRAY_SIZE(damages); i++) {
		make();
		put(damages[i].offset, damages[i].value, damages[i].size);
		tap_is(parse(size, &image), -EBADMSG, damages[i].what);
	}
	make();
	for (size_t cut = 0; cut < size; cut++)
		accepted += parse(cut, &image) != -EBADMSG;
	tap_is(accepted, 0, "cut off anywhere it is refused");
	put(HEADER + BODY + 14, 4 + 36 + 36, 2);
	memmove(file + HEADER + BODY + 16, file + HEADER + BODY + 22, 36);
	memcpy(file + HEADER + BODY + 52, file + HEADER + BODY + 16, 36);
	tap_is(parse(HEADER + BODY + 12 + 76, &image), -EBADMSG, "two hashes");
}

/* ---- upload ---- */

static struct smp_upload new_upload(size_t size, size_t message_size)
{
	return (struct smp_upload){
		.bytes = file, .size = size, .image = -1, .message_size = message_size
	};
}

/* What the request for the next piece takes with its header. */
static size_t request_size(const struct smp_upload *upload)
{
	uint8_t bytes[4096];
	struct smp_writer writer = { .bytes = bytes, .capacity = sizeof(bytes) };

	smp_upload_request(upload, &writer);
	return writer.is_too_long ? 0 : SMP_HEADER_SIZE + writer.size;
}

static struct smp_upload_answer at(uint64_t offset)
{
	return (struct smp_upload_answer){ .offset = offset, .has_offset = true };
}

static void uploads(void)
{
	unsigned too_large = 0, wasteful = 0;

	for (size_t message = SMP_UPLOAD_MESSAGE_MIN; message < 600; message++) {
		struct smp_upload upload = new_upload(1000, message);
		unsigned pieces = 0;

		while (!upload.is_done && pieces++ < 100) {
			struct smp_upload_answer answer = at(smp_upload_piece_end(&upload));
			size_t size = request_size(&upload);

			too_large += size == 0 || size > message;
			wasteful += size + 32 < message && answer.offset < upload.size;
			if (smp_upload_take(&upload, &answer) < 0)
				break;
		}
		too_large += !upload.is_done;
	}
	tap_is(too_large, 0, "whatever the device takes, no piece is larger, and all arrive");
	tap_is(wasteful, 0, "and none is much smaller");
}

static void upload_answers(void)
{
	struct smp_upload upload = new_upload(1000, 256);
	struct smp_upload_answer answer = at(600);
	uint64_t end;

	tap_is(smp_upload_take(&upload, &answer), 0, "the device has more than was sent");
	tap_is(upload.offset, 600, "the upload goes on there");
	tap_ok(upload.is_resumed, "and is called resumed");
	answer = at(0);
	tap_is(smp_upload_take(&upload, &answer), 0, "the device lost it");
	tap_is(upload.offset, 0, "the upload begins again");
	tap_ok(request_size(&upload) > 80, "with all that belongs to the first piece");
	answer = at(1001);
	tap_is(smp_upload_take(&upload, &answer), -EPROTO, "more than there is cannot be");

	upload = new_upload(1000, 256);
	end = smp_upload_piece_end(&upload);
	answer = at(end - end % 32);
	tap_is(smp_upload_take(&upload, &answer), 0, "the device wrote whole units of 32 bytes");
	answer = at(smp_upload_piece_end(&upload) / 32 * 32);
	tap_ok(smp_upload_take(&upload, &answer) == 0 && upload.alignment >= 16,
	       "pieces become multiples of it");

	upload = new_upload(1000, 256);
	answer = at(0);
	for (unsigned i = 0; i < SMP_UPLOAD_REWINDS_MAX; i++)
		if (smp_upload_take(&upload, &answer) < 0)
			tap_ok(false, "patience");
	tap_is(smp_upload_take(&upload, &answer), -ELOOP, "a device that stands still is given up");

	upload = new_upload(1000, 256);
	answer = at(1000);
	answer.has_match = true;
	tap_is(smp_upload_take(&upload, &answer), -EBADMSG, "a device whose SHA-256 differs");
	tap_ok(!upload.is_done, "does not have it");
}

int main(void)
{
	good_images();
	bad_images();
	uploads();
	upload_answers();
	return tap_done();
}
