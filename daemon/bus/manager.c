// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * org.fwslot1.Manager: lists, history, and the requests by name. See
 * daemon/data/interfaces/org.fwslot1.Manager.xml.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "bus/error.h"
#include "bus/objects.h"
#include "bus/reply.h"
#include "bus/request.h"
#include "bus/update.h"

/* Rows of one GetHistory reply. */
#define HISTORY_ROWS_MAX 1000

static int append_device(sd_bus_message *reply, const struct bus_device *device)
{
	const struct bus_update *update = bus_update_of(device->bus, device->id);

	return sd_bus_message_append(reply, "(sssssto)", device->id, device->name,
				     device->face.version, update ? update->record.version : "",
				     device->face.state, device->face.postponed_usec, device->path);
}

static int append_devices(sd_bus_message *reply, void *userdata)
{
	struct bus *bus = userdata;
	int r = 0;

	for (struct device *device = manager_next_device(bus->manager, NULL); device && r >= 0;
	     device = manager_next_device(bus->manager, device)) {
		struct bus_device *object = bus_device_of(bus, device);

		if (object)
			r = append_device(reply, object);
	}
	return r;
}

static int append_job(sd_bus_message *reply, const struct bus_job *job)
{
	return sd_bus_message_append(reply, "(tsssuo)", job->id, job->type,
				     job->job->record.device_id, job->face.phase, job->face.percent,
				     job->path);
}

static int append_jobs(sd_bus_message *reply, void *userdata)
{
	struct bus *bus = userdata;
	int r = 0;

	for (struct job *job = manager_next_job(bus->manager, NULL); job && r >= 0;
	     job = manager_next_job(bus->manager, job)) {
		struct bus_job *object = bus_job_of(bus, job);

		if (object)
			r = append_job(reply, object);
	}
	return r;
}

/* A list method: only flags, none of them known. */
static int reply_list(struct bus *bus, sd_bus_message *call, const char *row_type,
		      int (*append_rows)(sd_bus_message *, void *), sd_bus_error *error)
{
	uint64_t flags;
	int r = sd_bus_message_read(call, "t", &flags);

	if (r < 0)
		return r;
	r = bus_check_flags(flags, 0, error);
	return r < 0 ? r : bus_reply_rows(call, row_type, append_rows, bus);
}

static int method_list_devices(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
	return reply_list(userdata, call, "(sssssto)", append_devices, error);
}

static int method_list_jobs(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
	return reply_list(userdata, call, "(tsssuo)", append_jobs, error);
}

static int method_list_updates(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
	return reply_list(userdata, call, "(ssssttto)", request_append_updates, error);
}

static int method_list_remotes(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
	return reply_list(userdata, call, "(sssbttss)", request_append_remotes, error);
}

#define HISTORY_FLAG_SENTENCES UINT64_C(1)

struct history_request {
	struct bus *bus;
	const char *device_id;
	uint32_t limit;
	uint64_t flags;
	sd_bus_message *reply;
};

static int append_history_row(const struct history_row *row, void *userdata)
{
	const struct history_request *request = userdata;
	const char *why = reason_from_word(row->reason) == REASON_OK ? "" : row->reason;
	int r;

	if (request->flags & HISTORY_FLAG_SENTENCES && row->details[0])
		why = row->details;
	r = sd_bus_message_append(request->reply, "(tsssssus)", row->usec, row->device_id,
				  row->action, row->version_from, row->version_to, row->result,
				  row->uid, why);
	return r < 0 ? r : 0; /* more than 0 would end the list */
}

static int append_history(sd_bus_message *reply, void *userdata)
{
	struct history_request *request = userdata;

	request->reply = reply;
	return manager_history(request->bus->manager, request->device_id, request->limit,
			       append_history_row, request);
}

static int method_get_history(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
	struct history_request request = { .bus = userdata };
	int r = sd_bus_message_read(call, "sut", &request.device_id, &request.limit,
				    &request.flags);

	if (r < 0)
		return r;
	r = bus_check_flags(request.flags, HISTORY_FLAG_SENTENCES, error);
	if (r >= 0)
		r = bus_check_length(request.device_id, sizeof(((struct device *)NULL)->id) - 1,
				     "The device id", error);
	if (r < 0)
		return r;
	if (request.limit > HISTORY_ROWS_MAX)
		return bus_error(error, REASON_INVALID_ARGUMENT,
				 "A limit of %" PRIu32 " rows is more than the %d allowed.",
				 request.limit, HISTORY_ROWS_MAX);

	request.limit = request.limit ?: HISTORY_ROWS_MAX;
	return bus_reply_rows(call, "(tsssssus)", append_history, &request);
}

/*
 * InstallFile has options from the first day; a key nobody knows must not be passed over in
 * silence.
 */
static int refuse_options(sd_bus_message *call, sd_bus_error *error)
{
	const char *key;
	int r = sd_bus_message_enter_container(call, 'a', "{sv}");

	if (r < 0)
		return r;
	r = sd_bus_message_enter_container(call, 'e', "sv");
	if (r < 0)
		return r;
	if (r == 0)
		return sd_bus_message_exit_container(call);
	r = sd_bus_message_read(call, "s", &key);
	if (r < 0)
		return r;
	return bus_error(error, REASON_INVALID_ARGUMENT,
			 "Unknown option \"%s\"; InstallFile has no options yet.", key);
}

static int method_install_file(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
	const char *device_id;
	uint64_t flags;
	int fd, r = sd_bus_message_read(call, "sht", &device_id, &fd, &flags);

	if (r >= 0)
		r = refuse_options(call, error);
	return r < 0 ? r : request_install_file(userdata, call, device_id, fd, flags, error);
}

static int method_install_imported(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
	const char *device_id, *file_name;
	uint64_t flags;
	int r = sd_bus_message_read(call, "sst", &device_id, &file_name, &flags);

	return r < 0 ? r :
		       request_install_imported(userdata, call, device_id, file_name, flags, error);
}

static int method_explain(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
	const char *device_id;
	uint64_t flags;
	int r = sd_bus_message_read(call, "st", &device_id, &flags);

	return r < 0 ? r : request_explain(userdata, call, device_id, flags, error);
}

static int method_refresh(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
	const char *remote;
	uint64_t flags;
	int r = sd_bus_message_read(call, "st", &remote, &flags);

	return r < 0 ? r : request_refresh(userdata, call, remote, flags, error);
}

static int method_install(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
	const char *device_id, *version;
	uint64_t flags;
	int r = sd_bus_message_read(call, "sst", &device_id, &version, &flags);

	return r < 0 ? r : request_install_update(userdata, call, device_id, version, flags, error);
}

static int method_approve(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
	const char *device_id, *version;
	uint64_t flags;
	int r = sd_bus_message_read(call, "sst", &device_id, &version, &flags);

	return r < 0 ? r : request_approve(userdata, call, device_id, version, flags, error);
}

static int method_postpone(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
	uint64_t until_usec, flags;
	const char *device_id;
	int r = sd_bus_message_read(call, "stt", &device_id, &until_usec, &flags);

	return r < 0 ? r : request_postpone(userdata, call, device_id, until_usec, flags, error);
}

static int method_dismiss(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
	const char *device_id, *version;
	uint64_t flags;
	int r = sd_bus_message_read(call, "sst", &device_id, &version, &flags);

	return r < 0 ? r : request_dismiss(userdata, call, device_id, version, flags, error);
}

static int method_set_policy(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
	const char *device_id, *policy;
	uint64_t flags;
	int r = sd_bus_message_read(call, "sst", &device_id, &policy, &flags);

	return r < 0 ? r : request_set_policy(userdata, call, device_id, policy, flags, error);
}

static int method_pin(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
	const char *device_id, *version;
	uint64_t flags;
	int r = sd_bus_message_read(call, "sst", &device_id, &version, &flags);

	return r < 0 ? r : request_pin(userdata, call, device_id, version, flags, error);
}

static int method_unpin(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
	const char *device_id;
	uint64_t flags;
	int r = sd_bus_message_read(call, "st", &device_id, &flags);

	return r < 0 ? r : request_unpin(userdata, call, device_id, flags, error);
}

static int method_skip(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
	const char *device_id, *version;
	uint64_t flags;
	int r = sd_bus_message_read(call, "sst", &device_id, &version, &flags);

	return r < 0 ? r : request_skip(userdata, call, device_id, version, flags, error);
}

static int method_unskip(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
	const char *device_id, *version;
	uint64_t flags;
	int r = sd_bus_message_read(call, "sst", &device_id, &version, &flags);

	return r < 0 ? r : request_unskip(userdata, call, device_id, version, flags, error);
}

static int method_inhibit(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
	const char *device_id, *who, *why;
	uint64_t flags;
	int r = sd_bus_message_read(call, "ssst", &device_id, &who, &why, &flags);

	return r < 0 ? r : request_inhibit(userdata, call, device_id, who, why, flags, error);
}

static int method_revert(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
	const char *device_id;
	uint64_t flags;
	int r = sd_bus_message_read(call, "st", &device_id, &flags);

	return r < 0 ? r : request_revert(userdata, call, device_id, flags, error);
}

static int method_confirm(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
	const char *device_id;
	uint64_t flags;
	int r = sd_bus_message_read(call, "st", &device_id, &flags);

	return r < 0 ? r : request_confirm(userdata, call, device_id, flags, error);
}

static int method_cancel_job(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
	uint64_t job_id, flags;
	int r = sd_bus_message_read(call, "tt", &job_id, &flags);

	return r < 0 ? r : request_cancel(userdata, call, job_id, flags, error);
}

static int method_list_backups(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
	const char *device_id;
	uint64_t flags;
	int r = sd_bus_message_read(call, "st", &device_id, &flags);

	return r < 0 ? r : request_list_backups(userdata, call, device_id, flags, error);
}

static int method_restore(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
	const char *device_id;
	uint64_t backup_id, flags;
	int r = sd_bus_message_read(call, "stt", &device_id, &backup_id, &flags);

	return r < 0 ? r :
		       request_restore_backup(userdata, call, device_id, backup_id, flags, error);
}

static int method_export_backup(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
	uint64_t backup_id, flags;
	int fd, r = sd_bus_message_read(call, "tht", &backup_id, &fd, &flags);

	return r < 0 ? r : request_export_backup(userdata, call, backup_id, fd, flags, error);
}

static int property_get_version(_unused_ sd_bus *connection, _unused_ const char *path,
				_unused_ const char *interface, _unused_ const char *property,
				sd_bus_message *reply, _unused_ void *userdata,
				_unused_ sd_bus_error *error)
{
	return sd_bus_message_append(reply, "s", FWSLOT_VERSION);
}

static int property_get_last_refresh(_unused_ sd_bus *connection, _unused_ const char *path,
				     _unused_ const char *interface, _unused_ const char *property,
				     sd_bus_message *reply, void *userdata,
				     _unused_ sd_bus_error *error)
{
	const struct bus *bus = userdata;

	return sd_bus_message_append(
		reply, "t", bus->manager ? manager_last_refresh(bus->manager) : UINT64_C(0));
}

static int property_get_pending(_unused_ sd_bus *connection, _unused_ const char *path,
				_unused_ const char *interface, _unused_ const char *property,
				sd_bus_message *reply, void *userdata, _unused_ sd_bus_error *error)
{
	const struct bus *bus = userdata;
	uint32_t count = 0;

	for (const struct bus_update *update = bus->updates; update; update = update->next)
		count++;
	return sd_bus_message_append(reply, "u", count);
}

static int property_get_default_policy(_unused_ sd_bus *connection, _unused_ const char *path,
				       _unused_ const char *interface,
				       _unused_ const char *property, sd_bus_message *reply,
				       void *userdata, _unused_ sd_bus_error *error)
{
	const struct bus *bus = userdata;

	return sd_bus_message_append(reply, "s",
				     bus->manager ? manager_default_policy(bus->manager) : "");
}

#define ARGS SD_BUS_ARGS
#define JOB_RESULT SD_BUS_RESULT("t", job_id, "o", job)

/* Both; asked for by the clock, so nobody is told when they change. */
static int property_get_window(_unused_ sd_bus *connection, _unused_ const char *path,
			       _unused_ const char *interface, const char *property,
			       sd_bus_message *reply, void *userdata, _unused_ sd_bus_error *error)
{
	const struct bus *bus = userdata;
	uint64_t begin_usec = 0, duration_usec = 0;

	if (bus->manager)
		manager_next_window(bus->manager, &begin_usec, &duration_usec);
	return sd_bus_message_append(
		reply, "t", strcmp(property, "NextWindowUSec") == 0 ? begin_usec : duration_usec);
}

const sd_bus_vtable manager_vtable[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_PROPERTY("Version", "s", property_get_version, 0, SD_BUS_VTABLE_PROPERTY_CONST),
	SD_BUS_PROPERTY("LastRefreshUSec", "t", property_get_last_refresh, 0,
			SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
	SD_BUS_PROPERTY("NPending", "u", property_get_pending, 0,
			SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
	SD_BUS_PROPERTY("NextWindowUSec", "t", property_get_window, 0, 0),
	SD_BUS_PROPERTY("WindowDurationUSec", "t", property_get_window, 0, 0),
	SD_BUS_PROPERTY("DefaultPolicy", "s", property_get_default_policy, 0,
			SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
	SD_BUS_METHOD_WITH_ARGS("ListDevices", ARGS("t", flags),
				SD_BUS_RESULT("a(sssssto)", devices), method_list_devices,
				SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("ListJobs", ARGS("t", flags), SD_BUS_RESULT("a(tsssuo)", jobs),
				method_list_jobs, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("ListUpdates", ARGS("t", flags),
				SD_BUS_RESULT("a(ssssttto)", updates), method_list_updates,
				SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("ListRemotes", ARGS("t", flags),
				SD_BUS_RESULT("a(sssbttss)", remotes), method_list_remotes,
				SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("Explain", ARGS("s", device, "t", flags),
				SD_BUS_RESULT("a(ssbss)", rules), method_explain,
				SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("Refresh", ARGS("s", remote, "t", flags), SD_BUS_NO_RESULT,
				method_refresh, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("Install", ARGS("s", device, "s", version, "t", flags), JOB_RESULT,
				method_install, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("Approve", ARGS("s", device, "s", version, "t", flags),
				SD_BUS_RESULT("t", not_before_usec), method_approve,
				SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("Postpone", ARGS("s", device, "t", until_usec, "t", flags),
				SD_BUS_NO_RESULT, method_postpone, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("Dismiss", ARGS("s", device, "s", version, "t", flags),
				SD_BUS_NO_RESULT, method_dismiss, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("SetPolicy", ARGS("s", device, "s", policy, "t", flags),
				SD_BUS_NO_RESULT, method_set_policy, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("Pin", ARGS("s", device, "s", version, "t", flags),
				SD_BUS_NO_RESULT, method_pin, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("Unpin", ARGS("s", device, "t", flags), SD_BUS_NO_RESULT,
				method_unpin, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("Skip", ARGS("s", device, "s", version, "t", flags),
				SD_BUS_NO_RESULT, method_skip, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("Unskip", ARGS("s", device, "s", version, "t", flags),
				SD_BUS_NO_RESULT, method_unskip, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("Inhibit", ARGS("s", device, "s", who, "s", why, "t", flags),
				SD_BUS_RESULT("h", lock), method_inhibit,
				SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("GetHistory", ARGS("s", device, "u", limit, "t", flags),
				SD_BUS_RESULT("a(tsssssus)", history), method_get_history,
				SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("InstallFile",
				ARGS("s", device, "h", image, "t", flags, "a{sv}", options),
				JOB_RESULT, method_install_file, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("InstallImported", ARGS("s", device, "s", filename, "t", flags),
				JOB_RESULT, method_install_imported, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("Revert", ARGS("s", device, "t", flags), JOB_RESULT, method_revert,
				SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("Confirm", ARGS("s", device, "t", flags), SD_BUS_NO_RESULT,
				method_confirm, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("CancelJob", ARGS("t", job_id, "t", flags), SD_BUS_NO_RESULT,
				method_cancel_job, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("ListBackups", ARGS("s", device, "t", flags),
				SD_BUS_RESULT("a(tsusttts)", backups), method_list_backups,
				SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("Restore", ARGS("s", device, "t", backup, "t", flags), JOB_RESULT,
				method_restore, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("ExportBackup", ARGS("t", backup, "h", file, "t", flags),
				SD_BUS_NO_RESULT, method_export_backup, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_SIGNAL_WITH_ARGS("JobNew", ARGS("t", job_id, "o", job, "s", device, "s", type), 0),
	SD_BUS_SIGNAL_WITH_ARGS(
		"JobRemoved",
		ARGS("t", job_id, "o", job, "s", device, "s", type, "s", result, "s", reason), 0),
	SD_BUS_VTABLE_END,
};
