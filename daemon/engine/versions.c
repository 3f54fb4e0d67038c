/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A list of rules, the requests that change it, and the questions to it. */
#include "engine/versions.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/request.h"
#include "engine/sources.h"
#include "engine/updates.h"

struct ruled_version {
	struct ruled_version *next;
	struct version_record record;
};

static bool is_about(const struct ruled_version *ruled, const char *device_id,
		     enum version_rule rule)
{
	return ruled->record.rule == rule && strcmp(ruled->record.device_id, device_id) == 0;
}

const char *versions_pin(const struct manager *manager, const char *device_id)
{
	for (const struct ruled_version *ruled = manager->versions; ruled; ruled = ruled->next)
		if (is_about(ruled, device_id, VERSION_PINNED))
			return ruled->record.version;
	return NULL;
}

static bool is_skipped(const struct manager *manager, const char *device_id, const char *version)
{
	for (const struct ruled_version *ruled = manager->versions; ruled; ruled = ruled->next)
		if (is_about(ruled, device_id, VERSION_SKIPPED) &&
		    strcmp(ruled->record.version, version) == 0)
			return true;
	return false;
}

enum reason versions_verdict(const struct manager *manager, const char *device_id,
			     const char *version)
{
	const char *pin = versions_pin(manager, device_id);

	if (pin && strcmp(pin, version) != 0)
		return REASON_PINNED;
	return is_skipped(manager, device_id, version) ? REASON_SKIPPED : REASON_OK;
}

int versions_check(const struct manager *manager, const char *device_id, const char *version,
		   struct failure *failure)
{
	switch (versions_verdict(manager, device_id, version)) {
	case REASON_PINNED:
		return fail(
			failure, REASON_PINNED,
			"%s is pinned to version %s, so version %.63s is not installed. Call Unpin first "
			"(fwslotctl unpin %s).",
			device_id, versions_pin(manager, device_id), version, device_id);
	case REASON_SKIPPED:
		return fail(
			failure, REASON_SKIPPED,
			"Version %s is to be skipped on %s. Call Unskip first (fwslotctl unskip %s %s).",
			version, device_id, device_id, version);
	default:
		return 0;
	}
}

/* What was ruled about any version of the device (""), or about that one, holds no more. */
static void drop(struct manager *manager, const char *device_id, enum version_rule rule,
		 const char *version)
{
	struct ruled_version **link = &manager->versions;

	while (*link) {
		struct ruled_version *ruled = *link;

		if (!is_about(ruled, device_id, rule) ||
		    (version[0] && strcmp(ruled->record.version, version) != 0)) {
			link = &ruled->next;
			continue;
		}
		*link = ruled->next;
		free(ruled);
	}
}

/* In the order of their names, as the store lists them. */
static void add(struct manager *manager, struct ruled_version *ruled)
{
	struct ruled_version **link = &manager->versions;

	while (*link && strcmp((*link)->record.version, ruled->record.version) < 0)
		link = &(*link)->next;
	ruled->next = *link;
	*link = ruled;
}

static int load_one(const struct version_record *record, void *userdata)
{
	struct ruled_version *ruled = calloc(1, sizeof(*ruled));

	if (!ruled)
		return -ENOMEM;
	ruled->record = *record;
	add(userdata, ruled);
	return 0;
}

int versions_load(struct manager *manager)
{
	return store_list_versions(manager->store, load_one, manager);
}

void versions_forget_all(struct manager *manager)
{
	while (manager->versions) {
		struct ruled_version *first = manager->versions;

		manager->versions = first->next;
		free(first);
	}
}

const char *manager_pinned_version(const struct manager *manager, const struct device *device)
{
	return versions_pin(manager, device->id);
}

size_t manager_skipped_versions(const struct manager *manager, const struct device *device,
				const char *ret[static MANAGER_SKIPPED_MAX])
{
	size_t count = 0;

	for (const struct ruled_version *ruled = manager->versions;
	     ruled && count < MANAGER_SKIPPED_MAX; ruled = ruled->next)
		if (is_about(ruled, device->id, VERSION_SKIPPED))
			ret[count++] = ruled->record.version;
	return count;
}

/* The device, if the store can be written. */
static int find_device(struct manager *manager, const char *device_id, uint64_t flags,
		       struct device **ret, struct failure *failure)
{
	int r = request_check_flags(flags, 0, failure);

	if (r >= 0)
		r = request_check_device(manager, device_id, ret, failure);
	if (r >= 0)
		r = request_check_store(manager, failure);
	return r;
}

/* A name as releases have them: a rule about another one would never apply. */
static int check_name(const char *version, struct failure *failure)
{
	size_t length = strlen(version);

	for (const char *c = version; *c; c++)
		if (*c <= ' ' || *c > '~')
			length = 0;
	if (length > 0 && length <= RECORD_VERSION_MAX)
		return 0;
	return fail(failure, REASON_INVALID_ARGUMENT,
		    "A version has 1 to %d printable ASCII characters without spaces.",
		    RECORD_VERSION_MAX);
}

/* Everything that was offered is looked at anew; sources have an answer to the other question. */
static void ask_anew(struct manager *manager, struct device *device, const char *action,
		     const char *version, bool is_pin, uint32_t uid)
{
	(void)!manager_store_event(manager, device, action, version[0] ? version : "all", REASON_OK,
				   uid);
	updates_announce(manager);
	if (is_pin)
		sources_ask_anew(manager);
}

static int rule(struct manager *manager, struct device *device, enum version_rule rule,
		const char *version, uint32_t uid, struct failure *failure)
{
	struct ruled_version *ruled = calloc(1, sizeof(*ruled));
	int r;

	if (!ruled)
		return fail_memory(failure);
	ruled->record = (struct version_record){ .rule = rule,
						 .uid = uid,
						 .usec = manager_wall_clock(manager) };
	memcpy(ruled->record.device_id, device->id, sizeof(ruled->record.device_id));
	snprintf(ruled->record.version, sizeof(ruled->record.version), "%s", version);
	r = store_save_version(manager->store, &ruled->record);
	if (r < 0) {
		free(ruled);
		return fail_errno(failure, r, "The rule cannot be recorded in %s",
				  manager->folders.state);
	}
	/* As the store did: a version is under one rule, and a device has one pin. */
	drop(manager, device->id, VERSION_SKIPPED, version);
	if (rule == VERSION_PINNED)
		drop(manager, device->id, VERSION_PINNED, "");
	add(manager, ruled);
	return 0;
}

int manager_pin(struct manager *manager, const char *device_id, const char *version, uint64_t flags,
		uint32_t uid, struct failure *failure)
{
	struct device *device = NULL;
	int r = find_device(manager, device_id, flags, &device, failure);

	if (r < 0)
		return r;
	if (!version[0])
		version = device_running_version(device);
	if (!version[0])
		return fail(failure, REASON_INVALID_ARGUMENT,
			    "%s does not say which version it runs; name one.", device_id);
	r = check_name(version, failure);
	if (r >= 0)
		r = rule(manager, device, VERSION_PINNED, version, uid, failure);
	if (r >= 0)
		ask_anew(manager, device, "pin", version, true, uid);
	return r;
}

static int check_skippable(struct manager *manager, const struct device *device,
			   const char *version, struct failure *failure)
{
	const char *skipped[MANAGER_SKIPPED_MAX], *pin = versions_pin(manager, device->id);

	if (pin && strcmp(pin, version) == 0)
		return fail(
			failure, REASON_INVALID_ARGUMENT,
			"%s is pinned to version %s, so that cannot be skipped. Call Unpin first.",
			device->id, version);
	if (is_skipped(manager, device->id, version) ||
	    manager_skipped_versions(manager, device, skipped) < MANAGER_SKIPPED_MAX)
		return 0;
	return fail(failure, REASON_LIMIT_REACHED,
		    "%d versions are skipped on %s already; take one back by Unskip.",
		    MANAGER_SKIPPED_MAX, device->id);
}

int manager_skip(struct manager *manager, const char *device_id, const char *version,
		 uint64_t flags, uint32_t uid, struct failure *failure)
{
	char name[RECORD_VERSION_MAX + 2] = "";
	struct device *device = NULL;
	const struct update *update;
	int r = find_device(manager, device_id, flags, &device, failure);

	if (r < 0)
		return r;
	update = manager_update_of(manager, device);
	if (!version[0] && !update)
		return fail(failure, REASON_NO_SUCH_UPDATE,
			    "No update is offered for %s; name the version that is to be skipped.",
			    device_id);
	/* A copy: what is offered changes with it. */
	snprintf(name, sizeof(name), "%s", version[0] ? version : update->record.version);
	r = check_name(name, failure);
	if (r >= 0)
		r = check_skippable(manager, device, name, failure);
	if (r >= 0)
		r = rule(manager, device, VERSION_SKIPPED, name, uid, failure);
	if (r >= 0)
		ask_anew(manager, device, "skip", name, false, uid);
	return r;
}

/* Nothing to take back is no mistake: it is as it was to be. */
static int take_back(struct manager *manager, const char *device_id, enum version_rule rule,
		     const char *version, uint64_t flags, uint32_t uid, struct failure *failure)
{
	struct device *device = NULL;
	int r = find_device(manager, device_id, flags, &device, failure);

	if (r < 0)
		return r;
	r = store_forget_versions(manager->store, device_id, rule, version);
	if (r < 0)
		return fail_errno(failure, r, "The rule cannot be removed from %s",
				  manager->folders.state);
	drop(manager, device_id, rule, version);
	ask_anew(manager, device, rule == VERSION_PINNED ? "unpin" : "unskip", version,
		 rule == VERSION_PINNED, uid);
	return 0;
}

int manager_unpin(struct manager *manager, const char *device_id, uint64_t flags, uint32_t uid,
		  struct failure *failure)
{
	return take_back(manager, device_id, VERSION_PINNED, "", flags, uid, failure);
}

int manager_unskip(struct manager *manager, const char *device_id, const char *version,
		   uint64_t flags, uint32_t uid, struct failure *failure)
{
	return take_back(manager, device_id, VERSION_SKIPPED, version, flags, uid, failure);
}
