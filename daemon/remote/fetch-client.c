/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A small state machine over one socket. Packets out are built here, packets in are
 * checked as if a stranger had sent them.
 */
#include "remote/fetch-client.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/file.h"
#include "base/packet.h"

struct fetch_client {
	int fd;
	bool is_opened; /* OP=open was sent */
	bool is_open_answered;
	bool is_fetching;
	bool is_broken; /* nothing more can be asked */
	usec_t deadline;
	struct fetch_progress progress;
	struct fetch_result result; /* of the fetch under way, then of the one that ended */
};

/* Texts longer than the service's own limits need not be sent to be refused. */
#define REQUEST_BYTES_MAX (3 * FETCH_URL_MAX)
#define MESSAGE_MAX 1024 /* of the service's sentence, the rest is cut */

void fetch_result_clear(struct fetch_result *result)
{
	failure_clear(&result->failure);
	*result = (struct fetch_result){ 0 };
}

int fetch_client_new(int fd, struct fetch_client **ret)
{
	_cleanup_close_ int socket_fd = fd;
	struct fetch_client *client;
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
		return -errno;
	client = calloc(1, sizeof(*client));
	if (!client)
		return -ENOMEM;
	*client = (struct fetch_client){ .fd = TAKE_FD(socket_fd), .deadline = USEC_INFINITY };
	*ret = client;
	return 0;
}

int fetch_client_connect(const char *path, struct fetch_client **ret, struct failure *failure)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	_cleanup_close_ int fd = -EBADF;

	if (!path)
		path = FETCH_SOCKET_PATH;
	if (strlen(path) >= sizeof(address.sun_path))
		return fail(failure, REASON_INVALID_ARGUMENT, "The socket's path is too long: %s.",
			    path);
	strcpy(address.sun_path, path);
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return fail_errno(failure, errno, "Cannot make a socket");
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		return fail(
			failure, REASON_SERVICE_MISSING,
			"The download service cannot be reached at %s (%s): is fwslot-fetch.socket started?",
			path, strerror(errno));
	if (fetch_client_new(TAKE_FD(fd), ret) < 0)
		return fail_memory(failure);
	return 0;
}

void fetch_client_free(struct fetch_client *client)
{
	if (!client)
		return;
	close_fd(client->fd);
	fetch_result_clear(&client->result);
	free(client);
}

int fetch_client_fd(const struct fetch_client *client)
{
	return client->fd;
}

usec_t fetch_client_deadline(const struct fetch_client *client)
{
	return client->is_fetching ? client->deadline : USEC_INFINITY;
}

struct fetch_progress fetch_client_progress(const struct fetch_client *client)
{
	return client->progress;
}

bool fetch_client_is_usable(const struct fetch_client *client)
{
	return client->is_opened && !client->is_broken;
}

static void add_text(struct packet *packet, const char *key, const char *value)
{
	if (value)
		(void)packet_add(packet, key, value);
}

static void add_number(struct packet *packet, const char *key, uint64_t value)
{
	if (value != 0)
		(void)packet_add_u64(packet, key, value);
}

/* Packets on this socket are few and small: one that is full belongs to a dead service. */
static int explain_send(struct fetch_client *client, int error, struct failure *failure)
{
	if (error >= 0)
		return 0;
	if (error == -EMSGSIZE)
		return fail(failure, REASON_INVALID_ARGUMENT,
			    "The request to the download service is too long.");
	if (error == -EBADF)
		return fail(failure, REASON_INVALID_ARGUMENT,
			    "The descriptor for the download service is not open.");
	client->is_broken = true;
	return fail(failure, REASON_SERVICE_MISSING,
		    "The download service does not listen any more (%s).", strerror(-error));
}

int fetch_client_open(struct fetch_client *client, const struct fetch_identity *identity,
		      struct failure *failure)
{
	_cleanup_packet_ struct packet *packet = packet_new(REQUEST_BYTES_MAX);
	const int files[] = { identity->ca_fd, identity->certificate_fd, identity->private_key_fd };
	static const char *const names[] = { FETCH_DESCRIPTOR_CA, FETCH_DESCRIPTOR_CERTIFICATE,
					     FETCH_DESCRIPTOR_PRIVATE_KEY };
	char list[64] = "";
	int fds[ARRAY_SIZE(files)], r;
	size_t count = 0;

	if (!packet)
		return fail_memory(failure);
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		if (files[i] < 0)
			continue;
		fds[count] = files[i];
		strcat(strcat(list, count++ > 0 ? "," : ""), names[i]);
	}
	(void)packet_add(packet, FETCH_KEY_OPERATION, FETCH_OPEN);
	add_text(packet, FETCH_KEY_TRUST, identity->trust);
	add_text(packet, FETCH_KEY_PINNED_KEY, identity->pinned_key);
	add_text(packet, FETCH_KEY_DESCRIPTORS, count > 0 ? list : NULL);
	add_text(packet, FETCH_KEY_CERTIFICATE, identity->certificate);
	add_text(packet, FETCH_KEY_PRIVATE_KEY, identity->private_key);
	add_text(packet, FETCH_KEY_KEY_PASSWORD, identity->key_password);
	add_text(packet, FETCH_KEY_PROXY, identity->proxy);
	r = explain_send(client, packet_send(client->fd, packet, fds, count), failure);
	client->is_opened = client->is_opened || r >= 0;
	return r;
}

int fetch_client_start(struct fetch_client *client, const struct fetch_request *request, int fd,
		       struct failure *failure)
{
	_cleanup_packet_ struct packet *packet = packet_new(REQUEST_BYTES_MAX);
	uint64_t total_msec = request->total_msec != 0 ? request->total_msec :
							 FETCH_TOTAL_MSEC_DEFAULT;
	int r;

	if (client->is_fetching)
		return fail(failure, REASON_BUSY,
			    "This connection to the download service is busy.");
	if (!packet)
		return fail_memory(failure);
	(void)packet_add(packet, FETCH_KEY_OPERATION, FETCH_FETCH);
	(void)packet_add(packet, FETCH_KEY_URL, request->url);
	(void)packet_add_u64(packet, FETCH_KEY_MAX_BYTES, request->max_bytes);
	if (request->is_length_known)
		(void)packet_add_u64(packet, FETCH_KEY_EXACT_BYTES, request->length_bytes);
	add_number(packet, FETCH_KEY_RESUME_FROM, request->resume_from);
	add_text(packet, FETCH_KEY_VALIDATOR, request->validator);
	add_text(packet, FETCH_KEY_IF_NONE_MATCH, request->if_none_match);
	add_number(packet, FETCH_KEY_CONNECT_MSEC, request->connect_msec);
	add_number(packet, FETCH_KEY_TOTAL_MSEC, request->total_msec);
	add_number(packet, FETCH_KEY_LOW_SPEED_BYTES, request->low_speed_bytes);
	add_number(packet, FETCH_KEY_LOW_SPEED_SEC, request->low_speed_sec);
	add_number(packet, FETCH_KEY_BANDWIDTH, request->bandwidth);
	r = packet_send(client->fd, packet, &fd, 1);
	/* A service that has hung up may have said why: that is read as the end of the fetch. */
	if (r != -EPIPE && r != -ECONNRESET)
		r = explain_send(client, r, failure);
	else
		r = 0;
	if (r < 0)
		return r;
	fetch_result_clear(&client->result);
	client->progress = (struct fetch_progress){ .bytes = request->resume_from,
						    .validator = client->result.validator };
	client->is_fetching = true;
	client->deadline =
		time_now_monotonic() + (total_msec + FETCH_CLIENT_GRACE_MSEC) * USEC_PER_MSEC;
	if (!client->is_open_answered)
		client->deadline += FETCH_CLIENT_OPEN_MSEC * USEC_PER_MSEC;
	return 0;
}

int fetch_client_cancel(struct fetch_client *client)
{
	_cleanup_packet_ struct packet *packet = NULL;

	if (!client->is_fetching)
		return 0;
	packet = packet_new(64);
	if (!packet)
		return -ENOMEM;
	(void)packet_add(packet, FETCH_KEY_OPERATION, FETCH_CANCEL);
	return packet_send(client->fd, packet, NULL, 0);
}

/*
 * Keeps a failure the service tells. Its sentence may quote the web server: what could
 * upset a terminal, a log or the bus is replaced.
 */
static void keep_failure(struct failure *failure, enum reason reason, const char *message)
{
	failure_clear(failure);
	fail(failure, reason, "%.*s", MESSAGE_MAX, message ? message : reason_sentence(reason));
	for (char *c = failure->message; c && *c; c++)
		if (*c < 0x20 || *c > 0x7e)
			*c = '?';
}

/* The fetch is over, and so is the use of this connection. */
static enum fetch_news break_off(struct fetch_client *client, enum reason reason,
				 const char *message)
{
	client->is_broken = true;
	if (!client->is_fetching)
		return FETCH_NEWS_NONE;
	client->is_fetching = false;
	keep_failure(&client->result.failure, reason, message);
	client->result.bytes = client->result.is_started ? client->progress.bytes : 0;
	return FETCH_NEWS_ENDED;
}

static enum fetch_news break_off_nonsense(struct fetch_client *client)
{
	return break_off(client, REASON_SERVICE_MISSING,
			 "The download service gave an answer that makes no sense.");
}

static void keep_text(const struct packet *packet, const char *key,
		      char text[static FETCH_VALIDATOR_MAX + 1])
{
	const char *value = packet_get(packet, key);

	if (value && strlen(value) <= FETCH_VALIDATOR_MAX)
		strcpy(text, value);
}

static enum fetch_news take_start(struct fetch_client *client, const struct packet *packet)
{
	if (!client->is_fetching || packet_get_u64(packet, FETCH_KEY_RESUME_FROM, 0,
						   FETCH_BYTES_MAX, &client->progress.bytes) < 0)
		return break_off_nonsense(client);
	client->progress.is_length_known = packet_get_u64(packet, FETCH_KEY_LENGTH, 0,
							  FETCH_BYTES_MAX,
							  &client->progress.length_bytes) >= 0;
	client->result.is_started = true;
	keep_text(packet, FETCH_KEY_VALIDATOR, client->result.validator);
	return FETCH_NEWS_STARTED;
}

static enum fetch_news take_progress(struct fetch_client *client, const struct packet *packet)
{
	if (!client->is_fetching || !client->result.is_started ||
	    packet_get_u64(packet, FETCH_KEY_BYTES, 0, FETCH_BYTES_MAX, &client->progress.bytes) <
		    0)
		return break_off_nonsense(client);
	return FETCH_NEWS_PROGRESS;
}

/* The first result answers OP=open. */
static enum fetch_news take_result(struct fetch_client *client, const struct packet *packet)
{
	const char *word = packet_get(packet, FETCH_KEY_REASON);
	const char *message = packet_get(packet, FETCH_KEY_MESSAGE);
	enum reason reason = word ? reason_from_word(word) : _REASON_INVALID;
	struct fetch_result *result = &client->result;
	uint64_t status = 0;

	if (reason < 0)
		return break_off_nonsense(client);
	if (!client->is_open_answered) {
		client->is_open_answered = true;
		if (reason == REASON_OK)
			return FETCH_NEWS_NONE;
		return break_off(client, reason, message);
	}
	if (!client->is_fetching)
		return break_off_nonsense(client);
	client->is_fetching = false;
	if (reason != REASON_OK)
		keep_failure(&result->failure, reason, message);
	(void)!packet_get_u64(packet, FETCH_KEY_STATUS, 0, 999, &status);
	(void)!packet_get_u64(packet, FETCH_KEY_BYTES, 0, FETCH_BYTES_MAX, &client->progress.bytes);
	(void)!packet_get_u64(packet, FETCH_KEY_RETRY_AFTER_SEC, 0, FETCH_RETRY_AFTER_SEC_MAX,
			      &result->retry_after_sec);
	result->status = (unsigned int)status;
	result->bytes = result->is_started ? client->progress.bytes : 0;
	result->is_not_modified = packet_get(packet, FETCH_KEY_NOT_MODIFIED) != NULL;
	keep_text(packet, FETCH_KEY_VALIDATOR, result->validator);
	keep_text(packet, FETCH_KEY_ETAG, result->entity_tag);
	return FETCH_NEWS_ENDED;
}

struct reply_row {
	const char *type;
	enum fetch_news (*take)(struct fetch_client *client, const struct packet *packet);
};

static const struct reply_row replies[] = {
	{ FETCH_TYPE_START, take_start },
	{ FETCH_TYPE_PROGRESS, take_progress },
	{ FETCH_TYPE_RESULT, take_result },
};

enum fetch_news fetch_client_receive(struct fetch_client *client, usec_t now)
{
	_cleanup_packet_ struct packet *packet = NULL;
	int fds[PACKET_FDS_MAX];
	const char *type;
	int r = packet_receive(client->fd, &packet, fds);

	/* Told once, before what the service had said when it hung up. */
	if (r == -ECONNRESET)
		r = packet_receive(client->fd, &packet, fds);
	close_fds(fds, PACKET_FDS_MAX);
	if (r == -EAGAIN && now >= fetch_client_deadline(client))
		return break_off(client, REASON_TIMEOUT, "The download service does not answer.");
	if (r == -EAGAIN)
		return FETCH_NEWS_NONE;
	if (r < 0)
		return break_off(client, REASON_SERVICE_MISSING,
				 "The download service ended before its answer was complete.");
	type = packet_get(packet, FETCH_KEY_TYPE);
	for (size_t i = 0; type && i < ARRAY_SIZE(replies); i++)
		if (strcmp(type, replies[i].type) == 0)
			return replies[i].take(client, packet);
	return break_off_nonsense(client);
}

void fetch_client_take_result(struct fetch_client *client, struct fetch_result *ret)
{
	*ret = client->result;
	client->result = (struct fetch_result){ 0 };
}

/* Milliseconds from now to the deadline, as poll(2) takes them. */
static int wait_msec(const struct fetch_client *client)
{
	usec_t now = time_now_monotonic(), deadline = fetch_client_deadline(client);
	usec_t left = deadline > now ? (deadline - now) / USEC_PER_MSEC + 1 : 0;

	return left < INT32_MAX ? (int)left : INT32_MAX;
}

int fetch_client_run(struct fetch_client *client, const struct fetch_request *request, int fd,
		     fetch_progressed_t progressed, void *userdata, struct fetch_result *ret)
{
	*ret = (struct fetch_result){ 0 };
	if (fetch_client_start(client, request, fd, &ret->failure) < 0)
		return reason_errno(ret->failure.reason);
	for (;;) {
		struct pollfd wait = { .fd = client->fd, .events = POLLIN };
		enum fetch_news news;

		if (poll(&wait, 1, wait_msec(client)) < 0 && errno != EINTR)
			return fail_errno(&ret->failure, errno,
					  "Cannot wait for the download service");
		news = fetch_client_receive(client, time_now_monotonic());
		if (news == FETCH_NEWS_ENDED)
			break;
		if (news != FETCH_NEWS_NONE && progressed)
			progressed(&client->progress, userdata);
	}
	fetch_client_take_result(client, ret);
	return reason_errno(ret->failure.reason);
}

void fetch_resume_keep(struct fetch_resume *resume, const struct fetch_result *result)
{
	if (!result->is_started)
		return;
	resume->bytes = result->validator[0] ? result->bytes : 0;
	strcpy(resume->validator, result->validator);
}

void fetch_resume_apply(const struct fetch_resume *resume, struct fetch_request *request)
{
	request->resume_from = resume->bytes;
	request->validator = resume->bytes > 0 ? resume->validator : NULL;
}

bool fetch_is_passing(enum reason reason)
{
	static const enum reason passing[] = {
		REASON_TRUNCATED,	    REASON_TOO_SLOW,	    REASON_TIMEOUT,
		REASON_NETWORK_UNREACHABLE, REASON_PROXY_FAILED,    REASON_SERVER_FAILED,
		REASON_DOWNLOAD_FAILED,	    REASON_SERVICE_MISSING,
	};

	for (size_t i = 0; i < ARRAY_SIZE(passing); i++)
		if (passing[i] == reason)
			return true;
	return false;
}
