/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One table of keys; everything read from a file is checked against it. */
#include "engine/config.h"

#include <dirent.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/conf.h"
#include "base/log.h"
#include "base/macros.h"
#include "base/time.h"

#define KEY(section, name, kind, field, otherwise, min, max)                                   \
	{                                                                                      \
		section, name, kind, offsetof(struct config, field), otherwise, min, max, NULL \
	}
#define WORD_KEY(section, name, field, words)                                            \
	{                                                                                \
		section, name, CONF_WORD, offsetof(struct config, field), 0, 0, 0, words \
	}

#define MIB (UINT64_C(1) << 20)

static const char *const policies[] = { "ask", "automatic", "security", "never", NULL };

/* Every key, its default and its limits: the manual's table is made from here. */
static const struct conf_key keys[] = {
	KEY("Trial", "TrialSec", CONF_SPAN, trial_usec, USEC_PER_HOUR, 0, 365 * USEC_PER_DAY),
	KEY("Trial", "AutoConfirm", CONF_BOOLEAN, auto_confirm, 1, 0, 1),
	KEY("Trial", "RestartTimeoutSec", CONF_SPAN, restart_timeout_usec, 5 * USEC_PER_MINUTE,
	    USEC_PER_SEC, USEC_PER_DAY),
	KEY("Trial", "HealthTimeoutSec", CONF_SPAN, health_timeout_usec, USEC_PER_MINUTE,
	    USEC_PER_SEC, USEC_PER_DAY),
	KEY("Limits", "MaximumBundleBytes", CONF_SIZE, maximum_bundle_bytes, 1024 * MIB, 1024,
	    1024 * 1024 * MIB),
	KEY("Limits", "WriteTimeoutSec", CONF_SPAN, write_timeout_usec, USEC_PER_HOUR, USEC_PER_SEC,
	    7 * USEC_PER_DAY),
	KEY("Limits", "VerifyTimeoutSec", CONF_SPAN, verify_timeout_usec, USEC_PER_HOUR,
	    USEC_PER_SEC, 7 * USEC_PER_DAY),
	KEY("Limits", "DownloadTimeoutSec", CONF_SPAN, download_timeout_usec, 6 * USEC_PER_HOUR,
	    USEC_PER_MINUTE, USEC_PER_DAY),
	KEY("Limits", "ReappearTimeoutSec", CONF_SPAN, reappear_timeout_usec, USEC_PER_HOUR,
	    USEC_PER_SEC, 365 * USEC_PER_DAY),
	KEY("Limits", "WriteTries", CONF_NUMBER, write_tries, 3, 1, 100),
	KEY("Backup", "MaximumCount", CONF_NUMBER, backup_maximum_count, 3, 1, 100),
	KEY("Backup", "MaximumAgeSec", CONF_SPAN, backup_maximum_age_usec, 365 * USEC_PER_DAY,
	    USEC_PER_HOUR, 36500 * USEC_PER_DAY),
	KEY("Backup", "SpareSlots", CONF_BOOLEAN, backs_up_spares, 1, 0, 1),
	WORD_KEY("Updates", "Policy", policy, policies),
	KEY("Updates", "AllowStaleFiles", CONF_BOOLEAN, allows_stale_files, 0, 0, 1),
};

static const struct conf_table table = { keys, ARRAY_SIZE(keys), "ignored" };

struct drop_ins {
	char *paths[CONFIG_FILES_MAX]; /* NAME is what follows the last slash */
	size_t count;
};

static const char *name_of(const char *path)
{
	return strrchr(path, '/') + 1;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(name_of(*(char *const *)a), name_of(*(char *const *)b));
}

/* A later folder's file takes the place of an earlier one's with the same name. */
static void collect(struct drop_ins *found, const char *folder)
{
	_cleanup_free_ char *path = NULL;
	struct dirent *entry;
	DIR *opened;

	if (asprintf(&path, "%s/fwslotd.conf.d", folder) < 0)
		return;
	opened = opendir(path);
	while (opened && (entry = readdir(opened))) {
		size_t length = strlen(entry->d_name), i = 0;
		char *full;

		if (entry->d_name[0] == '.' || length < 6 ||
		    strcmp(entry->d_name + length - 5, ".conf") != 0)
			continue;
		while (i < found->count && strcmp(name_of(found->paths[i]), entry->d_name) != 0)
			i++;
		if (i == CONFIG_FILES_MAX) {
			log_warning("%s/%s: more than %d drop-ins; ignored.", path, entry->d_name,
				    CONFIG_FILES_MAX);
			continue;
		}
		if (asprintf(&full, "%s/%s", path, entry->d_name) < 0)
			continue;
		if (i < found->count)
			free(found->paths[i]);
		else
			found->count++;
		found->paths[i] = full;
	}
	if (opened)
		closedir(opened);
}

static bool is_masked(const char *path)
{
	char target[16];
	ssize_t length = readlink(path, target, sizeof(target) - 1);

	return length == 9 && memcmp(target, "/dev/null", 9) == 0;
}

static void take_drop_ins(const struct folders *folders, struct config *config,
			  struct conf_report *report)
{
	struct drop_ins found = { .count = 0 };

	collect(&found, folders->vendor);
	collect(&found, folders->runtime);
	collect(&found, folders->config);
	qsort(found.paths, found.count, sizeof(found.paths[0]), compare_names);
	for (size_t i = 0; i < found.count; i++) {
		if (!is_masked(found.paths[i]))
			(void)conf_read_file(&table, found.paths[i], config, report);
		free(found.paths[i]);
	}
}

void config_set_defaults(struct config *ret)
{
	conf_set_defaults(&table, ret);
}

unsigned config_read(const struct folders *folders, struct config *ret)
{
	const char *const places[] = { folders->config, folders->vendor };
	struct conf_report report = { 0 };

	config_set_defaults(ret);
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		_cleanup_free_ char *path = NULL;

		if (asprintf(&path, "%s/fwslotd.conf", places[i]) < 0)
			break;
		if (conf_read_file(&table, path, ret, &report) >= 0)
			break;
	}
	take_drop_ins(folders, ret, &report);
	return report.complaints;
}
