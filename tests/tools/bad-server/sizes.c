/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Too much, too little, too slowly, or nothing at all. */
#include "exchange.h"

#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

static void truncated(const struct exchange *exchange)
{
	say(exchange, "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\nETag: " TAG "\r\n\r\n");
	say_content(exchange, 0, 5000);
}

/* Closes such that the client's next read fails. */
static void reset_connection(const struct exchange *exchange)
{
	struct linger linger = { 1, 0 };

	setsockopt(exchange->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	_exit(0);
}

static void cut_reset(const struct exchange *exchange)
{
	say(exchange, "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\nETag: " TAG "\r\n\r\n");
	say_content(exchange, 0, 5000);
	nap(300);
	reset_connection(exchange);
}

static void endless(const struct exchange *exchange)
{
	say(exchange, "HTTP/1.1 200 OK\r\n\r\n");
	for (;;)
		say_content(exchange, 0, 4096);
}

static void endless_chunks(const struct exchange *exchange)
{
	say(exchange, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
	for (;;) {
		say(exchange, "1000\r\n");
		say_content(exchange, 0, 4096);
		say(exchange, "\r\n");
	}
}

static void endless_trailer(const struct exchange *exchange)
{
	say(exchange, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n");
	for (unsigned int i = 0;; i++)
		say(exchange, "X-Trailer-%u: %0100d\r\n", i, 0);
}

static void endless_header(const struct exchange *exchange)
{
	say(exchange, "HTTP/1.1 200 OK\r\n");
	for (unsigned int i = 0;; i++)
		say(exchange, "X-Header-%u: %0100d\r\n", i, 0);
}

static void endless_line(const struct exchange *exchange)
{
	say(exchange, "HTTP/1.1 200 OK\r\nX-Header: ");
	for (;;)
		say(exchange, "%01000d", 0);
}

static void endless_continue(const struct exchange *exchange)
{
	for (;;)
		say(exchange, "HTTP/1.1 100 Continue\r\n\r\n");
}

static void longer(const struct exchange *exchange)
{
	say(exchange, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n");
	say_content(exchange, 0, 1000);
}

static void without_length(const struct exchange *exchange)
{
	say(exchange, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
	say_content(exchange, 0, 1000);
}

static void two_lengths(const struct exchange *exchange)
{
	say(exchange, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\nContent-Length: 10\r\n\r\n");
	say_content(exchange, 0, 1000);
}

static void slow(const struct exchange *exchange)
{
	say(exchange, "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\nETag: " TAG "\r\n\r\n");
	for (unsigned int i = 0;; i++) {
		say_content(exchange, i * 10, i * 10 + 10);
		nap(100);
	}
}

static void slow_header(const struct exchange *exchange)
{
	say(exchange, "HTTP/1.1 200 OK\r\nX-Slow: ");
	for (;;) {
		say(exchange, "x");
		nap(100);
	}
}

static void silent(const struct exchange *exchange _unused_)
{
	for (;;)
		nap(1000);
}

static void hang_up(const struct exchange *exchange _unused_)
{
}

static void garbage(const struct exchange *exchange)
{
	say(exchange, "Here is your file, enjoy.\r\n");
}

static void nothing_but_nul(const struct exchange *exchange)
{
	static const char zeros[1024];

	say_bytes(exchange, zeros, sizeof(zeros));
}

static void refuse_endless(const struct exchange *exchange)
{
	say(exchange, "HTTP/1.1 404 Not Found\r\n\r\n");
	for (;;)
		say_content(exchange, 0, 4096);
}

const struct path_row size_rows[] = {
	{ "/truncated", truncated },
	{ "/reset", cut_reset },
	{ "/endless", endless },
	{ "/chunks-endless", endless_chunks },
	{ "/trailer-endless", endless_trailer },
	{ "/header-endless", endless_header },
	{ "/line-endless", endless_line },
	{ "/continue-endless", endless_continue },
	{ "/longer", longer },
	{ "/no-length", without_length },
	{ "/two-lengths", two_lengths },
	{ "/slow", slow },
	{ "/header-slow", slow_header },
	{ "/silent", silent },
	{ "/hang-up", hang_up },
	{ "/garbage", garbage },
	{ "/nul", nothing_but_nul },
	{ "/refuse-endless", refuse_endless },
	{ NULL, NULL },
};
