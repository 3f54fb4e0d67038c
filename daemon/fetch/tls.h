/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * TLS of a session: an identity turned into options of libcurl, tried out beforehand,
 * and failures explained. libcurl and GnuTLS verify; nothing here decides.
 */
#pragma once

#include <curl/curl.h>
#include <stdbool.h>

#include "base/macros.h"
#include "base/reason.h"
#include "fetch/identity.h"

/*
 * Whether the CAs can be read and the client's certificate fits its private key, which
 * asks the token where the key is on one. -EINVAL with a @failure that says what is
 * wrong: so it is said once at the beginning, not by every fetch.
 */
_warn_unused_ int tls_check(const struct identity *identity, struct failure *failure);

/*
 * Sets @easy up. @with_certificate: show the client's certificate to a server that asks;
 * not to be set for a server that another one has sent us to.
 */
_warn_unused_ int tls_apply(CURL *easy, const struct identity *identity, bool with_certificate);

/*
 * Sets @failure to what was wrong in the server's certificates of the transfer that just
 * ended with @code, as precisely as can be found out. @curl_message: libcurl's own words.
 */
void tls_explain(CURL *easy, const struct identity *identity, CURLcode code,
		 const char *curl_message, struct failure *failure);
