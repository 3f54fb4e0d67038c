/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The serial line: a pty, SMP's lines of base64 (or raw messages), and a console that talks in
 * between.
 */
#include <ctype.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "model.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void line_open(struct line *line, const char *link)
{
	struct termios settings;
	const char *path;
	int slave;

	line->fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
	if (line->fd < 0 || grantpt(line->fd) < 0 || unlockpt(line->fd) < 0) {
		perror("pty");
		exit(1);
	}
	path = ptsname(line->fd);
	/* Our own descriptor of the other end keeps the pty from hanging up between its users. */
	slave = open(path, O_RDWR | O_NOCTTY);
	if (slave < 0 || tcgetattr(slave, &settings) < 0) {
		perror(path);
		exit(1);
	}
	cfmakeraw(&settings);
	tcsetattr(slave, TCSANOW, &settings);
	if (link) {
		unlink(link);
		if (symlink(path, link) < 0) {
			perror(link);
			exit(1);
		}
	}
	printf("port %s\n", path);
	fflush(stdout);
}

void line_open_port(struct line *line, const char *path)
{
	struct termios settings;

	line->fd = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
	if (line->fd < 0 || tcgetattr(line->fd, &settings) < 0) {
		perror(path);
		exit(1);
	}
	cfmakeraw(&settings);
	tcsetattr(line->fd, TCSANOW, &settings);
}

/* Ten bits for a byte. */
void line_pace(const struct line *line, size_t bytes)
{
	struct timespec time;
	unsigned long long nanoseconds;

	if (line->baud == 0)
		return;
	nanoseconds = 10ULL * bytes * 1000000000ULL / line->baud;
	time.tv_sec = (time_t)(nanoseconds / 1000000000ULL);
	time.tv_nsec = (long)(nanoseconds % 1000000000ULL);
	nanosleep(&time, NULL);
}

static void put(struct line *line, const void *bytes, size_t size)
{
	const uint8_t *next = bytes;

	line->sent_bytes += size;
	line_pace(line, size);
	while (size > 0) {
		struct pollfd fd = { .fd = line->fd, .events = POLLOUT };
		ssize_t written;

		/* Nobody listens: a serial line does not wait for that. */
		if (poll(&fd, 1, 500) <= 0)
			return;
		written = write(line->fd, next, size);
		if (written <= 0)
			return;
		next += written;
		size -= (size_t)written;
	}
}

void line_say(struct line *line, const char *text)
{
	put(line, text, strlen(text));
}

static uint16_t crc16(const uint8_t *bytes, size_t size)
{
	unsigned crc = 0;

	while (size-- > 0) {
		crc ^= (unsigned)*bytes++ << 8;
		for (int i = 0; i < 8; i++)
			crc = crc & 0x8000 ? crc << 1 ^ 0x1021 : crc << 1;
	}
	return (uint16_t)crc;
}

static int digit(uint8_t c)
{
	const char *found = c != '\0' ? strchr(alphabet, c) : NULL;

	return found ? (int)(found - alphabet) : -1;
}

/* Appends the line's base64 to the packet; false: it is none, or too much. */
static bool decode(struct line *line, const uint8_t *text, size_t size)
{
	unsigned bits = 0, held = 0;

	for (size_t i = 0; i < size && text[i] != '='; i++) {
		int value = digit(text[i]);

		if (value < 0)
			return false;
		held = held << 6 | (unsigned)value;
		bits += 6;
		if (bits < 8)
			continue;
		bits -= 8;
		if (line->packet_size == line->buffer_size)
			return false;
		line->packet[line->packet_size++] = (uint8_t)(held >> bits);
	}
	return true;
}

static bool end_of_line(struct line *line)
{
	const uint8_t *text = line->text;
	size_t size = line->text_size, length;

	line->text_size = 0;
	if (size < 3 || size > 127)
		return false;
	if (text[0] == 0x06 && text[1] == 0x09)
		line->packet_size = 0;
	else if (text[0] != 0x04 || text[1] != 0x14)
		return false;
	if (!decode(line, text + 2, size - 2) || line->packet_size < 2) {
		line->packet_size = 0;
		return false;
	}
	length = (size_t)(line->packet[0] << 8 | line->packet[1]);
	if (line->packet_size != length + 2 || length < 2)
		return false;
	if (crc16(line->packet + 2, length) != 0)
		return false;
	line->packet_size = length - 2;
	memmove(line->packet, line->packet + 2, line->packet_size);
	return true;
}

static bool take_raw(struct line *line, uint8_t byte)
{
	size_t length;

	if (line->packet_size >= line->buffer_size)
		line->packet_size = 0;
	line->packet[line->packet_size++] = byte;
	if (line->packet_size < 8)
		return false;
	length = 8 + (size_t)(line->packet[2] << 8 | line->packet[3]);
	if ((line->packet[0] & 7) != 0 && (line->packet[0] & 7) != 2)
		line->packet_size = 0;
	return line->packet_size == length;
}

bool line_take(struct line *line, uint8_t byte)
{
	line->received_bytes++;
	if (line->is_raw)
		return take_raw(line, byte);
	if (byte == '\n')
		return end_of_line(line);
	if (line->text_size == sizeof(line->text))
		line->text_size = 0;
	line->text[line->text_size++] = byte;
	return false;
}

static size_t encode(const uint8_t *bytes, size_t size, char *text)
{
	size_t n = 0;

	for (size_t i = 0; i < size; i += 3) {
		unsigned a = bytes[i], b = i + 1 < size ? bytes[i + 1] : 0,
			 c = i + 2 < size ? bytes[i + 2] : 0;

		text[n++] = alphabet[a >> 2];
		text[n++] = alphabet[(a & 3) << 4 | b >> 4];
		text[n++] = i + 1 < size ? alphabet[(b & 15) << 2 | c >> 6] : '=';
		text[n++] = i + 2 < size ? alphabet[c & 63] : '=';
	}
	return n;
}

void line_send(struct line *line, const uint8_t *message, size_t size, bool is_corrupt)
{
	uint8_t packet[BUFFER_SIZE_MAX + 4];
	char text[BUFFER_SIZE_MAX * 2];
	size_t length;
	uint16_t crc = crc16(message, size);

	if (line->is_raw) {
		put(line, message, size);
		return;
	}
	packet[0] = (uint8_t)((size + 2) >> 8);
	packet[1] = (uint8_t)(size + 2);
	memcpy(packet + 2, message, size);
	packet[size + 2] = (uint8_t)(crc >> 8);
	packet[size + 3] = (uint8_t)crc;
	if (is_corrupt)
		packet[2 + size / 2] ^= 0x10;
	length = encode(packet, size + 4, text);
	if (line->is_noisy)
		line_say(line, "[00:00:01.234,000] <inf> app: still alive\r\n<wrn> half a li");
	for (size_t i = 0; i < length; i += 124) {
		put(line, i == 0 ? "\x06\x09" : "\x04\x14", 2);
		put(line, text + i, length - i < 124 ? length - i : 124);
		put(line, "\n", 1);
		if (line->is_noisy)
			line_say(line, "uart:~$ ");
	}
}
