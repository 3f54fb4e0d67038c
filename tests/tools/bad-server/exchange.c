/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Saying things to a client, honest ones among them. */
#include "exchange.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

uint8_t content_byte(uint64_t position)
{
	return (uint8_t)((position * UINT64_C(2654435761)) >> 13);
}

void say_bytes(const struct exchange *exchange, const void *bytes, size_t size)
{
	const char *rest = bytes;

	while (size > 0) {
		ssize_t n = write(exchange->fd, rest, size);

		if (n <= 0)
			_exit(0); /* the client has left */
		rest += n;
		size -= (size_t)n;
	}
}

void say(const struct exchange *exchange, const char *format, ...)
{
	char text[4096];
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	say_bytes(exchange, text, (size_t)length);
}

void say_content(const struct exchange *exchange, uint64_t from, uint64_t to)
{
	uint8_t piece[4096];

	while (from < to) {
		size_t size = 0;

		while (size < sizeof(piece) && from < to)
			piece[size++] = content_byte(from++);
		say_bytes(exchange, piece, size);
	}
}

void nap(unsigned int msec)
{
	struct timespec time = { msec / 1000, (long)(msec % 1000) * 1000000 };

	nanosleep(&time, NULL);
}

void serve_whole(const struct exchange *exchange)
{
	say(exchange, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\nETag: " TAG "\r\n\r\n",
	    CONTENT_BYTES);
	say_content(exchange, 0, CONTENT_BYTES);
}
