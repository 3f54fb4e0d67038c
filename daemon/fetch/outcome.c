/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One table of codes; the time limits and the proxy, which share codes with others, apart. */
#include "fetch/outcome.h"

#include <inttypes.h>
#include <string.h>

struct code_row {
	CURLcode code;
	enum reason reason;
	const char *meaning;
};

static const struct code_row rows[] = {
	{ CURLE_COULDNT_RESOLVE_HOST, REASON_NETWORK_UNREACHABLE,
	  "the name of the server is not known" },
	{ CURLE_COULDNT_CONNECT, REASON_NETWORK_UNREACHABLE, "the server cannot be reached" },
	{ CURLE_COULDNT_RESOLVE_PROXY, REASON_PROXY_FAILED, "the name of the proxy is not known" },
	{ CURLE_PROXY, REASON_PROXY_FAILED, "the proxy does not make a connection" },
	{ CURLE_SSL_CONNECT_ERROR, REASON_TLS_FAILED, "no safe connection" },
	{ CURLE_PEER_FAILED_VERIFICATION, REASON_TLS_FAILED, "the certificate is not accepted" },
	{ CURLE_SSL_CERTPROBLEM, REASON_TLS_FAILED, "the client certificate cannot be used" },
	{ CURLE_SSL_CIPHER, REASON_TLS_FAILED, "no common cipher" },
	{ CURLE_SSL_CACERT_BADFILE, REASON_TLS_FAILED, "the trusted authorities cannot be read" },
	{ CURLE_SSL_ISSUER_ERROR, REASON_TLS_FAILED, "the certificate's issuer is wrong" },
	{ CURLE_SSL_INVALIDCERTSTATUS, REASON_TLS_FAILED, "the certificate's status is wrong" },
	{ CURLE_SSL_PINNEDPUBKEYNOTMATCH, REASON_TLS_FAILED,
	  "the server's key is not the pinned one" },
	{ CURLE_PARTIAL_FILE, REASON_TRUNCATED, "the server ended too early" },
	{ CURLE_FILESIZE_EXCEEDED, REASON_TOO_LARGE,
	  "the file on the server is larger than allowed" },
	{ CURLE_GOT_NOTHING, REASON_DOWNLOAD_FAILED,
	  "the server closed the connection without an answer" },
	{ CURLE_RECV_ERROR, REASON_DOWNLOAD_FAILED, "the connection broke" },
	{ CURLE_SEND_ERROR, REASON_DOWNLOAD_FAILED, "the connection broke" },
	{ CURLE_HTTP2, REASON_DOWNLOAD_FAILED, "the HTTP/2 connection broke" },
	{ CURLE_HTTP2_STREAM, REASON_DOWNLOAD_FAILED, "the HTTP/2 connection broke" },
	{ CURLE_WEIRD_SERVER_REPLY, REASON_SERVER_FAILED, "what the server says is not HTTP" },
	{ CURLE_UNSUPPORTED_PROTOCOL, REASON_SERVER_FAILED, "what the server says is not HTTP" },
	{ CURLE_HTTP_RETURNED_ERROR, REASON_SERVER_FAILED, "the server refuses" },
	{ CURLE_BAD_CONTENT_ENCODING, REASON_SERVER_FAILED, "the server's answer is malformed" },
	{ CURLE_URL_MALFORMAT, REASON_INVALID_ARGUMENT, "the URL cannot be used" },
	{ CURLE_OUT_OF_MEMORY, REASON_NO_MEMORY, "not enough memory" },
};

static const struct code_row *find_row(CURLcode code)
{
	static const struct code_row other = { 0, REASON_DOWNLOAD_FAILED, "the download failed" };

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (rows[i].code == code)
			return &rows[i];
	return &other;
}

bool outcome_is_tls(CURLcode code)
{
	return find_row(code)->reason == REASON_TLS_FAILED;
}

/* libcurl has one code for three time limits. */
static void explain_time(const struct outcome *outcome, const struct request *request,
			 struct failure *failure)
{
	int length = url_public_length(outcome->url);

	if (outcome->is_total_over)
		fail(failure, REASON_TIMEOUT,
		     "%.*s: not finished within %" PRIu64 " ms; %" PRIu64 " bytes had arrived.",
		     length, outcome->url, request->total_msec, outcome->bytes);
	else if (!outcome->is_connected)
		fail(failure, REASON_TIMEOUT, "%.*s: no connection within %" PRIu64 " ms.", length,
		     outcome->url, request->connect_msec);
	else
		fail(failure, REASON_TOO_SLOW,
		     "%.*s: fewer than %" PRIu64 " bytes a second for %" PRIu64 " s; %" PRIu64
		     " bytes had arrived.",
		     length, outcome->url, request->low_speed_bytes, request->low_speed_sec,
		     outcome->bytes);
}

void outcome_explain(const struct outcome *outcome, const struct request *request,
		     struct failure *failure)
{
	const struct code_row *row = find_row(outcome->code);
	enum reason reason = row->reason;
	const char *meaning = row->meaning, *detail;

	if (outcome->code == CURLE_OPERATION_TIMEDOUT) {
		explain_time(outcome, request, failure);
		return;
	}
	if (outcome->connect_status >= 300 ||
	    (outcome->has_proxy && outcome->code == CURLE_COULDNT_CONNECT)) {
		reason = REASON_PROXY_FAILED;
		meaning = "the proxy does not make a connection";
	}
	/* Its way of saying that a line was longer than its buffer may grow. */
	if (outcome->code == CURLE_OUT_OF_MEMORY && outcome->is_connected &&
	    !outcome->is_answered) {
		reason = REASON_SERVER_FAILED;
		meaning = "the server sends a header line that is too long";
	}
	detail = *outcome->curl_message ? outcome->curl_message : curl_easy_strerror(outcome->code);
	if (outcome->code == CURLE_COULDNT_CONNECT && outcome->system_error != 0)
		detail = strerror(outcome->system_error);
	fail(failure, reason, "%.*s: %s (%s).", url_public_length(outcome->url), outcome->url,
	     meaning, detail);
}
