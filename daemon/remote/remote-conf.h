/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * FOLDER/NAME/remote.conf: where the server of an update source is, how often it is asked, and how we know it. One
 * mistake in it and the source is not asked at all: a mistyped line about whom to trust must not quietly mean
 * "anybody". Paths of files are relative to the folder of remote.conf.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/conf.h"
#include "base/macros.h"
#include "base/reason.h"

#define REMOTE_URL_MAX 2048 /* characters: what follows it in a request has room */

/* Starts as { 0 }. Texts are NULL where they are not set. */
struct remote_conf {
	/* [Remote] */
	char *title; /* Title= */
	char *url; /* URL=, metadata/ and targets/ are below it */
	bool is_enabled; /* Enabled= */
	uint64_t refresh_interval_usec; /* RefreshIntervalSec= */
	uint64_t random_delay_usec; /* RandomizedDelaySec= */
	/* [Server] */
	char trust[CONF_WORD_MAX + 1]; /* Trust= */
	char *ca_file; /* CAFile= */
	char *pinned_key; /* PinnedKey= */
	char *certificate,
		*private_key; /* ClientCertificate=, ClientKey=: a file or a PKCS#11 URI */
	char *key_password_file; /* ClientKeyPasswordFile= */
	char *proxy; /* Proxy= */
	uint64_t bandwidth; /* MaximumBandwidth=, bytes a second; 0: no limit */
};

/*
 * Reads the file at @path. Every mistake is logged; if there is one, fails (invalid-argument) with the first. @ret is
 * to be cleared also then.
 */
_warn_unused_ int remote_conf_read(const char *path, struct remote_conf *ret,
				   struct failure *failure);
void remote_conf_clear(struct remote_conf *conf);
#define _cleanup_remote_conf_ _cleanup_(remote_conf_clear)
