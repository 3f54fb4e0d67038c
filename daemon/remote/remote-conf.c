/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The keys of remote.conf, and what they must be together. */
#include "remote/remote-conf.h"

#include <ctype.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "base/fetch-protocol.h"
#include "base/log.h"
#include "base/time.h"
#include "base/utf8.h"

#define KEY(section, name, kind, field, otherwise, min, max)                                   \
	{                                                                                      \
		section, name, kind, offsetof(struct remote_conf, field), otherwise, min, max, \
			NULL, NULL                                                             \
	}
#define WORD_KEY(section, name, field, words)                                                  \
	{                                                                                      \
		section, name, CONF_WORD, offsetof(struct remote_conf, field), 0, 0, 0, words, \
			NULL                                                                   \
	}

#define TITLE_MAX 128
#define PATH_BYTES_MAX 4095

static const char *const trusts[] = { FETCH_TRUST_SYSTEM, FETCH_TRUST_CA, FETCH_TRUST_KEY, NULL };

/* Every key, its default and its limits: as they are told in daemon/data/remote.conf. */
static const struct conf_key keys[] = {
	KEY("Remote", "Title", CONF_TEXT, title, 0, 0, TITLE_MAX),
	KEY("Remote", "URL", CONF_TEXT, url, 0, 0, REMOTE_URL_MAX),
	KEY("Remote", "Enabled", CONF_BOOLEAN, is_enabled, 1, 0, 1),
	KEY("Remote", "RefreshIntervalSec", CONF_SPAN, refresh_interval_usec, USEC_PER_DAY,
	    USEC_PER_MINUTE, 365 * USEC_PER_DAY),
	KEY("Remote", "RandomizedDelaySec", CONF_SPAN, random_delay_usec, USEC_PER_HOUR, 0,
	    30 * USEC_PER_DAY),
	WORD_KEY("Server", "Trust", trust, trusts),
	KEY("Server", "CAFile", CONF_TEXT, ca_file, 0, 0, PATH_BYTES_MAX),
	KEY("Server", "PinnedKey", CONF_TEXT, pinned_key, 0, 0, FETCH_PINS_MAX * 64),
	KEY("Server", "ClientCertificate", CONF_TEXT, certificate, 0, 0, FETCH_URI_MAX),
	KEY("Server", "ClientKey", CONF_TEXT, private_key, 0, 0, FETCH_URI_MAX),
	KEY("Server", "ClientKeyPasswordFile", CONF_TEXT, key_password_file, 0, 0, PATH_BYTES_MAX),
	KEY("Server", "Proxy", CONF_TEXT, proxy, 0, 0, REMOTE_URL_MAX),
	KEY("Server", "MaximumBandwidth", CONF_SIZE, bandwidth, 0, 0, FETCH_BANDWIDTH_MAX),
};

static const struct conf_table table = { keys, ARRAY_SIZE(keys), "the update source is not asked",
					 NULL };

/* fwslot-fetch looks again; here so that the mistake is told with its line's file and not with each request. */
static bool url_is_usable(const char *url)
{
	const char *rest = strncmp(url, "https://", 8) == 0 ? url + 8 :
			   strncmp(url, "http://", 7) == 0  ? url + 7 :
							      "";

	if (!rest[0] || rest[0] == '/' || strpbrk(url, "#?@"))
		return false;
	for (const char *c = url; *c; c++)
		if (!isgraph((unsigned char)*c))
			return false;
	return true;
}

static bool trusts_a_ca(const struct remote_conf *conf)
{
	return strcmp(conf->trust, FETCH_TRUST_CA) == 0;
}

static bool trusts_a_key(const struct remote_conf *conf)
{
	return strcmp(conf->trust, FETCH_TRUST_KEY) == 0;
}

/* What no key can be judged by alone; NULL: all is well. */
static const char *contradiction(const struct remote_conf *conf)
{
	if (conf->title && !utf8_is_valid(conf->title))
		return "Title= must be UTF-8";
	if (!conf->url)
		return "URL= in section [Remote] is missing";
	if (!url_is_usable(conf->url))
		return "URL= must be https://HOST/... or http://HOST/..., without user, \"?\" and \"#\"";
	if (trusts_a_ca(conf) != (conf->ca_file != NULL))
		return "CAFile= and Trust=ca belong together";
	if (trusts_a_key(conf) && !conf->pinned_key)
		return "Trust=key needs PinnedKey=";
	if ((conf->certificate != NULL) != (conf->private_key != NULL))
		return "ClientCertificate= and ClientKey= belong together";
	if (conf->bandwidth > 0 && conf->bandwidth < FETCH_BANDWIDTH_MIN)
		return "MaximumBandwidth= must be 0 or at least 16K";
	if (conf->key_password_file && !conf->private_key)
		return "ClientKeyPasswordFile= needs ClientKey=";
	return NULL;
}

int remote_conf_read(const char *path, struct remote_conf *ret, struct failure *failure)
{
	struct conf_report report = { 0 };
	const char *wrong;
	int r;

	conf_set_defaults(&table, ret);
	r = conf_read_file(&table, path, ret, &report);
	if (r < 0)
		return fail(failure, REASON_INVALID_ARGUMENT, "%s: cannot be read (%s).", path,
			    strerror(-r));
	if (report.complaints > 0)
		return fail(failure, REASON_INVALID_ARGUMENT, "%s", report.first);
	wrong = contradiction(ret);
	if (!wrong)
		return 0;
	log_warning("%s: %s; %s.", path, wrong, table.consequence);
	return fail(failure, REASON_INVALID_ARGUMENT, "%s: %s.", path, wrong);
}

void remote_conf_clear(struct remote_conf *conf)
{
	conf_clear(&table, conf);
}
