/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Parts of the file: right ones, wrong ones, and right ones in small portions. */
#include "exchange.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void serve_part(const struct exchange *exchange, uint64_t from, const char *tag)
{
	say(exchange,
	    "HTTP/1.1 206 Partial Content\r\nContent-Length: %d\r\n"
	    "Content-Range: bytes %d-%d/%d\r\nETag: %s\r\n\r\n",
	    (int)(CONTENT_BYTES - from), (int)from, CONTENT_BYTES - 1, CONTENT_BYTES, tag);
	say_content(exchange, from, CONTENT_BYTES);
}

static void range_elsewhere(const struct exchange *exchange)
{
	if (exchange->has_range)
		serve_part(exchange, exchange->range / 2, TAG);
	else
		serve_whole(exchange);
}

/* Knows Range but not If-Range, and the file is another one by now. */
static void range_of_another(const struct exchange *exchange)
{
	if (exchange->has_range)
		serve_part(exchange, exchange->range, "\"second\"");
	else
		serve_whole(exchange);
}

static void range_without_tag(const struct exchange *exchange)
{
	if (!exchange->has_range) {
		serve_whole(exchange);
		return;
	}
	say(exchange,
	    "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes %d-%d/%d\r\nConnection: close\r\n\r\n",
	    (int)exchange->range, CONTENT_BYTES - 1, CONTENT_BYTES);
	say_content(exchange, exchange->range, CONTENT_BYTES);
}

static void range_refused(const struct exchange *exchange)
{
	if (exchange->has_range)
		say(exchange, "HTTP/1.1 416 Range Not Satisfiable\r\nContent-Length: 0\r\n\r\n");
	else
		serve_whole(exchange);
}

static void range_shorter(const struct exchange *exchange)
{
	if (!exchange->has_range) {
		serve_whole(exchange);
		return;
	}
	say(exchange,
	    "HTTP/1.1 206 Partial Content\r\nContent-Length: 10\r\nContent-Range: bytes %d-%d/%d\r\n"
	    "ETag: " TAG "\r\n\r\n",
	    (int)exchange->range, (int)exchange->range + 9, CONTENT_BYTES);
	say_content(exchange, exchange->range, exchange->range + 10);
}

static void part_unasked(const struct exchange *exchange)
{
	serve_part(exchange, 1000, TAG);
}

/* /cut/N: serves well, but at most N bytes of the file for each connection. */
static void cut(const struct exchange *exchange)
{
	uint64_t from = exchange->has_range ? exchange->range : 0;
	uint64_t to = from + strtoull(exchange->rest, NULL, 10);

	if (exchange->has_range && !strstr(exchange->head, "\r\nIf-Range: " TAG "\r\n"))
		_exit(1);
	say(exchange, "HTTP/1.1 %s\r\nContent-Length: %d\r\nETag: " TAG "\r\n",
	    exchange->has_range ? "206 Partial Content" : "200 OK", (int)(CONTENT_BYTES - from));
	if (exchange->has_range)
		say(exchange, "Content-Range: bytes %d-%d/%d\r\n", (int)from, CONTENT_BYTES - 1,
		    CONTENT_BYTES);
	say(exchange, "\r\n");
	say_content(exchange, from, to < CONTENT_BYTES ? to : CONTENT_BYTES);
}

/* /steady/N: serves well, N bytes every 100 ms. */
static void steady(const struct exchange *exchange)
{
	uint64_t piece = strtoull(exchange->rest, NULL, 10), from = exchange->range;

	say(exchange, "HTTP/1.1 %s\r\nContent-Length: %d\r\nETag: " TAG "\r\n",
	    exchange->has_range ? "206 Partial Content" : "200 OK", (int)(CONTENT_BYTES - from));
	if (exchange->has_range)
		say(exchange, "Content-Range: bytes %d-%d/%d\r\n", (int)from, CONTENT_BYTES - 1,
		    CONTENT_BYTES);
	say(exchange, "\r\n");
	for (; from < CONTENT_BYTES; from += piece) {
		say_content(exchange, from,
			    from + piece < CONTENT_BYTES ? from + piece : CONTENT_BYTES);
		nap(100);
	}
}

const struct path_row range_rows[] = {
	{ "/whole", serve_whole },
	{ "/range-ignored", serve_whole },
	{ "/range-elsewhere", range_elsewhere },
	{ "/range-of-another", range_of_another },
	{ "/range-without-tag", range_without_tag },
	{ "/range-refused", range_refused },
	{ "/range-shorter", range_shorter },
	{ "/part-unasked", part_unasked },
	{ "/cut/", cut },
	{ "/steady/", steady },
	{ NULL, NULL },
};
