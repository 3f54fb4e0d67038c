/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Redirects, statuses and header lines that are odd, or told back. */
#include "exchange.h"

#include <stdlib.h>
#include <string.h>

static void redirect_loop(const struct exchange *exchange)
{
	say(exchange, "HTTP/1.1 302 Found\r\nLocation: /loop\r\nContent-Length: 3\r\n\r\nbye");
}

/* /hops/N: N redirects and then the file. */
static void hops(const struct exchange *exchange)
{
	int left = atoi(exchange->rest);

	if (left > 0)
		say(exchange,
		    "HTTP/1.1 301 Moved\r\nLocation: %d?left#x\r\nContent-Length: 0\r\n\r\n",
		    left - 1);
	else
		serve_whole(exchange);
}

static void redirect_nowhere(const struct exchange *exchange)
{
	say(exchange, "HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n");
}

static void redirect_to_file(const struct exchange *exchange)
{
	say(exchange,
	    "HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\nContent-Length: 0\r\n\r\n");
}

static void redirect_with_password(const struct exchange *exchange)
{
	say(exchange, "HTTP/1.1 302 Found\r\nLocation: http://me:secret@127.0.0.1/\r\n"
		      "Content-Length: 0\r\n\r\n");
}

static void redirect_endless_body(const struct exchange *exchange)
{
	say(exchange,
	    "HTTP/1.1 302 Found\r\nLocation: /whole\r\nContent-Length: 100000000\r\n\r\n");
	for (;;)
		say_content(exchange, 0, 4096);
}

/* /status/N */
static void answer_status(const struct exchange *exchange)
{
	say(exchange, "HTTP/1.1 %d Test\r\nContent-Length: 5\r\nRetry-After: 120\r\n\r\nsorry",
	    atoi(exchange->rest));
}

static void not_modified_unasked(const struct exchange *exchange)
{
	say(exchange, "HTTP/1.1 304 Not Modified\r\nETag: " TAG "\r\n\r\n");
}

static void odd_tags(const struct exchange *exchange)
{
	say(exchange, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nETag: \"a\x01\x80\"\r\n"
		      "Last-Modified: yesterday\r\n\r\nbody");
}

static void two_tags(const struct exchange *exchange)
{
	say(exchange,
	    "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nETag: \"a\"\r\nETag: \"b\"\r\n\r\nbody");
}

static void encoded(const struct exchange *exchange)
{
	say(exchange, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nContent-Encoding: gzip\r\n\r\nbody");
}

static void cookie(const struct exchange *exchange)
{
	say(exchange, "HTTP/1.1 200 OK\r\nSet-Cookie: a=b; Path=/\r\nContent-Length: 0\r\n"
		      "Connection: close\r\n\r\n");
}

/* The request's own head is the body. */
static void echo(const struct exchange *exchange)
{
	say(exchange, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n",
	    strlen(exchange->head));
	say_bytes(exchange, exchange->head, strlen(exchange->head));
}

const struct path_row answer_rows[] = {
	{ "/loop", redirect_loop },
	{ "/hops/", hops },
	{ "/nowhere", redirect_nowhere },
	{ "/to-file", redirect_to_file },
	{ "/to-password", redirect_with_password },
	{ "/redirect-endless", redirect_endless_body },
	{ "/status/", answer_status },
	{ "/not-modified", not_modified_unasked },
	{ "/odd-tags", odd_tags },
	{ "/two-tags", two_tags },
	{ "/encoded", encoded },
	{ "/cookie", cookie },
	{ "/echo", echo },
	{ NULL, NULL },
};
