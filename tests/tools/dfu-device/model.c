// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Control requests to the test device: chapter 9 and the DFU requests, state by state as annex A.2
 * of DFU 1.1 has them.
 */
#include <string.h>

#include "model.h"

/* DfuSe: blocks 0 and 1 are not data. */
enum { DFUSE_COMMAND = 0, DFUSE_DATA = 2 };
enum { DFUSE_GET = 0x00, DFUSE_SET_ADDRESS = 0x21, DFUSE_ERASE = 0x41, DFUSE_UNPROTECT = 0x92 };

static struct memory *current(struct model *model)
{
	return &model->alternates[model->alternate];
}

/* What wTransferSize means to the device itself. */
static int model_block_bytes(const struct model *model)
{
	return model->config->transfer_bytes ? model->config->transfer_bytes : 64;
}

static int fail(struct model *model, uint8_t status)
{
	model->state = DFU_ERROR;
	model->status = status;
	model->busy_until_us = 0;
	return MODEL_STALL;
}

static uint32_t get32(const uint8_t *bytes)
{
	return bytes[0] | bytes[1] << 8 | bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

/* A command takes effect when its status is asked for; it is done at once and takes time then. */
static uint8_t dfuse_command(struct model *model, const uint8_t *data, size_t length)
{
	model->pending_ms = 0;
	if (length == 5 && data[0] == DFUSE_SET_ADDRESS) {
		model->pointer = get32(data + 1);
		return DFU_OK;
	}
	model->pending_ms = model->config->erase_ms;
	if (length == 5 && data[0] == DFUSE_ERASE)
		return memory_erase(current(model), get32(data + 1));
	if (length == 1 && (data[0] == DFUSE_ERASE || data[0] == DFUSE_UNPROTECT))
		return memory_erase_all(current(model));
	return DFU_ERR_STALLEDPKT;
}

static uint8_t store_block(struct model *model, uint16_t block, const uint8_t *data, size_t length)
{
	struct memory *memory = current(model);

	model->pending_ms = model->config->busy_ms;
	if (!memory->is_dfuse) {
		if (model->state == DFU_IDLE) {
			memory->received_bytes = 0;
			model->next_block = block;
		}
		if (block != model->next_block++)
			return DFU_ERR_ADDRESS;
		return memory_append(memory, data, length);
	}
	if (block == DFUSE_COMMAND)
		return dfuse_command(model, data, length);
	if (block < DFUSE_DATA)
		return DFU_ERR_STALLEDPKT;
	memory->written = ++model->writes;
	return memory_write(memory,
			    model->pointer + (block - DFUSE_DATA) * model->config->transfer_bytes,
			    data, length);
}

/* Faults of the last request are remembered here: the work begins with the next question. */
static int begin_manifestation(struct model *model)
{
	const struct fault *busy = fault_due(&model->faults, FAULT_BUSY);
	const struct fault *error = fault_due(&model->faults, FAULT_ERROR);

	model->pending_ms = model->config->manifest_ms;
	if (busy)
		model->pending_ms = fault_argument(busy, MODEL_FOR_GOOD);
	model->pending_status = error ? fault_argument(error, DFU_ERR_VERIFY) : DFU_OK;
	model->state = DFU_MANIFEST_SYNC;
	model->is_manifested = false;
	return 0;
}

static int download(struct model *model, const struct usb_setup *setup, uint8_t *data)
{
	const struct fault *fault = fault_due(&model->faults, FAULT_SHORT);
	int length = setup->length;

	if (!(model->config->attributes & ATTRIBUTE_DOWNLOAD) ||
	    (model->state != DFU_IDLE && model->state != DFU_DNLOAD_IDLE) ||
	    length > model_block_bytes(model))
		return fail(model, DFU_ERR_STALLEDPKT);
	if (!length) {
		if (model->state == DFU_IDLE && !current(model)->is_dfuse)
			return fail(model, DFU_ERR_STALLEDPKT);
		return begin_manifestation(model);
	}
	if (fault_due(&model->faults, FAULT_FLIP))
		data[length / 2] ^= 0x10;
	if (fault)
		length -= fault_argument(fault, 1);
	model->pending_status = store_block(model, setup->value, data, length);
	fault = fault_due(&model->faults, FAULT_ERROR);
	if (fault)
		model->pending_status = fault_argument(fault, DFU_ERR_UNKNOWN);
	fault = fault_due(&model->faults, FAULT_BUSY);
	if (fault)
		model->pending_ms = fault_argument(fault, MODEL_FOR_GOOD);
	model->state = DFU_DNLOAD_SYNC;
	return length;
}

static int upload_plain(struct model *model, uint8_t *data, int length)
{
	const struct memory *memory = current(model);
	size_t left;

	if (model->state == DFU_IDLE)
		model->upload_offset = 0;
	left = memory->image_bytes - model->upload_offset;
	if ((size_t)length > left)
		length = left;
	memcpy(data, memory->image + model->upload_offset, length);
	model->upload_offset += length;
	return length;
}

static int upload(struct model *model, const struct usb_setup *setup, uint8_t *data)
{
	const struct fault *fault = fault_due(&model->faults, FAULT_SHORT);
	int wanted = setup->length;
	size_t length;
	uint8_t status;

	if (!(model->config->attributes & ATTRIBUTE_UPLOAD) ||
	    (model->state != DFU_IDLE && model->state != DFU_UPLOAD_IDLE) ||
	    wanted > model_block_bytes(model))
		return fail(model, DFU_ERR_STALLEDPKT);
	if (!current(model)->is_dfuse) {
		length = upload_plain(model, data, wanted);
	} else if (setup->value == DFUSE_COMMAND) {
		static const uint8_t commands[] = { DFUSE_GET, DFUSE_SET_ADDRESS, DFUSE_ERASE };

		length = sizeof(commands);
		memcpy(data, commands, length);
	} else {
		status = memory_read(current(model),
				     model->pointer + (setup->value - DFUSE_DATA) *
							      model->config->transfer_bytes,
				     data, wanted, &length);
		if (setup->value < DFUSE_DATA || status != DFU_OK)
			return fail(model, setup->value < DFUSE_DATA ? DFU_ERR_STALLEDPKT : status);
	}
	if (fault && length >= fault_argument(fault, 1))
		length -= fault_argument(fault, 1);
	if (length && fault_due(&model->faults, FAULT_FLIP))
		data[length / 2] ^= 0x10;
	model->state = length < (size_t)wanted ? DFU_IDLE : DFU_UPLOAD_IDLE;
	return length;
}

/* The whole image is there: is it right? Returns a status code. */
static uint8_t manifest(struct model *model)
{
	struct memory *memory = current(model);

	if (model->pending_status != DFU_OK)
		return model->pending_status;
	if (!memory->is_dfuse)
		memory->image_bytes = memory->received_bytes;
	if (!model_accepts(model, memory))
		return DFU_ERR_FIRMWARE;
	memory->written = ++model->writes;
	return DFU_OK;
}

/* dfuDNLOAD-SYNC and dfuMANIFEST-SYNC: the question starts the work, or learns that it is done. */
static void synchronise(struct model *model, uint64_t now_us, uint32_t *poll_ms)
{
	bool is_block = model->state == DFU_DNLOAD_SYNC;
	uint32_t work_ms = model->pending_ms;
	/* DfuSe always goes through dfuDNBUSY, however short. */
	bool is_instant = !work_ms && !current(model)->is_dfuse;
	bool is_done = is_block ? model->busy_until_us || is_instant : model->is_manifested;

	if (!is_done) {
		model->state = is_block ? DFU_DNBUSY : DFU_MANIFEST;
		model->busy_until_us = now_us + 1000ULL * work_ms;
		if (work_ms == MODEL_FOR_GOOD) {
			model->busy_until_us = UINT64_MAX;
			work_ms = 100;
		}
		*poll_ms = work_ms;
		if (!is_block)
			model->pending_status = manifest(model);
		model->is_manifested = !is_block;
		return;
	}
	model->busy_until_us = 0;
	*poll_ms = model->config->idle_poll_ms;
	model->state = is_block ? DFU_DNLOAD_IDLE : DFU_IDLE;
	if (model->pending_status != DFU_OK)
		fail(model, model->pending_status);
}

/* Time passes between requests: what ends by itself. */
static void catch_up(struct model *model, uint64_t now_us)
{
	if (model->is_runtime && model->state == APP_DETACH && now_us >= model->detach_until_us)
		model->state = APP_IDLE;
	if (!model->busy_until_us || now_us < model->busy_until_us)
		return;
	if (model->state == DFU_DNBUSY)
		model->state = DFU_DNLOAD_SYNC;
	if (model->state != DFU_MANIFEST)
		return;
	if (model->pending_status != DFU_OK)
		fail(model, model->pending_status);
	else if (model->config->manifestation == MANIFEST_TOLERANT)
		model->state = DFU_MANIFEST_SYNC;
	else if (model->config->manifestation == MANIFEST_WAIT_RESET)
		model->state = DFU_MANIFEST_WAIT_RESET;
}

static int get_status(struct model *model, uint8_t *data, uint64_t now_us)
{
	const struct fault *poll = fault_due(&model->faults, FAULT_POLL);
	const struct fault *state = fault_due(&model->faults, FAULT_STATE);
	const struct fault *fault = fault_due(&model->faults, FAULT_SHORT);
	uint32_t poll_ms = model->config->idle_poll_ms;
	bool is_early = now_us < model->silent_until_us;

	model->silent_until_us = 0;
	if (model->config->is_strict && is_early)
		return fail(model, DFU_ERR_STALLEDPKT);
	if (model->state == DFU_MANIFEST_WAIT_RESET && model->config->is_deaf)
		return MODEL_STALL;
	if (model->state == DFU_DNBUSY || model->state == DFU_MANIFEST) {
		if (model->busy_until_us != UINT64_MAX && model->config->is_strict)
			return fail(model, DFU_ERR_STALLEDPKT);
		poll_ms = 10;
	}
	if (model->state == DFU_DNLOAD_SYNC || model->state == DFU_MANIFEST_SYNC)
		synchronise(model, now_us, &poll_ms);

	poll_ms = fault_argument(poll, poll_ms);
	data[0] = model->status;
	data[1] = poll_ms;
	data[2] = poll_ms >> 8;
	data[3] = poll_ms >> 16;
	data[4] = state ? fault_argument(state, 0xff) : model->state;
	data[5] = 0;
	if (poll_ms && !poll)
		model->silent_until_us = now_us + 1000ULL * poll_ms;
	return fault ? 6 - (int)fault_argument(fault, 1) : 6;
}

static int detach(struct model *model, const struct usb_setup *setup, uint64_t now_us)
{
	uint32_t wait_ms = setup->value;

	if (!model->is_runtime || model->state != APP_IDLE)
		return model->is_runtime ? MODEL_STALL : fail(model, DFU_ERR_STALLEDPKT);
	if (wait_ms > model->config->detach_timeout_ms)
		wait_ms = model->config->detach_timeout_ms;
	model->state = APP_DETACH;
	model->detach_until_us = now_us + 1000ULL * wait_ms;
	if (!(model->config->attributes & ATTRIBUTE_WILL_DETACH))
		return 0;
	model->away_ms = model->config->away_ms;
	model->is_leaving = true;
	return 0;
}

static char letter_of(const struct usb_setup *setup)
{
	switch (setup->request) {
	case DFU_REQUEST_DNLOAD:
		return setup->length ? 'd' : 'm';
	case DFU_REQUEST_UPLOAD:
		return 'u';
	case DFU_REQUEST_GETSTATUS:
		return 's';
	}
	return 't';
}

static int answer_dfu(struct model *model, const struct usb_setup *setup, uint8_t *data,
		      uint64_t now_us)
{
	bool is_idle = model->state == DFU_IDLE || model->state == DFU_DNLOAD_IDLE ||
		       model->state == DFU_UPLOAD_IDLE || model->state == DFU_DNLOAD_SYNC ||
		       model->state == DFU_MANIFEST_SYNC;

	if (setup->request == DFU_REQUEST_DETACH)
		return detach(model, setup, now_us);
	if (setup->request == DFU_REQUEST_GETSTATUS && setup->length >= 6)
		return get_status(model, data, now_us);
	if (setup->request == DFU_REQUEST_GETSTATE && setup->length >= 1) {
		data[0] = model->state;
		return 1;
	}
	if (model->is_runtime)
		return MODEL_STALL;
	switch (setup->request) {
	case DFU_REQUEST_DNLOAD:
		return download(model, setup, data);
	case DFU_REQUEST_UPLOAD:
		return upload(model, setup, data);
	case DFU_REQUEST_CLRSTATUS:
		if (model->state != DFU_ERROR)
			return fail(model, DFU_ERR_STALLEDPKT);
		model->state = DFU_IDLE;
		model->status = DFU_OK;
		return 0;
	case DFU_REQUEST_ABORT:
		if (!is_idle)
			return fail(model, DFU_ERR_STALLEDPKT);
		model->state = DFU_IDLE;
		model->busy_until_us = 0;
		return 0;
	}
	return fail(model, DFU_ERR_STALLEDPKT);
}

static int answer_class(struct model *model, const struct usb_setup *setup, uint8_t *data,
			uint64_t now_us)
{
	const struct fault *fault;

	model->requests++;
	fault_request(&model->faults, letter_of(setup));
	catch_up(model, now_us);
	model->answer_delay_ms = fault_argument(fault_due(&model->faults, FAULT_DELAY), 0);
	fault = fault_due(&model->faults, FAULT_VANISH);
	if (fault) {
		model->away_ms = fault_argument(fault, MODEL_FOR_GOOD);
		return MODEL_LEAVES;
	}
	if (fault_due(&model->faults, FAULT_HANG))
		return MODEL_NO_ANSWER;
	fault = fault_due(&model->faults, FAULT_STALL);
	if (fault && model->is_runtime)
		return MODEL_STALL;
	if (fault)
		return fail(model, fault_argument(fault, DFU_ERR_STALLEDPKT));
	return answer_dfu(model, setup, data, now_us);
}

/* Chapter 9. vhci_hcd keeps SET_ADDRESS and bus resets to itself. */
static int answer_standard(struct model *model, const struct usb_setup *setup, uint8_t *data,
			   uint64_t now_us)
{
	uint8_t descriptor[MODEL_DESCRIPTOR_BYTES_MAX];
	size_t length;

	switch (setup->request) {
	case USB_GET_DESCRIPTOR:
		/* Nobody asks a configured device who it is, except after a reset. */
		if (setup->value >> 8 == USB_DESCRIPTOR_DEVICE && model->is_configured)
			model_reset(model, now_us);
		length = model_descriptor(model, setup->value >> 8, setup->value, descriptor);
		if (!length)
			return MODEL_STALL;
		if (length > setup->length)
			length = setup->length;
		memcpy(data, descriptor, length);
		return length;
	case USB_SET_CONFIGURATION:
		model->is_configured = setup->value;
		model->alternate = 0;
		return 0;
	case USB_SET_INTERFACE:
		if (setup->value >= (model->is_runtime ? 1 : model->num_alternates))
			return MODEL_STALL;
		model->alternate = setup->value;
		return 0;
	case USB_GET_INTERFACE:
	case USB_GET_CONFIGURATION:
		data[0] = setup->request == USB_GET_INTERFACE ? model->alternate :
								model->is_configured;
		return 1;
	case USB_GET_STATUS:
		data[0] = data[1] = 0;
		return 2;
	case USB_SET_ADDRESS:
		return 0;
	}
	return MODEL_STALL;
}

int model_control(struct model *model, const struct usb_setup *setup, uint8_t *data,
		  uint64_t now_us)
{
	model->answer_delay_ms = 0;
	model->is_leaving = false;
	if ((setup->request_type & USB_TYPE) == USB_CLASS)
		return answer_class(model, setup, data, now_us);
	if ((setup->request_type & USB_TYPE) == USB_STANDARD)
		return answer_standard(model, setup, data, now_us);
	return MODEL_STALL;
}
