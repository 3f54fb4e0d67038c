/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What stands behind each object path: one struct per device, slot and job with the values last
 * told to the bus. Private to bus/. Paths: /org/fwslot1/device/ID, .../device/ID/slot/_N,
 * /org/fwslot1/job/_N, and update.h.
 */
#pragma once

#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#include "bus/bus.h"
#include "engine/manager.h"

#define DEVICE_PREFIX BUS_ROOT_PATH "/device"
#define JOB_PREFIX BUS_ROOT_PATH "/job"
#define UPDATE_PREFIX BUS_ROOT_PATH "/update"
#define OBJECT_PATH_MAX 128
#define UPDATE_PATH_MAX 384 /* every character of id and version may become three */

#define MANAGER_INTERFACE "org.fwslot1.Manager"
#define DEVICE_INTERFACE "org.fwslot1.Device"
#define SLOT_INTERFACE "org.fwslot1.Slot"
#define JOB_INTERFACE "org.fwslot1.Job"
#define UPDATE_INTERFACE "org.fwslot1.Update"

/* The faces hold basic types laid out as sd-bus reads them ("b" is an int), and text in arrays. */
struct slot_face {
	const char *state, *status;
	char version[KERNEL_VERSION_MAX + 1];
	char digest[KERNEL_DIGEST_LENGTH + 1];
	uint64_t image_size_bytes;
	int is_active, is_next;
};

struct bus_slot {
	struct bus_device *owner;
	uint32_t index;
	const char *label;
	uint64_t size_bytes;
	struct slot_face face;
};

struct device_face {
	const char *state, *status, *problem;
	char version[KERNEL_VERSION_MAX + 1];
	char revert_version[KERNEL_VERSION_MAX + 1];
	int can_revert;
	char update_path[UPDATE_PATH_MAX]; /* "/": nothing is offered */
	int32_t active_slot, next_slot;
	uint64_t trial_end_usec;
	const char *boot_state, *last_restart_reason;
	uint64_t boot_count;
	uint32_t boot_limit, boot_attempts, boot_attempts_left;
	const char *policy;
	uint64_t not_before_usec, postponed_usec;
	struct device_blockers {
		uint64_t bits; /* of enum policy_blocker */
		const char *refused; /* reason word of the last try to begin, "" = none */
	} blockers;
	uint64_t support_ends_usec;
	char pinned_version[RECORD_VERSION_MAX + 1]; /* "" = none */
	struct device_versions {
		char names[MANAGER_SKIPPED_MAX][RECORD_VERSION_MAX + 1];
	} skipped;
};

struct bus_device {
	struct bus *bus;
	struct bus_device *next;
	struct device *device;
	char path[OBJECT_PATH_MAX];
	const char *id, *name, *hardware_id, *serial, *provider;
	struct device_face face;
	unsigned num_slots;
	struct bus_slot slots[];
};

struct job_face {
	const char *phase, *result, *reason;
	char version[64];
	uint32_t percent;
	int is_cancellable;
};

struct bus_job {
	struct bus *bus;
	struct bus_job *next;
	struct job *job;
	char path[OBJECT_PATH_MAX], device_path[OBJECT_PATH_MAX];
	uint64_t id, started_usec;
	uint32_t uid;
	const char *type;
	char version_before[64];
	struct job_face face; /* as last told, but for progress skipped since told_usec */
	uint64_t told_usec; /* CLOCK_MONOTONIC, when PropertiesChanged was last sent */
	sd_bus_message *call; /* waits until the job has passed its checks; or NULL */
};

struct authorization;
struct bus_update;
struct world;
struct inhibitor;

struct bus {
	sd_event *event;
	sd_bus *bus;
	struct manager *manager;
	struct bus_device *devices;
	struct bus_job *jobs;
	struct bus_update *updates;
	struct authorization *authorizations;
	struct world *world; /* what is watched of the machine; NULL = nothing */
	struct inhibitor *inhibitors; /* programs that ask for devices to be left alone */
	sd_bus_slot *lock_call; /* asks for the lock below */
	int lock_fd; /* the machine is kept awake while a slot is written; -EBADF = it is not */
	const char *log_target;
};

void device_path(const char *id, char path[static OBJECT_PATH_MAX]);
void job_path(uint64_t id, char path[static OBJECT_PATH_MAX]);
void slot_path(const char *device_id, unsigned slot, char path[static OBJECT_PATH_MAX]);

/* By object path; NULL when there is none. */
struct bus_device *bus_find_device(struct bus *bus, const char *path);
struct bus_slot *bus_find_slot(struct bus *bus, const char *path);
struct bus_job *bus_find_job(struct bus *bus, const char *path);

/* The object of an engine's device or job, which always exists while the engine's does. */
struct bus_device *bus_device_of(struct bus *bus, const struct device *device);
struct bus_job *bus_job_of(struct bus *bus, const struct job *job);

/*
 * Every path below the root. One per interface: the vtables, and the value of all that can change.
 */
extern const sd_bus_vtable manager_vtable[], device_vtable[], slot_vtable[], job_vtable[],
	update_vtable[];
void device_face_fill(struct bus_device *device, struct device_face *ret);
void slot_face_fill(const struct bus_slot *slot, struct slot_face *ret);
void job_face_fill(const struct bus_job *job, struct job_face *ret);

/* A field of a face and the property that shows it. */
#define FACE_FIELDS_MAX 24
struct face_field {
	const char *property;
	size_t offset, size;
};
extern const struct face_field device_fields[], slot_fields[], job_fields[];
extern const size_t device_fields_count, slot_fields_count, job_fields_count;

/* sd-bus getter for text kept in an array: the vtable's offset is that of the array. */
int property_get_text(sd_bus *connection, const char *path, const char *interface,
		      const char *property, sd_bus_message *reply, void *text, sd_bus_error *error);
/* The same for an object path. */
int property_get_path(sd_bus *connection, const char *path, const char *interface,
		      const char *property, sd_bus_message *reply, void *text, sd_bus_error *error);

/*
 * Tells the bus that job's last news: emits JobNew, JobRemoved; answers the call that waits for it.
 */
int job_emit_new(struct bus_job *job);
int job_emit_removed(struct bus_job *job);
void job_answer_call(struct bus_job *job);

/* Words of what stands in an update's way, as an array. */
int append_blockers(sd_bus_message *reply, const struct device_blockers *blockers);

/* Names of versions, as an array. */
int append_versions(sd_bus_message *reply, const struct device_versions *versions);

/* world.c: reads the machine's state for the engine, and goes on as long as it matters. */
void world_read(struct bus *bus);
void world_forget(struct bus *bus);

/* keep-awake.c: while a slot is written the machine neither sleeps nor ends. */
void keep_awake_sync(struct bus *bus);
/* A file held by systemd for us; true: it was the lock of the daemon before, and is ours now. */
bool keep_awake_take_back(struct bus *bus, const char *name, int fd);
void keep_awake_end(struct bus *bus);

/* inhibit.c */
int request_inhibit(struct bus *bus, sd_bus_message *call, const char *device_id, const char *who,
		    const char *why, uint64_t flags, sd_bus_error *error);
void inhibitors_forget_all(struct bus *bus);

/* Registers every interface on @connection: export.c. */
int bus_export(struct bus *bus);
int log_control_export(struct bus *bus);
