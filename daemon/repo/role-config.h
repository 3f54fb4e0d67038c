/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The five roles of a vendor's repository: their keys, thresholds and how long what
 * they sign is valid (work/config.json).
 */
#pragma once

#include <stdint.h>

#include "base/reason.h"
#include "base/time.h"
#include "repo/site.h"
#include "trust/signer.h"

enum repo_role {
	REPO_ROOT,
	REPO_TARGETS, /* delegations only */
	REPO_VENDOR, /* signs for each vendor's images and indexes */
	REPO_SNAPSHOT,
	REPO_TIMESTAMP,
	_REPO_ROLE_COUNT,
	_REPO_ROLE_INVALID = -1,
};

#define ROLE_SIGNERS_MAX 16
#define EXPIRES_DAYS_MAX 36500

struct role_config {
	int64_t expires_days;
	int64_t threshold;
	struct signer *signers[ROLE_SIGNERS_MAX];
	uint64_t numbers[ROLE_SIGNERS_MAX]; /* N of keys/ROLE.N.pem or .json */
	size_t signer_count;
};

struct repo_config {
	struct role_config roles[_REPO_ROLE_COUNT];
	/* Keys that root had: the next root is signed by them, too. */
	struct signer *retired[ROLE_SIGNERS_MAX];
	size_t retired_count;
};

/* "root", "targets", "vendor", "snapshot", "timestamp". */
const char *repo_role_word(enum repo_role role);
/* From the first @length characters. */
enum repo_role repo_role_from_word(const char *word, size_t length);

/* Default expiry (reference values of the manual) and thresholds of 1; no keys. */
void repo_config_defaults(struct repo_config *config);
/* Reads work/config.json and the keys. */
_warn_unused_ int repo_config_load(const struct site *site, struct repo_config *config,
				   struct failure *failure);
/* Writes work/config.json; keys are written with repo_config_add_key(). */
_warn_unused_ int repo_config_save(const struct site *site, const struct repo_config *config,
				   struct failure *failure);
/* Takes over @signer as one more key of @role and writes it as keys/ROLE.N.pem or .json. */
_warn_unused_ int repo_config_add_key(const struct site *site, struct repo_config *config,
				      enum repo_role role, struct signer *signer,
				      struct failure *failure);
/* A key of @role is one no more: its file becomes keys/retired.ROLE.KEYID.pem or .json. */
_warn_unused_ int repo_config_retire_key(const struct site *site, struct repo_config *config,
					 enum repo_role role, size_t index,
					 struct failure *failure);
void repo_config_clear(struct repo_config *config);
#define _cleanup_repo_config_ _cleanup_(repo_config_clear)
