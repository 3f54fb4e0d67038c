/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * bad-server [PORT-FILE]: an HTTP server on 127.0.0.1 that misbehaves, each way under a
 * path of its own (see the table); for what no honest server can be made to do. Prints its
 * port, or writes it to PORT-FILE, and serves each connection in a process of its own. Ends by itself after
 * LIFETIME_SEC.
 * bad-server --content BYTES: prints the file that it serves, and ends.
 */
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/macros.h"

#define LIFETIME_SEC 300
#define REQUEST_BYTES_MAX 16384
#define CONTENT_BYTES 1048576
#define TAG "\"first\""

/* One request. */
struct exchange {
	int fd;
	char head[REQUEST_BYTES_MAX + 1];
	const char *rest; /* of the path, after the row's */
	uint64_t range; /* first byte asked for; 0: no Range, or from the start */
	bool has_range;
};

static uint8_t content_byte(uint64_t position)
{
	return (uint8_t)((position * UINT64_C(2654435761)) >> 13);
}

static void say_bytes(const struct exchange *exchange, const void *bytes, size_t size)
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

_printf_(2, 3) static void say(const struct exchange *exchange, const char *format, ...)
{
	char text[4096];
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	say_bytes(exchange, text, (size_t)length);
}

static void say_content(const struct exchange *exchange, uint64_t from, uint64_t to)
{
	uint8_t piece[4096];

	while (from < to) {
		size_t size = 0;

		while (size < sizeof(piece) && from < to)
			piece[size++] = content_byte(from++);
		say_bytes(exchange, piece, size);
	}
}

static void nap(unsigned int msec)
{
	struct timespec time = { msec / 1000, (long)(msec % 1000) * 1000000 };

	nanosleep(&time, NULL);
}

/* Closes such that the client's next read fails. */
static void reset_connection(const struct exchange *exchange)
{
	struct linger linger = { 1, 0 };

	setsockopt(exchange->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	_exit(0);
}

static void serve_whole(const struct exchange *exchange)
{
	say(exchange, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\nETag: " TAG "\r\n\r\n",
	    CONTENT_BYTES);
	say_content(exchange, 0, CONTENT_BYTES);
}

static void serve_part(const struct exchange *exchange, uint64_t from, const char *tag)
{
	say(exchange,
	    "HTTP/1.1 206 Partial Content\r\nContent-Length: %d\r\n"
	    "Content-Range: bytes %d-%d/%d\r\nETag: %s\r\n\r\n",
	    (int)(CONTENT_BYTES - from), (int)from, CONTENT_BYTES - 1, CONTENT_BYTES, tag);
	say_content(exchange, from, CONTENT_BYTES);
}

static void truncated(const struct exchange *exchange)
{
	say(exchange, "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\nETag: " TAG "\r\n\r\n");
	say_content(exchange, 0, 5000);
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

static void refuse_endless(const struct exchange *exchange)
{
	say(exchange, "HTTP/1.1 404 Not Found\r\n\r\n");
	for (;;)
		say_content(exchange, 0, 4096);
}

/* /status/N */
static void answer_status(const struct exchange *exchange)
{
	say(exchange, "HTTP/1.1 %d Test\r\nContent-Length: 5\r\nRetry-After: 120\r\n\r\nsorry",
	    atoi(exchange->rest));
}

static void range_ignored(const struct exchange *exchange)
{
	serve_whole(exchange);
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

static void not_modified_unasked(const struct exchange *exchange)
{
	say(exchange, "HTTP/1.1 304 Not Modified\r\nETag: " TAG "\r\n\r\n");
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

struct path_row {
	const char *path; /* the beginning of it */
	void (*serve)(const struct exchange *exchange);
};

static const struct path_row rows[] = {
	{ "/whole", serve_whole },
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
	{ "/loop", redirect_loop },
	{ "/hops/", hops },
	{ "/nowhere", redirect_nowhere },
	{ "/to-file", redirect_to_file },
	{ "/to-password", redirect_with_password },
	{ "/redirect-endless", redirect_endless_body },
	{ "/refuse-endless", refuse_endless },
	{ "/status/", answer_status },
	{ "/range-ignored", range_ignored },
	{ "/range-elsewhere", range_elsewhere },
	{ "/range-of-another", range_of_another },
	{ "/range-without-tag", range_without_tag },
	{ "/range-refused", range_refused },
	{ "/range-shorter", range_shorter },
	{ "/part-unasked", part_unasked },
	{ "/not-modified", not_modified_unasked },
	{ "/cut/", cut },
	{ "/steady/", steady },
	{ "/odd-tags", odd_tags },
	{ "/two-tags", two_tags },
	{ "/encoded", encoded },
	{ "/cookie", cookie },
	{ "/echo", echo },
};

static bool read_head(struct exchange *exchange)
{
	size_t size = 0;

	while (size < REQUEST_BYTES_MAX) {
		ssize_t n = read(exchange->fd, exchange->head + size, REQUEST_BYTES_MAX - size);

		if (n <= 0)
			return false;
		size += (size_t)n;
		exchange->head[size] = 0;
		if (strstr(exchange->head, "\r\n\r\n"))
			return true;
	}
	return false;
}

static void serve(int fd)
{
	struct exchange exchange = { .fd = fd };
	const char *path, *range;

	alarm(LIFETIME_SEC);
	if (!read_head(&exchange) || strncmp(exchange.head, "GET ", 4) != 0)
		return;
	path = exchange.head + 4;
	range = strstr(exchange.head, "\r\nRange: bytes=");
	exchange.has_range = range != NULL;
	if (range)
		exchange.range = strtoull(range + 15, NULL, 10);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		size_t length = strlen(rows[i].path);

		if (strncmp(path, rows[i].path, length) == 0) {
			exchange.rest = path + length;
			rows[i].serve(&exchange);
			return;
		}
	}
	say(&exchange, "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
}

static void tell_port(const char *path, unsigned int port)
{
	FILE *file = path ? fopen(path, "w") : stdout;

	if (!file)
		exit(1);
	fprintf(file, "%u\n", port);
	if (fflush(file) != 0 || (path && fclose(file) != 0))
		exit(1);
}

static int listen_somewhere(const char *path)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t size = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&address, size) < 0 || listen(fd, 16) < 0 ||
	    getsockname(fd, (struct sockaddr *)&address, &size) < 0) {
		perror("bad-server");
		exit(1);
	}
	tell_port(path, ntohs(address.sin_port));
	return fd;
}

static int print_content(uint64_t bytes)
{
	for (uint64_t i = 0; i < bytes; i++)
		putchar(content_byte(i));
	return fflush(stdout) == 0 ? 0 : 1;
}

int main(int argc, char **argv)
{
	int listener;

	if (argc == 3 && strcmp(argv[1], "--content") == 0)
		return print_content(strtoull(argv[2], NULL, 10));
	listener = listen_somewhere(argc > 1 ? argv[1] : NULL);
	signal(SIGCHLD, SIG_IGN); /* children are reaped by the kernel */
	signal(SIGPIPE, SIG_IGN);
	alarm(LIFETIME_SEC);
	for (;;) {
		int fd = accept(listener, NULL, NULL);

		if (fd < 0)
			return errno == EINTR ? 0 : 1;
		if (fork() == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			close(listener);
			serve(fd);
			shutdown(fd, SHUT_WR);
			_exit(0);
		}
		close(fd);
	}
}
