/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The two tables of HTTP statuses, and the rules of RFC 9110, 14 that keep a resumed
 * file whole: a part counts only if it begins where we stopped and belongs to the same
 * version of the file.
 */
#include "fetch/response.h"

#include <inttypes.h>
#include <string.h>

#include "fetch/validator.h"

struct status_row {
	long first, last;
	enum verdict verdict;
};

/* First match counts. */
static const struct status_row verdicts[] = {
	{ 200, 200, VERDICT_ACCEPT },	  { 206, 206, VERDICT_ACCEPT },
	{ 301, 303, VERDICT_REDIRECT },	  { 304, 304, VERDICT_NOT_MODIFIED },
	{ 307, 308, VERDICT_REDIRECT },	  { 416, 416, VERDICT_START_OVER },
	{ 0, INT32_MAX, VERDICT_REFUSE },
};

struct refusal_row {
	long first, last;
	enum reason reason;
	const char *meaning;
};

/* 403 as 404: object stores answer so for a name that is not there. First match counts. */
static const struct refusal_row refusals[] = {
	{ 400, 400, REASON_SERVER_FAILED,
	  "bad request, or a client certificate that it does not accept" },
	{ 401, 401, REASON_ACCESS_DENIED, "access only for those it knows" },
	{ 403, 403, REASON_NOT_FOUND, "forbidden, or not there" },
	{ 404, 404, REASON_NOT_FOUND, "not found" },
	{ 407, 407, REASON_PROXY_FAILED, "the proxy wants a user name and password" },
	{ 410, 410, REASON_NOT_FOUND, "gone" },
	{ 429, 429, REASON_SERVER_FAILED, "too many requests" },
	{ 500, 599, REASON_SERVER_FAILED, "trouble of the server" },
	{ 0, INT32_MAX, REASON_SERVER_FAILED, "not an answer to this question" },
};

static enum verdict refuse_status(const struct request *request, long status,
				  struct failure *failure)
{
	const struct refusal_row *row = refusals;

	while (status < row->first || status > row->last)
		row++;
	fail(failure, row->reason, "%.*s: the server answers %ld (%s).",
	     url_public_length(request->url), request->url, status, row->meaning);
	return VERDICT_REFUSE;
}

/*
 * Whether a part is of the version that the first bytes are of. A part need not repeat
 * the date (RFC 9110, 15.3.7), but a server that knows no If-Range would leave us no
 * other sign: without one we rather fetch it all again.
 */
static bool is_same_version(const struct request *request, const struct response *response)
{
	const char *found = validator_is_entity_tag(request->validator) ? response->entity_tag :
									  response->last_modified;

	return found && strcmp(found, request->validator) == 0;
}

static enum verdict judge_part(const struct request *request, uint64_t resume_from,
			       const struct response *response, struct acceptance *ret,
			       struct failure *failure)
{
	struct content_range range;

	if (resume_from == 0)
		return refuse_status(request, response->status, failure);
	if (!response->content_range || content_range_parse(response->content_range, &range) < 0 ||
	    range.first != resume_from || !is_same_version(request, response) ||
	    (response->content_length != RESPONSE_LENGTH_ANY &&
	     response->content_length != range.last - range.first + 1))
		return VERDICT_START_OVER;
	ret->resume_from = resume_from;
	ret->length = range.length == CONTENT_RANGE_ANY ? RESPONSE_LENGTH_ANY : range.length;
	return VERDICT_ACCEPT;
}

static enum verdict judge_length(const struct request *request, const struct acceptance *acceptance,
				 struct failure *failure)
{
	int url_length = url_public_length(request->url);

	if (acceptance->length == RESPONSE_LENGTH_ANY)
		return VERDICT_ACCEPT;
	if (request->exact_bytes != REQUEST_ANY && acceptance->length != request->exact_bytes) {
		fail(failure,
		     acceptance->length > request->exact_bytes ? REASON_TOO_LARGE :
								 REASON_TRUNCATED,
		     "%.*s: the file on the server has %" PRIu64
		     " bytes, expected were exactly %" PRIu64 ".",
		     url_length, request->url, acceptance->length, request->exact_bytes);
		return VERDICT_REFUSE;
	}
	if (acceptance->length > request->max_bytes) {
		fail(failure, REASON_TOO_LARGE,
		     "%.*s: the file on the server has %" PRIu64 " bytes, allowed are %" PRIu64 ".",
		     url_length, request->url, acceptance->length, request->max_bytes);
		return VERDICT_REFUSE;
	}
	return VERDICT_ACCEPT;
}

/* Keeps what the next request may need; unsound tags are no tags. */
static void keep_validators(const struct response *response, struct acceptance *ret)
{
	const char *validator =
		validator_choose(response->entity_tag, response->last_modified, response->date);

	if (validator)
		strcpy(ret->validator, validator); /* sound: at most FETCH_VALIDATOR_MAX */
	if (response->entity_tag && entity_tag_is_sound(response->entity_tag))
		strcpy(ret->entity_tag, response->entity_tag);
}

static enum verdict judge_success(const struct request *request, uint64_t resume_from,
				  const struct response *response, struct acceptance *ret,
				  struct failure *failure)
{
	enum verdict verdict = VERDICT_ACCEPT;

	if (response->has_two_lengths) {
		fail(failure, REASON_SERVER_FAILED,
		     "%.*s: the server says two different lengths, or one that is no number.",
		     url_public_length(request->url), request->url);
		return VERDICT_REFUSE;
	}
	if (response->status == 206)
		verdict = judge_part(request, resume_from, response, ret, failure);
	else
		ret->length = response->content_length;
	if (verdict == VERDICT_ACCEPT)
		verdict = judge_length(request, ret, failure);
	if (verdict != VERDICT_ACCEPT)
		return verdict;
	keep_validators(response, ret);
	if (ret->resume_from > 0)
		strcpy(ret->validator, request->validator);
	return VERDICT_ACCEPT;
}

enum verdict response_judge(const struct request *request, uint64_t resume_from,
			    const struct response *response, struct acceptance *ret,
			    struct failure *failure)
{
	const struct status_row *row = verdicts;

	*ret = (struct acceptance){ .length = RESPONSE_LENGTH_ANY };
	while (response->status < row->first || response->status > row->last)
		row++;
	switch (row->verdict) {
	case VERDICT_ACCEPT:
		return judge_success(request, resume_from, response, ret, failure);
	case VERDICT_NOT_MODIFIED:
		if (!request->if_none_match)
			return refuse_status(request, response->status, failure);
		keep_validators(response, ret);
		return VERDICT_NOT_MODIFIED;
	case VERDICT_START_OVER:
		if (resume_from == 0)
			return refuse_status(request, response->status, failure);
		return VERDICT_START_OVER;
	case VERDICT_REDIRECT:
		return VERDICT_REDIRECT;
	case VERDICT_REFUSE:
		break;
	}
	return refuse_status(request, response->status, failure);
}
