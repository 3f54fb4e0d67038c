// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The wire between a DFU conversation and a model of a device.
 */
#include <errno.h>
#include <string.h>

#include "dfu-wire.h"

enum { TRANSFER_US = 125, ANSWER_TIMEOUT_US = 5000000 };

static int answer_to_errno(struct dfu_wire *wire, int answer)
{
	wire->now_us += TRANSFER_US;
	if (wire->model.is_leaving)
		wire->is_off = true;
	switch (answer) {
	case MODEL_STALL:
		return -EPIPE;
	case MODEL_LEAVES:
		wire->is_off = true;
		return -ENODEV;
	case MODEL_NO_ANSWER:
		wire->now_us += ANSWER_TIMEOUT_US;
		return -ETIMEDOUT;
	}
	return answer;
}

static int wire_send(void *link, u8 request, u16 value, const void *data, u16 length)
{
	const struct usb_setup setup = { USB_CLASS | 1, request, value, 0, length };
	struct dfu_wire *wire = link;
	static uint8_t buffer[65536];

	if (wire->is_off)
		return -ENODEV;
	if (length)
		memcpy(buffer, data, length);
	return answer_to_errno(wire, model_control(&wire->model, &setup, buffer, wire->now_us));
}

static int wire_receive(void *link, u8 request, u16 value, void *data, u16 length)
{
	const struct usb_setup setup = { USB_IN | USB_CLASS | 1, request, value, 0, length };
	struct dfu_wire *wire = link;

	if (wire->is_off)
		return -ENODEV;
	return answer_to_errno(wire, model_control(&wire->model, &setup, data, wire->now_us));
}

static int wire_wait(void *link, u32 duration_us)
{
	struct dfu_wire *wire = link;

	wire->now_us += duration_us;
	wire->waited_us += duration_us;
	if (model_timer(&wire->model, wire->now_us))
		wire->is_off = true;
	return wire->is_off ? -ENODEV : wire->interruption;
}

static u64 wire_now_us(void *link)
{
	return ((struct dfu_wire *)link)->now_us;
}

static const struct dfu_link_ops wire_ops = {
	.send = wire_send,
	.receive = wire_receive,
	.wait = wire_wait,
	.now_us = wire_now_us,
};

static void init(struct dfu_wire *wire)
{
	*wire = (struct dfu_wire){
		.now_us = 1000000,
		.config = {
			.vendor = 0x1209,
			.product = 1,
			.device_version = 0x0100,
			.attributes = ATTRIBUTE_DOWNLOAD | ATTRIBUTE_UPLOAD | ATTRIBUTE_TOLERANT,
			.transfer_bytes = 512,
			.dfu_version = 0x0110,
			.detach_timeout_ms = 1000,
			.is_strict = true,
		},
	};
	wire->model.config = &wire->config;
	wire->model.num_alternates = 1;
}

void dfu_wire_init(struct dfu_wire *wire)
{
	init(wire);
	memory_init_plain(&wire->model.alternates[0], "firmware", 1 << 20);
}

void dfu_wire_init_dfuse(struct dfu_wire *wire, const char *layout)
{
	init(wire);
	wire->config.dfu_version = 0x011a;
	memory_init_dfuse(&wire->model.alternates[0], layout);
}

int dfu_wire_request(struct dfu_wire *wire, uint8_t type, uint8_t request, uint16_t value)
{
	const struct usb_setup setup = { type, request, value, 0, 0 };

	return model_control(&wire->model, &setup, NULL, wire->now_us);
}

void dfu_wire_start(struct dfu_wire *wire)
{
	uint8_t descriptor[MODEL_DESCRIPTOR_BYTES_MAX];
	struct dfu_function function;
	size_t length;

	model_start(&wire->model, wire->now_us);
	dfu_wire_request(wire, USB_STANDARD, USB_SET_CONFIGURATION, 1);
	length = model_descriptor(&wire->model, USB_DESCRIPTOR_CONFIGURATION, 0, descriptor);
	dfu_function_parse(descriptor, length, &function);
	dfu_session_init(&wire->session, &wire_ops, wire, &function);
}

void dfu_wire_free(struct dfu_wire *wire)
{
	for (unsigned int i = 0; i < wire->model.num_alternates; i++)
		memory_free(&wire->model.alternates[i]);
}

int dfu_wire_download(struct dfu_wire *wire, const uint8_t *image, size_t length)
{
	int ret = dfu_reach_idle(&wire->session);

	for (size_t done = 0; !ret && done < length;) {
		size_t block = dfu_smaller(length - done, wire->session.function.block_bytes);

		ret = dfu_download_block(&wire->session, image + done, block);
		done += block;
	}
	return ret;
}
