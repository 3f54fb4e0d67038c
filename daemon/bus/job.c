// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * org.fwslot1.Job: one attempt to change a device. See daemon/data/interfaces/org.fwslot1.Job.xml.
 */
#include <stddef.h>
#include <stdio.h>

#include "bus/error.h"
#include "bus/objects.h"
#include "bus/request.h"

/* Going back is one more restart to whoever watches; history tells the difference. */
static const char *shown_phase(enum job_phase phase)
{
	if (phase == JOB_RESTORING)
		phase = JOB_WRITING;
	return job_phase_to_string(phase == JOB_REVERTING ? JOB_RESTARTING : phase);
}

void job_face_fill(const struct bus_job *job, struct job_face *ret)
{
	const struct job_record *record = &job->job->record;
	bool has_ended = job_phase_is_final(record->phase);
	struct job_face face = {
		.phase = shown_phase(record->phase),
		.result = has_ended ? job_phase_to_string(record->phase) : "",
		.reason = record->reason == REASON_OK ? "" : reason_word(record->reason),
		.percent = job->job->percent,
		.is_cancellable = !has_ended && job_is_cancellable(record),
	};

	snprintf(face.version, sizeof(face.version), "%s", record->version);
	*ret = face;
}

#define JOB_FIELD(property, field)                               \
	{                                                        \
		property, offsetof(struct job_face, field),      \
			sizeof(((struct job_face *)NULL)->field) \
	}

const struct face_field job_fields[] = {
	JOB_FIELD("Phase", phase),     JOB_FIELD("Result", result),
	JOB_FIELD("Reason", reason),   JOB_FIELD("Version", version),
	JOB_FIELD("Percent", percent), JOB_FIELD("Cancellable", is_cancellable),
};
const size_t job_fields_count = ARRAY_SIZE(job_fields);

int job_emit_new(struct bus_job *job)
{
	return sd_bus_emit_signal(job->bus->bus, BUS_ROOT_PATH, MANAGER_INTERFACE, "JobNew", "toss",
				  job->id, job->path, job->job->record.device_id, job->type);
}

int job_emit_removed(struct bus_job *job)
{
	return sd_bus_emit_signal(job->bus->bus, BUS_ROOT_PATH, MANAGER_INTERFACE, "JobRemoved",
				  "tossss", job->id, job->path, job->job->record.device_id,
				  job->type, job->face.result, job->face.reason);
}

/*
 * The sentence for people, of a job that had trouble. It is never parsed: Reason is there for that.
 */
static int property_get_message(_unused_ sd_bus *connection, _unused_ const char *path,
				_unused_ const char *interface, _unused_ const char *property,
				sd_bus_message *reply, void *userdata, _unused_ sd_bus_error *error)
{
	const struct bus_job *job = userdata;
	const struct failure failure = { .reason = job->job->record.reason,
					 .message = job->job->message };

	return sd_bus_message_append(reply, "s",
				     failure.reason == REASON_OK ? "" : failure_message(&failure));
}

static int property_get_device(_unused_ sd_bus *connection, _unused_ const char *path,
			       _unused_ const char *interface, _unused_ const char *property,
			       sd_bus_message *reply, void *userdata, _unused_ sd_bus_error *error)
{
	const struct bus_job *job = userdata;

	return sd_bus_message_append(reply, "o", job->device_path);
}

static int method_cancel(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
	struct bus_job *job = userdata;
	uint64_t flags;
	int r = sd_bus_message_read(call, "t", &flags);

	return r < 0 ? r : request_cancel(job->bus, call, job->id, flags, error);
}

#define CONSTANT(property, signature, getter, field)                                  \
	SD_BUS_PROPERTY(property, signature, getter, offsetof(struct bus_job, field), \
			SD_BUS_VTABLE_PROPERTY_CONST)
#define CHANGING(property, signature, getter, field)                                       \
	SD_BUS_PROPERTY(property, signature, getter, offsetof(struct bus_job, face.field), \
			SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE)

const sd_bus_vtable job_vtable[] = {
	SD_BUS_VTABLE_START(0),
	CONSTANT("Id", "t", NULL, id),
	CONSTANT("Type", "s", NULL, type),
	SD_BUS_PROPERTY("Device", "o", property_get_device, 0, SD_BUS_VTABLE_PROPERTY_CONST),
	CONSTANT("UID", "u", NULL, uid),
	CONSTANT("StartedUSec", "t", NULL, started_usec),
	CONSTANT("VersionBefore", "s", property_get_text, version_before),
	CHANGING("Version", "s", property_get_text, version),
	CHANGING("Phase", "s", NULL, phase),
	CHANGING("Percent", "u", NULL, percent),
	CHANGING("Cancellable", "b", NULL, is_cancellable),
	CHANGING("Result", "s", NULL, result),
	CHANGING("Reason", "s", NULL, reason),
	SD_BUS_PROPERTY("Message", "s", property_get_message, 0, 0), /* changes with Reason */
	SD_BUS_METHOD_WITH_ARGS("Cancel", SD_BUS_ARGS("t", flags), SD_BUS_NO_RESULT, method_cancel,
				SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_VTABLE_END,
};
