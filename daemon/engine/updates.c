/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A list of offers. Whether one may be installed is decided anew, by its signatures, when somebody wants it. */
#include "engine/updates.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "engine/sources.h"

static int compare(const struct update *update, const char *device_id, const char *remote)
{
	int order = strcmp(update->record.device_id, device_id);

	return order ? order : strcmp(update->record.remote, remote);
}

/* Where it is, or would be. */
static struct update **place_of(struct manager *manager, const char *device_id, const char *remote)
{
	struct update **link = &manager->updates;

	while (*link && compare(*link, device_id, remote) < 0)
		link = &(*link)->next;
	return link;
}

static bool has_failed(struct manager *manager, const struct offer_record *record)
{
	return record->digest[0] &&
	       store_has_failed(manager->store, record->device_id, record->digest) > 0;
}

static size_t count(const struct manager *manager)
{
	size_t number = 0;

	for (const struct update *update = manager->updates; update; update = update->next)
		number++;
	return number;
}

static void take(struct manager *manager, const char *device_id, const char *remote,
		 const struct offer_record *record)
{
	struct update **link = place_of(manager, device_id, remote), *update = *link;
	bool is_known = update && compare(update, device_id, remote) == 0;

	if (!record) {
		if (is_known) {
			*link = update->next;
			free(update);
		}
		return;
	}
	if (!is_known) {
		update = count(manager) < MANAGER_UPDATES_MAX ? calloc(1, sizeof(*update)) : NULL;
		if (!update) {
			log_warning("What %s offers for %s is not remembered: there is too much.",
				    remote, device_id);
			return;
		}
		update->next = *link;
		*link = update;
	}
	update->record = *record;
	update->has_failed = has_failed(manager, record);
}

static int store_finding(struct manager *manager, const struct finding *finding)
{
	const struct offer_record *record = &finding->record;

	return finding->is_offered ?
		       store_save_offer(manager->store, record, manager_now(manager)) :
		       store_forget_offer(manager->store, record->device_id, record->remote);
}

int updates_keep(struct manager *manager, const struct finding *findings)
{
	int r = store_begin(manager->store);

	for (const struct finding *finding = findings; r >= 0 && finding; finding = finding->next)
		r = store_finding(manager, finding);
	if (r >= 0)
		r = store_commit(manager->store);
	if (r < 0) {
		store_rollback(manager->store);
		return r;
	}
	for (const struct finding *finding = findings; finding; finding = finding->next)
		take(manager, finding->record.device_id, finding->record.remote,
		     finding->is_offered ? &finding->record : NULL);
	updates_announce(manager);
	return 0;
}

static int load_one(const struct offer_record *record, void *userdata)
{
	take(userdata, record->device_id, record->remote, record);
	return 0;
}

int updates_load(struct manager *manager)
{
	return store_list_offers(manager->store, load_one, manager);
}

void updates_forget_all(struct manager *manager)
{
	while (manager->updates) {
		struct update *first = manager->updates;

		manager->updates = first->next;
		free(first);
	}
}

void updates_judge(struct manager *manager, const char *device_id)
{
	for (struct update *update = manager->updates; update; update = update->next)
		if (strcmp(update->record.device_id, device_id) == 0)
			update->has_failed = has_failed(manager, &update->record);
}

void updates_announce(struct manager *manager)
{
	for (size_t i = 0; i < manager->device_count; i++)
		if (manager->events->update_changed)
			manager->events->update_changed(manager->devices[i], manager->userdata);
}

/* The device may have been updated since. */
static bool is_newer(const struct offer_record *record, const struct device *device)
{
	uint64_t counter = device_installed_counter(device);

	return strcmp(record->version, device_running_version(device)) != 0 &&
	       (counter == 0 || record->counter > counter);
}

const struct update *manager_update_of(struct manager *manager, const struct device *device)
{
	for (const struct update *update = manager->updates; update; update = update->next)
		if (strcmp(update->record.device_id, device->id) == 0 &&
		    update->record.is_in_rollout && !update->has_failed &&
		    is_newer(&update->record, device) &&
		    sources_is_enabled(manager, update->record.remote))
			return update;
	return NULL;
}

const struct update *updates_find(struct manager *manager, const char *device_id,
				  const char *version)
{
	for (const struct update *update = manager->updates; update; update = update->next)
		if (strcmp(update->record.device_id, device_id) == 0 &&
		    strcmp(update->record.version, version) == 0 &&
		    sources_is_enabled(manager, update->record.remote))
			return update;
	return NULL;
}
