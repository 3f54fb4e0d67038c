/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The other side of fwslot-fetch, for who has no network of his own: asks it to bring a
 * file into a descriptor, and hears how it goes. Nothing that comes back is trusted:
 * neither the bytes (their TUF hash decides) nor the service's replies.
 *
 * One fetch at a time. Three ways to wait for its end: fetch_client_run() blocks;
 * fetch_client_receive() when fetch_client_fd() is readable; fetch-watch.h in an sd-event
 * loop. This file needs none of libsystemd and libcurl.
 */
#pragma once

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/fetch-protocol.h"
#include "base/macros.h"
#include "base/reason.h"
#include "base/time.h"

/* How long the service may take beyond what it was given, before it counts as dead. */
#define FETCH_CLIENT_GRACE_MSEC 15000
/* For opening a session: a slow token may have to be asked. */
#define FETCH_CLIENT_OPEN_MSEC 60000

/*
 * Whom to trust and who we are, see OP=open in base/fetch-protocol.h. Texts may be NULL.
 * Descriptors are of PEM files and stay the caller's; -EBADF: none. Starts as
 * FETCH_IDENTITY_DEFAULT: the system's CAs, no client certificate, no proxy.
 */
struct fetch_identity {
	const char *trust; /* FETCH_TRUST_...; NULL: FETCH_TRUST_SYSTEM */
	const char *pinned_key;
	const char *certificate, *private_key; /* PKCS#11 URIs */
	const char *key_password;
	const char *proxy;
	int ca_fd, certificate_fd, private_key_fd;
};
#define FETCH_IDENTITY_DEFAULT    \
	((struct fetch_identity){ \
		.ca_fd = -EBADF, .certificate_fd = -EBADF, .private_key_fd = -EBADF })

/* The limits are those of base/fetch-protocol.h; texts are read during the call only. */
struct fetch_request {
	const char *url;
	uint64_t max_bytes;
	bool is_length_known;
	uint64_t length_bytes; /* where is_length_known: exactly that many, or it is a failure */
	uint64_t
		resume_from; /* 0: from the beginning; else with validator: see struct fetch_resume */
	const char *validator;
	const char *if_none_match; /* entity tag of what we have, or NULL */
	/* 0: the default */
	uint64_t connect_msec, total_msec, low_speed_bytes, low_speed_sec;
	uint64_t bandwidth; /* bytes a second; 0: no limit */
};

/* How a fetch ended. Released with fetch_result_clear(). */
struct fetch_result {
	struct failure failure; /* REASON_OK: the file is there, or is_not_modified */
	unsigned int status; /* of the last HTTP response; 0: there was none */
	bool is_started; /* the server has answered well: bytes and validator hold */
	uint64_t bytes; /* in the file, also after a failure */
	bool is_not_modified;
	char validator[FETCH_VALIDATOR_MAX + 1]; /* "": cannot be resumed */
	char entity_tag[FETCH_VALIDATOR_MAX + 1]; /* for if_none_match; "": none */
	uint64_t retry_after_sec; /* the server asks not to come back sooner; 0: does not say */
};

void fetch_result_clear(struct fetch_result *result);
#define _cleanup_fetch_result_ _cleanup_(fetch_result_clear)

/* How far a fetch is. */
struct fetch_progress {
	uint64_t bytes; /* in the file */
	bool is_length_known;
	uint64_t length_bytes; /* of the whole file, as the server says */
	/* By which the server knows the file again, "": it does not; valid during the callback. */
	const char *validator;
};

struct fetch_client;

/*
 * Connects to the service's socket (NULL: FETCH_SOCKET_PATH). Never blocks.
 * REASON_SERVICE_MISSING in @failure: it does not listen there.
 */
_warn_unused_ int fetch_client_connect(const char *path, struct fetch_client **ret,
				       struct failure *failure);

/* The same over a socket somebody else connected; @fd is taken over, also on failure. */
_warn_unused_ int fetch_client_new(int fd, struct fetch_client **ret);

/* Closes the connection, which ends the fetch under way. */
void fetch_client_free(struct fetch_client *client);
DEFINE_CLEANUP(struct fetch_client, fetch_client_free)
#define _cleanup_fetch_client_ _cleanup_(fetch_client_freep)

/*
 * Opens the session: once, first. Does not wait: if the service refuses, the first fetch
 * ends with the refusal.
 */
_warn_unused_ int fetch_client_open(struct fetch_client *client,
				    const struct fetch_identity *identity, struct failure *failure);

/*
 * Starts a fetch into @fd, which must be a regular file open for writing (see OP=fetch)
 * and stays the caller's. -EBUSY: one is under way.
 */
_warn_unused_ int fetch_client_start(struct fetch_client *client,
				     const struct fetch_request *request, int fd,
				     struct failure *failure);

/* Asks to end the fetch under way; it ends soon, usually with REASON_CANCELLED. */
int fetch_client_cancel(struct fetch_client *client);

/* To wait on for input. */
int fetch_client_fd(const struct fetch_client *client);

/* Until when an answer must have come (CLOCK_MONOTONIC); USEC_INFINITY: nothing is awaited. */
usec_t fetch_client_deadline(const struct fetch_client *client);

enum fetch_news {
	FETCH_NEWS_NONE, /* nothing to read, or nothing of interest: wait again */
	FETCH_NEWS_STARTED, /* the server has answered well: progress and validator are known */
	FETCH_NEWS_PROGRESS,
	FETCH_NEWS_ENDED, /* take the result */
};

/*
 * Reads at most one reply, without waiting. @now: CLOCK_MONOTONIC; past the deadline the
 * fetch ends with REASON_TIMEOUT. A service that dies or speaks nonsense ends it with
 * REASON_SERVICE_MISSING; then, and after a refused session, the client is of no more use.
 */
enum fetch_news fetch_client_receive(struct fetch_client *client, usec_t now);

/* Of the fetch under way. */
struct fetch_progress fetch_client_progress(const struct fetch_client *client);

/* Moves the result of the fetch that has ended to @ret, once. */
void fetch_client_take_result(struct fetch_client *client, struct fetch_result *ret);

/* Whether another fetch can be started on this client, now or after the one under way. */
bool fetch_client_is_usable(const struct fetch_client *client);

typedef void (*fetch_progressed_t)(const struct fetch_progress *progress, void *userdata);

/*
 * The whole of it, blocking: starts a fetch and waits for its end. @progressed may be
 * NULL. Returns 0 or the negative errno of the failure in @ret, which is filled always.
 */
int fetch_client_run(struct fetch_client *client, const struct fetch_request *request, int fd,
		     fetch_progressed_t progressed, void *userdata, struct fetch_result *ret);

/*
 * What to keep so that a fetch can go on later: also over restarts, when the caller
 * fsyncs the file before he writes this down. Starts as { 0 }.
 */
struct fetch_resume {
	uint64_t bytes;
	char validator[FETCH_VALIDATOR_MAX + 1];
};

/* Learns from @result; a result without an answer of the server changes nothing. */
void fetch_resume_keep(struct fetch_resume *resume, const struct fetch_result *result);

/* Makes @request go on from there. @resume must outlive the start of the fetch. */
void fetch_resume_apply(const struct fetch_resume *resume, struct fetch_request *request);

/* Whether trying the same again may help: the network or the server had a bad moment. */
bool fetch_is_passing(enum reason reason);
