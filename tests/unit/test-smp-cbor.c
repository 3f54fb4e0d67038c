/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading and writing CBOR as SMP uses it, and the answers of devices made of it. */
#include <errno.h>

#include "base/macros.h"
#include "smp/answer.h"
#include "smp/cbor.h"
#include "smp/header.h"
#include "smp/request.h"
#include "tap.h"

#define BYTES(...) (const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ })

static bool is(const struct smp_writer *writer, const uint8_t *bytes, size_t size)
{
	return !writer->is_too_long && writer->size == size &&
	       memcmp(writer->bytes, bytes, size) == 0;
}

static struct smp_writer writer_of(uint8_t *bytes, size_t capacity)
{
	return (struct smp_writer){ .bytes = bytes, .capacity = capacity };
}

static void requests(void)
{
	static const uint8_t sha[32] = { 1 }, data[] = { 0xde, 0xad };
	uint8_t bytes[256], small[4];
	struct smp_writer writer = writer_of(bytes, sizeof(bytes));

	smp_write_empty(&writer);
	tap_ok(is(&writer, BYTES(0xa0)), "the empty request is an empty map");

	writer = writer_of(bytes, sizeof(bytes));
	smp_write_echo(&writer, "hi");
	tap_ok(is(&writer, BYTES(0xa1, 0x61, 'd', 0x62, 'h', 'i')), "echo");

	writer = writer_of(bytes, sizeof(bytes));
	smp_write_state(&writer, sha, 2, false);
	tap_ok(is(&writer, BYTES(0xa2, 0x64, 'h', 'a', 's', 'h', 0x42, 1, 0, 0x67, 'c', 'o', 'n',
				 'f', 'i', 'r', 'm', 0xf4)),
	       "test an image: its hash, confirm false");

	writer = writer_of(bytes, sizeof(bytes));
	smp_write_state(&writer, NULL, 0, true);
	tap_ok(is(&writer, BYTES(0xa1, 0x67, 'c', 'o', 'n', 'f', 'i', 'r', 'm', 0xf5)),
	       "confirm what runs: no hash");

	writer = writer_of(bytes, sizeof(bytes));
	smp_write_upload(&writer, &(struct smp_upload_chunk){ .offset = 500,
							      .total = 1000,
							      .image = 1,
							      .sha = sha,
							      .data = data,
							      .size = 2 });
	tap_ok(is(&writer, BYTES(0xa2, 0x63, 'o', 'f', 'f', 0x19, 0x01, 0xf4, 0x64, 'd', 'a', 't',
				 'a', 0x42, 0xde, 0xad)),
	       "a later piece has offset and data only");

	writer = writer_of(bytes, sizeof(bytes));
	smp_write_upload(&writer,
			 &(struct smp_upload_chunk){
				 .total = 1000, .image = -1, .sha = sha, .data = data, .size = 2 });
	tap_is(bytes[0], 0xa4, "the first piece has four fields without an image number");
	tap_ok(writer.size <= 2 + smp_upload_overhead(0), "and not more around it than announced");

	writer = writer_of(small, sizeof(small));
	smp_write_echo(&writer, "does not fit");
	tap_ok(writer.is_too_long, "what does not fit is noticed");
	tap_ok(writer.size <= sizeof(small), "and nothing is written beyond the end");
}

static const struct {
	const char *what;
	const uint8_t *bytes;
	size_t size;
	int expected;
} skips[] = {
	{ "a number", BYTES(0x18, 0x64), 0 },
	{ "a nested definite map", BYTES(0xa1, 0x61, 'a', 0x82, 1, 0xf6), 0 },
	{ "a nested indefinite map",
	  BYTES(0xbf, 0x61, 'a', 0x9f, 1, 0xfb, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff), 0 },
	{ "an indefinite text", BYTES(0x7f, 0x61, 'a', 0x61, 'b', 0xff), 0 },
	{ "a tag", BYTES(0xc1, 0x01), 0 },
	{ "eight levels", BYTES(0x81, 0x81, 0x81, 0x81, 0x81, 0x81, 0x81, 0x81, 1), 0 },
	{ "ten levels", BYTES(0x81, 0x81, 0x81, 0x81, 0x81, 0x81, 0x81, 0x81, 0x81, 0x81, 1),
	  -EBADMSG },
	{ "nothing", BYTES(0xff), -EBADMSG },
	{ "a map that is cut off", BYTES(0xa2, 0x61, 'a', 1), -EBADMSG },
	{ "an array of 2^60 items", BYTES(0x9b, 0x10, 0, 0, 0, 0, 0, 0, 0, 1), -EBADMSG },
	{ "a text longer than what there is", BYTES(0x7a, 0xff, 0xff, 0xff, 0xff, 'a'), -EBADMSG },
	{ "a reserved head", BYTES(0x1c), -EBADMSG },
};

static void skipping(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(skips); i++) {
		struct smp_reader reader = { .bytes = skips[i].bytes, .size = skips[i].size };

		tap_is(smp_skip(&reader), skips[i].expected, skips[i].what);
		if (skips[i].expected == 0)
			tap_is(reader.offset, skips[i].size, "... is skipped to its end");
	}
}

static void values(void)
{
	struct smp_reader reader = {
		BYTES(0x20, 0x3b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff), 0
	};
	char text[4];
	uint8_t bytes[4];
	size_t size;
	int64_t number;

	tap_ok(smp_read_int(&reader, &number) == 0 && number == -1, "a negative number");
	tap_is(smp_read_int(&reader, &number), -EBADMSG, "one that is too negative");
	reader = (struct smp_reader){ BYTES(0x65, 'h', 'e', 'l', 'l', 'o'), 0 };
	tap_is(smp_read_text(&reader, text, sizeof(text)), 0, "a long text is read");
	tap_is_string(text, "hel", "and cut");
	reader = (struct smp_reader){ BYTES(0x63, 'a', 0, 'b'), 0 };
	tap_is(smp_read_text(&reader, text, sizeof(text)), 0, "a text with a NUL is read");
	tap_is_string(text, "a?b", "and the NUL shown");
	reader = (struct smp_reader){ BYTES(0x5f, 0x42, 1, 2, 0x41, 3, 0xff), 0 };
	tap_is(smp_read_bytes(&reader, bytes, sizeof(bytes), &size), 0, "bytes in chunks");
	tap_ok(size == 3 && bytes[2] == 3, "are joined");
	reader = (struct smp_reader){ BYTES(0x45, 1, 2, 3, 4, 5), 0 };
	tap_is(smp_read_bytes(&reader, bytes, sizeof(bytes), &size), -EMSGSIZE, "too many bytes");
}

static void failures(void)
{
	struct smp_failure failure;

	tap_is(smp_read_result(BYTES(0xbf, 0xff), &failure), 0, "an empty answer");
	tap_is(smp_failure_errno(&failure), 0, "is success");
	tap_is(smp_read_result(BYTES(0xbf, 0x62, 'r', 'c', 0x00, 0xff), &failure), 0, "rc 0");
	tap_is(smp_failure_errno(&failure), 0, "is success");
	tap_is(smp_read_result(BYTES(0xa2, 0x62, 'r', 'c', 0x01, 0x63, 'r', 's', 'n', 0x62, 'n',
				     'o'),
			       &failure),
	       0, "version 1: rc and rsn");
	tap_is(failure.code, 1, "the code");
	tap_is(failure.group, SMP_NO_GROUP, "of no group");
	tap_is_string(failure.reason, "no", "and the reason");
	tap_is(smp_read_result(BYTES(0xbf, 0x63, 'e', 'r', 'r', 0xbf, 0x65, 'g', 'r', 'o', 'u', 'p',
				     0x01, 0x62, 'r', 'c', 0x17, 0xff, 0xff),
			       &failure),
	       0, "version 2: err");
	tap_ok(failure.group == SMP_GROUP_IMAGE && failure.code == 23, "group and code");
	tap_is(smp_failure_errno(&failure), -EBADMSG, "a bad magic number is a bad image");
	tap_is(smp_read_result(BYTES(0xbf, 0x62, 'r', 'c', 0x08, 0xff), &failure), 0,
	       "version 2 says frame errors as rc");
	tap_is(smp_failure_errno(&failure), -EOPNOTSUPP, "not supported");
	tap_is(smp_read_result(BYTES(0xbf, 0x62, 'r', 'c', 0x19, 0x01, 0x00, 0xff), &failure), 0,
	       "a code of the user's own");
	tap_is(smp_failure_errno(&failure), -EREMOTEIO, "is a remote error");
	tap_is(smp_read_result(BYTES(0x80), &failure), -EBADMSG, "an array is no answer");
	tap_is(smp_read_result(BYTES(0xa1, 0x62, 'r', 'c', 0x61, 'x'), &failure), -EBADMSG,
	       "a code must be a number");
	for (uint32_t code = 1; code <= 40; code++) {
		failure = (struct smp_failure){ .group = SMP_GROUP_IMAGE, .code = code };
		if (smp_failure_errno(&failure) >= 0 || !smp_failure_word(&failure)[0])
			tap_ok(false, "image code %u has an errno and a word", code);
	}
}

/* As Zephyr writes it: indefinite maps, false flags told. Slot 1 pending. */
static const uint8_t zephyr_state[] = {
	0xbf, 0x66, 'i',  'm',	'a',  'g',  'e',  's',	0x9f, 0xbf, 0x64, 's',	'l',  'o',  't',
	0x00, 0x67, 'v',  'e',	'r',  's',  'i',  'o',	'n',  0x65, '1',  '.',	'0',  '.',  '0',
	0x64, 'h',  'a',  's',	'h',  0x42, 0xaa, 0xbb, 0x68, 'b',  'o',  'o',	't',  'a',  'b',
	'l',  'e',  0xf5, 0x67, 'p',  'e',  'n',  'd',	'i',  'n',  'g',  0xf4, 0x69, 'c',  'o',
	'n',  'f',  'i',  'r',	'm',  'e',  'd',  0xf5, 0x66, 'a',  'c',  't',	'i',  'v',  'e',
	0xf5, 0x69, 'p',  'e',	'r',  'm',  'a',  'n',	'e',  'n',  't',  0xf4, 0xff, 0xbf, 0x64,
	's',  'l',  'o',  't',	0x01, 0x67, 'v',  'e',	'r',  's',  'i',  'o',	'n',  0x65, '1',
	'.',  '1',  '.',  '0',	0x67, 'p',  'e',  'n',	'd',  'i',  'n',  'g',	0xf5, 0xff, 0xff,
	0x6b, 's',  'p',  'l',	'i',  't',  'S',  't',	'a',  't',  'u',  's',	0x00, 0xff,
};

static void image_lists(void)
{
	struct smp_failure failure;
	struct smp_image_list list;
	const struct smp_image_state *image;
	uint8_t bytes[1024] = { 0xa1, 0x66, 'i', 'm', 'a', 'g', 'e', 's', 0x98, 9 };

	tap_is(smp_read_image_list(zephyr_state, sizeof(zephyr_state), &list, &failure), 0,
	       "Zephyr's state is read");
	tap_is(list.count, 2, "two images");
	image = smp_image_find(&list, 0, 0);
	tap_ok(image && image->is_active && image->is_confirmed && image->is_bootable &&
		       !image->is_pending && image->hash_size == 2,
	       "the first is active and confirmed");
	tap_is_string(image ? image->version : "", "1.0.0", "its version");
	image = smp_image_find(&list, 0, 1);
	tap_ok(image && image->is_pending && !image->is_active && image->hash_size == 0,
	       "the second pending; absent flags are false");
	tap_ok(!smp_image_find(&list, 1, 0), "there is no second image number");
	for (size_t cut = 0; cut < sizeof(zephyr_state); cut++)
		if (smp_read_image_list(zephyr_state, cut, &list, &failure) != -EBADMSG)
			tap_ok(false, "cut after %zu bytes it is refused", cut);
	memset(bytes + 10, 0xa0, 9);
	tap_is(smp_read_image_list(bytes, 19, &list, &failure), -EBADMSG,
	       "more images than there can be");
}

static void slot_lists(void)
{
	static const uint8_t answer[] = {
		0xbf, 0x66, 'i',  'm',	'a',  'g',  'e', 's', 0x81, 0xa3, 0x6e, 'm',  'a',
		'x',  '_',  'i',  'm',	'a',  'g',  'e', '_', 's',  'i',  'z',	'e',  0x19,
		0x0f, 0x00, 0x65, 's',	'l',  'o',  't', 's', 0x82, 0xa2, 0x64, 's',  'l',
		'o',  't',  0x00, 0x64, 's',  'i',  'z', 'e', 0x19, 0x10, 0x00, 0xa3, 0x64,
		's',  'l',  'o',  't',	0x01, 0x64, 's', 'i', 'z',  'e',  0x19, 0x10, 0x00,
		0x6f, 'u',  'p',  'l',	'o',  'a',  'd', '_', 'i',  'm',  'a',	'g',  'e',
		'_',  'i',  'd',  0x00, 0x65, 'i',  'm', 'a', 'g',  'e',  0x00, 0xff,
	};
	struct smp_failure failure;
	struct smp_slot_list list;

	tap_is(smp_read_slot_list(answer, sizeof(answer), &list, &failure), 0,
	       "slot information is read, in whatever order its keys come");
	tap_is(list.count, 2, "two slots");
	tap_ok(list.slots[0].size_bytes == 4096 && list.slots[0].upload_image == -1,
	       "the first takes no upload");
	tap_ok(list.slots[1].upload_image == 0 && list.slots[1].image_size_max == 3840,
	       "the second does, and tells what an image may fill");
}

static void small_answers(void)
{
	struct smp_failure failure;
	struct smp_upload_answer upload;
	struct smp_parameters parameters;
	struct smp_text_answer text;

	tap_is(smp_read_upload(BYTES(0xa2, 0x63, 'o', 'f', 'f', 0x19, 1, 0, 0x65, 'm', 'a', 't',
				     'c', 'h', 0xf5),
			       &upload, &failure),
	       0, "an upload's answer");
	tap_ok(upload.offset == 256 && upload.has_match && upload.is_match, "offset and match");
	tap_is(smp_read_upload(BYTES(0xa0), &upload, &failure), -EBADMSG,
	       "without offset: nothing");
	tap_is(smp_read_upload(BYTES(0xa1, 0x62, 'r', 'c', 2), &upload, &failure), 0,
	       "a failure needs no offset");
	tap_is(smp_read_parameters(BYTES(0xa2, 0x68, 'b', 'u', 'f', '_', 's', 'i', 'z', 'e', 0x19,
					 1, 0x80, 0x69, 'b', 'u', 'f', '_', 'c', 'o', 'u', 'n', 't',
					 4),
				   &parameters, &failure),
	       0, "buffer parameters");
	tap_ok(parameters.buffer_size == 384 && parameters.buffer_count == 4, "size and count");
	tap_is(smp_read_text_answer(BYTES(0xa1, 0x66, 'o', 'u', 't', 'p', 'u', 't', 0x62, 'a', 'b'),
				    &text, &failure),
	       0, "application information");
	tap_is_string(text.text, "ab", "its text");
}

int main(void)
{
	requests();
	skipping();
	values();
	failures();
	image_lists();
	slot_lists();
	small_answers();
	return tap_done();
}
