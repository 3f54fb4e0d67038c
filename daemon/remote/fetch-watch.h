/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A fetch in an sd-event loop: callbacks instead of waiting. */
#pragma once

#include <systemd/sd-event.h>

#include "base/macros.h"
#include "remote/fetch-client.h"

struct fetch_watch;

struct fetch_watch_events {
	/* May be NULL. */
	void (*progressed)(const struct fetch_progress *progress, void *userdata);
	/*
	 * Called exactly once for each fetch started, never from within the start. May
	 * start the next fetch, or free the watch. @result is released afterwards.
	 */
	void (*ended)(const struct fetch_result *result, void *userdata);
};

/* @client is taken over, also on failure. Its session is opened before or after. */
_warn_unused_ int fetch_watch_new(sd_event *event, struct fetch_client *client,
				  const struct fetch_watch_events *events, void *userdata,
				  struct fetch_watch **ret);

/* Ends the fetch under way, without a callback. */
void fetch_watch_free(struct fetch_watch *watch);
DEFINE_CLEANUP(struct fetch_watch, fetch_watch_free)

/* For fetch_client_open(), fetch_client_cancel() and fetch_client_is_usable(). Still the watch's. */
struct fetch_client *fetch_watch_client(struct fetch_watch *watch);

/* fetch_client_start() */
_warn_unused_ int fetch_watch_start(struct fetch_watch *watch, const struct fetch_request *request,
				    int fd, struct failure *failure);
