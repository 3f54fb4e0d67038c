/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * bad-server [PORT-FILE]: an HTTP server on 127.0.0.1 that misbehaves, each way under a
 * path of its own (see the tables); for what no honest server can be made to do. Prints its
 * port, or writes it to PORT-FILE, and serves each connection in a process of its own.
 * Ends by itself after LIFETIME_SEC.
 * bad-server --content BYTES: prints the file that it serves, and ends.
 */
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "exchange.h"

#define LIFETIME_SEC 300

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

/* Serves by the row of @rows whose path fits; false: there is none. */
static bool serve_by(const struct path_row *rows, struct exchange *exchange, const char *path)
{
	for (; rows->path; rows++) {
		size_t length = strlen(rows->path);

		if (strncmp(path, rows->path, length) == 0) {
			exchange->rest = path + length;
			rows->serve(exchange);
			return true;
		}
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
	if (!serve_by(size_rows, &exchange, path) && !serve_by(answer_rows, &exchange, path) &&
	    !serve_by(range_rows, &exchange, path))
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
