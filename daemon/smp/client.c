/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "smp/client.h"

#include <errno.h>
#include <string.h>

void smp_client_reset(struct smp_client *client)
{
	smp_deframer_reset(&client->deframer);
	client->input_size = 0;
	client->input_offset = 0;
}

/* 1: deframer.message is a message; 0: the time is over. */
static int receive_message(struct smp_client *client, usec_t deadline)
{
	for (;;) {
		bool is_complete;
		ssize_t size;

		if (client->input_offset < client->input_size) {
			client->input_offset += smp_deframer_feed(
				&client->deframer, client->input + client->input_offset,
				client->input_size - client->input_offset, &is_complete);
			if (is_complete)
				return 1;
		}
		size = client->line_operations->receive(client->line, client->input,
							sizeof(client->input), deadline);
		if (size <= 0)
			return (int)size;
		client->input_offset = 0;
		client->input_size = (size_t)size;
	}
}

/*
 * Is the message in the deframer the answer to @sent? Answers that come late or twice carry an old
 * sequence number; a device that answers the same request twice (MCUboot's slot information) is
 * heard the first time.
 */
static bool is_answer(const struct smp_client *client, const struct smp_header *sent)
{
	struct smp_header header;

	if (smp_header_decode(client->deframer.message, client->deframer.message_size, &header) < 0)
		return false;
	return header.operation == sent->operation + 1U && header.group == sent->group &&
	       header.command == sent->command && header.sequence == sent->sequence &&
	       header.length == client->deframer.message_size - SMP_HEADER_SIZE;
}

/* Which of the two a try waits for came. */
enum heard { HEARD_NOTHING, HEARD_ANSWER, HEARD_CHECK };

/* Listens until @deadline. @check: header of the question in between, or NULL if none was asked. */
static int listen_for(struct smp_client *client, const struct smp_header *sent,
		      const struct smp_header *check, usec_t deadline)
{
	for (;;) {
		int r = receive_message(client, deadline);

		if (r <= 0)
			return r;
		if (is_answer(client, sent))
			return HEARD_ANSWER;
		if (check && is_answer(client, check))
			return HEARD_CHECK;
		client->strangers++;
	}
}

static ssize_t encode(const struct smp_client *client, const struct smp_request *request,
		      const struct smp_header *header, uint8_t *bytes, size_t capacity)
{
	uint8_t message[SMP_MESSAGE_MAX_BYTES];

	if (request->body_size > sizeof(message) - SMP_HEADER_SIZE)
		return -EMSGSIZE;
	smp_header_encode(header, message);
	memcpy(message + SMP_HEADER_SIZE, request->body, request->body_size);
	return smp_frame_encode(client->deframer.framing, message,
				SMP_HEADER_SIZE + request->body_size, bytes, capacity);
}

static int send_check(struct smp_client *client, struct smp_header *ret_header)
{
	/* {"d": ""} */
	static const uint8_t body[] = { 0xa1, 0x61, 'd', 0x60 };
	const struct smp_request request = { .body = body, .body_size = sizeof(body) };
	uint8_t frame[64];
	ssize_t size;

	*ret_header = (struct smp_header){
		.version = client->version,
		.operation = SMP_WRITE,
		.length = sizeof(body),
		.group = SMP_GROUP_OS,
		.sequence = client->sequence++,
		.command = SMP_OS_ECHO,
	};
	size = encode(client, &request, ret_header, frame, sizeof(frame));
	if (size < 0)
		return (int)size;
	return client->line_operations->send(client->line, frame, (size_t)size);
}

/* One try, after the request was sent: as enum heard. */
static int await(struct smp_client *client, const struct smp_request *request,
		 const struct smp_header *sent)
{
	usec_t start = client->line_operations->now(client->line);
	usec_t deadline = start + request->timeout_usec;
	struct smp_header check;
	int r;

	if (request->check_usec == 0 || request->check_usec >= request->timeout_usec)
		return listen_for(client, sent, NULL, deadline);
	r = listen_for(client, sent, NULL, start + request->check_usec);
	if (r != HEARD_NOTHING)
		return r;
	r = send_check(client, &check);
	if (r < 0)
		return r;
	return listen_for(client, sent, &check, deadline);
}

int smp_client_call(struct smp_client *client, const struct smp_request *request,
		    const uint8_t **ret_body, size_t *ret_size)
{
	struct smp_header header = {
		.version = client->version,
		.operation = request->operation,
		.length = (uint16_t)request->body_size,
		.group = request->group,
		.sequence = client->sequence++,
		.command = request->command,
	};
	uint8_t frame[SMP_FRAME_MAX_BYTES];
	ssize_t size = encode(client, request, &header, frame, sizeof(frame));

	if (size < 0)
		return (int)size;
	client->requests++;
	for (unsigned i = 0; i < request->tries; i++) {
		int r;

		if (i > 0) {
			client->resends++;
			/*
			 * Raw messages have no marks to find the next one by after a piece was
			 * lost.
			 */
			if (client->deframer.framing == SMP_FRAMING_RAW)
				smp_deframer_reset(&client->deframer);
		}
		r = client->line_operations->send(client->line, frame, (size_t)size);
		if (r < 0)
			return r;
		r = await(client, request, &header);
		if (r < 0)
			return r;
		if (r == HEARD_ANSWER) {
			*ret_body = client->deframer.message + SMP_HEADER_SIZE;
			*ret_size = client->deframer.message_size - SMP_HEADER_SIZE;
			return 0;
		}
	}
	return -ETIMEDOUT;
}
