/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One HTTP exchange of a transfer: one URL, one response, no redirect followed. Its
 * callbacks from libcurl count every byte: of header lines, of bodies nobody wants, and
 * of the body that goes into the file.
 */
#pragma once

#include <curl/curl.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/macros.h"
#include "base/reason.h"
#include "fetch/identity.h"
#include "fetch/output.h"
#include "fetch/response.h"
#include "fetch/transfer.h"

struct attempt {
	/* set by the caller */
	CURL *easy;
	const struct request *request;
	const struct identity *identity;
	const struct transfer_events *events;
	const char *url;
	uint64_t resume_from; /* what the server is asked to continue */
	uint64_t remaining_msec; /* of the request's time */
	bool with_certificate; /* see tls_apply() */
	struct output output;
	/* private */
	struct curl_slist *headers;
	struct failure failure;
	enum verdict verdict;
	struct acceptance acceptance;
	bool is_judged;
	uint64_t header_bytes;
	uint64_t dropped_bytes; /* of a body nobody wants */
	char curl_message[CURL_ERROR_SIZE];
};

/* Sets the handle up, whatever it was used for before. The address of @attempt must stay. */
_warn_unused_ int attempt_prepare(struct attempt *attempt);

/*
 * To be called when libcurl is done with the transfer (@code). 0: the exchange is
 * complete, see verdict and acceptance. Else a negative errno with a @failure.
 * @is_total_over: the request's whole time is used up.
 */
_warn_unused_ int attempt_conclude(struct attempt *attempt, CURLcode code, bool is_total_over,
				   struct failure *failure);

void attempt_clear(struct attempt *attempt);
