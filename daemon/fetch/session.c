/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Packets and their order. What a fetch is, transfer.c knows. */
#include "fetch/session.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>

#include "base/fetch-protocol.h"
#include "base/file.h"
#include "base/packet.h"
#include "fetch/identity.h"
#include "fetch/request.h"
#include "fetch/tls.h"
#include "fetch/transfer.h"

/* Replies are short; the longest has two URLs in a message. */
#define REPLY_BYTES_MAX (4 * FETCH_URL_MAX)

struct session {
	int fd;
	struct identity *identity; /* NULL until OP=open */
	struct transfer_pool *pool;
	unsigned int fetches;
	bool is_over; /* nothing more is read */
	struct failure violation; /* of the protocol, found during a fetch */
};

static void session_clear(struct session *session)
{
	transfer_pool_free(session->pool); /* before the identity it borrows */
	identity_free(session->identity);
	failure_clear(&session->violation);
}

/* Sends, waiting a while where that matters: a client that takes no result has lost interest. */
static void reply(struct session *session, const struct packet *packet, bool is_important)
{
	int r = packet_send(session->fd, packet, NULL, 0);

	if (r == -EAGAIN && is_important) {
		struct pollfd wait = { .fd = session->fd, .events = POLLOUT };

		if (poll(&wait, 1, FETCH_SEND_MSEC) > 0)
			r = packet_send(session->fd, packet, NULL, 0);
	}
	if (r < 0 && !(r == -EAGAIN && !is_important))
		session->is_over = true;
}

static struct packet *reply_new(const char *type)
{
	struct packet *packet = packet_new(REPLY_BYTES_MAX);

	if (packet)
		(void)packet_add(packet, FETCH_KEY_TYPE, type);
	return packet;
}

static void add_text(struct packet *packet, const char *key, const char *value)
{
	if (*value)
		(void)packet_add(packet, key, value);
}

static void reply_started(const struct acceptance *acceptance, void *userdata)
{
	_cleanup_packet_ struct packet *packet = reply_new(FETCH_TYPE_START);

	if (!packet)
		return;
	(void)packet_add_u64(packet, FETCH_KEY_RESUME_FROM, acceptance->resume_from);
	if (acceptance->length != RESPONSE_LENGTH_ANY)
		(void)packet_add_u64(packet, FETCH_KEY_LENGTH, acceptance->length);
	add_text(packet, FETCH_KEY_VALIDATOR, acceptance->validator);
	reply(userdata, packet, true);
}

static void reply_progress(uint64_t bytes, void *userdata)
{
	_cleanup_packet_ struct packet *packet = reply_new(FETCH_TYPE_PROGRESS);

	if (!packet)
		return;
	(void)packet_add_u64(packet, FETCH_KEY_BYTES, bytes);
	reply(userdata, packet, false);
}

/* @result: NULL where there was no fetch. */
static void reply_result(struct session *session, const struct transfer_result *result,
			 const struct failure *failure)
{
	_cleanup_packet_ struct packet *packet = reply_new(FETCH_TYPE_RESULT);

	if (!packet) {
		session->is_over = true;
		return;
	}
	(void)packet_add(packet, FETCH_KEY_REASON, reason_word(failure->reason));
	if (failure->reason != REASON_OK)
		(void)packet_add_format(packet, FETCH_KEY_MESSAGE, "%.*s", 3 * FETCH_URL_MAX,
					failure_message(failure));
	if (result) {
		(void)packet_add_u64(packet, FETCH_KEY_STATUS, (uint64_t)result->status);
		(void)packet_add_u64(packet, FETCH_KEY_BYTES, result->bytes);
		add_text(packet, FETCH_KEY_VALIDATOR, result->acceptance.validator);
		add_text(packet, FETCH_KEY_ETAG, result->acceptance.entity_tag);
		if (result->is_not_modified)
			(void)packet_add(packet, FETCH_KEY_NOT_MODIFIED, "1");
		if (result->retry_after_sec > 0)
			(void)packet_add_u64(packet, FETCH_KEY_RETRY_AFTER_SEC,
					     result->retry_after_sec);
	}
	reply(session, packet, true);
}

/* A packet during a fetch: only OP=cancel is in order. */
static bool is_unwanted(void *userdata)
{
	struct session *session = userdata;
	_cleanup_packet_ struct packet *packet = NULL;
	int fds[PACKET_FDS_MAX];
	const char *operation;
	int r = packet_receive(session->fd, &packet, fds);

	close_fds(fds, PACKET_FDS_MAX);
	if (r == -EAGAIN)
		return false;
	operation = r < 0 ? NULL : packet_get(packet, FETCH_KEY_OPERATION);
	if (operation && strcmp(operation, FETCH_CANCEL) == 0)
		return true;
	session->is_over = true;
	if (r >= 0)
		fail(&session->violation, REASON_INVALID_ARGUMENT,
		     "Another request came before the one under way was answered.");
	else if (r != -EPIPE && r != -ECONNRESET)
		fail(&session->violation, REASON_MALFORMED, "What came was no request.");
	return true;
}

static int serve_open(struct session *session, const struct packet *packet,
		      const int fds[static PACKET_FDS_MAX], struct failure *failure)
{
	int r;

	if (session->identity)
		return fail(failure, REASON_INVALID_ARGUMENT, "The session was opened before.");
	r = identity_read(packet, fds, &session->identity, failure);
	if (r >= 0)
		r = tls_check(session->identity, failure);
	if (r < 0)
		return r;
	session->pool = transfer_pool_new(session->identity);
	return session->pool ? 0 : fail_memory(failure);
}

static void serve_fetch(struct session *session, const struct packet *packet,
			const int fds[static PACKET_FDS_MAX])
{
	const struct transfer_events events = { reply_started, reply_progress, is_unwanted,
						session->fd, session };
	_cleanup_request_ struct request request = { 0 };
	_cleanup_failure_ struct failure failure = { 0 };
	struct transfer_result result = { 0 };
	int r;

	if (++session->fetches > FETCH_SESSION_FETCHES_MAX)
		r = fail(&failure, REASON_LIMIT_REACHED, "More than %d fetches in one session.",
			 FETCH_SESSION_FETCHES_MAX);
	else if (fds[1] >= 0)
		r = fail(&failure, REASON_INVALID_ARGUMENT,
			 "The request comes with more than one descriptor.");
	else
		r = request_read(packet, fds[0], &request, &failure);
	if (r >= 0)
		r = transfer_run(session->pool, &request, fds[0], &events, &result, &failure);
	if (session->violation.reason != REASON_OK)
		failure_move(&failure, &session->violation);
	reply_result(session, &result, &failure);
}

static void serve(struct session *session, const struct packet *packet,
		  const int fds[static PACKET_FDS_MAX])
{
	_cleanup_failure_ struct failure failure = { 0 };
	const char *operation = packet_get(packet, FETCH_KEY_OPERATION);

	if (operation && strcmp(operation, FETCH_CANCEL) == 0)
		return; /* came after the result of what it was for */
	if (operation && strcmp(operation, FETCH_FETCH) == 0 && session->identity) {
		serve_fetch(session, packet, fds);
		return;
	}
	if (operation && strcmp(operation, FETCH_OPEN) == 0)
		(void)serve_open(session, packet, fds, &failure);
	else
		fail(&failure, REASON_INVALID_ARGUMENT,
		     "The first request of a session must be OP=%s, the others OP=%s.", FETCH_OPEN,
		     FETCH_FETCH);
	session->is_over = failure.reason != REASON_OK;
	reply_result(session, NULL, &failure);
}

int session_run(int fd, struct failure *failure)
{
	__attribute__((cleanup(session_clear))) struct session session = { .fd = fd };
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
		return fail_errno(failure, errno, "Cannot set up the connection");
	while (!session.is_over) {
		_cleanup_packet_ struct packet *packet = NULL;
		struct pollfd wait = { .fd = fd, .events = POLLIN };
		int fds[PACKET_FDS_MAX];
		int r = poll(&wait, 1, FETCH_SESSION_IDLE_MSEC);

		if (r < 0 && errno == EINTR)
			continue;
		if (r <= 0)
			return r < 0 ? fail_errno(failure, errno, "Cannot wait for a request") : 0;
		r = packet_receive(fd, &packet, fds);
		if (r >= 0)
			serve(&session, packet, fds);
		close_fds(fds, PACKET_FDS_MAX);
		if (r == -EPIPE || r == -ECONNRESET)
			return 0;
		if (r < 0 && r != -EAGAIN) {
			fail(failure, REASON_MALFORMED, "What came was no request.");
			reply_result(&session, NULL, failure);
			return r;
		}
	}
	return 0;
}
