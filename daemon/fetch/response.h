/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What to do with a server's answer: a decision without I/O, made when its header lines
 * are complete and before a byte of its body is written.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/fetch-protocol.h"
#include "base/macros.h"
#include "base/reason.h"
#include "fetch/request.h"

/* The answer, as far as it matters. A header that is absent or not there once is NULL. */
struct response {
	long status;
	const char *entity_tag, *last_modified, *date, *content_range;
	uint64_t content_length; /* RESPONSE_LENGTH_ANY: not said */
	bool has_two_lengths; /* that differ, or are none */
};

#define RESPONSE_LENGTH_ANY UINT64_MAX

enum verdict {
	VERDICT_ACCEPT, /* write the body at acceptance.resume_from */
	VERDICT_NOT_MODIFIED, /* what the asker has is right; the body is dropped */
	VERDICT_REDIRECT, /* go elsewhere; the body is dropped */
	VERDICT_START_OVER, /* what is there cannot be continued: ask for the whole */
	VERDICT_REFUSE, /* see the failure; the body is dropped */
};

/* How an accepted body continues the file. */
struct acceptance {
	uint64_t resume_from; /* bytes of the file that stay */
	uint64_t length; /* of the whole file; RESPONSE_LENGTH_ANY: not known */
	char validator[FETCH_VALIDATOR_MAX + 1]; /* to resume with; "": none */
	char entity_tag[FETCH_VALIDATOR_MAX + 1]; /* for If-None-Match; "": none */
};

/*
 * Decides. @resume_from: what this attempt asked the server to continue (0 after
 * VERDICT_START_OVER, whatever the request says). @ret is filled for ACCEPT and
 * NOT_MODIFIED, @failure for REFUSE.
 */
enum verdict response_judge(const struct request *request, uint64_t resume_from,
			    const struct response *response, struct acceptance *ret,
			    struct failure *failure);
