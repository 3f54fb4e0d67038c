/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One run of the worker program: a request goes in, progress and one result come out. The worker parses what strangers
 * wrote, so its replies are treated as hostile too: packets are checked whole, a second result or none at all is a
 * failure, and what it says of itself is cut to a line.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "base/fetch-protocol.h"
#include "base/file.h"
#include "base/log.h"
#include "base/worker-protocol.h"
#include "engine/child.h"
#include "engine/work.h"

#define MESSAGE_MAX 1024 /* bytes of a worker's sentence that are kept */

struct worker {
	struct work work; /* first */
	struct job_entry *entry;
	enum work_kind kind;
	struct child *child;
	int socket_fd;
	sd_event_source *socket_source;
	struct packet *result;
	int (*take_result)(struct job_entry *entry, const struct packet *result,
			   struct failure *failure);
	/* Without a job (entry is NULL): */
	void (*ended)(struct failure *failure, void *userdata);
	void (*answered)(const struct packet *answer,
			 void *userdata); /* NULL: it is asked nothing */
	void *userdata;
};

static struct work *release(struct work *work)
{
	struct worker *worker = (struct worker *)work;

	if (!worker)
		return NULL;
	child_free(worker->child);
	sd_event_source_disable_unref(worker->socket_source);
	close_fd(worker->socket_fd);
	packet_free(worker->result);
	free(worker);
	return NULL;
}

struct work *worker_free(struct work *work)
{
	return release(work);
}

static void take_packet(struct worker *worker, struct packet *packet)
{
	const char *type = packet_get(packet, WORKER_KEY_TYPE);
	uint64_t percent;

	if (type && strcmp(type, WORKER_TYPE_RESULT) == 0 && !worker->result) {
		worker->result = packet;
		return;
	}
	if (worker->entry && type && strcmp(type, WORKER_TYPE_PROGRESS) == 0 &&
	    worker->kind != WORK_UNPACK && /* hardly a moment, before the bar of the write */
	    packet_get_u64(packet, WORKER_KEY_PERCENT, 0, 100, &percent) >= 0)
		/* Of writing the way to the kernel is the first half, see on_progress() in manager.c. */
		job_set_percent(worker->entry, worker->kind == WORK_COPY ? (unsigned)percent / 2 :
									   (unsigned)percent);
	else if (worker->answered && type && strcmp(type, WORKER_TYPE_OFFER) == 0)
		worker->answered(packet, worker->userdata);
	packet_free(packet);
}

/* Reads what is there. 0: nothing more for now; -errno: never again. */
static int drain(struct worker *worker)
{
	for (;;) {
		struct packet *packet = NULL;
		int fds[PACKET_FDS_MAX];
		int r = packet_receive(worker->socket_fd, &packet, fds);

		close_fds(fds, PACKET_FDS_MAX); /* none is expected */
		if (r < 0)
			return r == -EAGAIN ? 0 : r;
		take_packet(worker, packet);
	}
}

static int on_socket(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	struct worker *worker = userdata;

	(void)fd;
	(void)events;
	if (drain(worker) < 0)
		(void)sd_event_source_set_enabled(source,
						  SD_EVENT_OFF); /* its exit tells the rest */
	return 0;
}

static void explain_end(const struct child_end *end, struct failure *failure)
{
	if (end->is_timeout)
		fail(failure, REASON_INTERNAL, "The worker took too long and was stopped.");
	else if (end->signal)
		fail(failure, REASON_INTERNAL,
		     "The worker was ended by signal %d before it had a result.", end->signal);
	else if (end->status == 127)
		fail(failure, REASON_INTERNAL,
		     "The worker program cannot be executed; is fwslot installed completely?");
	else
		fail(failure, REASON_INTERNAL,
		     "The worker ended with status %d and without a result.", end->status);
}

static void judge(struct worker *worker, const struct child_end *end, struct failure *failure)
{
	const char *word = worker->result ? packet_get(worker->result, WORKER_KEY_REASON) : NULL;
	const char *message = worker->result ? packet_get(worker->result, WORKER_KEY_MESSAGE) :
					       NULL;
	enum reason reason = word ? reason_from_word(word) : _REASON_INVALID;

	if (worker->result)
		(void)!packet_get_u64(worker->result, WORKER_KEY_RETRY_AFTER_SEC, 0,
				      FETCH_RETRY_AFTER_SEC_MAX, &failure->retry_after_sec);
	if (reason == _REASON_INVALID)
		explain_end(end, failure);
	else if (reason != REASON_OK)
		fail(failure, reason, "%.*s", MESSAGE_MAX,
		     message && message[0] ? message : reason_sentence(reason));
	else if (worker->take_result)
		(void)worker->take_result(worker->entry, worker->result, failure);
}

static void on_ended(const struct child_end *end, void *userdata)
{
	struct worker *worker = userdata;
	struct job_entry *entry = worker->entry;
	enum work_kind kind = worker->kind;
	_cleanup_failure_ struct failure failure = { 0 };

	(void)drain(worker); /* its last words may have come with its end */
	judge(worker, end, &failure);
	worker->child = NULL;
	if (!entry) {
		void (*ended)(struct failure *, void *) = worker->ended;
		void *ended_userdata = worker->userdata;

		release(&worker->work);
		ended(&failure, ended_userdata);
		return;
	}
	entry->works[kind] = NULL;
	release(&worker->work);
	manager_work_ended(&entry->job, kind, failure.reason, failure.message);
}

static int begin(struct worker *worker, struct manager *manager, const struct packet *request,
		 const int *fds, size_t fd_count, uint64_t timeout_usec)
{
	char name[] = "fwslot-worker";
	char *const arguments[] = { name, NULL };
	_cleanup_close_ int theirs = -EBADF;
	int pair[2], r;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) < 0)
		return -errno;
	worker->socket_fd = pair[0];
	theirs = pair[1];
	/* The request is in the socket before anybody reads it: one packet always fits an empty one. */
	r = packet_send(worker->socket_fd, request, fds, fd_count);
	if (r >= 0)
		r = sd_event_add_io(manager->event, &worker->socket_source, worker->socket_fd,
				    EPOLLIN, on_socket, worker);
	if (r < 0)
		return r;
	/* The worker waits for its own packets in peace. */
	if (fcntl(theirs, F_SETFL, 0) < 0)
		return -errno;
	return child_start(manager->event,
			   &(struct child_command){
				   .path = manager->folders.worker,
				   .arguments = arguments,
				   .socket_fd = theirs,
				   .output_fd = -EBADF,
				   .timeout_usec = timeout_usec,
			   },
			   on_ended, worker, &worker->child);
}

/* @described: whose work it is and who is told; the rest is made here. */
static int start(const struct worker *described, struct manager *manager,
		 const struct packet *request, const int *fds, size_t fd_count,
		 uint64_t timeout_usec, struct work **ret)
{
	struct worker *worker = malloc(sizeof(*worker));
	int r;

	if (!worker)
		return -ENOMEM;
	*worker = *described;
	worker->work.release = release;
	worker->socket_fd = -EBADF;
	r = begin(worker, manager, request, fds, fd_count, timeout_usec);
	if (r < 0) {
		release(&worker->work);
		return r;
	}
	*ret = &worker->work;
	return 0;
}

int worker_start(struct job_entry *entry, enum work_kind kind, const struct packet *request,
		 const int *fds, size_t fd_count, uint64_t timeout_usec,
		 int (*take_result)(struct job_entry *entry, const struct packet *result,
				    struct failure *failure),
		 struct work **ret)
{
	const struct worker worker = { .entry = entry, .kind = kind, .take_result = take_result };

	return start(&worker, entry->manager, request, fds, fd_count, timeout_usec, ret);
}

int worker_ask(struct work *work, const struct packet *question)
{
	struct worker *worker = (struct worker *)work;

	if (question)
		return packet_send(worker->socket_fd, question, NULL, 0);
	return shutdown(worker->socket_fd, SHUT_WR) < 0 ? -errno : 0;
}

int worker_start_alone(struct manager *manager, const struct packet *request, const int *fds,
		       size_t fd_count, uint64_t timeout_usec,
		       void (*answered)(const struct packet *answer, void *userdata),
		       void (*ended)(struct failure *failure, void *userdata), void *userdata,
		       struct work **ret)
{
	const struct worker worker = { .answered = answered, .ended = ended, .userdata = userdata };

	return start(&worker, manager, request, fds, fd_count, timeout_usec, ret);
}
