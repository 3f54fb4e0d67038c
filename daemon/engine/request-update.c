/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The request to install what an update source offers. The job is bound to source, version and digest: what is fetched
 * later is that very image, or the job says that it was replaced.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "engine/request.h"
#include "engine/space.h"
#include "engine/updates.h"
#include "engine/versions.h"

#define INSTALL_FLAGS (MANAGER_FLAG_REINSTALL | MANAGER_FLAG_NO_WAY_BACK)

static int find_update(struct manager *manager, const struct device *device, const char *version,
		       const struct update **ret, struct failure *failure)
{
	*ret = version[0] ? updates_find(manager, device->id, version) :
			    manager_update_of(manager, device);
	if (*ret)
		return 0;
	if (version[0])
		return fail(
			failure, REASON_NO_SUCH_UPDATE,
			"No update source offers version %.63s for %s; see ListUpdates, or ask them anew by Refresh.",
			version, device->id);
	if (versions_pin(manager, device->id))
		return fail(
			failure, REASON_PINNED,
			"%s is pinned to version %s, and no update source offers that to it. Call Unpin first "
			"(fwslotctl unpin %s).",
			device->id, versions_pin(manager, device->id), device->id);
	return fail(failure, REASON_NO_SUCH_UPDATE,
		    "No update is offered for %s; ask the update sources anew by Refresh.",
		    device->id);
}

int request_check_update(const struct update *update, const struct device *device, uint64_t flags,
			 struct failure *failure)
{
	if (flags & MANAGER_FLAG_REINSTALL)
		return 0;
	if (update->has_failed)
		return fail(
			failure, REASON_FAILED_BEFORE,
			"Version %s was taken back from %s before. Set flag %llu to try it all the same.",
			update->record.version, device->id,
			(unsigned long long)MANAGER_FLAG_REINSTALL);
	if (strcmp(update->record.version, device_running_version(device)) == 0)
		return fail(failure, REASON_ALREADY_INSTALLED,
			    "%s runs version %s already. Set flag %llu to write it all the same.",
			    device->id, update->record.version,
			    (unsigned long long)MANAGER_FLAG_REINSTALL);
	return 0;
}

int manager_install_update(struct manager *manager, const char *device_id, const char *version,
			   uint64_t flags, uint32_t uid, struct job **ret_job,
			   struct failure *failure)
{
	int r = request_check_flags(flags, INSTALL_FLAGS, failure);

	return r < 0 ? r :
		       request_install_offered(manager, device_id, version, flags, uid, ret_job,
					       failure);
}

int request_install_offered(struct manager *manager, const char *device_id, const char *version,
			    uint64_t flags, uint32_t uid, struct job **ret_job,
			    struct failure *failure)
{
	const struct update *update = NULL;
	struct device *device = NULL;
	struct job_record record;
	int no_bundle = -EBADF, r;

	r = request_check_device(manager, device_id, &device, failure);
	if (r >= 0 && version[0])
		r = versions_check(manager, device_id, version, failure);
	if (r >= 0)
		r = find_update(manager, device, version, &update, failure);
	if (r >= 0)
		r = request_check_free(manager, device, failure);
	if (r >= 0)
		r = request_check_way_back(device, flags, failure);
	if (r >= 0)
		r = request_check_update(update, device, flags, failure);
	/* While it is authenticated it is there twice. */
	if (r >= 0)
		r = space_check(manager, device, engine_choose_target(&device->now, ""),
				2 * update->record.length_bytes, failure);
	if (r < 0)
		return r;
	record = request_new_record(manager, device, JOB_INSTALL, flags, uid);
	memcpy(record.remote, update->record.remote, sizeof(record.remote));
	memcpy(record.version, update->record.version, sizeof(record.version));
	memcpy(record.digest, update->record.digest, sizeof(record.digest));
	record.counter = update->record.counter;
	record.length_bytes = update->record.length_bytes;
	return request_begin_job(manager, device, &record, &no_bundle, ret_job, failure);
}
