/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The decisions of fwslot-fetch about answers, URLs, validators and failures, row by row. */
#include <errno.h>

#include "fetch/outcome.h"
#include "fetch/response.h"
#include "fetch/url.h"
#include "fetch/validator.h"
#include "tap.h"

#define ANY RESPONSE_LENGTH_ANY
#define DATE "Sun, 06 Nov 1994 08:49:37 GMT"

/* What was asked for. */
#define WHOLE                                                                    \
	{                                                                        \
		.url = "http://a/", .max_bytes = 100, .exact_bytes = REQUEST_ANY \
	}
#define EXACTLY_50                                                      \
	{                                                               \
		.url = "http://a/", .max_bytes = 100, .exact_bytes = 50 \
	}
#define IF_NEW                                                                    \
	{                                                                         \
		.url = "http://a/", .max_bytes = 100, .exact_bytes = REQUEST_ANY, \
		.if_none_match = "\"t\""                                          \
	}
#define REST                                                                      \
	{                                                                         \
		.url = "http://a/", .max_bytes = 100, .exact_bytes = REQUEST_ANY, \
		.resume_from = 10, .validator = "\"t\""                           \
	}
#define REST_BY_DATE                                                              \
	{                                                                         \
		.url = "http://a/", .max_bytes = 100, .exact_bytes = REQUEST_ANY, \
		.resume_from = 10, .validator = DATE                              \
	}

struct judgement {
	const char *what;
	struct request request;
	struct response response;
	enum verdict verdict;
	enum reason reason;
	uint64_t resume_from, length; /* of an acceptance */
};

#define PART(range, size, tag)                           \
	{                                                \
		206, tag, NULL, NULL, range, size, false \
	}

static const struct judgement judgements[] = {
	{ "a file", WHOLE, { 200, .content_length = 50 }, VERDICT_ACCEPT, REASON_OK, 0, 50 },
	{ "one of unknown length",
	  WHOLE,
	  { 200, .content_length = ANY },
	  VERDICT_ACCEPT,
	  REASON_OK,
	  0,
	  ANY },
	{ "one of the full length",
	  WHOLE,
	  { 200, .content_length = 100 },
	  VERDICT_ACCEPT,
	  REASON_OK,
	  0,
	  100 },
	{ "one too long",
	  WHOLE,
	  { 200, .content_length = 101 },
	  VERDICT_REFUSE,
	  REASON_TOO_LARGE,
	  0,
	  0 },
	{ "exactly right",
	  EXACTLY_50,
	  { 200, .content_length = 50 },
	  VERDICT_ACCEPT,
	  REASON_OK,
	  0,
	  50 },
	{ "one too long",
	  EXACTLY_50,
	  { 200, .content_length = 51 },
	  VERDICT_REFUSE,
	  REASON_TOO_LARGE,
	  0,
	  0 },
	{ "one too short",
	  EXACTLY_50,
	  { 200, .content_length = 49 },
	  VERDICT_REFUSE,
	  REASON_TRUNCATED,
	  0,
	  0 },
	{ "two lengths",
	  WHOLE,
	  { 200, .has_two_lengths = true },
	  VERDICT_REFUSE,
	  REASON_SERVER_FAILED,
	  0,
	  0 },

	{ "the rest", REST, PART("bytes 10-49/50", 40, "\"t\""), VERDICT_ACCEPT, REASON_OK, 10,
	  50 },
	{ "of unknown length", REST, PART("bytes 10-49/*", 40, "\"t\""), VERDICT_ACCEPT, REASON_OK,
	  10, ANY },
	{ "by chunks", REST, PART("bytes 10-49/50", ANY, "\"t\""), VERDICT_ACCEPT, REASON_OK, 10,
	  50 },
	{ "too long in all", REST, PART("bytes 10-109/110", 100, "\"t\""), VERDICT_REFUSE,
	  REASON_TOO_LARGE, 0, 0 },
	{ "all instead of the rest",
	  REST,
	  { 200, .content_length = 50 },
	  VERDICT_ACCEPT,
	  REASON_OK,
	  0,
	  50 },
	{ "from elsewhere", REST, PART("bytes 9-49/50", 41, "\"t\""), VERDICT_START_OVER, REASON_OK,
	  0, 0 },
	{ "of another version", REST, PART("bytes 10-49/50", 40, "\"u\""), VERDICT_START_OVER,
	  REASON_OK, 0, 0 },
	{ "of a weak version", REST, PART("bytes 10-49/50", 40, "W/\"t\""), VERDICT_START_OVER,
	  REASON_OK, 0, 0 },
	{ "of no version", REST, PART("bytes 10-49/50", 40, NULL), VERDICT_START_OVER, REASON_OK, 0,
	  0 },
	{ "without saying which", REST, PART(NULL, 40, "\"t\""), VERDICT_START_OVER, REASON_OK, 0,
	  0 },
	{ "in other words", REST, PART("items 10-49/50", 40, "\"t\""), VERDICT_START_OVER,
	  REASON_OK, 0, 0 },
	{ "of another length", REST, PART("bytes 10-49/50", 41, "\"t\""), VERDICT_START_OVER,
	  REASON_OK, 0, 0 },
	{ "nothing is left",
	  REST,
	  { 416, .content_length = ANY },
	  VERDICT_START_OVER,
	  REASON_OK,
	  0,
	  0 },
	{ "the rest by date",
	  REST_BY_DATE,
	  { 206, "\"new\"", DATE, NULL, "bytes 10-49/50", 40, false },
	  VERDICT_ACCEPT,
	  REASON_OK,
	  10,
	  50 },
	{ "of another date",
	  REST_BY_DATE,
	  { 206, NULL, "Sun, 06 Nov 1994 08:49:38 GMT", NULL, "bytes 10-49/50", 40, false },
	  VERDICT_START_OVER,
	  REASON_OK,
	  0,
	  0 },
	{ "of no date", REST_BY_DATE, PART("bytes 10-49/50", 40, NULL), VERDICT_START_OVER,
	  REASON_OK, 0, 0 },

	{ "a part nobody asked for", WHOLE, PART("bytes 10-49/50", 40, "\"t\""), VERDICT_REFUSE,
	  REASON_SERVER_FAILED, 0, 0 },
	{ "416 to one who wants all",
	  WHOLE,
	  { 416, .content_length = ANY },
	  VERDICT_REFUSE,
	  REASON_SERVER_FAILED,
	  0,
	  0 },
	{ "not modified",
	  IF_NEW,
	  { 304, .content_length = ANY },
	  VERDICT_NOT_MODIFIED,
	  REASON_OK,
	  0,
	  ANY },
	{ "to one who did not ask",
	  WHOLE,
	  { 304, .content_length = ANY },
	  VERDICT_REFUSE,
	  REASON_SERVER_FAILED,
	  0,
	  0 },
};

static void check_judgements(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(judgements); i++) {
		const struct judgement *row = &judgements[i];
		_cleanup_failure_ struct failure failure = { 0 };
		struct acceptance acceptance;
		enum verdict verdict = response_judge(&row->request, row->request.resume_from,
						      &row->response, &acceptance, &failure);

		tap_is(verdict, row->verdict, row->what);
		tap_is_string(reason_word(failure.reason), reason_word(row->reason), "its reason");
		if (verdict != VERDICT_ACCEPT)
			continue;
		tap_ok(acceptance.resume_from == row->resume_from &&
			       acceptance.length == row->length,
		       "it begins at %" PRIu64 " and ends at %" PRIu64, acceptance.resume_from,
		       acceptance.length);
	}
}

struct status_check {
	long status;
	enum verdict verdict;
	enum reason reason;
};

static const struct status_check statuses[] = {
	{ 200, VERDICT_ACCEPT, REASON_OK },
	{ 201, VERDICT_REFUSE, REASON_SERVER_FAILED },
	{ 203, VERDICT_REFUSE, REASON_SERVER_FAILED },
	{ 204, VERDICT_REFUSE, REASON_SERVER_FAILED },
	{ 300, VERDICT_REFUSE, REASON_SERVER_FAILED },
	{ 301, VERDICT_REDIRECT, REASON_OK },
	{ 302, VERDICT_REDIRECT, REASON_OK },
	{ 303, VERDICT_REDIRECT, REASON_OK },
	{ 305, VERDICT_REFUSE, REASON_SERVER_FAILED },
	{ 307, VERDICT_REDIRECT, REASON_OK },
	{ 308, VERDICT_REDIRECT, REASON_OK },
	{ 400, VERDICT_REFUSE, REASON_SERVER_FAILED },
	{ 401, VERDICT_REFUSE, REASON_ACCESS_DENIED },
	{ 403, VERDICT_REFUSE, REASON_NOT_FOUND },
	{ 404, VERDICT_REFUSE, REASON_NOT_FOUND },
	{ 407, VERDICT_REFUSE, REASON_PROXY_FAILED },
	{ 410, VERDICT_REFUSE, REASON_NOT_FOUND },
	{ 418, VERDICT_REFUSE, REASON_SERVER_FAILED },
	{ 429, VERDICT_REFUSE, REASON_SERVER_FAILED },
	{ 500, VERDICT_REFUSE, REASON_SERVER_FAILED },
	{ 503, VERDICT_REFUSE, REASON_SERVER_FAILED },
	{ 599, VERDICT_REFUSE, REASON_SERVER_FAILED },
	{ 0, VERDICT_REFUSE, REASON_SERVER_FAILED },
	{ 999, VERDICT_REFUSE, REASON_SERVER_FAILED },
};

static void check_statuses(void)
{
	const struct request request = WHOLE;

	for (size_t i = 0; i < ARRAY_SIZE(statuses); i++) {
		_cleanup_failure_ struct failure failure = { 0 };
		struct response response = { .status = statuses[i].status, .content_length = ANY };
		struct acceptance acceptance;
		enum verdict verdict =
			response_judge(&request, 0, &response, &acceptance, &failure);

		tap_ok(verdict == statuses[i].verdict && failure.reason == statuses[i].reason,
		       "status %ld: %s", statuses[i].status, failure_message(&failure));
	}
}

static void check_kept_validators(void)
{
	const struct request whole = WHOLE, rest = REST;
	struct response response = { 200, "\"t\"", NULL, NULL, NULL, 50, false };
	struct acceptance acceptance;

	response_judge(&whole, 0, &response, &acceptance, NULL);
	tap_is_string(acceptance.validator, "\"t\"", "a strong tag serves to resume");
	tap_is_string(acceptance.entity_tag, "\"t\"", "and to compare");
	response.entity_tag = "W/\"t\"";
	response_judge(&whole, 0, &response, &acceptance, NULL);
	tap_is_string(acceptance.validator, "", "a weak tag does not serve to resume");
	tap_is_string(acceptance.entity_tag, "W/\"t\"", "but to compare");
	response = (struct response)PART("bytes 10-49/50", 40, "\"t\"");
	response_judge(&rest, 10, &response, &acceptance, NULL);
	tap_is_string(acceptance.validator, "\"t\"", "the rest can be resumed again");
}

static void check_validators(void)
{
	static const struct {
		const char *text;
		bool is_tag, is_validator;
	} rows[] = {
		{ "\"\"", true, true },
		{ "\"a\"", true, true },
		{ "W/\"a\"", true, false },
		{ "w/\"a\"", false, false },
		{ "a", false, false },
		{ "\"", false, false },
		{ "\"a\"b\"", false, false },
		{ "\"a b\"", false, false },
		{ "\"a\n\"", false, false },
		{ "\"\xc3\xa4\"", false, false },
		{ "*", false, false },
		{ "", false, false },
		{ DATE, false, true },
		{ "Sun, 06 Nov 1994 08:49:37 UTC", false, false },
		{ DATE " ", false, false },
		{ "Sunday, 06-Nov-94 08:49:37 GMT", false, false },
		{ "Sun Nov  6 08:49:37 1994", false, false },
		{ "Sun, 99 Foo 1994 08:49:37 GMT", false, false },
	};
	char longest[FETCH_VALIDATOR_MAX + 3];

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		tap_ok(entity_tag_is_sound(rows[i].text) == rows[i].is_tag &&
			       validator_is_sound(rows[i].text) == rows[i].is_validator,
		       "validator %zu", i);
	memset(longest, 'a', sizeof(longest));
	longest[0] = longest[FETCH_VALIDATOR_MAX - 1] = '"';
	longest[FETCH_VALIDATOR_MAX] = 0;
	tap_ok(entity_tag_is_sound(longest) && validator_is_sound(longest), "the longest tag");
	longest[FETCH_VALIDATOR_MAX - 1] = 'a';
	longest[FETCH_VALIDATOR_MAX] = '"';
	longest[FETCH_VALIDATOR_MAX + 1] = 0;
	tap_ok(!entity_tag_is_sound(longest) && !validator_is_sound(longest), "one longer");

	tap_is_string(validator_choose(NULL, DATE, "Sun, 06 Nov 1994 08:50:37 GMT"), DATE,
		      "a change a minute ago");
	tap_is_string(validator_choose(NULL, DATE, "Sun, 06 Nov 1994 08:50:36 GMT"), NULL,
		      "a change less than a minute ago");
	tap_is_string(validator_choose(NULL, DATE, NULL), NULL,
		      "a change nobody knows how long ago");
	tap_is_string(validator_choose("W/\"a\"", DATE, "Sun, 06 Nov 1994 09:49:37 GMT"), DATE,
		      "the date instead of a weak tag");
}

static void check_ranges(void)
{
	static const struct {
		const char *text;
		int expected;
		uint64_t first, last, length;
	} rows[] = {
		{ "bytes 0-0/1", 0, 0, 0, 1 },
		{ "bytes 5-9/*", 0, 5, 9, CONTENT_RANGE_ANY },
		{ "bytes 5-9/10", 0, 5, 9, 10 },
		{ "bytes 5-4/10", -EINVAL, 0, 0, 0 },
		{ "bytes 5-10/10", -EINVAL, 0, 0, 0 },
		{ "bytes */10", -EINVAL, 0, 0, 0 },
		{ "bytes 5-9", -EINVAL, 0, 0, 0 },
		{ "bytes 5-9/", -EINVAL, 0, 0, 0 },
		{ "bytes -9/10", -EINVAL, 0, 0, 0 },
		{ "bytes 5-/10", -EINVAL, 0, 0, 0 },
		{ "bytes +5-9/10", -EINVAL, 0, 0, 0 },
		{ "bytes  5-9/10", -EINVAL, 0, 0, 0 },
		{ "bytes 5-9/10 ", -EINVAL, 0, 0, 0 },
		{ "bytes 5-9/18446744073709551616", -EINVAL, 0, 0, 0 },
		{ "bytes 5-99999999999999999999999999999999999999/*", -EINVAL, 0, 0, 0 },
		{ "bytes=5-9/10", -EINVAL, 0, 0, 0 },
		{ "", -EINVAL, 0, 0, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct content_range range = { 0 };
		int r = content_range_parse(rows[i].text, &range);

		tap_ok(r == rows[i].expected && range.first == rows[i].first &&
			       range.last == rows[i].last && range.length == rows[i].length,
		       "range \"%s\"", rows[i].text);
	}
}

static void check_urls(void)
{
	static const struct {
		const char *url;
		const char *origin; /* NULL: refused */
	} rows[] = {
		{ "https://example.org", "https://example.org:443" },
		{ "HTTPS://Example.ORG/A", "https://example.org:443" },
		{ "http://example.org:80/?a=b", "http://example.org:80" },
		{ "http://[::1]:8080/x", "http://[::1]:8080" },
		{ "http://a/../b/%2e%2e/c", "http://a:80" },
		{ "http://a@b/", NULL },
		{ "http://a:b@c/", NULL },
		{ "http://@c/", NULL },
		{ "http:///x", NULL },
		{ "http:/x", NULL },
		{ "http://", NULL },
		{ "//a/b", NULL },
		{ "a/b", NULL },
		{ "ftp://a/b", NULL },
		{ "file:///etc/passwd", NULL },
		{ "http://a/#b", NULL },
		{ "http://a/b c", NULL },
		{ "http://a/\tb", NULL },
		{ "http://a/\xc3\xa4", NULL },
		{ "http://a\\b/", NULL },
		{ "http://a:0x50/", NULL },
		{ "http://a:65536/", NULL },
		{ "http://[::1/", NULL },
		{ "", NULL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_failure_ struct failure failure = { 0 };
		struct url_facts facts = { 0 };
		int r = url_check(rows[i].url, &facts, &failure);

		tap_ok(r == (rows[i].origin ? 0 : -EINVAL) &&
			       (rows[i].origin == NULL ||
				strcmp(rows[i].origin, facts.origin) == 0),
		       "URL \"%s\": %s", rows[i].url,
		       r < 0 ? failure_message(&failure) : facts.origin);
		url_facts_clear(&facts);
	}
}

static void check_outcomes(void)
{
	const struct request request = {
		.total_msec = 1000, .connect_msec = 100, .low_speed_bytes = 10, .low_speed_sec = 5
	};
	static const struct {
		struct outcome outcome;
		enum reason reason;
	} rows[] = {
		{ { .code = CURLE_COULDNT_RESOLVE_HOST }, REASON_NETWORK_UNREACHABLE },
		{ { .code = CURLE_COULDNT_CONNECT, .system_error = ENETUNREACH },
		  REASON_NETWORK_UNREACHABLE },
		{ { .code = CURLE_COULDNT_CONNECT, .has_proxy = true }, REASON_PROXY_FAILED },
		{ { .code = CURLE_RECV_ERROR, .connect_status = 407 }, REASON_PROXY_FAILED },
		{ { .code = CURLE_RECV_ERROR, .connect_status = 200 }, REASON_DOWNLOAD_FAILED },
		{ { .code = CURLE_OPERATION_TIMEDOUT, .is_total_over = true }, REASON_TIMEOUT },
		{ { .code = CURLE_OPERATION_TIMEDOUT }, REASON_TIMEOUT },
		{ { .code = CURLE_OPERATION_TIMEDOUT, .is_connected = true }, REASON_TOO_SLOW },
		{ { .code = CURLE_PEER_FAILED_VERIFICATION }, REASON_TLS_FAILED },
		{ { .code = CURLE_SSL_PINNEDPUBKEYNOTMATCH }, REASON_TLS_FAILED },
		{ { .code = CURLE_PARTIAL_FILE }, REASON_TRUNCATED },
		{ { .code = CURLE_OUT_OF_MEMORY }, REASON_NO_MEMORY },
		{ { .code = CURLE_OUT_OF_MEMORY, .is_connected = true }, REASON_SERVER_FAILED },
		{ { .code = CURLE_OUT_OF_MEMORY, .is_connected = true, .is_answered = true },
		  REASON_NO_MEMORY },
		{ { .code = CURLE_TELNET_OPTION_SYNTAX }, REASON_DOWNLOAD_FAILED },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_failure_ struct failure failure = { 0 };
		struct outcome outcome = rows[i].outcome;

		outcome.url = "https://a/b?secret";
		outcome.curl_message = "";
		outcome_explain(&outcome, &request, &failure);
		tap_ok(failure.reason == rows[i].reason &&
			       !strstr(failure_message(&failure), "secret"),
		       "outcome %zu: %s: %s", i, reason_word(failure.reason),
		       failure_message(&failure));
	}
	tap_ok(outcome_is_tls(CURLE_SSL_CONNECT_ERROR) && !outcome_is_tls(CURLE_RECV_ERROR),
	       "what concerns TLS is known");
}

int main(void)
{
	check_judgements();
	check_statuses();
	check_kept_validators();
	check_validators();
	check_ranges();
	check_urls();
	check_outcomes();
	return tap_done();
}
