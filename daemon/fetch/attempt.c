/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Options, callbacks and the end of one exchange. Deciding on an answer is response.c's,
 * explaining a broken connection outcome.c's.
 */
#include "fetch/attempt.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/fetch-protocol.h"
#include "base/parse.h"
#include "fetch/outcome.h"
#include "fetch/tls.h"

/*
 * libcurl's buffer: large enough that writing costs little beside decrypting. It takes up
 * to 100 of them before it looks at its speed limit, so with one they are small enough
 * that this is half a second's worth.
 */
#define BUFFER_BYTES_MAX (UINT64_C(128) * 1024)
#define BUFFER_BYTES_MIN UINT64_C(1024)
#define BUFFERS_PER_SEC 200

/* The only value of the last response's header @name, or NULL. */
static const char *header_value(CURL *easy, const char *name)
{
	struct curl_header *header;

	if (curl_easy_header(easy, name, 0, CURLH_HEADER, -1, &header) != CURLHE_OK ||
	    header->amount != 1)
		return NULL;
	return header->value;
}

/* Whether the last response says two different lengths: libcurl would believe the last. */
static bool has_two_lengths(CURL *easy)
{
	struct curl_header *header;
	uint64_t first = 0, other;

	for (size_t i = 0;
	     curl_easy_header(easy, "Content-Length", i, CURLH_HEADER, -1, &header) == CURLHE_OK;
	     i++) {
		if (parse_u64(header->value, i == 0 ? &first : &other) < 0 ||
		    (i > 0 && other != first))
			return true;
	}
	return false;
}

static int judge(struct attempt *attempt)
{
	struct response response = { .content_length = RESPONSE_LENGTH_ANY };
	curl_off_t length = -1;

	curl_easy_getinfo(attempt->easy, CURLINFO_RESPONSE_CODE, &response.status);
	curl_easy_getinfo(attempt->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
	if (length >= 0)
		response.content_length = (uint64_t)length;
	response.has_two_lengths = has_two_lengths(attempt->easy);
	response.entity_tag = header_value(attempt->easy, "ETag");
	response.last_modified = header_value(attempt->easy, "Last-Modified");
	response.date = header_value(attempt->easy, "Date");
	response.content_range = header_value(attempt->easy, "Content-Range");

	attempt->is_judged = true;
	attempt->verdict = response_judge(attempt->request, attempt->resume_from, &response,
					  &attempt->acceptance, &attempt->failure);
	if (attempt->verdict != VERDICT_ACCEPT)
		return 0;
	if (output_begin(&attempt->output, attempt->acceptance.resume_from, &attempt->failure) < 0)
		return -EIO;
	attempt->events->started(&attempt->acceptance, attempt->events->userdata);
	return 0;
}

/* The most bytes the file may have: the least of what was allowed and what was promised. */
static uint64_t limit_of(const struct attempt *attempt)
{
	uint64_t limit = attempt->request->max_bytes;

	if (attempt->request->exact_bytes < limit)
		limit = attempt->request->exact_bytes;
	if (attempt->acceptance.length < limit)
		limit = attempt->acceptance.length;
	return limit;
}

/* Reading a little keeps the connection usable. libcurl tells a redirect's goal only at its end. */
static size_t drop_body(struct attempt *attempt, size_t size)
{
	attempt->dropped_bytes += size;
	if (attempt->dropped_bytes <= FETCH_ERROR_BODY_MAX)
		return size;
	if (attempt->verdict == VERDICT_REDIRECT)
		fail(&attempt->failure, REASON_SERVER_FAILED,
		     "%.*s: the server redirects with more than %d bytes of body.",
		     url_public_length(attempt->url), attempt->url, FETCH_ERROR_BODY_MAX);
	return 0;
}

static size_t take_body(char *bytes, size_t one _unused_, size_t size, void *userdata)
{
	struct attempt *attempt = userdata;
	uint64_t limit;

	if (!attempt->is_judged && judge(attempt) < 0)
		return 0;
	if (attempt->verdict != VERDICT_ACCEPT)
		return drop_body(attempt, size);
	limit = limit_of(attempt);
	if (size > limit - attempt->output.bytes) {
		fail(&attempt->failure, REASON_TOO_LARGE,
		     "%.*s: the server sends more than the expected %" PRIu64 " bytes.",
		     url_public_length(attempt->url), attempt->url, limit);
		return 0;
	}
	if (output_append(&attempt->output, bytes, size, &attempt->failure) < 0)
		return 0;
	return size;
}

static size_t take_header(char *bytes _unused_, size_t one _unused_, size_t size, void *userdata)
{
	struct attempt *attempt = userdata;

	attempt->header_bytes += size;
	if (attempt->header_bytes <= FETCH_HEADER_BYTES_MAX)
		return size;
	fail(&attempt->failure, REASON_SERVER_FAILED,
	     "%.*s: the server sends more than %d bytes of header lines.",
	     url_public_length(attempt->url), attempt->url, FETCH_HEADER_BYTES_MAX);
	return 0;
}

static int add_header(struct attempt *attempt, const char *name, const char *value)
{
	char line[FETCH_VALIDATOR_MAX + 32];
	struct curl_slist *longer;

	snprintf(line, sizeof(line), "%s: %s", name, value);
	longer = curl_slist_append(attempt->headers, line);
	if (!longer)
		return -ENOMEM;
	attempt->headers = longer;
	return 0;
}

#define SET(option, value) (curl_easy_setopt(attempt->easy, option, value) == CURLE_OK)

/* What is the same for every exchange: little is said, and nothing believed or remembered. */
static bool set_manners(struct attempt *attempt)
{
	return SET(CURLOPT_NOSIGNAL, 1L) && SET(CURLOPT_QUICK_EXIT, 1L) &&
	       SET(CURLOPT_PROTOCOLS_STR, "http,https") && SET(CURLOPT_FOLLOWLOCATION, 0L) &&
	       SET(CURLOPT_HTTPGET, 1L) && SET(CURLOPT_PATH_AS_IS, 1L) &&
	       SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS) &&
	       SET(CURLOPT_HTTP09_ALLOWED, 0L) && SET(CURLOPT_HTTP_CONTENT_DECODING, 0L) &&
	       SET(CURLOPT_NETRC, (long)CURL_NETRC_IGNORED) &&
	       SET(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L) &&
	       SET(CURLOPT_USERAGENT, "fwslot/" FWSLOT_VERSION) &&
	       SET(CURLOPT_ERRORBUFFER, attempt->curl_message) &&
	       SET(CURLOPT_WRITEFUNCTION, take_body) && SET(CURLOPT_WRITEDATA, attempt) &&
	       SET(CURLOPT_HEADERFUNCTION, take_header) && SET(CURLOPT_HEADERDATA, attempt);
}

static long buffer_bytes(uint64_t bandwidth)
{
	uint64_t bytes = bandwidth / BUFFERS_PER_SEC;

	if (bandwidth == 0 || bytes > BUFFER_BYTES_MAX)
		bytes = BUFFER_BYTES_MAX;
	return (long)(bytes < BUFFER_BYTES_MIN ? BUFFER_BYTES_MIN : bytes);
}

/* An empty proxy and an empty list of exceptions: the environment has no say. */
static bool set_request(struct attempt *attempt)
{
	const struct request *request = attempt->request;
	const char *proxy = attempt->identity->proxy;

	return SET(CURLOPT_URL, attempt->url) && SET(CURLOPT_PROXY, proxy ? proxy : "") &&
	       SET(CURLOPT_NOPROXY, "") && SET(CURLOPT_HTTPHEADER, attempt->headers) &&
	       SET(CURLOPT_CONNECTTIMEOUT_MS, (long)request->connect_msec) &&
	       SET(CURLOPT_TIMEOUT_MS, (long)attempt->remaining_msec) &&
	       SET(CURLOPT_LOW_SPEED_LIMIT, (long)request->low_speed_bytes) &&
	       SET(CURLOPT_LOW_SPEED_TIME, (long)request->low_speed_sec) &&
	       SET(CURLOPT_BUFFERSIZE, buffer_bytes(request->bandwidth)) &&
	       SET(CURLOPT_MAX_RECV_SPEED_LARGE, (curl_off_t)request->bandwidth);
}

int attempt_prepare(struct attempt *attempt)
{
	const struct request *request = attempt->request;
	char range[32];
	int r = 0;

	curl_easy_reset(attempt->easy);
	if (attempt->resume_from > 0)
		r = add_header(attempt, "If-Range", request->validator);
	if (r >= 0 && request->if_none_match)
		r = add_header(attempt, "If-None-Match", request->if_none_match);
	if (r < 0 || !set_manners(attempt) || !set_request(attempt))
		return -ENOMEM;
	snprintf(range, sizeof(range), "%" PRIu64 "-", attempt->resume_from);
	if (!SET(CURLOPT_RANGE, attempt->resume_from > 0 ? range : NULL))
		return -ENOMEM;
	return tls_apply(attempt->easy, attempt->identity, attempt->with_certificate);
}

static int explain(struct attempt *attempt, CURLcode code, bool is_total_over,
		   struct failure *failure)
{
	struct outcome outcome = { .code = code,
				   .has_proxy = attempt->identity->proxy != NULL,
				   .is_total_over = is_total_over,
				   .bytes = attempt->output.bytes,
				   .url = attempt->url,
				   .curl_message = attempt->curl_message };
	curl_off_t pretransfer_usec = 0;
	long system_error = 0;

	curl_easy_getinfo(attempt->easy, CURLINFO_HTTP_CONNECTCODE, &outcome.connect_status);
	curl_easy_getinfo(attempt->easy, CURLINFO_OS_ERRNO, &system_error);
	curl_easy_getinfo(attempt->easy, CURLINFO_PRETRANSFER_TIME_T, &pretransfer_usec);
	outcome.system_error = (int)system_error;
	outcome.is_connected = pretransfer_usec > 0;
	outcome.is_answered = attempt->is_judged;
	if (outcome_is_tls(code))
		tls_explain(attempt->easy, attempt->identity, code, attempt->curl_message, failure);
	else
		outcome_explain(&outcome, attempt->request, failure);
	return reason_errno(failure->reason);
}

/* Whether an accepted body arrived whole. */
static int check_length(const struct attempt *attempt, struct failure *failure)
{
	uint64_t expected = attempt->request->exact_bytes;

	if (expected == REQUEST_ANY)
		expected = attempt->acceptance.length;
	if (expected == RESPONSE_LENGTH_ANY || attempt->output.bytes == expected)
		return 0;
	return fail(failure, REASON_TRUNCATED,
		    "%.*s: the file ended after %" PRIu64 " bytes, expected were %" PRIu64 ".",
		    url_public_length(attempt->url), attempt->url, attempt->output.bytes, expected);
}

int attempt_conclude(struct attempt *attempt, CURLcode code, bool is_total_over,
		     struct failure *failure)
{
	bool is_body_unwanted;

	/* A response without a body is judged only now. */
	if (code == CURLE_OK && !attempt->is_judged)
		judge(attempt);
	if (attempt->failure.reason != REASON_OK) {
		failure_move(failure, &attempt->failure);
		return reason_errno(failure->reason);
	}
	/* How a body that nobody wants ended does not matter, except for a redirect. */
	is_body_unwanted = attempt->is_judged && attempt->verdict != VERDICT_ACCEPT &&
			   attempt->verdict != VERDICT_REDIRECT;
	if (code != CURLE_OK && !is_body_unwanted)
		return explain(attempt, code, is_total_over, failure);
	if (attempt->verdict == VERDICT_ACCEPT)
		return check_length(attempt, failure);
	return 0;
}

void attempt_clear(struct attempt *attempt)
{
	curl_slist_free_all(attempt->headers);
	attempt->headers = NULL;
	failure_clear(&attempt->failure);
}
