/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From libcurl's code of a transfer that ended badly to a reason and a sentence. */
#pragma once

#include <curl/curl.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/macros.h"
#include "base/reason.h"
#include "fetch/request.h"

/* What is known of a transfer that ended. */
struct outcome {
	CURLcode code;
	long connect_status; /* the proxy's answer to CONNECT; 0: none */
	bool has_proxy; /* so what cannot be reached is the proxy */
	int system_error; /* errno of the connection; 0: none */
	bool is_connected; /* TLS included */
	bool is_answered; /* the header lines were complete */
	bool is_total_over; /* the time for all of it is used up */
	uint64_t bytes; /* received so far */
	const char *url;
	const char *curl_message; /* "" or libcurl's own words */
};

/*
 * Sets @failure. Not for CURLE_OK, nor for what a callback of ours has stopped. What is
 * wrong with certificates tls_explain() knows better: see outcome_is_tls().
 */
void outcome_explain(const struct outcome *outcome, const struct request *request,
		     struct failure *failure);

/* Whether the TLS connection could not be made. */
bool outcome_is_tls(CURLcode code);
