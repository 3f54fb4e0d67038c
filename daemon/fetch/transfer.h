/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs one fetch to its end: redirects, starting over, limits. Speaks HTTP by libcurl;
 * knows nothing of packets.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/macros.h"
#include "base/reason.h"
#include "fetch/identity.h"
#include "fetch/request.h"
#include "fetch/response.h"

/* The connections of a session, kept from fetch to fetch. All with one identity. */
struct transfer_pool;

/* @identity is borrowed for the pool's life. NULL: no memory. */
struct transfer_pool *transfer_pool_new(const struct identity *identity);
void transfer_pool_free(struct transfer_pool *pool);
DEFINE_CLEANUP(struct transfer_pool, transfer_pool_free)

/* Whom a transfer tells, from within transfer_run(). */
struct transfer_events {
	/* The server has answered well. Called at most once. */
	void (*started)(const struct acceptance *acceptance, void *userdata);
	/* @bytes are in the file now; at most every FETCH_PROGRESS_MSEC. */
	void (*progressed)(uint64_t bytes, void *userdata);
	/* @watch_fd became readable. True: stop at once. */
	bool (*is_unwanted)(void *userdata);
	int watch_fd;
	void *userdata;
};

struct transfer_result {
	long status; /* of the last response; 0: none */
	uint64_t bytes; /* in the file; 0 unless the server has answered well */
	bool is_not_modified;
	uint64_t retry_after_sec; /* 0: not said */
	struct acceptance acceptance; /* the validators of a good answer, else empty */
};

/*
 * Fetches @request into @fd. @ret is filled in any case; a negative errno comes with a
 * @failure. Stopped by is_unwanted(): REASON_CANCELLED.
 */
_warn_unused_ int transfer_run(struct transfer_pool *pool, const struct request *request, int fd,
			       const struct transfer_events *events, struct transfer_result *ret,
			       struct failure *failure);
