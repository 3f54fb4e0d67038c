/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fwslotd.conf and its drop-ins: first CONFIG/fwslotd.conf (or, if there is none, VENDOR/fwslotd.conf), then
 * fwslotd.conf.d/NAME.conf of VENDOR, RUNTIME and CONFIG, sorted by NAME whatever the folder; of one name only that of
 * the last folder counts, and a link to /dev/null masks it. Later lines win. What cannot be understood is logged with
 * file, line and key, and the default (or the earlier value) stays.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/conf.h"
#include "engine/folders.h"
#include "engine/policy.h"
#include "kernel/device.h"

#define CONFIG_FILES_MAX 128 /* drop-ins */
#define CONFIG_DEVICES_MAX 32 /* sections [Device ...] */

/* What [Device PATTERN] says, over what the rest of the configuration says for all. */
struct config_device {
	char pattern[CONF_SECTION_MAX + 1];
	struct policy_rules rules;
};

struct config {
	/* [Trial] */
	uint64_t trial_usec; /* TrialSec= */
	bool auto_confirm; /* AutoConfirm= */
	uint64_t restart_timeout_usec; /* RestartTimeoutSec= */
	uint64_t health_timeout_usec; /* HealthTimeoutSec=, of one check */
	/* [Limits] */
	uint64_t maximum_bundle_bytes; /* MaximumBundleBytes= */
	uint64_t write_timeout_usec; /* WriteTimeoutSec= */
	uint64_t verify_timeout_usec; /* VerifyTimeoutSec= */
	uint64_t download_timeout_usec; /* DownloadTimeoutSec=, of one try */
	uint64_t reappear_timeout_usec; /* ReappearTimeoutSec= */
	uint64_t write_tries; /* WriteTries= */
	/* [Backup] */
	uint64_t backup_maximum_count; /* MaximumCount=, of one device */
	uint64_t backup_maximum_age_usec; /* MaximumAgeSec= */
	bool backs_up_spares; /* SpareSlots= */
	bool allows_stale_files; /* AllowStaleFiles= */
	struct policy_rules rules; /* [Updates] and [Window] */
	struct config_device devices[CONFIG_DEVICES_MAX];
	size_t device_count;
	bool has_device_sections; /* in any file */
};

void config_set_defaults(struct config *ret);
/* Reads everything anew. Never fails: what is wrong is logged. Returns how many complaints were logged. */
unsigned config_read(const struct folders *folders, struct config *ret);
/*
 * The rules for a device: of the section with its id, else of the first one whose pattern (as in a shell) its hardware
 * id matches, else those for all. Never NULL.
 */
const struct policy_rules *config_rules_of(const struct config *config, const char *device_id,
					   const char *hardware_id);
/* "ask", "automatic", "security", "never" */
bool config_policy_is_known(const char *policy);
