// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Backups on the bus: the list, writing one back to its device, writing one into a caller's file.
 * What makes a backup, keeps and forgets it is the engine's business.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "bus/authorize.h"
#include "bus/error.h"
#include "bus/reply.h"
#include "bus/request.h"

#define ACTION_EXPORT_BACKUP "org.fwslot1.export-backup"

static int append_backup(const struct backup_record *backup, void *userdata)
{
	int r = sd_bus_message_append(userdata, "(tsusttts)", backup->id, backup->device_id,
				      backup->slot, backup->version, backup->usec,
				      backup->length_bytes, backup->stored_bytes,
				      backup->is_damaged ? "damaged" : "good");

	return r < 0 ? r : 0; /* more than 0 would end the list */
}

struct backups_request {
	struct bus *bus;
	const char *device_id;
};

static int append_backups(sd_bus_message *reply, void *userdata)
{
	const struct backups_request *request = userdata;

	return manager_list_backups(request->bus->manager, request->device_id, append_backup,
				    reply);
}

int request_list_backups(struct bus *bus, sd_bus_message *call, const char *device_id,
			 uint64_t flags, sd_bus_error *error)
{
	struct backups_request request = { bus, device_id };
	int r = bus_check_flags(flags, 0, error);

	if (r >= 0)
		r = bus_check_length(device_id, sizeof(((struct device *)NULL)->id) - 1,
				     "The device id", error);
	return r < 0 ? r : bus_reply_rows(call, "(tsusttts)", append_backups, &request);
}

static int find_backup(struct bus *bus, uint64_t id, struct backup_record *ret, sd_bus_error *error)
{
	int r = manager_find_backup(bus->manager, id, ret);

	if (r == -ENOENT)
		return bus_error(error, REASON_NO_SUCH_BACKUP,
				 "There is no backup %" PRIu64
				 "; ListBackups names those that are there.",
				 id);
	return r;
}

int request_restore_backup(struct bus *bus, sd_bus_message *call, const char *device_id,
			   uint64_t backup_id, uint64_t flags, sd_bus_error *error)
{
	_cleanup_failure_ struct failure failure = {};
	struct backup_record backup;
	struct bus_device *device;
	struct job *job;
	uint32_t uid;
	int r;

	r = request_find_device(bus, device_id, flags, 0, &device, error);
	if (r >= 0)
		r = find_backup(bus, backup_id, &backup, error);
	if (r < 0)
		return r;
	/* Any version that ever ran may be chosen here, so it is never mere recovery. */
	r = request_authorize_device(bus, call, ACTION_DOWNGRADE, device, backup.version, &uid,
				     error);
	if (r <= 0)
		return r < 0 ? r : 1;
	r = manager_restore(bus->manager, device_id, backup_id, flags, uid, &job, &failure);
	if (r < 0)
		return bus_error_from_failure(error, &failure);
	return request_reply_job(bus, call, job);
}

int request_export_backup(struct bus *bus, sd_bus_message *call, uint64_t backup_id, int file_fd,
			  uint64_t flags, sd_bus_error *error)
{
	_cleanup_failure_ struct failure failure = {};
	struct backup_record backup;
	uint32_t uid;
	int r;

	r = bus_check_flags(flags, 0, error);
	if (r >= 0)
		r = find_backup(bus, backup_id, &backup, error);
	if (r < 0)
		return r;
	r = authorize_action(bus, call, ACTION_EXPORT_BACKUP,
			     (const struct authorize_detail[]){
				     { "device", backup.device_id },
				     { "version", backup.version },
				     { NULL, NULL },
			     },
			     &uid, error);
	if (r <= 0)
		return r < 0 ? r : 1;
	r = manager_export_backup(bus->manager, backup_id, file_fd, bus_reply_outcome, call,
				  &failure);
	if (r < 0)
		return bus_error_from_failure(error, &failure);
	sd_bus_message_ref(call); /* with its descriptor; the worker has its own */
	return 1;
}
