// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Object paths and what stands behind them; keeps the objects in step with the engine and says on
 * the bus what changed: InterfacesAdded and -Removed, PropertiesChanged. What the properties mean
 * is in the file of each interface.
 */
#include "bus/objects.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/parse.h"
#include "base/time.h"
#include "bus/update.h"

/* Progress is told at most this often; a change of anything else at once. */
#define PROGRESS_INTERVAL_USEC (USEC_PER_SEC / 4)

void device_path(const char *id, char path[static OBJECT_PATH_MAX])
{
	snprintf(path, OBJECT_PATH_MAX, DEVICE_PREFIX "/%s", id);
}

void job_path(uint64_t id, char path[static OBJECT_PATH_MAX])
{
	snprintf(path, OBJECT_PATH_MAX, JOB_PREFIX "/_%" PRIu64, id);
}

void slot_path(const char *device_id, unsigned slot, char path[static OBJECT_PATH_MAX])
{
	snprintf(path, OBJECT_PATH_MAX, DEVICE_PREFIX "/%s/slot/_%u", device_id, slot);
}

struct bus_device *bus_find_device(struct bus *bus, const char *path)
{
	for (struct bus_device *device = bus->devices; device; device = device->next)
		if (strcmp(device->path, path) == 0)
			return device;
	return NULL;
}

struct bus_slot *bus_find_slot(struct bus *bus, const char *path)
{
	for (struct bus_device *device = bus->devices; device; device = device->next) {
		size_t length = strlen(device->path);
		uint64_t slot;

		if (strncmp(path, device->path, length) != 0 ||
		    strncmp(path + length, "/slot/_", 7) != 0)
			continue;
		if (parse_u64(path + length + 7, &slot) < 0 || slot >= device->num_slots)
			return NULL;
		return &device->slots[slot];
	}
	return NULL;
}

struct bus_job *bus_find_job(struct bus *bus, const char *path)
{
	for (struct bus_job *job = bus->jobs; job; job = job->next)
		if (strcmp(job->path, path) == 0)
			return job;
	return NULL;
}

struct bus_device *bus_device_of(struct bus *bus, const struct device *device)
{
	for (struct bus_device *object = bus->devices; object; object = object->next)
		if (object->device == device)
			return object;
	return NULL;
}

struct bus_job *bus_job_of(struct bus *bus, const struct job *job)
{
	for (struct bus_job *object = bus->jobs; object; object = object->next)
		if (object->job == job)
			return object;
	return NULL;
}

int property_get_text(_unused_ sd_bus *connection, _unused_ const char *path,
		      _unused_ const char *interface, _unused_ const char *property,
		      sd_bus_message *reply, void *text, _unused_ sd_bus_error *error)
{
	return sd_bus_message_append(reply, "s", (const char *)text);
}

int property_get_path(_unused_ sd_bus *connection, _unused_ const char *path,
		      _unused_ const char *interface, _unused_ const char *property,
		      sd_bus_message *reply, void *text, _unused_ sd_bus_error *error)
{
	return sd_bus_message_append(reply, "o", (const char *)text);
}

/* Names the properties whose fields differ, in one signal. Returns whether there were any. */
static bool emit_changes(struct bus *bus, const char *path, const char *interface,
			 const struct face_field *fields, size_t count, const void *before,
			 const void *after)
{
	char *changed[FACE_FIELDS_MAX + 1];
	size_t n = 0;
	int r;

	for (size_t i = 0; i < count && n < FACE_FIELDS_MAX; i++)
		if (memcmp((const char *)before + fields[i].offset,
			   (const char *)after + fields[i].offset, fields[i].size) != 0)
			changed[n++] = (char *)fields[i].property;
	if (!n)
		return false;
	changed[n] = NULL;
	r = sd_bus_emit_properties_changed_strv(bus->bus, path, interface, changed);
	if (r < 0)
		log_warning("Cannot announce a change of %s on the bus: %s", path, strerror(-r));
	return true;
}

static void refresh_device(struct bus_device *device)
{
	struct device_face before = device->face;

	bus_update_sync(device->bus, device->device);
	device_face_fill(device, &device->face);
	emit_changes(device->bus, device->path, DEVICE_INTERFACE, device_fields,
		     device_fields_count, &before, &device->face);
	for (unsigned i = 0; i < device->num_slots; i++) {
		struct bus_slot *slot = &device->slots[i];
		struct slot_face slot_before = slot->face;
		char path[OBJECT_PATH_MAX];

		slot_face_fill(slot, &slot->face);
		slot_path(device->id, i, path);
		emit_changes(device->bus, path, SLOT_INTERFACE, slot_fields, slot_fields_count,
			     &slot_before, &slot->face);
	}
}

static void announce(struct bus *bus, const char *path, int (*emit)(sd_bus *, const char *))
{
	int r = emit(bus->bus, path);

	if (r < 0)
		log_warning("Cannot announce %s on the bus: %s", path, strerror(-r));
}

/* The device first when it comes, last when it goes. */
static void announce_slots(struct bus_device *device, int (*emit)(sd_bus *, const char *))
{
	for (unsigned i = 0; i < device->num_slots; i++) {
		char path[OBJECT_PATH_MAX];

		slot_path(device->id, i, path);
		announce(device->bus, path, emit);
	}
}

static void on_device_added(struct device *device, void *userdata)
{
	struct bus *bus = userdata;
	unsigned num_slots = device->now.num_slots;
	struct bus_device *object =
		calloc(1, sizeof(*object) + num_slots * sizeof(object->slots[0]));

	if (!object) {
		log_error("Out of memory: device %s is not shown on the bus.", device->id);
		return;
	}
	object->bus = bus;
	object->device = device;
	object->id = device->id;
	object->name = device->now.name;
	object->hardware_id = device->now.hardware_id;
	object->serial = device->now.serial;
	object->provider = device->now.provider;
	object->num_slots = num_slots;
	device_path(device->id, object->path);
	for (unsigned i = 0; i < num_slots; i++) {
		object->slots[i] = (struct bus_slot){
			.owner = object,
			.index = i,
			.label = device->now.slots[i].label,
			.size_bytes = device->now.slots[i].size_bytes,
		};
		slot_face_fill(&object->slots[i], &object->slots[i].face);
	}
	object->next = bus->devices;
	bus->devices = object;
	bus_update_sync(bus, device);
	device_face_fill(object, &object->face);

	announce(bus, object->path, sd_bus_emit_object_added);
	announce_slots(object, sd_bus_emit_object_added);
}

static void on_device_removed(struct device *device, void *userdata)
{
	struct bus *bus = userdata;

	for (struct bus_device **link = &bus->devices; *link; link = &(*link)->next) {
		struct bus_device *object = *link;

		if (object->device != device)
			continue;
		bus_update_drop(bus, device->id);
		/* While it can still be found: sd-bus looks up which interfaces it had. */
		announce_slots(object, sd_bus_emit_object_removed);
		announce(bus, object->path, sd_bus_emit_object_removed);
		*link = object->next;
		free(object);
		return;
	}
}

static void on_device_changed(struct device *device, _unused_ const struct kernel_device *before,
			      void *userdata)
{
	struct bus_device *object = bus_device_of(userdata, device);

	if (object)
		refresh_device(object);
}

/* A job shows in the state of its device. */
static void refresh_device_of_job(struct bus *bus, const struct job *job)
{
	struct device *device = manager_find_device(bus->manager, job->record.device_id);

	if (device)
		on_device_changed(device, NULL, bus);
}

static void on_job_added(struct job *job, void *userdata)
{
	struct bus *bus = userdata;
	struct bus_job *object = calloc(1, sizeof(*object));

	if (!object) {
		log_error("Out of memory: job %" PRIu64 " is not shown on the bus.",
			  job->record.id);
		return;
	}
	object->bus = bus;
	object->job = job;
	object->id = job->record.id;
	object->started_usec = job->record.created_usec;
	object->uid = job->record.uid;
	object->type = job_type_to_string(job->record.type);
	snprintf(object->version_before, sizeof(object->version_before), "%s",
		 job->record.version_before);
	job_path(job->record.id, object->path);
	device_path(job->record.device_id, object->device_path);
	job_face_fill(object, &object->face);
	object->next = bus->jobs;
	bus->jobs = object;

	announce(bus, object->path, sd_bus_emit_object_added);
	keep_awake_sync(bus);
	if (job_emit_new(object) < 0)
		log_warning("Cannot announce job %" PRIu64 " on the bus.", object->id);
	refresh_device_of_job(bus, job);
}

static void refresh_job(struct bus_job *job)
{
	struct job_face before = job->face;
	uint64_t now_usec = time_now_monotonic();

	job_face_fill(job, &job->face);
	if (before.phase == job->face.phase && now_usec - job->told_usec < PROGRESS_INTERVAL_USEC)
		job->face.percent = before.percent; /* told with the next change */
	if (emit_changes(job->bus, job->path, JOB_INTERFACE, job_fields, job_fields_count, &before,
			 &job->face))
		job->told_usec = now_usec;
}

static void on_job_changed(struct job *job, void *userdata)
{
	struct bus *bus = userdata;
	struct bus_job *object = bus_job_of(bus, job);

	if (!object)
		return;
	keep_awake_sync(bus);
	refresh_job(object);
	job_answer_call(object);
	refresh_device_of_job(bus, job);
}

static void on_job_ended(struct job *job, void *userdata)
{
	struct bus *bus = userdata;
	struct bus_job *object = bus_job_of(bus, job);

	keep_awake_sync(bus);
	if (!object)
		return;
	refresh_job(object);
	job_answer_call(object);
	if (job_emit_removed(object) < 0)
		log_warning("Cannot announce the end of job %" PRIu64 " on the bus.", object->id);
	refresh_device_of_job(bus, job);
}

static void on_job_forgotten(struct job *job, void *userdata)
{
	struct bus *bus = userdata;

	for (struct bus_job **link = &bus->jobs; *link; link = &(*link)->next) {
		struct bus_job *object = *link;

		if (object->job != job)
			continue;
		announce(bus, object->path, sd_bus_emit_object_removed);
		*link = object->next;
		sd_bus_message_unref(object->call);
		free(object);
		return;
	}
}

static void on_update_changed(struct device *device, void *userdata)
{
	on_device_changed(device, NULL, userdata);
}

static void on_world_wanted(void *userdata)
{
	world_read(userdata);
}

static bool on_file_held(const char *name, int fd, void *userdata)
{
	return keep_awake_take_back(userdata, name, fd);
}

static void on_refreshed(void *userdata)
{
	struct bus *bus = userdata;

	(void)sd_bus_emit_properties_changed(bus->bus, BUS_ROOT_PATH, MANAGER_INTERFACE,
					     "LastRefreshUSec", NULL);
}

const struct manager_events bus_manager_events = {
	.device_added = on_device_added,
	.device_removed = on_device_removed,
	.device_changed = on_device_changed,
	.job_added = on_job_added,
	.job_changed = on_job_changed,
	.job_ended = on_job_ended,
	.job_forgotten = on_job_forgotten,
	.update_changed = on_update_changed,
	.refreshed = on_refreshed,
	.world_wanted = on_world_wanted,
	.file_held = on_file_held,
};
