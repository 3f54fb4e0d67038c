/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "smp/frame.h"

#include <errno.h>
#include <string.h>
#include <sys/types.h>

#include "smp/header.h"

#define FIRST_MARKER_1 0x06
#define FIRST_MARKER_2 0x09
#define NEXT_MARKER_1 0x04
#define NEXT_MARKER_2 0x14

#define LENGTH_SIZE 2
#define CRC_SIZE 2
#define CRC_POLYNOMIAL 0x1021

/* Markers and newline take three bytes of a line; base64 comes in groups of four. */
#define LINE_TEXT_MAX ((SMP_LINE_MAX_BYTES - 3) / 4 * 4)
#define LINE_DATA_MAX (LINE_TEXT_MAX / 4 * 3)

#define BASE64_PADDING 64
#define BASE64_INVALID 255

uint16_t smp_crc16(uint16_t crc, const uint8_t *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		crc = (uint16_t)(crc ^ bytes[i] << 8);
		for (int bit = 0; bit < 8; bit++)
			crc = (uint16_t)(crc & 0x8000 ? crc << 1 ^ CRC_POLYNOMIAL : crc << 1);
	}
	return crc;
}

static size_t base64_encode(const uint8_t *bytes, size_t size, uint8_t *text)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t written = 0;

	for (size_t i = 0; i < size; i += 3) {
		unsigned left = size - i >= 3 ? 3 : (unsigned)(size - i);
		uint32_t word = (uint32_t)bytes[i] << 16;

		if (left > 1)
			word |= (uint32_t)bytes[i + 1] << 8;
		if (left > 2)
			word |= bytes[i + 2];
		text[written++] = (uint8_t)digits[word >> 18];
		text[written++] = (uint8_t)digits[word >> 12 & 63];
		text[written++] = left > 1 ? (uint8_t)digits[word >> 6 & 63] : '=';
		text[written++] = left > 2 ? (uint8_t)digits[word & 63] : '=';
	}
	return written;
}

static uint8_t base64_value(uint8_t digit)
{
	if (digit >= 'A' && digit <= 'Z')
		return (uint8_t)(digit - 'A');
	if (digit >= 'a' && digit <= 'z')
		return (uint8_t)(digit - 'a' + 26);
	if (digit >= '0' && digit <= '9')
		return (uint8_t)(digit - '0' + 52);
	if (digit == '+')
		return 62;
	if (digit == '/')
		return 63;
	return digit == '=' ? BASE64_PADDING : BASE64_INVALID;
}

size_t smp_frame_size(enum smp_framing framing, size_t size)
{
	size_t packet = LENGTH_SIZE + size + CRC_SIZE;

	if (framing == SMP_FRAMING_RAW)
		return size;
	return (packet + 2) / 3 * 4 + (packet + LINE_DATA_MAX - 1) / LINE_DATA_MAX * 3;
}

/*
 * Lines are cut at multiples of three bytes, so that each is base64 of its own and only the last is
 * padded.
 */
static size_t encode_lines(const uint8_t *packet, size_t size, uint8_t *bytes)
{
	size_t written = 0;

	for (size_t i = 0; i < size; i += LINE_DATA_MAX) {
		size_t left = size - i;

		bytes[written++] = i == 0 ? FIRST_MARKER_1 : NEXT_MARKER_1;
		bytes[written++] = i == 0 ? FIRST_MARKER_2 : NEXT_MARKER_2;
		written += base64_encode(packet + i, left < LINE_DATA_MAX ? left : LINE_DATA_MAX,
					 bytes + written);
		bytes[written++] = '\n';
	}
	return written;
}

ssize_t smp_frame_encode(enum smp_framing framing, const uint8_t *message, size_t size,
			 uint8_t *bytes, size_t capacity)
{
	uint8_t packet[LENGTH_SIZE + SMP_MESSAGE_MAX_BYTES + CRC_SIZE];
	uint16_t crc;

	if (size > SMP_MESSAGE_MAX_BYTES || smp_frame_size(framing, size) > capacity)
		return -EMSGSIZE;
	if (framing == SMP_FRAMING_RAW) {
		memcpy(bytes, message, size);
		return (ssize_t)size;
	}
	packet[0] = (uint8_t)((size + CRC_SIZE) >> 8);
	packet[1] = (uint8_t)(size + CRC_SIZE);
	memcpy(packet + LENGTH_SIZE, message, size);
	crc = smp_crc16(0, message, size);
	packet[LENGTH_SIZE + size] = (uint8_t)(crc >> 8);
	packet[LENGTH_SIZE + size + 1] = (uint8_t)crc;
	return (ssize_t)encode_lines(packet, LENGTH_SIZE + size + CRC_SIZE, bytes);
}

void smp_deframer_reset(struct smp_deframer *deframer)
{
	deframer->packet_size = 0;
	deframer->quad_size = 0;
	deframer->previous = 0;
	deframer->is_in_line = false;
	deframer->is_in_packet = false;
	deframer->is_padded = false;
}

static void drop_packet(struct smp_deframer *deframer)
{
	deframer->broken_frames++;
	smp_deframer_reset(deframer);
}

/* Decodes the four digits collected in quad. */
static bool take_quad(struct smp_deframer *deframer)
{
	const uint8_t *quad = deframer->quad;
	unsigned size = quad[3] != BASE64_PADDING ? 3 : quad[2] != BASE64_PADDING ? 2 : 1;
	uint32_t word;

	if (deframer->is_padded || quad[0] == BASE64_PADDING || quad[1] == BASE64_PADDING ||
	    (quad[2] == BASE64_PADDING && quad[3] != BASE64_PADDING))
		return false;
	if (deframer->packet_size + size > sizeof(deframer->packet))
		return false;
	word = (uint32_t)quad[0] << 18 | (uint32_t)quad[1] << 12 |
	       (uint32_t)(size > 1 ? quad[2] : 0) << 6 | (size > 2 ? quad[3] : 0);
	for (unsigned i = 0; i < size; i++)
		deframer->packet[deframer->packet_size++] = (uint8_t)(word >> (16 - 8 * i));
	deframer->is_padded = size < 3;
	deframer->quad_size = 0;
	return true;
}

/* At a newline: is the packet whole, and right? Returns true when deframer->message was filled. */
static bool end_line(struct smp_deframer *deframer)
{
	const uint8_t *packet = deframer->packet;
	size_t expected;

	deframer->is_in_line = false;
	if (deframer->quad_size != 0 || deframer->packet_size < LENGTH_SIZE) {
		drop_packet(deframer);
		return false;
	}
	expected = (size_t)(packet[0] << 8 | packet[1]);
	if (expected > SMP_MESSAGE_MAX_BYTES + CRC_SIZE || expected <= CRC_SIZE ||
	    deframer->packet_size > LENGTH_SIZE + expected ||
	    (deframer->packet_size < LENGTH_SIZE + expected && deframer->is_padded)) {
		drop_packet(deframer);
		return false;
	}
	if (deframer->packet_size < LENGTH_SIZE + expected)
		return false; /* the next line brings more */
	if (smp_crc16(0, packet + LENGTH_SIZE, expected) != 0) {
		drop_packet(deframer);
		return false;
	}
	deframer->message_size = expected - CRC_SIZE;
	memcpy(deframer->message, packet + LENGTH_SIZE, deframer->message_size);
	smp_deframer_reset(deframer);
	return true;
}

/*
 * The bytes of the markers are no base64 digits and no text, so a marker begins a line wherever it
 * stands: a console that was interrupted in the middle of its own line does no harm.
 */
static bool take_marker(struct smp_deframer *deframer, uint8_t byte)
{
	if (deframer->previous == FIRST_MARKER_1 && byte == FIRST_MARKER_2) {
		if (deframer->is_in_packet)
			deframer->broken_frames++;
		smp_deframer_reset(deframer);
		deframer->is_in_packet = true;
	} else if (deframer->previous == NEXT_MARKER_1 && byte == NEXT_MARKER_2) {
		if (deframer->is_in_line || !deframer->is_in_packet)
			return false;
	} else {
		return false;
	}
	deframer->is_in_line = true;
	return true;
}

static bool feed_console(struct smp_deframer *deframer, uint8_t byte)
{
	uint8_t value;

	if (take_marker(deframer, byte)) {
		deframer->previous = 0;
		return false;
	}
	deframer->previous = byte;
	if (!deframer->is_in_line) {
		deframer->noise_bytes++;
		return false;
	}
	if (byte == '\n')
		return end_line(deframer);
	value = base64_value(byte);
	if (value == BASE64_INVALID) {
		if (byte == '\r')
			return false;
		drop_packet(deframer);
		deframer->previous = byte; /* it may be the first half of a marker */
		return false;
	}
	deframer->quad[deframer->quad_size++] = value;
	if (deframer->quad_size == 4 && !take_quad(deframer))
		drop_packet(deframer);
	return false;
}

/* Without framing only the header can tell where a message begins: slide until one makes sense. */
static bool feed_raw(struct smp_deframer *deframer, uint8_t byte)
{
	struct smp_header header;

	deframer->packet[deframer->packet_size++] = byte;
	while (deframer->packet_size >= SMP_HEADER_SIZE) {
		if (smp_header_decode(deframer->packet, deframer->packet_size, &header) >= 0 &&
		    (header.operation == SMP_READ_ANSWER || header.operation == SMP_WRITE_ANSWER) &&
		    header.flags == 0 && header.length <= SMP_MESSAGE_MAX_BYTES - SMP_HEADER_SIZE) {
			if (deframer->packet_size < SMP_HEADER_SIZE + (size_t)header.length)
				return false;
			deframer->message_size = deframer->packet_size;
			memcpy(deframer->message, deframer->packet, deframer->packet_size);
			smp_deframer_reset(deframer);
			return true;
		}
		deframer->noise_bytes++;
		memmove(deframer->packet, deframer->packet + 1, --deframer->packet_size);
	}
	return false;
}

size_t smp_deframer_feed(struct smp_deframer *deframer, const uint8_t *bytes, size_t size,
			 bool *ret_complete)
{
	for (size_t i = 0; i < size; i++) {
		bool is_complete = deframer->framing == SMP_FRAMING_CONSOLE ?
					   feed_console(deframer, bytes[i]) :
					   feed_raw(deframer, bytes[i]);

		if (is_complete) {
			*ret_complete = true;
			return i + 1;
		}
	}
	*ret_complete = false;
	return size;
}
