/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One update source and its server: its files opened, fwslot-fetch connected, the sandbox closed, its metadata brought
 * up to date. Who asks for what then is the operations'.
 */
#pragma once

#include "remote/fetch-client.h"
#include "remote/remote-conf.h"
#include "remote/remotes.h"
#include "remote/server.h"
#include "trust/client.h"
#include "worker/request.h"

/* Starts as ONLINE_NONE; released with online_clear(), also half open. */
struct online {
	int stage_fd, trust_fd;
	struct remotes remotes;
	const struct remote *remote;
	struct remote_conf conf;
	struct fetch_client *fetch;
	struct server *server;
	struct trust_store *store;
	struct trust_client *client;
};
#define ONLINE_NONE                                    \
	{                                              \
		.stage_fd = -EBADF, .trust_fd = -EBADF \
	}

/* Files of up to @file_bytes_max may be made. @progressed may be NULL. After it the sandbox is closed. */
_warn_unused_ int online_open(const struct bundle_request *request, uint64_t file_bytes_max,
			      fetch_progressed_t progressed, void *userdata, struct online *ret,
			      struct failure *failure);

/* The whole TUF workflow, each step kept as soon as it is proven. */
_warn_unused_ int online_refresh(struct online *online, usec_t now, struct failure *failure);

void online_clear(struct online *online);
