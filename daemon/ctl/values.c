/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads any value of a message, whatever its type: new members need nothing new here. */
#include "ctl/values.h"

#include <stdio.h>
#include <string.h>

static json_t *read_basic(sd_bus_message *message, char type)
{
	union {
		const char *text;
		uint8_t y;
		int b;
		int16_t n;
		uint16_t q;
		int32_t i;
		uint32_t u;
		int64_t x;
		uint64_t t;
		double d;
	} value;

	if (type == 'h' || sd_bus_message_read_basic(message, type, &value) <= 0)
		return NULL;
	switch (type) {
	case 'y':
		return json_integer(value.y);
	case 'b':
		return json_boolean(value.b);
	case 'n':
		return json_integer(value.n);
	case 'q':
		return json_integer(value.q);
	case 'i':
		return json_integer(value.i);
	case 'u':
		return json_integer(value.u);
	case 'x':
		return json_integer(value.x);
	case 't':
		return json_integer((json_int_t)value.t);
	case 'd':
		return json_real(value.d);
	default:
		return json_string(value.text);
	}
}

static json_t *read_row(sd_bus_message *message)
{
	_cleanup_value_ json_t *row = json_array();

	while (sd_bus_message_at_end(message, false) == 0)
		if (json_array_append_new(row, values_read(message)) < 0)
			return NULL;
	return TAKE_PTR(row);
}

/* Keys are text in every dictionary we have. */
static json_t *read_dictionary(sd_bus_message *message, const char *entry_type)
{
	_cleanup_value_ json_t *object = json_object();
	const char *key;

	while (sd_bus_message_at_end(message, false) == 0) {
		if (sd_bus_message_enter_container(message, 'e', entry_type) < 0 ||
		    sd_bus_message_read_basic(message, entry_type[0], &key) < 0 ||
		    json_object_set_new(object, key, values_read(message)) < 0 ||
		    sd_bus_message_exit_container(message) < 0)
			return NULL;
	}
	return TAKE_PTR(object);
}

static json_t *read_array(sd_bus_message *message, const char *type)
{
	char entry_type[64];
	size_t length = strlen(type);

	if (type[0] != '{' || length < 2 || length - 2 >= sizeof(entry_type))
		return read_row(message);
	memcpy(entry_type, type + 1, length - 2);
	entry_type[length - 2] = '\0';
	return read_dictionary(message, entry_type);
}

json_t *values_read(sd_bus_message *message)
{
	_cleanup_value_ json_t *value = NULL;
	const char *content;
	char type;

	if (sd_bus_message_peek_type(message, &type, &content) <= 0)
		return NULL;
	if (!strchr("avr", type))
		return read_basic(message, type);
	if (sd_bus_message_enter_container(message, type, content) <= 0)
		return NULL;
	value = type == 'a' ? read_array(message, content) :
		type == 'v' ? values_read(message) :
			      read_row(message);
	if (!value || sd_bus_message_exit_container(message) < 0)
		return NULL;
	return TAKE_PTR(value);
}

void values_print(const json_t *value)
{
	json_dumpf(value, stdout, JSON_INDENT(2));
	putchar('\n');
}

void values_print_error(const char *name, const char *message)
{
	_cleanup_value_ json_t *value = json_pack("{s:s,s:s}", "error", name, "message", message);

	if (value)
		values_print(value);
}
