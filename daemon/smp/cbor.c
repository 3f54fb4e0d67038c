/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "smp/cbor.h"

#include <cbor.h>
#include <errno.h>
#include <string.h>

/* ---- writing ---- */

/* libcbor's encoders return 0 when it does not fit. */
static void wrote(struct smp_writer *writer, size_t size)
{
	if (size == 0)
		writer->is_too_long = true;
	else
		writer->size += size;
}

static uint8_t *tail(const struct smp_writer *writer)
{
	return writer->bytes + writer->size;
}

static size_t space(const struct smp_writer *writer)
{
	return writer->is_too_long ? 0 : writer->capacity - writer->size;
}

static void append(struct smp_writer *writer, const void *bytes, size_t size)
{
	if (size == 0)
		return;
	if (size > space(writer)) {
		writer->is_too_long = true;
		return;
	}
	memcpy(tail(writer), bytes, size);
	writer->size += size;
}

void smp_write_map(struct smp_writer *writer, size_t pairs)
{
	wrote(writer, cbor_encode_map_start(pairs, tail(writer), space(writer)));
}

void smp_write_text(struct smp_writer *writer, const char *text)
{
	wrote(writer, cbor_encode_string_start(strlen(text), tail(writer), space(writer)));
	append(writer, text, strlen(text));
}

void smp_write_bytes(struct smp_writer *writer, const uint8_t *bytes, size_t size)
{
	wrote(writer, cbor_encode_bytestring_start(size, tail(writer), space(writer)));
	append(writer, bytes, size);
}

void smp_write_uint(struct smp_writer *writer, uint64_t value)
{
	wrote(writer, cbor_encode_uint(value, tail(writer), space(writer)));
}

void smp_write_bool(struct smp_writer *writer, bool value)
{
	wrote(writer, cbor_encode_bool(value, tail(writer), space(writer)));
}

/* ---- reading: libcbor calls back with one item's head, which lands here ---- */

enum item_type {
	ITEM_OTHER, /* null, floats, tags: skipped, never wanted */
	ITEM_UINT,
	ITEM_NEGATIVE,
	ITEM_BOOL,
	ITEM_BYTES,
	ITEM_TEXT,
	ITEM_ARRAY,
	ITEM_MAP,
	ITEM_TAG,
	ITEM_BREAK,
};

struct item {
	enum item_type type;
	uint64_t value; /* number, or how many items or pairs */
	bool is_indefinite;
	const uint8_t *bytes; /* of a definite string */
	size_t size;
};

static void put_number(void *context, enum item_type type, uint64_t value)
{
	*(struct item *)context = (struct item){ .type = type, .value = value };
}

static void on_uint8(void *context, uint8_t value)
{
	put_number(context, ITEM_UINT, value);
}

static void on_uint16(void *context, uint16_t value)
{
	put_number(context, ITEM_UINT, value);
}

static void on_uint32(void *context, uint32_t value)
{
	put_number(context, ITEM_UINT, value);
}

static void on_uint64(void *context, uint64_t value)
{
	put_number(context, ITEM_UINT, value);
}

static void on_negative8(void *context, uint8_t value)
{
	put_number(context, ITEM_NEGATIVE, value);
}

static void on_negative16(void *context, uint16_t value)
{
	put_number(context, ITEM_NEGATIVE, value);
}

static void on_negative32(void *context, uint32_t value)
{
	put_number(context, ITEM_NEGATIVE, value);
}

static void on_negative64(void *context, uint64_t value)
{
	put_number(context, ITEM_NEGATIVE, value);
}

static void on_bool(void *context, bool value)
{
	put_number(context, ITEM_BOOL, value);
}

static void on_array(void *context, size_t count)
{
	put_number(context, ITEM_ARRAY, count);
}

static void on_map(void *context, size_t count)
{
	put_number(context, ITEM_MAP, count);
}

static void on_tag(void *context, uint64_t value)
{
	put_number(context, ITEM_TAG, value);
}

static void on_break(void *context)
{
	put_number(context, ITEM_BREAK, 0);
}

static void on_bytes(void *context, cbor_data bytes, size_t size)
{
	*(struct item *)context = (struct item){ .type = ITEM_BYTES, .bytes = bytes, .size = size };
}

static void on_text(void *context, cbor_data bytes, size_t size)
{
	*(struct item *)context = (struct item){ .type = ITEM_TEXT, .bytes = bytes, .size = size };
}

static void put_indefinite(void *context, enum item_type type)
{
	*(struct item *)context = (struct item){ .type = type, .is_indefinite = true };
}

static void on_bytes_begin(void *context)
{
	put_indefinite(context, ITEM_BYTES);
}

static void on_text_begin(void *context)
{
	put_indefinite(context, ITEM_TEXT);
}

static void on_array_begin(void *context)
{
	put_indefinite(context, ITEM_ARRAY);
}

static void on_map_begin(void *context)
{
	put_indefinite(context, ITEM_MAP);
}

static int next_item(struct smp_reader *reader, struct item *ret)
{
	struct cbor_callbacks callbacks = cbor_empty_callbacks;
	struct cbor_decoder_result result;
	struct item item = { .type = ITEM_OTHER };

	callbacks.uint8 = on_uint8;
	callbacks.uint16 = on_uint16;
	callbacks.uint32 = on_uint32;
	callbacks.uint64 = on_uint64;
	callbacks.negint8 = on_negative8;
	callbacks.negint16 = on_negative16;
	callbacks.negint32 = on_negative32;
	callbacks.negint64 = on_negative64;
	callbacks.boolean = on_bool;
	callbacks.byte_string = on_bytes;
	callbacks.byte_string_start = on_bytes_begin;
	callbacks.string = on_text;
	callbacks.string_start = on_text_begin;
	callbacks.array_start = on_array;
	callbacks.indef_array_start = on_array_begin;
	callbacks.map_start = on_map;
	callbacks.indef_map_start = on_map_begin;
	callbacks.tag = on_tag;
	callbacks.indef_break = on_break;

	result = cbor_stream_decode(reader->bytes + reader->offset, reader->size - reader->offset,
				    &callbacks, &item);
	if (result.status != CBOR_DECODER_FINISHED || result.read == 0)
		return -EBADMSG;
	reader->offset += result.read;
	*ret = item;
	return 0;
}

static int read_typed(struct smp_reader *reader, enum item_type type, struct item *ret)
{
	int r = next_item(reader, ret);

	if (r < 0)
		return r;
	return ret->type == type ? 0 : -EBADMSG;
}

static int read_container(struct smp_reader *reader, enum item_type type, struct smp_container *ret)
{
	struct item item;
	int r = read_typed(reader, type, &item);

	if (r < 0)
		return r;
	*ret = (struct smp_container){ .left = item.value, .is_indefinite = item.is_indefinite };
	return 0;
}

int smp_read_map(struct smp_reader *reader, struct smp_container *ret)
{
	return read_container(reader, ITEM_MAP, ret);
}

int smp_read_array(struct smp_reader *reader, struct smp_container *ret)
{
	return read_container(reader, ITEM_ARRAY, ret);
}

int smp_container_next(struct smp_reader *reader, struct smp_container *container)
{
	struct smp_reader ahead = *reader;
	struct item item;
	int r;

	if (!container->is_indefinite) {
		if (container->left == 0)
			return 0;
		container->left--;
		return 1;
	}
	r = next_item(&ahead, &item);
	if (r < 0)
		return r;
	if (item.type != ITEM_BREAK)
		return 1;
	*reader = ahead;
	return 0;
}

/*
 * Copies a string, in one piece or in the chunks of an indefinite one, as far as it fits. Returns
 * its whole length, which may be more.
 */
static int read_string(struct smp_reader *reader, enum item_type type, uint8_t *bytes,
		       size_t capacity, size_t *ret_size)
{
	struct item item;
	size_t size = 0;
	bool is_chunked;
	int r = read_typed(reader, type, &item);

	if (r < 0)
		return r;
	is_chunked = item.is_indefinite;
	for (;;) {
		if (is_chunked) {
			r = next_item(reader, &item);
			if (r < 0)
				return r;
			if (item.type == ITEM_BREAK)
				break;
			if (item.type != type || item.is_indefinite)
				return -EBADMSG;
		}
		if (size < capacity && item.size > 0)
			memcpy(bytes + size, item.bytes,
			       item.size < capacity - size ? item.size : capacity - size);
		size += item.size;
		if (!is_chunked)
			break;
	}
	*ret_size = size;
	return 0;
}

int smp_read_text(struct smp_reader *reader, char *text, size_t capacity)
{
	size_t size;
	int r = read_string(reader, ITEM_TEXT, (uint8_t *)text, capacity - 1, &size);

	if (r < 0)
		return r;
	if (size > capacity - 1)
		size = capacity - 1;
	for (size_t i = 0; i < size; i++)
		if (text[i] == '\0')
			text[i] = '?';
	text[size] = '\0';
	return 0;
}

int smp_read_bytes(struct smp_reader *reader, uint8_t *bytes, size_t capacity, size_t *ret_size)
{
	int r = read_string(reader, ITEM_BYTES, bytes, capacity, ret_size);

	if (r < 0)
		return r;
	return *ret_size > capacity ? -EMSGSIZE : 0;
}

int smp_read_uint(struct smp_reader *reader, uint64_t *ret)
{
	struct item item;
	int r = read_typed(reader, ITEM_UINT, &item);

	if (r < 0)
		return r;
	*ret = item.value;
	return 0;
}

int smp_read_int(struct smp_reader *reader, int64_t *ret)
{
	struct item item;
	int r = next_item(reader, &item);

	if (r < 0)
		return r;
	if ((item.type != ITEM_UINT && item.type != ITEM_NEGATIVE) || item.value > INT64_MAX)
		return -EBADMSG;
	*ret = item.type == ITEM_UINT ? (int64_t)item.value : -1 - (int64_t)item.value;
	return 0;
}

int smp_read_bool(struct smp_reader *reader, bool *ret)
{
	struct item item;
	int r = read_typed(reader, ITEM_BOOL, &item);

	if (r < 0)
		return r;
	*ret = item.value != 0;
	return 0;
}

static int skip_nested(struct smp_reader *reader, unsigned depth)
{
	struct smp_container container;
	struct item item;
	int r = next_item(reader, &item);

	if (r < 0)
		return r;
	if (item.type == ITEM_BREAK || depth > SMP_CBOR_DEPTH_MAX)
		return -EBADMSG;
	if (item.type == ITEM_TAG)
		return skip_nested(reader, depth + 1);
	if (item.type != ITEM_ARRAY && item.type != ITEM_MAP &&
	    !((item.type == ITEM_TEXT || item.type == ITEM_BYTES) && item.is_indefinite))
		return 0;
	container =
		(struct smp_container){ .left = item.value, .is_indefinite = item.is_indefinite };
	while ((r = smp_container_next(reader, &container)) > 0) {
		r = skip_nested(reader, depth + 1);
		if (r >= 0 && item.type == ITEM_MAP)
			r = skip_nested(reader, depth + 1);
		if (r < 0)
			return r;
	}
	return r;
}

int smp_skip(struct smp_reader *reader)
{
	return skip_nested(reader, 0);
}
