// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * DFU conversations with a device that answers anything: each answer is the next bytes of the
 * input. Whatever it says, the driver ends in time, with an errno, within its buffers.
 *
 * covers: kmod/dfu/protocol/dfuse.c kmod/dfu/protocol/session.c kmod/dfu/protocol/states.c
 */
#include <stdint.h>
#include <stdlib.h>

#include "kmod/dfu/protocol/dfuse.h"
#include "kmod/dfu/protocol/session.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct liar {
	const uint8_t *data;
	size_t left;
	uint64_t now_us;
	unsigned int requests;
};

static uint8_t next(struct liar *liar)
{
	if (!liar->left)
		return 0;
	liar->left--;
	return *liar->data++;
}

/* Chooses an answer of at most @length bytes; most are as long as they should be. */
static int choose(struct liar *liar, u16 length)
{
	static const int errors[] = { -EPIPE, -ENODEV, -ETIMEDOUT, -EPROTO, -EILSEQ, -EOVERFLOW };
	uint8_t choice = next(liar);

	liar->requests++;
	liar->now_us += 100;
	if (choice < 0xd0)
		return length;
	if (choice < 0xe0)
		return errors[choice % (sizeof(errors) / sizeof(errors[0]))];
	return length ? choice % length : 0;
}

static int liar_send(void *link, u8 request, u16 value, const void *data, u16 length)
{
	static uint8_t sent[DFU_BLOCK_BYTES_MAX];

	(void)request;
	(void)value;
	/* Touches every byte, for the sanitizer to see. */
	if (length)
		memcpy(sent, data, length);
	return choose(link, length);
}

static int liar_receive(void *link, u8 request, u16 value, void *data, u16 length)
{
	int answer = choose(link, length);

	(void)request;
	(void)value;
	for (int i = 0; i < answer && i < 8; i++)
		((uint8_t *)data)[i] = next(link);
	return answer;
}

static int liar_wait(void *link, u32 duration_us)
{
	struct liar *liar = link;

	liar->now_us += duration_us;
	return 0;
}

static u64 liar_now_us(void *link)
{
	return ((struct liar *)link)->now_us;
}

static const struct dfu_link_ops liar_ops = {
	.send = liar_send,
	.receive = liar_receive,
	.wait = liar_wait,
	.now_us = liar_now_us,
};

static void plain(struct dfu_session *session, uint8_t *block)
{
	enum dfu_manifested manifested;
	u16 length;

	if (dfu_reach_idle(session))
		return;
	for (int i = 0; i < 4; i++)
		if (dfu_download_block(session, block, session->function.block_bytes))
			break;
	dfu_manifest(session, &manifested);
	dfu_reach_idle(session);
	for (int i = 0; i < 4; i++)
		if (dfu_upload_block(session, block, session->function.block_bytes, &length))
			break;
}

static void addressed(struct dfu_session *session, uint8_t *block)
{
	u32 address = 0x08000000;

	dfu_reach_idle(session);
	dfuse_erase(session, address);
	for (int i = 0; i < 4; i++, address += session->function.block_bytes)
		if (dfuse_write(session, address, block, session->function.block_bytes))
			break;
	for (int i = 0; i < 4; i++, address += session->function.block_bytes)
		if (dfuse_read(session, address, block, session->function.block_bytes))
			break;
	dfuse_leave(session, address);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dfu_function function;
	struct dfu_session session;
	struct liar liar;
	uint8_t *block;

	if (size < 10)
		return 0;
	dfu_function_parse(data + 1, 9, &function);
	liar = (struct liar){ .data = data + 10, .left = size - 10 };
	block = calloc(1, function.block_bytes);
	dfu_session_init(&session, &liar_ops, &liar, &function);
	if (data[0] & 1)
		plain(&session, block);
	else
		addressed(&session, block);
	free(block);

	/* Four blocks each way and what surrounds them, each within DFU_BUSY_LIMIT_MS. */
	if (liar.now_us > 30ULL * 1000 * (DFU_BUSY_LIMIT_MS + DFU_ERASE_POLL_LIMIT_MS))
		abort();
	return 0;
}
