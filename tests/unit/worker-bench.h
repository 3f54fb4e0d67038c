/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fwslot-worker on a bench: as fwslotd uses it, a process with a socket, one request,
 * one result; with a state folder of its own and a repository to take bundles from.
 */
#pragma once

#include "base/packet.h"
#include "base/worker-protocol.h"
#include "tuf-author.h"

#define IMAGE_BYTES 300000

/* The image of the usual repository; filled by bench_begin(). */
extern char bench_image[IMAGE_BYTES];

/* Makes the folder with state; bench_end() removes it. */
void bench_begin(void);
void bench_end(void);

/* What a test changes of the request; a NULL value leaves the key out; a NULL key ends a list. */
struct change {
	const char *key;
	const char *value;
};

/* The result of one worker. */
struct outcome {
	struct packet *result; /* NULL: it sent none */
	unsigned int progress; /* packets before it */
	int last_percent;
	int status; /* of waitpid(2) */
};

/* The result's value of @key, "" if it has none. */
const char *outcome_value(const struct outcome *outcome, const char *key);

/*
 * Checks the reason, that it comes with a sentence, and that no image is left unless it
 * is ok. Frees the result.
 */
void outcome_is(struct outcome outcome, const char *expected, const char *what);

/* Runs a worker with @request (NULL: none, the socket is closed). */
struct outcome worker_run(const struct packet *request, const int *fds, size_t fd_count);

/* An open-bundle request for acme/dock, with changes (NULL: none). The caller frees. */
struct packet *bench_request(const struct change *changes);

/* Opens a bundle, given by descriptor or as the author's files. */
struct outcome bench_open(int fd, const struct change *changes);
struct outcome bench_open_author(struct author *author, const struct change *changes);

/* The path of @name in the state folder; the last four stay valid. */
const char *bench_path(const char *name);
/* How many files are in the folder of images? */
int bench_count_images(void);
/* Runs a shell command in the state folder. */
void bench_shell(const char *command);
/* An empty state that trusts the author under the name "acme". */
void bench_new_state(struct author *author);
/* Installs the author's root as that of the update source @name. */
void bench_add_source(const char *name, struct author *author);

/* A repository that offers acme/dock what @index says, with the image 1.1.bin (counter 2). */
struct author *bench_author(const char *index);
extern const char bench_usual_index[];
