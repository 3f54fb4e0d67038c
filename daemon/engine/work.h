/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The work of a job in a process of its own. What kind of work is said by one table of functions per kind: verify.c,
 * back-up.c and copy.c (the worker program, base/worker-protocol.h), health.c (the administrator's executables).
 */
#pragma once

#include "base/packet.h"
#include "engine/private.h"

/* The two operations of struct engine_ops. */
int work_start(const struct engine_ops *self, struct job *job, enum work_kind kind);
void work_stop(const struct engine_ops *self, struct job *job, enum work_kind kind);

struct work;

/*
 * Starts the worker program and sends it @request with @fds (they stay the caller's). Its result goes to
 * manager_work_ended(), for REASON_OK after @take_result has read what it needs (NULL: nothing); that one may refuse.
 */
int worker_start(struct job_entry *entry, enum work_kind kind, const struct packet *request,
		 const int *fds, size_t fd_count, uint64_t timeout_usec,
		 int (*take_result)(struct job_entry *entry, const struct packet *result,
				    struct failure *failure),
		 struct work **ret);
struct work *worker_free(struct work *work);

/*
 * The same for work that belongs to no job: @ended is told how it ended, once, unless it is released before. @answered
 * gets what the worker says in between, NULL where it is asked nothing; it must not release the work.
 */
int worker_start_alone(struct manager *manager, const struct packet *request, const int *fds,
		       size_t fd_count, uint64_t timeout_usec,
		       void (*answered)(const struct packet *answer, void *userdata),
		       void (*ended)(struct failure *failure, void *userdata), void *userdata,
		       struct work **ret);
/* Asks that worker one thing more; NULL: that was all. One question at a time. -errno */
int worker_ask(struct work *work, const struct packet *question);

/* Starts of each kind. */
int verify_start(struct job_entry *entry, struct work **ret);
int download_start(struct job_entry *entry, struct work **ret);
int back_up_start(struct job_entry *entry, struct work **ret);
int unpack_start(struct job_entry *entry, struct work **ret);
int copy_start(struct job_entry *entry, struct work **ret);
int health_start(struct job_entry *entry, struct work **ret);

/* Every work begins with this. */
struct work {
	struct work *(*release)(struct work *work); /* ends it without a result */
};
