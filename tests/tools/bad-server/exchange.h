/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One request to bad-server, and ways of answering it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/macros.h"

#define REQUEST_BYTES_MAX 16384
#define CONTENT_BYTES 1048576 /* of the file that is served */
#define TAG "\"first\"" /* its entity tag */

struct exchange {
	int fd;
	char head[REQUEST_BYTES_MAX + 1];
	const char *rest; /* of the path, after the row's */
	uint64_t range; /* first byte asked for; 0: no Range, or from the start */
	bool has_range;
};

/* A way of serving, and the beginning of the path under which it is found; NULL ends a table. */
struct path_row {
	const char *path;
	void (*serve)(const struct exchange *exchange);
};

/* Bodies and header lines of the wrong size or speed; answers that are odd; parts of files. */
extern const struct path_row size_rows[], answer_rows[], range_rows[];

uint8_t content_byte(uint64_t position);

/* All end the process when the client has left. */
void say_bytes(const struct exchange *exchange, const void *bytes, size_t size);
_printf_(2, 3) void say(const struct exchange *exchange, const char *format, ...);
void say_content(const struct exchange *exchange, uint64_t from, uint64_t to);

/* The file, as an honest server gives it. */
void serve_whole(const struct exchange *exchange);

void nap(unsigned int msec);
