// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * org.fwslot1.Update: what an update source offers to a device, as long as it does. One for each
 * device at most. See daemon/data/interfaces/org.fwslot1.Update.xml.
 */
#include "bus/update.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

struct bus_update *bus_find_update(struct bus *bus, const char *path)
{
	for (struct bus_update *update = bus->updates; update; update = update->next)
		if (strcmp(update->path, path) == 0)
			return update;
	return NULL;
}

struct bus_update *bus_update_of(struct bus *bus, const char *device_id)
{
	for (struct bus_update *update = bus->updates; update; update = update->next)
		if (strcmp(update->record.device_id, device_id) == 0)
			return update;
	return NULL;
}

/* /org/fwslot1/update/ID-VERSION, with all but letters and digits escaped. */
static int update_path(const struct offer_record *record, char path[static UPDATE_PATH_MAX])
{
	char name[sizeof(record->device_id) + sizeof(record->version)];
	char *encoded = NULL;
	int r;

	snprintf(name, sizeof(name), "%s-%s", record->device_id, record->version);
	r = sd_bus_path_encode(UPDATE_PREFIX, name, &encoded);
	if (r >= 0)
		snprintf(path, UPDATE_PATH_MAX, "%s", encoded);
	free(encoded);
	return r;
}

static void announce(struct bus *bus, const char *path, int (*emit)(sd_bus *, const char *))
{
	int r = emit(bus->bus, path);

	if (r < 0)
		log_warning("Cannot announce %s on the bus: %s", path, strerror(-r));
}

/* Manager.NPending is counted when it is read. */
static void announce_count(struct bus *bus)
{
	(void)sd_bus_emit_properties_changed(bus->bus, BUS_ROOT_PATH, MANAGER_INTERFACE, "NPending",
					     NULL);
}

void bus_update_drop(struct bus *bus, const char *device_id)
{
	for (struct bus_update **link = &bus->updates; *link; link = &(*link)->next) {
		struct bus_update *update = *link;

		if (strcmp(update->record.device_id, device_id) != 0)
			continue;
		/* While it can still be found: sd-bus looks up which interfaces it had. */
		announce(bus, update->path, sd_bus_emit_object_removed);
		*link = update->next;
		free(update);
		announce_count(bus);
		return;
	}
}

/* What is told of people's decisions; that a job was begun with one is told by the job. */
static const char *decision_word(const struct device_schedule *schedule)
{
	if (schedule->plan.is_forced)
		return "forced";
	if (schedule->plan.postponed_usec)
		return "postponed";
	if (schedule->decision == DECISION_APPROVED || schedule->decision == DECISION_DISMISSED)
		return decision_to_string(schedule->decision);
	return "pending";
}

/* The engine may look further than what is offered by itself: only what is said of this version counts. */
static void tell_decision(struct bus *bus, struct bus_update *update, const struct device *device)
{
	bool is_considered = strcmp(device->schedule.version, update->record.version) == 0;
	const char *decision = is_considered ? decision_word(&device->schedule) : "pending";
	uint64_t deadline_usec = is_considered ? device->schedule.plan.deadline_usec : 0;

	if (update->decision == decision && update->deadline_usec == deadline_usec)
		return;
	update->decision = decision;
	update->deadline_usec = deadline_usec;
	(void)sd_bus_emit_properties_changed(bus->bus, update->path, UPDATE_INTERFACE, "Decision",
					     "DeadlineUSec", NULL);
}

static void add(struct bus *bus, const struct offer_record *record)
{
	struct bus_update *update = calloc(1, sizeof(*update));

	if (update)
		update->record = *record;
	if (!update || update_path(record, update->path) < 0) {
		log_error("Out of memory: the update for %s is not shown on the bus.",
			  record->device_id);
		free(update);
		return;
	}
	device_path(record->device_id, update->device_path);
	update->decision = "pending";
	update->next = bus->updates;
	bus->updates = update;
	announce(bus, update->path, sd_bus_emit_object_added);
	announce_count(bus);
}

void bus_update_sync(struct bus *bus, const struct device *device)
{
	const struct update *offered = manager_update_of(bus->manager, device);
	struct bus_update *shown = bus_update_of(bus, device->id);
	bool is_same = shown && offered &&
		       memcmp(&shown->record, &offered->record, sizeof(shown->record)) == 0;

	if (shown && !is_same)
		bus_update_drop(bus, device->id);
	if (offered && !is_same)
		add(bus, &offered->record);
	shown = bus_update_of(bus, device->id);
	if (shown)
		tell_decision(bus, shown, device);
}

/* Lines "LOCALE TEXT". */
static int property_get_summary(_unused_ sd_bus *connection, _unused_ const char *path,
				_unused_ const char *interface, _unused_ const char *property,
				sd_bus_message *reply, void *notes, _unused_ sd_bus_error *error)
{
	char text[RECORD_NOTES_MAX + 1], *rest = text, *line;
	int r = sd_bus_message_open_container(reply, 'a', "{ss}");

	snprintf(text, sizeof(text), "%s", (const char *)notes);
	while (r >= 0 && (line = strsep(&rest, "\n"))) {
		char *note = strchr(line, ' ');

		if (!note)
			continue;
		*note++ = '\0';
		r = sd_bus_message_append(reply, "{ss}", line, note);
	}
	return r < 0 ? r : sd_bus_message_close_container(reply);
}

#define CONSTANT(property, signature, getter, field)                                     \
	SD_BUS_PROPERTY(property, signature, getter, offsetof(struct bus_update, field), \
			SD_BUS_VTABLE_PROPERTY_CONST)

#define CHANGING(property, signature, field)                                           \
	SD_BUS_PROPERTY(property, signature, NULL, offsetof(struct bus_update, field), \
			SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE)

const sd_bus_vtable update_vtable[] = {
	SD_BUS_VTABLE_START(0),
	CONSTANT("Device", "o", property_get_path, device_path),
	CONSTANT("Version", "s", property_get_text, record.version),
	CONSTANT("Urgency", "s", property_get_text, record.urgency),
	CONSTANT("Size", "t", NULL, record.length_bytes),
	CONSTANT("Summary", "a{ss}", property_get_summary, record.notes),
	CONSTANT("Remote", "s", property_get_text, record.remote),
	CONSTANT("Signer", "s", property_get_text, record.signer),
	CONSTANT("PublishedUSec", "t", NULL, record.published_usec),
	CHANGING("Decision", "s", decision),
	CHANGING("DeadlineUSec", "t", deadline_usec),
	SD_BUS_VTABLE_END,
};
