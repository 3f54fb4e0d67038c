/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The loop around the exchanges of one fetch. Redirects are followed here and not by
 * libcurl, which could not be told "never from https to http, and no client certificate
 * for strangers".
 */
#include "fetch/transfer.h"

#include <curl/curl.h>
#include <errno.h>
#include <poll.h>
#include <string.h>

#include "base/fetch-protocol.h"
#include "base/time.h"
#include "fetch/attempt.h"

#define POOL_CONNECTIONS_MAX 4L
#define POLL_MSEC_MAX 1000
/* libcurl rounds its own clock; this close to the end of the time it was the time. */
#define TOTAL_SLACK_MSEC 20

struct transfer_pool {
	const struct identity *identity;
	CURLM *multi;
	CURL *easy;
};

/* A fetch on its way. */
struct transfer {
	struct transfer_pool *pool;
	const struct request *request;
	const struct transfer_events *events;
	char *url; /* where we are now */
	struct url_facts facts; /* of url */
	uint64_t resume_from;
	unsigned int redirects;
	usec_t started_usec, reported_usec;
	uint64_t reported_bytes;
};

struct transfer_pool *transfer_pool_new(const struct identity *identity)
{
	struct transfer_pool *pool = calloc(1, sizeof(*pool));

	if (!pool)
		return NULL;
	*pool = (struct transfer_pool){ identity, curl_multi_init(), curl_easy_init() };
	if (!pool->multi || !pool->easy ||
	    curl_multi_setopt(pool->multi, CURLMOPT_MAXCONNECTS, POOL_CONNECTIONS_MAX) !=
		    CURLM_OK) {
		transfer_pool_free(pool);
		return NULL;
	}
	return pool;
}

void transfer_pool_free(struct transfer_pool *pool)
{
	if (!pool)
		return;
	curl_easy_cleanup(pool->easy);
	curl_multi_cleanup(pool->multi);
	free(pool);
}

static void report_progress(struct transfer *transfer, const struct attempt *attempt)
{
	usec_t now = time_now_monotonic();

	if (!attempt->is_judged || attempt->verdict != VERDICT_ACCEPT ||
	    attempt->output.bytes == transfer->reported_bytes ||
	    now - transfer->reported_usec < FETCH_PROGRESS_MSEC * USEC_PER_MSEC)
		return;
	transfer->reported_usec = now;
	transfer->reported_bytes = attempt->output.bytes;
	transfer->events->progressed(attempt->output.bytes, transfer->events->userdata);
}

/* Drives libcurl until the exchange is over. -ECANCELED: the asker wants no more. */
static int drive(struct transfer *transfer, const struct attempt *attempt, CURLcode *ret)
{
	CURLM *multi = transfer->pool->multi;
	int running = 1, left;
	CURLMsg *message;

	for (;;) {
		struct curl_waitfd watch = { .fd = transfer->events->watch_fd,
					     .events = CURL_WAIT_POLLIN };

		if (curl_multi_perform(multi, &running) != CURLM_OK)
			return -ENOMEM;
		report_progress(transfer, attempt);
		if (running == 0)
			break;
		if (curl_multi_poll(multi, &watch, 1, POLL_MSEC_MAX, NULL) != CURLM_OK)
			return -ENOMEM;
		if (watch.revents != 0 && transfer->events->is_unwanted(transfer->events->userdata))
			return -ECANCELED;
	}
	message = curl_multi_info_read(multi, &left);
	if (!message || message->msg != CURLMSG_DONE)
		return -ENOMEM;
	*ret = message->data.result;
	return 0;
}

static uint64_t elapsed_msec(const struct transfer *transfer)
{
	return (time_now_monotonic() - transfer->started_usec) / USEC_PER_MSEC;
}

static int exchange(struct transfer *transfer, struct attempt *attempt, struct failure *failure)
{
	CURLM *multi = transfer->pool->multi;
	CURLcode code;
	bool is_total_over;
	int r = attempt_prepare(attempt);

	if (r < 0 || curl_multi_add_handle(multi, attempt->easy) != CURLM_OK)
		return fail_memory(failure);
	r = drive(transfer, attempt, &code);
	if (r >= 0) {
		is_total_over = elapsed_msec(transfer) + TOTAL_SLACK_MSEC >=
				transfer->request->total_msec;
		r = attempt_conclude(attempt, code, is_total_over, failure);
	} else if (r == -ECANCELED) {
		fail(failure, REASON_CANCELLED, "The download was cancelled.");
	} else {
		fail_memory(failure);
	}
	curl_multi_remove_handle(multi, attempt->easy);
	return r;
}

/* Whether we may go on to @url; its @facts then. */
static int check_redirect(const struct transfer *transfer, const char *url, struct url_facts *facts,
			  struct failure *failure)
{
	int length = url_public_length(transfer->url);

	if (url_check(url, facts, NULL) < 0)
		return fail(failure, REASON_SERVER_FAILED,
			    "%.*s: the server redirects to %.*s, which cannot be used.", length,
			    transfer->url, url_public_length(url), url);
	if (transfer->facts.is_https && !facts->is_https)
		return fail(
			failure, REASON_REDIRECT_TO_PLAIN,
			"%.*s: the server redirects to %.*s, which anybody on the way could change.",
			length, transfer->url, url_public_length(url), url);
	return 0;
}

/* Turns to where the response of @easy sends us. */
static int follow_redirect(struct transfer *transfer, CURL *easy, struct failure *failure)
{
	_cleanup_free_ char *url = NULL;
	struct url_facts facts = { 0 };
	char *location = NULL;
	int r;

	curl_easy_getinfo(easy, CURLINFO_REDIRECT_URL, &location);
	if (!location)
		return fail(failure, REASON_SERVER_FAILED,
			    "%.*s: the server redirects, but does not say where.",
			    url_public_length(transfer->url), transfer->url);
	if (++transfer->redirects > FETCH_REDIRECTS_MAX)
		return fail(failure, REASON_TOO_MANY_REDIRECTS,
			    "%.*s: more than %d redirects, the last to %.*s.",
			    url_public_length(transfer->request->url), transfer->request->url,
			    FETCH_REDIRECTS_MAX, url_public_length(location), location);
	url = strndup(location, strcspn(location, "#"));
	if (!url)
		return fail_memory(failure);
	r = check_redirect(transfer, url, &facts, failure);
	if (r < 0) {
		url_facts_clear(&facts);
		return r;
	}
	free(transfer->url);
	url_facts_clear(&transfer->facts);
	transfer->url = TAKE_PTR(url);
	transfer->facts = facts;
	return 0;
}

static void keep_result(const struct attempt *attempt, struct transfer_result *ret)
{
	curl_off_t retry_after_sec = 0;

	curl_easy_getinfo(attempt->easy, CURLINFO_RESPONSE_CODE, &ret->status);
	curl_easy_getinfo(attempt->easy, CURLINFO_RETRY_AFTER, &retry_after_sec);
	if (retry_after_sec > 0)
		ret->retry_after_sec = (uint64_t)retry_after_sec < FETCH_RETRY_AFTER_SEC_MAX ?
					       (uint64_t)retry_after_sec :
					       FETCH_RETRY_AFTER_SEC_MAX;
	if (!attempt->is_judged)
		return;
	if (attempt->verdict == VERDICT_ACCEPT)
		ret->bytes = attempt->output.bytes;
	ret->is_not_modified = attempt->verdict == VERDICT_NOT_MODIFIED;
	if (attempt->verdict == VERDICT_ACCEPT || ret->is_not_modified)
		ret->acceptance = attempt->acceptance;
}

/* One exchange and what follows from it. 1: another one is needed, 0: all is done. */
static int advance(struct transfer *transfer, int fd, struct transfer_result *ret,
		   struct failure *failure)
{
	const struct request *request = transfer->request;
	uint64_t elapsed = elapsed_msec(transfer);
	struct attempt attempt = {
		.easy = transfer->pool->easy,
		.request = request,
		.identity = transfer->pool->identity,
		.events = transfer->events,
		.url = transfer->url,
		.resume_from = transfer->resume_from,
		.with_certificate = strcmp(transfer->facts.origin, request->facts.origin) == 0,
		.output = { .fd = fd },
	};
	int r;

	if (elapsed >= request->total_msec)
		return fail(failure, REASON_TIMEOUT, "%.*s: not finished within %" PRIu64 " ms.",
			    url_public_length(request->url), request->url, request->total_msec);
	attempt.remaining_msec = request->total_msec - elapsed;
	r = exchange(transfer, &attempt, failure);
	keep_result(&attempt, ret);
	if (r >= 0 && attempt.verdict == VERDICT_REDIRECT) {
		r = follow_redirect(transfer, attempt.easy, failure);
		r = r < 0 ? r : 1;
	} else if (r >= 0 && attempt.verdict == VERDICT_START_OVER) {
		transfer->resume_from = 0; /* so that it happens once */
		r = 1;
	}
	attempt_clear(&attempt);
	return r;
}

int transfer_run(struct transfer_pool *pool, const struct request *request, int fd,
		 const struct transfer_events *events, struct transfer_result *ret,
		 struct failure *failure)
{
	struct transfer transfer = {
		.pool = pool,
		.request = request,
		.events = events,
		.url = strdup(request->url),
		.facts = { .is_https = request->facts.is_https,
			   .origin = strdup(request->facts.origin) },
		.resume_from = request->resume_from,
		.started_usec = time_now_monotonic(),
	};
	int r = 1;

	*ret = (struct transfer_result){ 0 };
	if (!transfer.url || !transfer.facts.origin)
		r = fail_memory(failure);
	while (r > 0)
		r = advance(&transfer, fd, ret, failure);
	url_facts_clear(&transfer.facts);
	free(transfer.url);
	return r;
}
