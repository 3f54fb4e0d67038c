/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * URLs are taken apart by libcurl's own parser, the one that will also use them: two
 * parsers that disagree about a URL are a hole.
 */
#include "fetch/url.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/fetch-protocol.h"

static inline void curl_text_freep(char **text)
{
	curl_free(*text);
}
#define _cleanup_curl_text_ _cleanup_(curl_text_freep)

static inline void curl_url_cleanupp(CURLU **url)
{
	curl_url_cleanup(*url);
}
#define _cleanup_curl_url_ _cleanup_(curl_url_cleanupp)

void url_facts_clear(struct url_facts *facts)
{
	free(facts->origin);
	*facts = (struct url_facts){ 0 };
}

int url_public_length(const char *url)
{
	return (int)strcspn(url, "?");
}

/* NULL, or what is wrong with the characters of @url. */
static const char *complaint_of_text(const char *url)
{
	if (strlen(url) > FETCH_URL_MAX)
		return "it is too long";
	for (const char *c = url; *c; c++) {
		if (*c < 0x21 || *c > 0x7e)
			return "it has a character that must be percent-encoded";
		if (*c == '\\')
			return "it has a backslash";
	}
	return NULL;
}

/* NULL, or what is wrong with the parts of @url; the scheme and the origin otherwise. */
static const char *complaint_of_parts(const char *text, CURLU *url, struct url_facts *ret)
{
	_cleanup_curl_text_ char *scheme = NULL, *host = NULL, *port = NULL, *fragment = NULL;
	char *origin;

	if (curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK ||
	    (strcmp(scheme, "http") != 0 && strcmp(scheme, "https") != 0))
		return "it must begin with https:// or http://";
	/* libcurl would forgive a third slash and take the path's beginning for the host. */
	if (curl_url_get(url, CURLUPART_HOST, &host, 0) != CURLUE_OK || !*host ||
	    strncmp(text + strlen(scheme), "://", 3) != 0 || text[strlen(scheme) + 3] == '/')
		return "it names no host";
	if (curl_url_get(url, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) != CURLUE_OK)
		return "its port is not a number from 1 to 65535";
	if (curl_url_get(url, CURLUPART_FRAGMENT, &fragment, 0) == CURLUE_OK)
		return "it has a fragment (#)";
	if (asprintf(&origin, "%s://%s:%s", scheme, host, port) < 0)
		return "there is no memory to look at it";
	for (char *c = origin; *c; c++)
		if (*c >= 'A' && *c <= 'Z')
			*c += 'a' - 'A';
	ret->is_https = strcmp(scheme, "https") == 0;
	free(ret->origin);
	ret->origin = origin;
	return NULL;
}

int url_check(const char *url, struct url_facts *ret, struct failure *failure)
{
	_cleanup_curl_url_ CURLU *parts = NULL;
	const char *complaint = complaint_of_text(url);

	if (!complaint) {
		CURLUcode code;

		parts = curl_url();
		if (!parts)
			return fail_memory(failure);
		code = curl_url_set(parts, CURLUPART_URL, url,
				    CURLU_DISALLOW_USER | CURLU_PATH_AS_IS |
					    CURLU_NON_SUPPORT_SCHEME);
		if (code == CURLUE_USER_NOT_ALLOWED)
			complaint = "it has a user name or password";
		else if (code != CURLUE_OK)
			complaint = "it is not a URL such as https://host/path";
		else
			complaint = complaint_of_parts(url, parts, ret);
	}
	if (complaint)
		return fail(failure, REASON_INVALID_ARGUMENT,
			    "The URL \"%.*s\" cannot be used: %s.",
			    url_public_length(url) > 200 ? 200 : url_public_length(url), url,
			    complaint);
	return 0;
}

static bool is_proxy_scheme(const char *scheme)
{
	static const char *const schemes[] = { "http", "https", "socks5", "socks5h" };

	for (size_t i = 0; i < ARRAY_SIZE(schemes); i++)
		if (strcmp(scheme, schemes[i]) == 0)
			return true;
	return false;
}

int url_check_proxy(const char *url, struct failure *failure)
{
	_cleanup_curl_url_ CURLU *parts = curl_url();
	_cleanup_curl_text_ char *scheme = NULL, *port = NULL, *path = NULL, *rest = NULL;

	if (!parts)
		return fail_memory(failure);
	if (complaint_of_text(url) ||
	    curl_url_set(parts, CURLUPART_URL, url, CURLU_NON_SUPPORT_SCHEME | CURLU_PATH_AS_IS) !=
		    CURLUE_OK ||
	    curl_url_get(parts, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK ||
	    !is_proxy_scheme(scheme) ||
	    curl_url_get(parts, CURLUPART_PORT, &port, 0) != CURLUE_OK ||
	    curl_url_get(parts, CURLUPART_PATH, &path, 0) != CURLUE_OK || strcmp(path, "/") != 0 ||
	    curl_url_get(parts, CURLUPART_QUERY, &rest, 0) == CURLUE_OK ||
	    curl_url_get(parts, CURLUPART_FRAGMENT, &rest, 0) == CURLUE_OK)
		return fail(
			failure, REASON_INVALID_ARGUMENT,
			"PROXY must be http://, https://, socks5:// or socks5h:// and host:port.");
	return 0;
}
