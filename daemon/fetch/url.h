/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which URLs may be fetched from, and through which proxies. Opens no connection. */
#pragma once

#include <stdbool.h>

#include "base/macros.h"
#include "base/reason.h"

/* What must be known of a URL to follow redirects safely. */
struct url_facts {
	bool is_https;
	char *origin; /* "https://host:port", lower case, port always there */
};

void url_facts_clear(struct url_facts *facts);

/*
 * Accepts http:// and https:// with a host, of printable ASCII, at most FETCH_URL_MAX
 * characters, without user, password, fragment or backslash. Releases what @ret held.
 * -EINVAL with a @failure that says what is wrong.
 */
_warn_unused_ int url_check(const char *url, struct url_facts *ret, struct failure *failure);

/*
 * Accepts http://, https://, socks5:// and socks5h:// with a host and a port, and nothing
 * after them but a "/". The @failure does not repeat the text: it may hold a password.
 */
_warn_unused_ int url_check_proxy(const char *url, struct failure *failure);

/* The length of @url without its query, which may hold secrets: for messages, with "%.*s". */
int url_public_length(const char *url);
