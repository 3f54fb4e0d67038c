/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A repository on a web server as the TUF client's fetcher: each file is brought by a
 * fwslot-fetch into a nameless file. One request for each file that is asked for, no
 * other; what must be asked for is the TUF client's affair.
 */
#pragma once

#include "base/io.h"
#include "base/macros.h"
#include "base/reason.h"
#include "remote/fetch-client.h"
#include "trust/fetcher.h"

struct server_options {
	struct fetch_client *client; /* borrowed, its session opened */
	const struct io_operations *io; /* borrowed */
	int stage_fd; /* folder for nameless files */
	/* Where metadata/ and targets/ are: with or without a "/" at the end. */
	const char *metadata_url, *targets_url;
	uint64_t bandwidth, total_msec; /* as in struct fetch_request, 0: the defaults */
	/* Of a target that is gone on with, see server_resume_as(); may be NULL. */
	fetch_progressed_t progressed;
	void *userdata;
};

struct server;

/* @options may go after the call; what it points to must stay, but for the URLs. */
_warn_unused_ int server_new(const struct server_options *options, struct server **ret,
			     struct failure *failure);
void server_free(struct server *server);
DEFINE_CLEANUP(struct server, server_free)
#define _cleanup_server_ _cleanup_(server_freep)

/* Lives as long as @server. */
struct fetcher *server_fetcher(struct server *server);

/*
 * Targets fetched from now on are kept as the download @name (remote/partial.h) while they come, and gone on with if
 * some of them is there. They stay until server_forget_part().
 */
void server_resume_as(struct server *server, const char *name);
void server_forget_part(struct server *server);
/* Was the last target gone on with? */
bool server_has_resumed(const struct server *server);
