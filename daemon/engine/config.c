/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One table of keys; everything read from a file is checked against it. */
#include "engine/config.h"

#include <dirent.h>
#include <fnmatch.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/conf.h"
#include "base/log.h"
#include "base/macros.h"
#include "base/time.h"

#define KEY(section, name, kind, field, otherwise, min, max)                                    \
	{                                                                                       \
		section, name, kind, offsetof(struct config, field), otherwise, min, max, NULL, \
			NULL                                                                    \
	}

/* One list for both: the keys of everybody, and those of the sections [Device ...]. */
#define RULE_KEYS(KEY, WORD_KEY, OTHER_KEY)                                                   \
	WORD_KEY("Updates", "Policy", policy, policies),                                      \
		KEY("Updates", "DeadlineSec", CONF_SPAN, deadline_usec, USEC_INFINITY,        \
		    USEC_PER_HOUR, USEC_INFINITY),                                            \
		KEY("Updates", "SecurityDeadlineSec", CONF_SPAN, security_deadline_usec,      \
		    14 * USEC_PER_DAY, USEC_PER_HOUR, USEC_INFINITY),                         \
		OTHER_KEY("Window", "Window", windows, &window_grammar),                      \
		KEY("Window", "WindowSec", CONF_SPAN, window_usec, 8 * USEC_PER_HOUR,         \
		    15 * USEC_PER_MINUTE, 7 * USEC_PER_DAY),                                  \
		KEY("Window", "RequireIdleSec", CONF_SPAN, require_idle_usec,                 \
		    10 * USEC_PER_MINUTE, 0, USEC_PER_DAY),                                   \
		KEY("Window", "RequireACPower", CONF_BOOLEAN, requires_mains, 1, 0, 1),       \
		KEY("Window", "MinimumBattery", CONF_PERCENT, minimum_battery_percent, 30, 0, \
		    100),                                                                     \
		KEY("Window", "AllowMetered", CONF_BOOLEAN, allows_metered, 0, 0, 1)

#define GLOBAL_RULE(section, name, kind, field, otherwise, min, max) \
	KEY(section, name, kind, rules.field, otherwise, min, max)
#define GLOBAL_WORD(section, name, field, words)                                                \
	{                                                                                       \
		section, name, CONF_WORD, offsetof(struct config, rules.field), 0, 0, 0, words, \
			NULL                                                                    \
	}
#define GLOBAL_OTHER(section, name, field, grammar)                                             \
	{                                                                                       \
		section, name, CONF_OTHER, offsetof(struct config, rules.field), 0, 0, 0, NULL, \
			grammar                                                                 \
	}
#define DEVICE_RULE(section, name, kind, field, otherwise, min, max)                               \
	{                                                                                          \
		NULL, name, kind, offsetof(struct policy_rules, field), otherwise, min, max, NULL, \
			NULL                                                                       \
	}
#define DEVICE_WORD(section, name, field, words)                                                  \
	{                                                                                         \
		NULL, name, CONF_WORD, offsetof(struct policy_rules, field), 0, 0, 0, words, NULL \
	}
#define DEVICE_OTHER(section, name, field, grammar)                                          \
	{                                                                                    \
		NULL, name, CONF_OTHER, offsetof(struct policy_rules, field), 0, 0, 0, NULL, \
			grammar                                                              \
	}

#define MIB (UINT64_C(1) << 20)

static const char *const policies[] = { "ask", "automatic", "security", "never", NULL };

static int take_windows(const char *text, void *field)
{
	return calendar_parse(text, field);
}

static const struct conf_grammar window_grammar = {
	"22:00-06:00",
	"\"always\", \"never\" or windows like \"Mon..Fri 22:00-06:00; Sat,Sun 06:00\"",
	take_windows,
};

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
	KEY("Updates", "AllowStaleFiles", CONF_BOOLEAN, allows_stale_files, 0, 0, 1),
	RULE_KEYS(GLOBAL_RULE, GLOBAL_WORD, GLOBAL_OTHER),
};
static const struct conf_key device_keys[] = {
	RULE_KEYS(DEVICE_RULE, DEVICE_WORD, DEVICE_OTHER),
};

#define DEVICE_SECTION "Device "

static const char *pattern_of(const char *section)
{
	return strncmp(section, DEVICE_SECTION, strlen(DEVICE_SECTION)) == 0 ?
		       section + strlen(DEVICE_SECTION) :
		       NULL;
}

/* Devices have what is said for all, wherever that stands: so their sections are read when it is known. */
static void *leave_out_devices(const char *section, void *values)
{
	struct config *config = values;

	if (!pattern_of(section))
		return values;
	config->has_device_sections = true;
	return NULL;
}

static void *only_devices(const char *section, void *values)
{
	struct config *config = values;
	const char *pattern = pattern_of(section);
	struct config_device *device;

	if (!pattern)
		return NULL;
	for (size_t i = 0; i < config->device_count; i++)
		if (strcmp(config->devices[i].pattern, pattern) == 0)
			return &config->devices[i].rules;
	if (config->device_count == CONFIG_DEVICES_MAX) {
		log_warning("[%s]: more than %d sections of devices; ignored.", section,
			    CONFIG_DEVICES_MAX);
		return NULL;
	}
	device = &config->devices[config->device_count++];
	snprintf(device->pattern, sizeof(device->pattern), "%s", pattern);
	device->rules = config->rules;
	return &device->rules;
}

static const struct conf_table table = { keys, ARRAY_SIZE(keys), "ignored", leave_out_devices };
static const struct conf_table device_table = { device_keys, ARRAY_SIZE(device_keys), "ignored",
						only_devices };

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

static void take_drop_ins(const struct folders *folders, const struct conf_table *of,
			  struct config *config, struct conf_report *report)
{
	struct drop_ins found = { .count = 0 };

	collect(&found, folders->vendor);
	collect(&found, folders->runtime);
	collect(&found, folders->config);
	qsort(found.paths, found.count, sizeof(found.paths[0]), compare_names);
	for (size_t i = 0; i < found.count; i++) {
		if (!is_masked(found.paths[i]))
			(void)conf_read_file(of, found.paths[i], config, report);
		free(found.paths[i]);
	}
}

void config_set_defaults(struct config *ret)
{
	*ret = (struct config){ 0 };
	conf_set_defaults(&table, ret);
}

static void take_files(const struct folders *folders, const struct conf_table *of,
		       struct config *config, struct conf_report *report)
{
	const char *const places[] = { folders->config, folders->vendor };

	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		_cleanup_free_ char *path = NULL;

		if (asprintf(&path, "%s/fwslotd.conf", places[i]) < 0)
			break;
		if (conf_read_file(of, path, config, report) >= 0)
			break;
	}
	take_drop_ins(folders, of, config, report);
}

unsigned config_read(const struct folders *folders, struct config *ret)
{
	struct conf_report report = { 0 };

	config_set_defaults(ret);
	take_files(folders, &table, ret, &report);
	if (ret->has_device_sections)
		take_files(folders, &device_table, ret, &report);
	return report.complaints;
}

const struct policy_rules *config_rules_of(const struct config *config, const char *device_id,
					   const char *hardware_id)
{
	for (size_t i = 0; i < config->device_count; i++)
		if (strcmp(config->devices[i].pattern, device_id) == 0)
			return &config->devices[i].rules;
	for (size_t i = 0; i < config->device_count; i++)
		if (fnmatch(config->devices[i].pattern, hardware_id, 0) == 0)
			return &config->devices[i].rules;
	return &config->rules;
}

bool config_policy_is_known(const char *policy)
{
	for (const char *const *known = policies; *known; known++)
		if (strcmp(policy, *known) == 0)
			return true;
	return false;
}
