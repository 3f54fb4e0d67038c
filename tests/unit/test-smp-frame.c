/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Framing of SMP messages on a line, and their header. */
#include <errno.h>

#include "base/macros.h"
#include "smp/frame.h"
#include "smp/header.h"
#include "tap.h"

static struct smp_deframer deframer;

/* Feeds @size bytes in pieces of @step; returns how many messages came out. */
static unsigned feed(const uint8_t *bytes, size_t size, size_t step)
{
	unsigned messages = 0;

	for (size_t offset = 0; offset < size;) {
		size_t piece = size - offset < step ? size - offset : step;
		bool is_complete;

		offset += smp_deframer_feed(&deframer, bytes + offset, piece, &is_complete);
		messages += is_complete;
	}
	return messages;
}

static unsigned feed_text(const char *text)
{
	return feed((const uint8_t *)text, strlen(text), 7);
}

static void header(void)
{
	static const uint8_t expected[] = { 0x0a, 0, 0x01, 0x02, 0, 1, 7, 5 };
	struct smp_header out = { .version = SMP_VERSION_2,
				  .operation = SMP_WRITE,
				  .length = 0x102,
				  .group = SMP_GROUP_IMAGE,
				  .sequence = 7,
				  .command = SMP_IMAGE_ERASE };
	struct smp_header in;
	uint8_t bytes[SMP_HEADER_SIZE];

	smp_header_encode(&out, bytes);
	tap_ok(memcmp(bytes, expected, sizeof(bytes)) == 0, "a header is big endian, v2 is 0x08");
	tap_is(smp_header_decode(bytes, sizeof(bytes), &in), 0, "it is read back");
	tap_ok(in.version == out.version && in.operation == out.operation &&
		       in.length == out.length && in.group == out.group &&
		       in.sequence == out.sequence && in.command == out.command,
	       "and is the same");
	tap_is(smp_header_decode(bytes, 7, &in), -EBADMSG, "seven bytes are none");
	bytes[0] = 0x04;
	tap_is(smp_header_decode(bytes, 8, &in), -EBADMSG, "operation 4 does not exist");
	bytes[0] = 0x18;
	tap_is(smp_header_decode(bytes, 8, &in), -EBADMSG, "version 3 does not exist");
}

/* A known frame: echo {"d": "hello"}, as other programs write it. */
static void known_frame(void)
{
	static const uint8_t message[] = { 0x02, 0,    0,    0x09, 0,	0,   0,	  0,  0xa1,
					   0x61, 0x64, 0x65, 'h',  'e', 'l', 'l', 'o' };
	static const char expected[] = "\x06\x09"
				       "ABMCAAAJAAAAAKFhZGVoZWxsbyVv\n";
	uint8_t bytes[64];
	ssize_t size;

	size = smp_frame_encode(SMP_FRAMING_CONSOLE, message, sizeof(message), bytes,
				sizeof(bytes));
	tap_is(size, (ssize_t)strlen(expected), "the frame of a known message has its length");
	tap_ok(size > 0 && memcmp(bytes, expected, (size_t)size) == 0, "and its bytes");
	tap_is(smp_crc16(0, (const uint8_t *)"123456789", 9), 0x31c3, "CRC16/XMODEM check value");
	tap_is(feed_text(expected), 1, "it is read back");
	tap_is(deframer.message_size, sizeof(message), "in its length");
	tap_ok(memcmp(deframer.message, message, sizeof(message)) == 0, "and is the same");
}

static void every_size(void)
{
	static uint8_t message[SMP_MESSAGE_MAX_BYTES + 1], bytes[SMP_FRAME_MAX_BYTES];
	unsigned wrong_sizes = 0, wrong_lines = 0, wrong_messages = 0;

	for (size_t i = 0; i < sizeof(message); i++)
		message[i] = (uint8_t)(i * 7 + (i >> 8));
	for (size_t size = 1; size <= SMP_MESSAGE_MAX_BYTES; size += size < 600 ? 1 : 991) {
		ssize_t n =
			smp_frame_encode(SMP_FRAMING_CONSOLE, message, size, bytes, sizeof(bytes));
		size_t line = 0;

		wrong_sizes += n != (ssize_t)smp_frame_size(SMP_FRAMING_CONSOLE, size);
		for (ssize_t i = 0; i < n; i++) {
			line++;
			wrong_lines += line > SMP_LINE_MAX_BYTES;
			if (bytes[i] == '\n')
				line = 0;
		}
		wrong_messages += feed(bytes, (size_t)n, 1 + size % 200) != 1 ||
				  deframer.message_size != size ||
				  memcmp(deframer.message, message, size) != 0;
	}
	tap_is(wrong_sizes, 0, "every size of message has the size of frame it should have");
	tap_is(wrong_lines, 0, "no line is longer than 127 bytes");
	tap_is(wrong_messages, 0, "every message comes out as it went in");
	tap_is(smp_frame_encode(SMP_FRAMING_CONSOLE, message, sizeof(message), bytes,
				sizeof(bytes)),
	       -EMSGSIZE, "a message above the limit is refused");
	tap_is(smp_frame_encode(SMP_FRAMING_CONSOLE, message, 100, bytes, 20), -EMSGSIZE,
	       "and one that does not fit its buffer");
}

static const struct {
	const char *what, *text;
	unsigned messages;
} lines[] = {
	{ "console noise around a frame",
	  "boot: hello\r\n\x06\x09"
	  "ABMCAAAJAAAAAKFhZGVoZWxsbyVv\nuart:~$ ",
	  1 },
	{ "a frame in the middle of a console line",
	  "<inf> half a \x06\x09"
	  "ABMCAAAJAAAAAKFhZGVoZWxsbyVv\n",
	  1 },
	{ "carriage return and newline",
	  "\x06\x09"
	  "ABMCAAAJAAAAAKFhZGVoZWxsbyVv\r\n",
	  1 },
	{ "two frames",
	  "\x06\x09"
	  "ABMCAAAJAAAAAKFhZGVoZWxsbyVv\n\x06\x09"
	  "ABMCAAAJAAAAAKFhZGVoZWxsbyVv\n",
	  2 },
	{ "a frame in two lines",
	  "\x06\x09"
	  "ABMCAAAJAAAA\n\x04\x14"
	  "AKFhZGVoZWxsbyVv\n",
	  1 },
	{ "with noise between its lines",
	  "\x06\x09"
	  "ABMCAAAJAAAA\nnoise noise\n\x04\x14"
	  "AKFhZGVoZWxsbyVv\n",
	  1 },
	{ "a frame that begins anew",
	  "\x06\x09"
	  "ABMCAAAJAAAA\n\x06\x09"
	  "ABMCAAAJAAAAAKFhZGVoZWxsbyVv\n",
	  1 },
	{ "a half marker before the marker",
	  "\x06\x06\x09"
	  "ABMCAAAJAAAAAKFhZGVoZWxsbyVv\n",
	  1 },
	{ "a broken frame, then a good one",
	  "\x06\x09"
	  "ABMCA!\x06\x09"
	  "ABMCAAAJAAAAAKFhZGVoZWxsbyVv\n",
	  1 },
	{ "a wrong CRC",
	  "\x06\x09"
	  "ABMCAAAJAAAAAKFhZGVoZWxsbyVA\n",
	  0 },
	{ "a changed byte",
	  "\x06\x09"
	  "ABMCAAAJAAAAAKFhZGViZWxsbyVv\n",
	  0 },
	{ "a lost character",
	  "\x06\x09"
	  "ABMCAAAJAAAAKFhZGVoZWxsbyVv\n",
	  0 },
	{ "a continuation of nothing",
	  "\x04\x14"
	  "AKFhZGVoZWxsbyVv\n",
	  0 },
	{ "more than the length says",
	  "\x06\x09"
	  "ABMCAAAJAAAAAKFhZGVoZWxsbyVvAAAA\n",
	  0 },
	{ "padding before the end",
	  "\x06\x09"
	  "ABMCAA==AAAAAKFhZGVoZWxsbyVv\n",
	  0 },
	{ "a length of nothing",
	  "\x06\x09"
	  "AAA=\n",
	  0 },
	{ "a length above the limit",
	  "\x06\x09"
	  "//8AAAAA\n",
	  0 },
	{ "an empty line", "\x06\x09\n", 0 },
};

static void odd_lines(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		smp_deframer_reset(&deframer);
		tap_is(feed_text(lines[i].text), lines[i].messages, lines[i].what);
		tap_ok(feed_text("\n\x06\x09"
				 "ABMCAAAJAAAAAKFhZGVoZWxsbyVv\n") == 1,
		       "... and the next frame is heard");
	}
}

static void endless_frame(void)
{
	static char text[200 * 1024];
	size_t size = 0;

	size += (size_t)sprintf(text + size, "\x06\x09//8A\n");
	while (size < sizeof(text) - 200) {
		size += (size_t)sprintf(text + size, "\x04\x14");
		memset(text + size, 'A', 124);
		size += 124;
		text[size++] = '\n';
	}
	text[size] = '\0';
	tap_is(feed_text(text), 0, "a frame without end fills no memory");
}

static void raw(void)
{
	static const uint8_t message[] = { 0x03, 0, 0, 2, 0, 0, 1, 0, 0xbf, 0xff };
	uint8_t bytes[64] = "console!";

	memset(&deframer, 0, sizeof(deframer));
	deframer.framing = SMP_FRAMING_RAW;
	tap_is(smp_frame_encode(SMP_FRAMING_RAW, message, sizeof(message), bytes + 8, 50),
	       (ssize_t)sizeof(message), "a raw message is itself");
	tap_is(feed(bytes, 8 + sizeof(message), 3), 1, "it is found behind noise");
	tap_ok(deframer.message_size == sizeof(message) &&
		       memcmp(deframer.message, message, sizeof(message)) == 0,
	       "and is the same");
}

int main(void)
{
	header();
	known_frame();
	every_size();
	odd_lines();
	endless_frame();
	raw();
	return tap_done();
}
