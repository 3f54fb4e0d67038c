/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A list of offers. Whether one may be installed is decided anew, by its signatures, when somebody wants it. */
#include "engine/updates.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "engine/schedule.h"
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

/* Where nothing is stored, or can be read, nothing was decided. */
static void read_decision(struct manager *manager, struct update *update)
{
	const struct offer_record *record = &update->record;

	if (store_find_decision(manager->store, record->device_id, record->version,
				&update->decision) >= 0)
		return;
	update->decision = (struct decision_record){ 0 };
	memcpy(update->decision.device_id, record->device_id, sizeof(record->device_id));
	memcpy(update->decision.version, record->version, sizeof(record->version));
	memcpy(update->decision.digest, record->digest, sizeof(record->digest));
}

void updates_read_decisions(struct manager *manager, const char *device_id)
{
	for (struct update *update = manager->updates; update; update = update->next)
		if (strcmp(update->record.device_id, device_id) == 0)
			read_decision(manager, update);
}

static void take(struct manager *manager, const struct offer_record *record)
{
	struct update **link = place_of(manager, record->device_id, record->remote),
		      *update = *link;

	if (!update || compare(update, record->device_id, record->remote) != 0) {
		update = count(manager) < MANAGER_UPDATES_MAX ? calloc(1, sizeof(*update)) : NULL;
		if (!update) {
			log_warning("What %s offers for %s is not remembered: there is too much.",
				    record->remote, record->device_id);
			return;
		}
		update->next = *link;
		*link = update;
	}
	update->record = *record;
	update->has_failed = has_failed(manager, record);
	read_decision(manager, update);
}

/* By the wall clock: it is compared with it. */
static int note_offered(struct manager *manager, const struct offer_record *record)
{
	return record->reason != REASON_OK ?
		       0 :
		       store_note_offered(manager->store, record->device_id, record->version,
					  record->digest, manager_wall_clock(manager));
}

/* It was said before. */
static bool is_known(struct manager *manager, const struct offer_record *record)
{
	const struct update *update = *place_of(manager, record->device_id, record->remote);

	return update && compare(update, record->device_id, record->remote) == 0 &&
	       strcmp(update->record.version, record->version) == 0 &&
	       strcmp(update->record.digest, record->digest) == 0;
}

/* The journal's line, if it is what is offered to the device by itself. */
static void write_line(struct manager *manager, const struct offer_record *record)
{
	const struct device *device = manager_find_device(manager, record->device_id);
	const struct update *offered = device ? manager_update_of(manager, device) : NULL;
	struct job_record line = { .phase = JOB_WAITING };

	if (!offered || strcmp(offered->record.remote, record->remote) != 0)
		return;
	memcpy(line.device_id, record->device_id, sizeof(line.device_id));
	memcpy(line.version, record->version, sizeof(line.version));
	snprintf(line.version_before, sizeof(line.version_before), "%s",
		 device_running_version(device));
	job_announce(&line, ANNOUNCE_OFFERED, NULL);
}

int updates_keep(struct manager *manager, const struct finding *findings)
{
	int r = store_begin(manager->store);

	for (const struct finding *finding = findings; r >= 0 && finding; finding = finding->next) {
		r = store_save_offer(manager->store, &finding->record, manager_now(manager));
		if (r >= 0)
			r = note_offered(manager, &finding->record);
	}
	if (r >= 0)
		r = store_commit(manager->store);
	if (r < 0) {
		store_rollback(manager->store);
		return r;
	}
	for (const struct finding *finding = findings; finding; finding = finding->next) {
		bool is_news = !is_known(manager, &finding->record);

		take(manager, &finding->record);
		if (is_news)
			write_line(manager, &finding->record);
	}
	updates_announce(manager);
	return 0;
}

static int load_one(const struct offer_record *record, void *userdata)
{
	take(userdata, record);
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
	schedule_review(manager);
}

const struct update *updates_find(struct manager *manager, const char *device_id,
				  const char *version)
{
	for (const struct update *update = manager->updates; update; update = update->next)
		if (strcmp(update->record.device_id, device_id) == 0 &&
		    update->record.reason == REASON_OK &&
		    strcmp(update->record.version, version) == 0 &&
		    sources_is_enabled(manager, update->record.remote))
			return update;
	return NULL;
}
