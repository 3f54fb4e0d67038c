/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One request, one answer over a bad line; then greeting, upload and orders on top of it. The line
 * is a script: what each thing that is sent brings, and when. Time is only counted.
 */
#include <errno.h>

#include "base/macros.h"
#include "smp/device.h"
#include "tap.h"

/* What the line does with the next request. */
enum reaction {
	ANSWER,
	LOSE, /* nothing comes */
	TWICE,
	LATE, /* comes after the time-out, with the answer to the next */
	STRANGER_FIRST, /* an answer to something else comes before */
	OTHER_SEQUENCE, /* only an answer with another number comes */
	GARBLE,
	CANCEL, /* somebody wants it to stop */
	GONE,
};

static struct line {
	const enum reaction *reactions; /* the last one is repeated */
	size_t reaction_count, sent;
	struct smp_deframer requests;
	uint8_t input[65536]; /* what arrives */
	size_t input_size, input_offset;
	bool is_cancelled, is_gone;
	usec_t now;
	/* What the device answers to every request but those of the table below. */
	const uint8_t *body;
	size_t body_size;
	size_t accepts; /* longer messages get lost; 0: all arrive */
	size_t last_size;
} line;

static void put_answer(const uint8_t *request, uint8_t sequence, const uint8_t *body, size_t size,
		       bool is_garbled)
{
	uint8_t message[1024];
	ssize_t written;

	memcpy(message, request, SMP_HEADER_SIZE);
	message[0]++;
	message[2] = (uint8_t)(size >> 8);
	message[3] = (uint8_t)size;
	message[6] = sequence;
	memcpy(message + SMP_HEADER_SIZE, body, size);
	written = smp_frame_encode(SMP_FRAMING_CONSOLE, message, SMP_HEADER_SIZE + size,
				   line.input + line.input_size,
				   sizeof(line.input) - line.input_size);
	if (written < 0)
		tap_bail("the script's answer does not fit");
	if (is_garbled)
		line.input[line.input_size + 5] ^= 1;
	line.input_size += (size_t)written;
}

static void react(const uint8_t *request)
{
	size_t last = line.reaction_count - 1;
	enum reaction reaction = line.reactions[line.sent < last ? line.sent : last];
	static uint8_t late[SMP_HEADER_SIZE];
	static bool is_late;
	uint8_t sequence = request[6];

	line.sent++;
	if (is_late) {
		put_answer(late, late[6], line.body, line.body_size, false);
		is_late = false;
	}
	switch (reaction) {
	case STRANGER_FIRST:
		put_answer(request, (uint8_t)(sequence + 9), line.body, line.body_size, false);
		put_answer(request, sequence, line.body, line.body_size, false);
		break;
	case TWICE:
		put_answer(request, sequence, line.body, line.body_size, false);
		/* fall through */
	case ANSWER:
		put_answer(request, sequence, line.body, line.body_size, false);
		break;
	case OTHER_SEQUENCE:
		put_answer(request, (uint8_t)(sequence + 1), line.body, line.body_size, false);
		break;
	case GARBLE:
		put_answer(request, sequence, line.body, line.body_size, true);
		break;
	case LATE:
		memcpy(late, request, sizeof(late));
		is_late = true;
		break;
	case CANCEL:
		line.is_cancelled = true;
		break;
	case GONE:
		line.is_gone = true;
		break;
	case LOSE:
		break;
	}
}

static int send_bytes(void *self _unused_, const uint8_t *bytes, size_t size)
{
	bool is_complete;

	if (line.is_gone)
		return -ENODEV;
	smp_deframer_feed(&line.requests, bytes, size, &is_complete);
	if (!is_complete)
		tap_bail("what is sent is no frame");
	line.last_size = line.requests.message_size;
	if (line.accepts > 0 && line.requests.message_size > line.accepts)
		return 0;
	react(line.requests.message);
	return 0;
}

static ssize_t receive(void *self _unused_, uint8_t *bytes, size_t capacity, usec_t deadline)
{
	size_t size = line.input_size - line.input_offset;

	if (line.is_cancelled)
		return -ECANCELED;
	if (line.is_gone)
		return -ENODEV;
	if (size == 0) {
		line.now = deadline;
		return 0;
	}
	if (size > capacity)
		size = capacity;
	if (size > 33)
		size = 33; /* lines come in pieces */
	memcpy(bytes, line.input + line.input_offset, size);
	line.input_offset += size;
	return (ssize_t)size;
}

static usec_t now(void *self _unused_)
{
	return line.now;
}

static const struct smp_line_operations operations = { send_bytes, receive, now };
static const uint8_t empty_map[] = { 0xa0 };
static struct smp_device device;

static void script(const enum reaction *reactions, size_t count, const uint8_t *body,
		   size_t body_size)
{
	memset(&line, 0, sizeof(line));
	line.reactions = reactions;
	line.reaction_count = count;
	line.body = body;
	line.body_size = body_size;
	memset(&device, 0, sizeof(device));
	device.client.line_operations = &operations;
	device.client.version = SMP_VERSION_2;
	device.message_size = 256;
}

#define SCRIPT(body, size, ...)                                           \
	do {                                                              \
		static const enum reaction reactions[] = { __VA_ARGS__ }; \
		script(reactions, ARRAY_SIZE(reactions), body, size);     \
	} while (0)

static int call(unsigned tries)
{
	const uint8_t *body;
	size_t size;

	return smp_client_call(&device.client,
			       &(struct smp_request){ .operation = SMP_READ,
						      .group = SMP_GROUP_IMAGE,
						      .command = SMP_IMAGE_STATE,
						      .body = empty_map,
						      .body_size = sizeof(empty_map),
						      .timeout_usec = USEC_PER_SEC,
						      .tries = tries },
			       &body, &size);
}

static void calls(void)
{
	SCRIPT(empty_map, 1, ANSWER);
	tap_is(call(1), 0, "a request is answered");
	tap_is(call(1), 0, "the next one, too");
	tap_is(line.sent, 2, "each was sent once");

	SCRIPT(empty_map, 1, LOSE, GARBLE, ANSWER);
	tap_is(call(3), 0, "lost and garbled, answered at the third try");
	tap_is(line.now, 2 * USEC_PER_SEC, "after two time-outs");
	tap_is(device.client.resends, 2, "two resends");

	SCRIPT(empty_map, 1, LOSE);
	tap_is(call(3), -ETIMEDOUT, "never answered");
	tap_is(line.sent, 3, "three tries");

	SCRIPT(empty_map, 1, STRANGER_FIRST);
	tap_is(call(1), 0, "an answer to something else is passed over");
	tap_is(device.client.strangers, 1, "and counted");

	SCRIPT(empty_map, 1, OTHER_SEQUENCE);
	tap_is(call(1), -ETIMEDOUT, "an answer with another number is none");

	SCRIPT(empty_map, 1, TWICE, ANSWER);
	tap_is(call(1), 0, "answered twice");
	tap_is(call(1), 0, "the next request");
	tap_is(device.client.strangers, 1, "does not take the second answer for its own");

	SCRIPT(empty_map, 1, LATE, LOSE, ANSWER);
	tap_is(call(2), 0, "a late answer serves the repeated request");

	SCRIPT(empty_map, 1, CANCEL);
	tap_is(call(3), -ECANCELED, "cancelled while waiting");
	tap_is(line.sent, 1, "is not tried again");

	SCRIPT(empty_map, 1, GONE);
	tap_is(call(3), -ENODEV, "the line is gone");
}

/* A piece that may take a minute of erasing: a lost one is found out by asking something else. */
static void overtaken(void)
{
	static const uint8_t body[] = { 0xa1, 0x63, 'o', 'f', 'f', 0x19, 3, 0xe8 };
	static uint8_t file[1000];
	struct smp_upload upload = { .bytes = file, .size = sizeof(file), .image = -1 };

	SCRIPT(body, sizeof(body), LOSE, ANSWER, ANSWER);
	tap_is(smp_device_upload_piece(&device, &upload), 0, "the first piece was lost");
	tap_is(line.now, SMP_ANSWER_TIMEOUT, "which is known after two seconds, not a minute");
	tap_is(line.sent, 3, "piece, question, piece");
	tap_ok(upload.is_done, "the device has it all");

	SCRIPT(body, sizeof(body), LOSE, LOSE, LOSE, LOSE, LOSE, LOSE, ANSWER);
	upload = (struct smp_upload){ .bytes = file, .size = sizeof(file), .image = -1 };
	tap_is(smp_device_upload_piece(&device, &upload), 0, "nothing but silence for six tries");
	tap_is(device.message_size, SMP_UPLOAD_MESSAGE_MIN, "then smaller pieces are tried");
}

static void greetings(void)
{
	static const uint8_t body[] = { 0xa1, 0x68, 'b', 'u',  'f',  '_', 's',
					'i',  'z',  'e', 0x19, 0x04, 0x00 };
	static const uint8_t refusal[] = { 0xa1, 0x62, 'r', 'c', 8 };

	SCRIPT(body, sizeof(body), ANSWER);
	tap_is(smp_device_greet(&device), 0, "greeted");
	tap_is(device.message_size, 1024 - SMP_BUFFER_OVERHEAD, "its buffer is used up");
	tap_is(line.last_size, device.message_size, "and was tried out in full");
	tap_is(device.client.version, SMP_VERSION_2, "version 2");

	SCRIPT(body, sizeof(body), LOSE, ANSWER);
	tap_is(smp_device_greet(&device), 0, "a device that is silent to version 2");
	tap_is(device.client.version, SMP_VERSION_1, "is spoken to in version 1");

	SCRIPT(refusal, sizeof(refusal), ANSWER);
	tap_is(smp_device_greet(&device), 0, "one that does not know parameters");
	tap_is(device.message_size, SMP_BUFFER_DEFAULT_BYTES - SMP_BUFFER_OVERHEAD,
	       "gets what MCUboot takes");

	SCRIPT(body, sizeof(body), ANSWER);
	line.accepts = 300;
	tap_is(smp_device_greet(&device), 0, "one that takes less than it says");
	tap_is(device.message_size, 255, "gets less");

	SCRIPT(body, sizeof(body), LOSE);
	tap_is(smp_device_greet(&device), -ETIMEDOUT, "nobody there");
}

static void orders(void)
{
	static const uint8_t busy[] = { 0xa1, 0x62, 'r', 'c', 10 };
	struct smp_image_list list;

	SCRIPT(empty_map, 1, LOSE);
	tap_is(smp_device_reset(&device), -ETIMEDOUT, "a reset without an answer");
	tap_is(line.sent, 1, "is sent once and not again");
	SCRIPT(empty_map, 1, ANSWER);
	tap_is(smp_device_reset(&device), 0, "a reset");
	SCRIPT(busy, sizeof(busy), ANSWER);
	tap_is(smp_device_reset(&device), -EBUSY, "a reset that is refused");
	tap_is(device.failure.code, SMP_CODE_BUSY, "and why");
	SCRIPT(empty_map, 1, ANSWER);
	tap_is(smp_device_confirm(&device, &list), 0, "a confirmation");
	tap_is(line.sent, 2, "is followed by a question whether it holds");
}

int main(void)
{
	calls();
	overtaken();
	greetings();
	orders();
	return tap_done();
}
