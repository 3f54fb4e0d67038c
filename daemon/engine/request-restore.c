/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What callers ask about backups: which there are, and to write one back. Exporting is export.c. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "engine/backups.h"
#include "engine/request.h"
#include "engine/space.h"

int manager_list_backups(struct manager *manager, const char *device_id,
			 int (*row)(const struct backup_record *backup, void *userdata),
			 void *userdata)
{
	return store_list_backups(manager->store, device_id, row, userdata);
}

int manager_find_backup(struct manager *manager, uint64_t id, struct backup_record *ret)
{
	return store_find_backup(manager->store, id, ret);
}

/* A floor was raised since that firmware ran: writing it back is what the floor forbids. */
static int check_floor(const struct device *device, const struct backup_record *backup,
		       struct failure *failure)
{
	if (backup->counter == 0 || backup->counter >= device->record.floor_counter)
		return 0;
	return fail(
		failure, REASON_BELOW_FLOOR,
		"Version %s has release counter %llu; %s may not run anything below %llu any more.",
		backup->version, (unsigned long long)backup->counter, device->id,
		(unsigned long long)device->record.floor_counter);
}

static int check_target(const struct device *device, const struct backup_record *backup, int target,
			struct failure *failure)
{
	if (target < 0)
		return fail(failure, REASON_NO_SUCH_SLOT,
			    "%s does not say which of its slots runs, so none may be overwritten.",
			    device->id);
	if (backup->length_bytes > device->now.slots[target].size_bytes)
		return fail(failure, REASON_TOO_LARGE,
			    "Backup %llu has %llu bytes, slot %d of %s has %llu.",
			    (unsigned long long)backup->id,
			    (unsigned long long)backup->length_bytes, target, device->id,
			    (unsigned long long)device->now.slots[target].size_bytes);
	return 0;
}

int request_restore(struct manager *manager, struct device *device, enum job_type type,
		    const struct backup_record *backup, uint32_t uid, struct job **ret_job,
		    struct failure *failure)
{
	int target = engine_choose_target(&device->now, ""), no_bundle = -EBADF, r;
	struct job_record record;

	r = check_target(device, backup, target, failure);
	if (r >= 0)
		r = check_floor(device, backup, failure);
	if (r >= 0)
		r = space_check(manager, device, target, backup->length_bytes, failure);
	if (r < 0)
		return r;
	record = request_new_record(manager, device, type, 0, uid);
	record.target_slot = target;
	record.counter = backup->counter;
	record.backup_length_bytes = backup->length_bytes;
	memcpy(record.backup_digest, backup->digest, sizeof(record.backup_digest));
	memcpy(record.version, backup->version, sizeof(record.version));
	return request_begin_job(manager, device, &record, &no_bundle, ret_job, failure);
}

static int check_backup(struct manager *manager, const struct device *device, uint64_t id,
			struct backup_record *ret, struct failure *failure)
{
	int r = store_find_backup(manager->store, id, ret);

	if (r == -ENOENT || (r >= 0 && strcmp(ret->device_id, device->id) != 0))
		return fail(failure, REASON_NO_SUCH_BACKUP,
			    "There is no backup %llu of %s; see ListBackups.",
			    (unsigned long long)id, device->id);
	if (r < 0)
		return fail_errno(failure, r, "Backup %llu cannot be looked up",
				  (unsigned long long)id);
	if (ret->is_damaged)
		return fail(failure, REASON_BACKUP_DAMAGED,
			    "Backup %llu was found damaged; ListBackups shows the others.",
			    (unsigned long long)id);
	return 0;
}

int manager_restore(struct manager *manager, const char *device_id, uint64_t backup_id,
		    uint64_t flags, uint32_t uid, struct job **ret_job, struct failure *failure)
{
	struct backup_record backup;
	struct device *device = NULL;
	int r;

	r = request_check_flags(flags, 0, failure);
	if (r >= 0)
		r = request_check_device(manager, device_id, &device, failure);
	if (r >= 0)
		r = check_backup(manager, device, backup_id, &backup, failure);
	if (r >= 0)
		r = request_check_free(manager, device, failure);
	return r < 0 ? r :
		       request_restore(manager, device, JOB_RESTORE, &backup, uid, ret_job,
				       failure);
}
