/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "smp/device.h"

#include <errno.h>
#include <string.h>

#include "smp/request.h"

/* How long a device may take to answer the first question; version 1 and 2 are asked in turn. */
#define GREETING_TIMEOUT (1 * USEC_PER_SEC)
#define GREETING_ROUNDS 3
#define PROBE_TIMEOUT (500 * USEC_PER_MSEC)
#define TRIAL_MESSAGE_TRIES 2

/* A request whose contents fit on the stack: everything but uploads and long echoes. */
struct small_request {
	struct smp_request request;
	uint8_t bytes[256];
	struct smp_writer writer;
};

static void begin(struct small_request *small, enum smp_operation operation, enum smp_group group,
		  uint8_t command)
{
	*small = (struct small_request){ .request = { .operation = operation,
						      .group = group,
						      .command = command,
						      .timeout_usec = SMP_ANSWER_TIMEOUT,
						      .tries = SMP_TRIES } };
	small->writer =
		(struct smp_writer){ .bytes = small->bytes, .capacity = sizeof(small->bytes) };
}

static int call(struct smp_device *device, struct small_request *small, const uint8_t **ret_body,
		size_t *ret_size)
{
	if (small->writer.is_too_long)
		return -EMSGSIZE;
	small->request.body = small->bytes;
	small->request.body_size = small->writer.size;
	return smp_client_call(&device->client, &small->request, ret_body, ret_size);
}

/* Joins how reading the answer went with what the device says in it. */
static int judge(struct smp_device *device, int r)
{
	return r < 0 ? r : smp_failure_errno(&device->failure);
}

/* ---- greeting ---- */

static int ask_parameters(struct smp_device *device, struct smp_parameters *ret)
{
	struct small_request small;
	const uint8_t *body;
	size_t size;
	int r;

	begin(&small, SMP_READ, SMP_GROUP_OS, SMP_OS_PARAMETERS);
	small.request.timeout_usec = GREETING_TIMEOUT;
	small.request.tries = 1;
	smp_write_empty(&small.writer);
	r = call(device, &small, &body, &size);
	if (r < 0)
		return r;
	return smp_read_parameters(body, size, ret, &device->failure);
}

/*
 * Does a message of @size bytes arrive? Any answer proves it, also a refusal to echo. Found out
 * once, so that a device whose serial buffers are smaller than it says does not make every piece of
 * an upload time out.
 */
static int try_message_size(struct smp_device *device, size_t size)
{
	uint8_t body[SMP_BUFFER_MAX_BYTES];
	char text[SMP_BUFFER_MAX_BYTES];
	struct smp_writer writer = { .bytes = body, .capacity = sizeof(body) };
	const uint8_t *answer;
	size_t answer_size, length = size - SMP_HEADER_SIZE - 6; /* map, "d", head of the text */

	memset(text, 'x', length);
	text[length] = '\0';
	smp_write_echo(&writer, text);
	if (writer.is_too_long)
		return -EMSGSIZE;
	return smp_client_call(&device->client,
			       &(struct smp_request){ .operation = SMP_WRITE,
						      .group = SMP_GROUP_OS,
						      .command = SMP_OS_ECHO,
						      .body = body,
						      .body_size = writer.size,
						      .timeout_usec = SMP_ANSWER_TIMEOUT,
						      .tries = TRIAL_MESSAGE_TRIES },
			       &answer, &answer_size);
}

static int find_message_size(struct smp_device *device, uint64_t buffer_size)
{
	size_t size = SMP_BUFFER_DEFAULT_BYTES;

	if (buffer_size > 0)
		size = buffer_size < SMP_BUFFER_MAX_BYTES ? (size_t)buffer_size :
							    SMP_BUFFER_MAX_BYTES;
	size -= size > SMP_BUFFER_OVERHEAD ? SMP_BUFFER_OVERHEAD : 0;
	for (; size > SMP_UPLOAD_MESSAGE_MIN; size /= 2) {
		int r = try_message_size(device, size);

		if (r >= 0)
			break;
		if (r != -ETIMEDOUT)
			return r;
	}
	device->message_size = size > SMP_UPLOAD_MESSAGE_MIN ? size : SMP_UPLOAD_MESSAGE_MIN;
	return 0;
}

int smp_device_greet(struct smp_device *device)
{
	struct smp_parameters parameters = { 0 };
	int r = -ETIMEDOUT;

	smp_client_reset(&device->client);
	device->message_size = SMP_UPLOAD_MESSAGE_MIN;
	for (unsigned i = 0; i < 2 * GREETING_ROUNDS && r == -ETIMEDOUT; i++) {
		device->client.version = i % 2 == 0 ? SMP_VERSION_2 : SMP_VERSION_1;
		r = ask_parameters(device, &parameters);
	}
	if (r < 0)
		return r;
	return find_message_size(device, parameters.buffer_size);
}

int smp_device_probe(struct smp_device *device)
{
	struct small_request small;
	const uint8_t *body;
	size_t size;

	begin(&small, SMP_READ, SMP_GROUP_OS, SMP_OS_PARAMETERS);
	small.request.timeout_usec = PROBE_TIMEOUT;
	small.request.tries = 1;
	smp_write_empty(&small.writer);
	return call(device, &small, &body, &size);
}

/* ---- questions ---- */

int smp_device_read_images(struct smp_device *device, struct smp_image_list *ret)
{
	struct small_request small;
	const uint8_t *body;
	size_t size;
	int r;

	begin(&small, SMP_READ, SMP_GROUP_IMAGE, SMP_IMAGE_STATE);
	smp_write_empty(&small.writer);
	r = call(device, &small, &body, &size);
	if (r < 0)
		return r;
	return judge(device, smp_read_image_list(body, size, ret, &device->failure));
}

int smp_device_read_slots(struct smp_device *device, struct smp_slot_list *ret)
{
	struct small_request small;
	const uint8_t *body;
	size_t size;
	int r;

	begin(&small, SMP_READ, SMP_GROUP_IMAGE, SMP_IMAGE_SLOTS);
	smp_write_empty(&small.writer);
	r = call(device, &small, &body, &size);
	if (r < 0)
		return r;
	return judge(device, smp_read_slot_list(body, size, ret, &device->failure));
}

int smp_device_read_board(struct smp_device *device, struct smp_text_answer *ret)
{
	struct small_request small;
	const uint8_t *body;
	size_t size;
	int r;

	begin(&small, SMP_READ, SMP_GROUP_OS, SMP_OS_INFORMATION);
	smp_write_information(&small.writer, "i");
	r = call(device, &small, &body, &size);
	if (r < 0)
		return r;
	return judge(device, smp_read_text_answer(body, size, ret, &device->failure));
}

/* ---- upload ---- */

static int send_piece(struct smp_device *device, const struct smp_upload *upload,
		      struct smp_upload_answer *ret)
{
	uint8_t bytes[SMP_BUFFER_MAX_BYTES];
	struct smp_writer writer = { .bytes = bytes, .capacity = sizeof(bytes) };
	const uint8_t *body;
	size_t size;
	int r;

	smp_upload_request(upload, &writer);
	if (writer.is_too_long)
		return -EMSGSIZE;
	r = smp_client_call(&device->client,
			    &(struct smp_request){
				    .operation = SMP_WRITE,
				    .group = SMP_GROUP_IMAGE,
				    .command = SMP_IMAGE_UPLOAD,
				    .body = bytes,
				    .body_size = writer.size,
				    /* The first piece waits for the erasing. */
				    .timeout_usec = upload->offset == 0 ? SMP_ERASE_TIMEOUT :
									  SMP_PIECE_TIMEOUT,
				    .tries = SMP_PIECE_TRIES,
				    .check_usec = SMP_ANSWER_TIMEOUT,
			    },
			    &body, &size);
	if (r < 0)
		return r;
	return judge(device, smp_read_upload(body, size, ret, &device->failure));
}

int smp_device_upload_piece(struct smp_device *device, struct smp_upload *upload)
{
	struct smp_upload_answer answer;

	for (;;) {
		int r;

		upload->message_size = device->message_size;
		r = send_piece(device, upload, &answer);
		if (r >= 0)
			return smp_upload_take(upload, &answer);
		if ((r != -ETIMEDOUT && r != -EMSGSIZE && r != -ENOMEM) ||
		    device->message_size <= SMP_UPLOAD_MESSAGE_MIN)
			return r;
		device->message_size /= 2;
		if (device->message_size < SMP_UPLOAD_MESSAGE_MIN)
			device->message_size = SMP_UPLOAD_MESSAGE_MIN;
	}
}

/* ---- orders ---- */

static int write_state(struct smp_device *device, const uint8_t *hash, size_t hash_size,
		       bool is_confirm, struct smp_image_list *ret)
{
	struct small_request small;
	const uint8_t *body;
	size_t size;
	int r;

	begin(&small, SMP_WRITE, SMP_GROUP_IMAGE, SMP_IMAGE_STATE);
	small.request.timeout_usec = SMP_PIECE_TIMEOUT;
	smp_write_state(&small.writer, hash, hash_size, is_confirm);
	r = call(device, &small, &body, &size);
	if (r < 0)
		return r;
	r = judge(device, smp_read_result(body, size, &device->failure));
	if (r < 0)
		return r;
	/* The answer to a write is believed only as far as a fresh question repeats it. */
	return smp_device_read_images(device, ret);
}

int smp_device_mark(struct smp_device *device, const uint8_t *hash, size_t hash_size,
		    bool is_permanent, struct smp_image_list *ret)
{
	return write_state(device, hash, hash_size, is_permanent, ret);
}

int smp_device_confirm(struct smp_device *device, struct smp_image_list *ret)
{
	return write_state(device, NULL, 0, true, ret);
}

int smp_device_erase(struct smp_device *device, unsigned slot)
{
	struct small_request small;
	const uint8_t *body;
	size_t size;
	int r;

	begin(&small, SMP_WRITE, SMP_GROUP_IMAGE, SMP_IMAGE_ERASE);
	small.request.timeout_usec = SMP_ERASE_TIMEOUT;
	small.request.check_usec = SMP_ANSWER_TIMEOUT;
	smp_write_erase(&small.writer, slot);
	r = call(device, &small, &body, &size);
	if (r < 0)
		return r;
	return judge(device, smp_read_result(body, size, &device->failure));
}

int smp_device_reset(struct smp_device *device)
{
	struct small_request small;
	const uint8_t *body;
	size_t size;
	int r;

	begin(&small, SMP_WRITE, SMP_GROUP_OS, SMP_OS_RESET);
	small.request.tries = 1;
	smp_write_empty(&small.writer);
	r = call(device, &small, &body, &size);
	if (r < 0)
		return r;
	return judge(device, smp_read_result(body, size, &device->failure));
}
