// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Descriptors of the test device in its two modes.
 */
#include <string.h>

#include "model.h"

enum { STRING_VENDOR = 1, STRING_PRODUCT, STRING_SERIAL, STRING_RUNTIME, STRING_ALTERNATE };

static void put16(uint8_t *bytes, uint16_t value)
{
	bytes[0] = value;
	bytes[1] = value >> 8;
}

static size_t device_descriptor(const struct model *model, uint8_t *data)
{
	const struct model_config *config = model->config;
	uint16_t product = config->product;

	if (!model->is_runtime && config->dfu_product)
		product = config->dfu_product;
	memset(data, 0, 18);
	data[0] = 18;
	data[1] = USB_DESCRIPTOR_DEVICE;
	put16(data + 2, 0x0200);
	data[7] = 64;
	put16(data + 8, config->vendor);
	put16(data + 10, product);
	put16(data + 12, model->running_version);
	data[14] = STRING_VENDOR;
	data[15] = STRING_PRODUCT;
	data[16] = config->serial ? STRING_SERIAL : 0;
	data[17] = 1;
	return 18;
}

static uint8_t *add_interface(uint8_t *data, uint8_t alternate, uint8_t protocol, uint8_t string)
{
	const uint8_t interface[9] = {
		9, USB_DESCRIPTOR_INTERFACE, 0, alternate, 0, 0xfe, 1, protocol, string
	};

	memcpy(data, interface, sizeof(interface));
	return data + sizeof(interface);
}

static uint8_t *add_functional(const struct model_config *config, uint8_t *data)
{
	if (config->has_no_descriptor)
		return data;
	data[0] = config->has_short_descriptor ? 7 : 9;
	data[1] = 0x21;
	data[2] = config->attributes;
	put16(data + 3, config->detach_timeout_ms);
	put16(data + 5, config->transfer_bytes);
	put16(data + 7, config->dfu_version);
	return data + data[0];
}

static size_t configuration_descriptor(const struct model *model, uint8_t *data)
{
	uint8_t *end = data + 9;

	if (model->is_runtime) {
		end = add_interface(end, 0, 1, STRING_RUNTIME);
	} else {
		for (unsigned int i = 0; i < model->num_alternates; i++)
			end = add_interface(end, i, 2, STRING_ALTERNATE + i);
	}
	end = add_functional(model->config, end);

	memset(data, 0, 9);
	data[0] = 9;
	data[1] = USB_DESCRIPTOR_CONFIGURATION;
	put16(data + 2, end - data);
	data[4] = 1; /* interfaces */
	data[5] = 1; /* its number */
	data[7] = 0xc0; /* self powered */
	return end - data;
}

static const char *string(const struct model *model, uint8_t index)
{
	switch (index) {
	case STRING_VENDOR:
		return "fwslot";
	case STRING_PRODUCT:
		return model->is_runtime ? "DFU test device" : "DFU test device (DFU mode)";
	case STRING_SERIAL:
		return model->config->serial;
	case STRING_RUNTIME:
		return "DFU runtime";
	}
	index -= STRING_ALTERNATE;
	return index < model->num_alternates ? model->alternates[index].text : NULL;
}

static size_t string_descriptor(const struct model *model, uint8_t index, uint8_t *data)
{
	const char *text = index ? string(model, index) : "\x09\x04";
	size_t length = 2;

	if (!text)
		return 0;
	if (!index)
		memcpy(data + 2, text, 2), length = 4;
	for (; index && *text && length + 2 <= 254; length += 2)
		put16(data + length, (uint8_t)*text++);
	data[0] = length;
	data[1] = USB_DESCRIPTOR_STRING;
	return length;
}

size_t model_descriptor(const struct model *model, uint8_t type, uint8_t index, uint8_t *data)
{
	switch (type) {
	case USB_DESCRIPTOR_DEVICE:
		return device_descriptor(model, data);
	case USB_DESCRIPTOR_CONFIGURATION:
		return index ? 0 : configuration_descriptor(model, data);
	case USB_DESCRIPTOR_STRING:
		return string_descriptor(model, index, data);
	}
	return 0;
}
