/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table of OP=fetch, and the rules that hold between its keys. */
#include "fetch/request.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fetch-protocol.h"
#include "fetch/fields.h"
#include "fetch/validator.h"

#define TEXT(key_, member_, max_, is_required_)                                                  \
	{                                                                                        \
		.key = key_, .offset = offsetof(struct request, member_), .min = 1, .max = max_, \
		.is_required = is_required_                                                      \
	}
#define NUMBER(key_, member_, min_, max_, missing_, is_required_)                                \
	{                                                                                        \
		.key = key_, .offset = offsetof(struct request, member_), .min = min_,           \
		.max = max_, .missing = missing_, .is_number = true, .is_required = is_required_ \
	}

static const struct field fields[] = {
	TEXT(FETCH_KEY_URL, url, FETCH_URL_MAX, true),
	NUMBER(FETCH_KEY_MAX_BYTES, max_bytes, 0, FETCH_BYTES_MAX, 0, true),
	NUMBER(FETCH_KEY_EXACT_BYTES, exact_bytes, 0, FETCH_BYTES_MAX, REQUEST_ANY, false),
	NUMBER(FETCH_KEY_RESUME_FROM, resume_from, 0, FETCH_BYTES_MAX, 0, false),
	TEXT(FETCH_KEY_VALIDATOR, validator, FETCH_VALIDATOR_MAX, false),
	TEXT(FETCH_KEY_IF_NONE_MATCH, if_none_match, FETCH_VALIDATOR_MAX, false),
	NUMBER(FETCH_KEY_CONNECT_MSEC, connect_msec, 1, FETCH_CONNECT_MSEC_MAX,
	       FETCH_CONNECT_MSEC_DEFAULT, false),
	NUMBER(FETCH_KEY_TOTAL_MSEC, total_msec, 1, FETCH_TOTAL_MSEC_MAX, FETCH_TOTAL_MSEC_DEFAULT,
	       false),
	NUMBER(FETCH_KEY_LOW_SPEED_BYTES, low_speed_bytes, 1, FETCH_LOW_SPEED_BYTES_MAX,
	       FETCH_LOW_SPEED_BYTES_DEFAULT, false),
	NUMBER(FETCH_KEY_LOW_SPEED_SEC, low_speed_sec, 1, FETCH_LOW_SPEED_SEC_MAX,
	       FETCH_LOW_SPEED_SEC_DEFAULT, false),
	NUMBER(FETCH_KEY_BANDWIDTH, bandwidth, FETCH_BANDWIDTH_MIN, FETCH_BANDWIDTH_MAX, 0, false),
};

void request_clear(struct request *request)
{
	url_facts_clear(&request->facts);
	*request = (struct request){ 0 };
}

static int check_validators(const struct request *request, struct failure *failure)
{
	if (request->validator && !validator_is_sound(request->validator))
		return fail(failure, REASON_INVALID_ARGUMENT,
			    "VALIDATOR must be a strong entity tag in quotes or an HTTP date.");
	if (request->if_none_match && !entity_tag_is_sound(request->if_none_match))
		return fail(failure, REASON_INVALID_ARGUMENT,
			    "IF_NONE_MATCH must be an entity tag in quotes.");
	if ((request->resume_from > 0) != (request->validator != NULL))
		return fail(failure, REASON_INVALID_ARGUMENT,
			    "RESUME_FROM and VALIDATOR must be given together: without a validator "
			    "nobody would see that the file on the server has changed.");
	if (request->resume_from > 0 && request->if_none_match)
		return fail(failure, REASON_INVALID_ARGUMENT,
			    "RESUME_FROM and IF_NONE_MATCH cannot be given together.");
	return 0;
}

static int check_numbers(const struct request *request, struct failure *failure)
{
	if (request->exact_bytes != REQUEST_ANY && request->exact_bytes > request->max_bytes)
		return fail(failure, REASON_INVALID_ARGUMENT,
			    "EXACT_BYTES is %" PRIu64 ", more than MAX_BYTES, which is %" PRIu64
			    ".",
			    request->exact_bytes, request->max_bytes);
	if (request->resume_from > 0 &&
	    request->resume_from >= (request->exact_bytes != REQUEST_ANY ? request->exact_bytes :
									   request->max_bytes))
		return fail(failure, REASON_INVALID_ARGUMENT,
			    "RESUME_FROM is %" PRIu64 ": nothing is left to fetch.",
			    request->resume_from);
	if (request->bandwidth > 0 && request->bandwidth <= request->low_speed_bytes)
		return fail(failure, REASON_INVALID_ARGUMENT,
			    "BANDWIDTH is %" PRIu64 ", which LOW_SPEED_BYTES, %" PRIu64
			    ", would take for too slow.",
			    request->bandwidth, request->low_speed_bytes);
	return 0;
}

static int check_file(const struct request *request, int fd, struct failure *failure)
{
	struct stat status;
	int flags;

	if (fd < 0)
		return fail(failure, REASON_INVALID_ARGUMENT,
			    "The request comes without a descriptor of the file to write into.");
	if (fstat(fd, &status) < 0)
		return fail_errno(failure, errno, "Cannot look at the file to write into");
	if (!S_ISREG(status.st_mode))
		return fail(failure, REASON_NOT_REGULAR_FILE,
			    "What was given to write into is not a regular file.");
	flags = fcntl(fd, F_GETFL);
	if (flags < 0)
		return fail_errno(failure, errno, "Cannot look at the file to write into");
	if ((flags & O_ACCMODE) == O_RDONLY || (flags & (O_APPEND | O_PATH)))
		return fail(
			failure, REASON_INVALID_ARGUMENT,
			"The file to write into must be open for writing, and not for appending.");
	if ((uint64_t)status.st_size < request->resume_from)
		return fail(failure, REASON_INVALID_ARGUMENT,
			    "RESUME_FROM is %" PRIu64 ", but the file has only %jd bytes.",
			    request->resume_from, (intmax_t)status.st_size);
	return 0;
}

int request_read(const struct packet *packet, int fd, struct request *ret, struct failure *failure)
{
	_cleanup_request_ struct request request = { 0 };
	int r = fields_read(packet, fields, ARRAY_SIZE(fields), &request, failure);

	if (r >= 0)
		r = url_check(request.url, &request.facts, failure);
	if (r >= 0)
		r = check_numbers(&request, failure);
	if (r >= 0)
		r = check_validators(&request, failure);
	if (r >= 0)
		r = check_file(&request, fd, failure);
	if (r < 0)
		return r;
	*ret = request;
	request = (struct request){ 0 };
	return 0;
}
