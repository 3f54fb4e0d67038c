// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * org.fwslot1.Device: one attached peripheral. See daemon/data/interfaces/org.fwslot1.Device.xml.
 */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "bus/error.h"
#include "bus/objects.h"
#include "bus/request.h"
#include "bus/update.h"

/* How far the device's last job decides the word for its state; rows for jobs that have ended. */
static const char *state_of_running_job(const struct job_record *job)
{
	switch (job->phase) {
	case JOB_DOWNLOADING:
		return "downloading";
	case JOB_TRIAL:
		return "on-trial";
	default:
		return "installing";
	}
}

/* The newest job of the device that is still readable, ended or not. */
static const struct job *last_job(const struct bus_device *device)
{
	const struct job *last = NULL;

	for (const struct bus_job *job = device->bus->jobs; job; job = job->next)
		if (strcmp(job->job->record.device_id, device->id) == 0 &&
		    (!last || job->job->record.id > last->record.id))
			last = job->job;
	return last;
}

static const char *state_of(const struct bus_device *device)
{
	const struct kernel_boot *boot = &device->device->now.boot;
	const struct job *last;

	if (device->device->job)
		return state_of_running_job(&device->device->job->record);
	if (boot->is_present && boot->state == KERNEL_BOOT_TRIAL)
		return "on-trial";
	if (device->device->schedule.plan.postponed_usec)
		return "postponed";
	if (device->device->schedule.plan.verdict == VERDICT_WAIT ||
	    device->device->schedule.plan.verdict == VERDICT_INSTALL)
		return "approved";
	last = last_job(device);
	if (last && last->record.phase == JOB_REVERTED)
		return "reverted";
	if (device->device->record.problem != REASON_OK)
		return "failed";
	if (boot->is_present && boot->state == KERNEL_BOOT_FALLBACK)
		return "reverted";
	if (!bus_update_of(device->bus, device->id))
		return "up-to-date";
	return device->device->schedule.plan.verdict == VERDICT_NOTHING ? "dismissed" :
									  "update-available";
}

/* The slot that runs: as the boot record says, else the one marked active; -1 = unknown. */
static int active_slot(const struct kernel_device *device)
{
	if (device->boot.is_present)
		return device->boot.running_slot;
	for (unsigned i = 0; i < device->num_slots; i++)
		if (device->slots[i].is_active)
			return (int)i;
	return -1;
}

static void fill_boot(const struct kernel_boot *boot, struct device_face *face)
{
	face->boot_state = kernel_boot_state_to_string(boot->state);
	face->last_restart_reason = kernel_restart_reason_to_string(boot->last_restart_reason);
	face->boot_count = boot->total;
	face->boot_limit = boot->limit;
	face->boot_attempts = boot->attempts;
	face->boot_attempts_left = boot->attempts_left;
	face->next_slot = boot->is_present ? boot->next_slot : -1;
}

static void fill_schedule(const struct device_schedule *schedule, struct device_face *face)
{
	face->policy = schedule->policy ? schedule->policy : "";
	face->not_before_usec = schedule->plan.not_before_usec;
	face->postponed_usec = schedule->plan.postponed_usec;
	face->blockers.bits = schedule->plan.blockers;
	face->blockers.refused = schedule->refused == REASON_OK ? "" :
								  reason_word(schedule->refused);
}

static void fill_versions(const struct bus_device *device, struct device_face *face)
{
	const char *skipped[MANAGER_SKIPPED_MAX],
		*pinned = manager_pinned_version(device->bus->manager, device->device);
	size_t count = manager_skipped_versions(device->bus->manager, device->device, skipped);

	snprintf(face->pinned_version, sizeof(face->pinned_version), "%s", pinned ? pinned : "");
	for (size_t i = 0; i < count; i++)
		snprintf(face->skipped.names[i], sizeof(face->skipped.names[i]), "%s", skipped[i]);
}

void device_face_fill(struct bus_device *device, struct device_face *ret)
{
	const struct kernel_device *now = &device->device->now;
	const struct job *job = device->device->job;
	const struct bus_update *update;
	struct device_face face = {};
	int active = active_slot(now);

	face.state = state_of(device);
	face.status = kernel_status_to_string(now->status);
	face.problem = device->device->record.problem == REASON_OK ?
			       "" :
			       reason_word(device->device->record.problem);
	face.active_slot = active;
	if (active >= 0 && (unsigned)active < now->num_slots)
		memcpy(face.version, now->slots[active].version, sizeof(face.version));
	if (device->bus->manager) {
		face.can_revert = manager_can_revert(device->bus->manager, device->device,
						     face.revert_version);
		fill_versions(device, &face);
		face.support_ends_usec = manager_support_ends(device->bus->manager, device->device);
	}
	update = bus_update_of(device->bus, device->id);
	snprintf(face.update_path, sizeof(face.update_path), "%s", update ? update->path : "/");
	face.trial_end_usec = job && job->record.phase == JOB_TRIAL ? job->record.trial_end_usec :
								      0;
	fill_boot(&now->boot, &face);
	fill_schedule(&device->device->schedule, &face);
	*ret = face;
}

#define DEVICE_FIELD(property, field)                               \
	{                                                           \
		property, offsetof(struct device_face, field),      \
			sizeof(((struct device_face *)NULL)->field) \
	}

const struct face_field device_fields[] = {
	DEVICE_FIELD("State", state),
	DEVICE_FIELD("Status", status),
	DEVICE_FIELD("Problem", problem),
	DEVICE_FIELD("Version", version),
	DEVICE_FIELD("Update", update_path),
	DEVICE_FIELD("ActiveSlot", active_slot),
	DEVICE_FIELD("NextSlot", next_slot),
	DEVICE_FIELD("CanRevert", can_revert),
	DEVICE_FIELD("RevertVersion", revert_version),
	DEVICE_FIELD("TrialEndUSec", trial_end_usec),
	DEVICE_FIELD("BootState", boot_state),
	DEVICE_FIELD("BootCount", boot_count),
	DEVICE_FIELD("BootLimit", boot_limit),
	DEVICE_FIELD("BootAttempts", boot_attempts),
	DEVICE_FIELD("BootAttemptsLeft", boot_attempts_left),
	DEVICE_FIELD("LastRestartReason", last_restart_reason),
	DEVICE_FIELD("Policy", policy),
	DEVICE_FIELD("NotBeforeUSec", not_before_usec),
	DEVICE_FIELD("PostponedUntilUSec", postponed_usec),
	DEVICE_FIELD("Blockers", blockers),
	DEVICE_FIELD("SupportEndsUSec", support_ends_usec),
	DEVICE_FIELD("PinnedVersion", pinned_version),
	DEVICE_FIELD("SkippedVersions", skipped),
};
const size_t device_fields_count = ARRAY_SIZE(device_fields);
_Static_assert(ARRAY_SIZE(device_fields) <= FACE_FIELDS_MAX,
	       "emit_changes() has no room for all of them");

static int property_get_slots(_unused_ sd_bus *connection, _unused_ const char *path,
			      _unused_ const char *interface, _unused_ const char *property,
			      sd_bus_message *reply, void *userdata, _unused_ sd_bus_error *error)
{
	const struct bus_device *device = userdata;
	int r = sd_bus_message_open_container(reply, 'a', "o");

	for (unsigned i = 0; i < device->num_slots && r >= 0; i++) {
		char path_of_slot[OBJECT_PATH_MAX];

		slot_path(device->id, i, path_of_slot);
		r = sd_bus_message_append(reply, "o", path_of_slot);
	}
	return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int method_install(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
	struct bus_device *device = userdata;
	const char *version;
	uint64_t flags;
	int r = sd_bus_message_read(call, "st", &version, &flags);

	return r < 0 ? r :
		       request_install_update(device->bus, call, device->id, version, flags, error);
}

static int method_revert(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
	struct bus_device *device = userdata;
	uint64_t flags;
	int r = sd_bus_message_read(call, "t", &flags);

	return r < 0 ? r : request_revert(device->bus, call, device->id, flags, error);
}

static int method_confirm(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
	struct bus_device *device = userdata;
	uint64_t flags;
	int r = sd_bus_message_read(call, "t", &flags);

	return r < 0 ? r : request_confirm(device->bus, call, device->id, flags, error);
}

static int method_approve(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
	struct bus_device *device = userdata;
	const char *version;
	uint64_t flags;
	int r = sd_bus_message_read(call, "st", &version, &flags);

	return r < 0 ? r : request_approve(device->bus, call, device->id, version, flags, error);
}

static int method_postpone(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
	struct bus_device *device = userdata;
	uint64_t until_usec, flags;
	int r = sd_bus_message_read(call, "tt", &until_usec, &flags);

	return r < 0 ? r :
		       request_postpone(device->bus, call, device->id, until_usec, flags, error);
}

static int method_dismiss(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
	struct bus_device *device = userdata;
	const char *version;
	uint64_t flags;
	int r = sd_bus_message_read(call, "st", &version, &flags);

	return r < 0 ? r : request_dismiss(device->bus, call, device->id, version, flags, error);
}

static int method_set_policy(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
	struct bus_device *device = userdata;
	const char *policy;
	uint64_t flags;
	int r = sd_bus_message_read(call, "st", &policy, &flags);

	return r < 0 ? r : request_set_policy(device->bus, call, device->id, policy, flags, error);
}

static int method_pin(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
	struct bus_device *device = userdata;
	const char *version;
	uint64_t flags;
	int r = sd_bus_message_read(call, "st", &version, &flags);

	return r < 0 ? r : request_pin(device->bus, call, device->id, version, flags, error);
}

static int method_unpin(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
	struct bus_device *device = userdata;
	uint64_t flags;
	int r = sd_bus_message_read(call, "t", &flags);

	return r < 0 ? r : request_unpin(device->bus, call, device->id, flags, error);
}

static int method_skip(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
	struct bus_device *device = userdata;
	const char *version;
	uint64_t flags;
	int r = sd_bus_message_read(call, "st", &version, &flags);

	return r < 0 ? r : request_skip(device->bus, call, device->id, version, flags, error);
}

static int method_unskip(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
	struct bus_device *device = userdata;
	const char *version;
	uint64_t flags;
	int r = sd_bus_message_read(call, "st", &version, &flags);

	return r < 0 ? r : request_unskip(device->bus, call, device->id, version, flags, error);
}

static int property_get_blockers(_unused_ sd_bus *connection, _unused_ const char *path,
				 _unused_ const char *interface, _unused_ const char *property,
				 sd_bus_message *reply, void *blockers,
				 _unused_ sd_bus_error *error)
{
	return append_blockers(reply, blockers);
}

/* It changes with nothing but time. */
static int property_get_support(_unused_ sd_bus *connection, _unused_ const char *path,
				_unused_ const char *interface, _unused_ const char *property,
				sd_bus_message *reply, void *userdata, _unused_ sd_bus_error *error)
{
	const struct bus_device *device = userdata;
	struct manager *manager = device->bus->manager;

	return sd_bus_message_append(
		reply, "s", manager ? manager_support_state(manager, device->device) : "unknown");
}

static int property_get_skipped(_unused_ sd_bus *connection, _unused_ const char *path,
				_unused_ const char *interface, _unused_ const char *property,
				sd_bus_message *reply, void *versions, _unused_ sd_bus_error *error)
{
	return append_versions(reply, versions);
}

#define CONSTANT(property, field)                                                \
	SD_BUS_PROPERTY(property, "s", NULL, offsetof(struct bus_device, field), \
			SD_BUS_VTABLE_PROPERTY_CONST)
#define CHANGING(property, signature, getter, field)                                          \
	SD_BUS_PROPERTY(property, signature, getter, offsetof(struct bus_device, face.field), \
			SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE)

const sd_bus_vtable device_vtable[] = {
	SD_BUS_VTABLE_START(0),
	CONSTANT("Id", id),
	CONSTANT("Name", name),
	CONSTANT("HardwareId", hardware_id),
	CONSTANT("Serial", serial),
	CONSTANT("Provider", provider),
	SD_BUS_PROPERTY("Slots", "ao", property_get_slots, 0, SD_BUS_VTABLE_PROPERTY_CONST),
	CHANGING("State", "s", NULL, state),
	CHANGING("Status", "s", NULL, status),
	CHANGING("Problem", "s", NULL, problem),
	CHANGING("Version", "s", property_get_text, version),
	CHANGING("Update", "o", property_get_path, update_path),
	CHANGING("ActiveSlot", "i", NULL, active_slot),
	CHANGING("NextSlot", "i", NULL, next_slot),
	CHANGING("CanRevert", "b", NULL, can_revert),
	CHANGING("RevertVersion", "s", property_get_text, revert_version),
	CHANGING("TrialEndUSec", "t", NULL, trial_end_usec),
	CHANGING("BootState", "s", NULL, boot_state),
	CHANGING("BootCount", "t", NULL, boot_count),
	CHANGING("BootLimit", "u", NULL, boot_limit),
	CHANGING("BootAttempts", "u", NULL, boot_attempts),
	CHANGING("BootAttemptsLeft", "u", NULL, boot_attempts_left),
	CHANGING("LastRestartReason", "s", NULL, last_restart_reason),
	CHANGING("Policy", "s", NULL, policy),
	CHANGING("NotBeforeUSec", "t", NULL, not_before_usec),
	CHANGING("PostponedUntilUSec", "t", NULL, postponed_usec),
	CHANGING("Blockers", "as", property_get_blockers, blockers),
	CHANGING("SupportEndsUSec", "t", NULL, support_ends_usec),
	SD_BUS_PROPERTY("SupportState", "s", property_get_support, 0, 0),
	CHANGING("PinnedVersion", "s", property_get_text, pinned_version),
	CHANGING("SkippedVersions", "as", property_get_skipped, skipped),
	SD_BUS_METHOD_WITH_ARGS("Approve", SD_BUS_ARGS("s", version, "t", flags),
				SD_BUS_RESULT("t", not_before_usec), method_approve,
				SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("Postpone", SD_BUS_ARGS("t", until_usec, "t", flags),
				SD_BUS_NO_RESULT, method_postpone, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("Dismiss", SD_BUS_ARGS("s", version, "t", flags), SD_BUS_NO_RESULT,
				method_dismiss, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("SetPolicy", SD_BUS_ARGS("s", policy, "t", flags), SD_BUS_NO_RESULT,
				method_set_policy, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("Pin", SD_BUS_ARGS("s", version, "t", flags), SD_BUS_NO_RESULT,
				method_pin, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("Unpin", SD_BUS_ARGS("t", flags), SD_BUS_NO_RESULT, method_unpin,
				SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("Skip", SD_BUS_ARGS("s", version, "t", flags), SD_BUS_NO_RESULT,
				method_skip, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("Unskip", SD_BUS_ARGS("s", version, "t", flags), SD_BUS_NO_RESULT,
				method_unskip, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("Install", SD_BUS_ARGS("s", version, "t", flags),
				SD_BUS_RESULT("t", job_id, "o", job), method_install,
				SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("Revert", SD_BUS_ARGS("t", flags),
				SD_BUS_RESULT("t", job_id, "o", job), method_revert,
				SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("Confirm", SD_BUS_ARGS("t", flags), SD_BUS_NO_RESULT,
				method_confirm, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_VTABLE_END,
};
