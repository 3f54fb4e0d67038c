/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a device may send: the first byte chooses the framing, the rest is the line. Every message
 * that comes out is read as every kind of answer. What is read must keep the limits it is given.
 *
 * covers: daemon/smp/frame.c daemon/smp/header.c daemon/smp/cbor.c daemon/smp/answer.c
 */
#include <stdlib.h>
#include <string.h>

#include "smp/answer.h"
#include "smp/frame.h"
#include "smp/header.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void check(bool is_true)
{
	if (!is_true)
		abort();
}

static void read_as_everything(const uint8_t *body, size_t size)
{
	static struct smp_image_list images;
	static struct smp_slot_list slots;
	struct smp_upload_answer upload;
	struct smp_parameters parameters;
	struct smp_text_answer text;
	struct smp_failure failure;

	if (smp_read_image_list(body, size, &images, &failure) >= 0) {
		check(images.count <= SMP_IMAGES_MAX);
		for (size_t i = 0; i < images.count; i++)
			check(images.images[i].hash_size <= SMP_HASH_MAX &&
			      strlen(images.images[i].version) <= SMP_VERSION_TEXT_MAX);
		check(smp_failure_errno(&failure) <= 0 && smp_failure_word(&failure));
	}
	if (smp_read_slot_list(body, size, &slots, &failure) >= 0)
		check(slots.count <= SMP_IMAGES_MAX);
	if (smp_read_upload(body, size, &upload, &failure) >= 0)
		check(upload.has_offset || failure.code != SMP_CODE_OK);
	(void)!smp_read_parameters(body, size, &parameters, &failure);
	if (smp_read_text_answer(body, size, &text, &failure) >= 0)
		check(strlen(text.text) <= SMP_TEXT_MAX &&
		      strlen(failure.reason) <= SMP_REASON_MAX);
	(void)!smp_read_result(body, size, &failure);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static struct smp_deframer deframer;
	struct smp_header header;

	if (size == 0)
		return 0;
	smp_deframer_reset(&deframer);
	deframer.framing = bytes[0] & 1 ? SMP_FRAMING_RAW : SMP_FRAMING_CONSOLE;
	for (size_t offset = 1; offset < size;) {
		bool is_complete;

		offset += smp_deframer_feed(&deframer, bytes + offset, size - offset, &is_complete);
		if (!is_complete)
			continue;
		check(deframer.message_size <= SMP_MESSAGE_MAX_BYTES);
		if (smp_header_decode(deframer.message, deframer.message_size, &header) >= 0)
			read_as_everything(deframer.message + SMP_HEADER_SIZE,
					   deframer.message_size - SMP_HEADER_SIZE);
	}
	/* CRC and base64 keep a fuzzer away from the inside: go there directly, too. */
	read_as_everything(bytes + 1, size - 1);
	return 0;
}
