// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Requests that change something: is there such a device, may the caller do it to that device, and
 * then the engine is asked. Whether the device's state allows it is the engine's business.
 */
#include "bus/request.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>

#include "bus/authorize.h"
#include "bus/error.h"
#include "kernel/monitor.h"

#define ACTION_INSTALL_FILE "org.fwslot1.install-file"
#define ACTION_REVERT "org.fwslot1.revert"
#define ACTION_CONFIRM "org.fwslot1.confirm"
#define ACTION_CANCEL_OWN "org.fwslot1.cancel-own"
#define ACTION_CANCEL_FOREIGN "org.fwslot1.cancel-foreign"

#define INSTALL_FLAGS                                                                 \
	(MANAGER_FLAG_REINSTALL | MANAGER_FLAG_DOWNGRADE | MANAGER_FLAG_NO_WAY_BACK | \
	 MANAGER_FLAG_STALE)

/*
 * Nobody's device: when there is none at all, the kernel module is the likelier cause than the
 * name.
 */
static int no_such_device(struct bus *bus, const char *device_id, sd_bus_error *error)
{
	_cleanup_free_ char *sentence = NULL;

	if (!bus->devices && kernel_modules_explain(&sentence) >= 0 && sentence)
		return bus_error(error, REASON_MODULE_MISSING, "There are no devices. %s",
				 sentence);
	return bus_error(error, REASON_NO_SUCH_DEVICE,
			 "There is no device \"%s\"; ListDevices names those that are there.",
			 device_id);
}

int request_find_device(struct bus *bus, const char *device_id, uint64_t flags,
			uint64_t known_flags, struct bus_device **ret, sd_bus_error *error)
{
	struct device *device;
	int r = bus_check_flags(flags, known_flags, error);

	if (r >= 0)
		r = bus_check_length(device_id, sizeof(device->id) - 1, "The device id", error);
	if (r < 0)
		return r;
	device = manager_find_device(bus->manager, device_id);
	*ret = device ? bus_device_of(bus, device) : NULL;
	return *ret ? 0 : no_such_device(bus, device_id, error);
}

int request_authorize_device(struct bus *bus, sd_bus_message *call, const char *action,
			     const struct bus_device *device, const char *version,
			     uint32_t *ret_uid, sd_bus_error *error)
{
	const struct authorize_detail details[] = {
		{ "device", device->id },
		{ "device-name", device->name },
		{ "current-version", device->face.version },
		{ version[0] ? "version" : NULL, version },
		{ NULL, NULL },
	};

	return authorize_action(bus, call, action, details, ret_uid, error);
}

static int reply_job(sd_bus_message *call, const struct bus_job *job)
{
	return sd_bus_reply_method_return(call, "to", job->id, job->path);
}

int request_reply_job(struct bus *bus, sd_bus_message *call, const struct job *job)
{
	struct bus_job *object = bus_job_of(bus, job);

	return object ? reply_job(call, object) : -ENOMEM;
}

/*
 * The reply waits until the job has passed its checks (job_answer_call): a refused file is this
 * call's error, not something to be found out later.
 */
static int answer_when_checked(struct bus *bus, sd_bus_message *call, const struct job *job)
{
	struct bus_job *object = bus_job_of(bus, job);

	if (!object)
		return -ENOMEM;
	object->call = sd_bus_message_ref(call);
	job_answer_call(object);
	return 1;
}

/* More than 0: the caller with @ret_uid may; 0: he is still being asked; or a negative errno. */
static int authorize_install(struct bus *bus, sd_bus_message *call, const char *device_id,
			     uint64_t flags, uint32_t *ret_uid, sd_bus_error *error)
{
	const char *action = flags & MANAGER_FLAG_STALE	    ? ACTION_INSTALL_STALE_FILE :
			     flags & MANAGER_FLAG_DOWNGRADE ? ACTION_DOWNGRADE :
							      ACTION_INSTALL_FILE;
	struct bus_device *device;
	int r = request_find_device(bus, device_id, flags, INSTALL_FLAGS, &device, error);

	return r < 0 ? r : request_authorize_device(bus, call, action, device, "", ret_uid, error);
}

int request_install_file(struct bus *bus, sd_bus_message *call, const char *device_id,
			 int bundle_fd, uint64_t flags, sd_bus_error *error)
{
	_cleanup_failure_ struct failure failure = {};
	struct job *job;
	uint32_t uid;
	int r, fd;

	r = authorize_install(bus, call, device_id, flags, &uid, error);
	if (r <= 0)
		return r < 0 ? r : 1;

	fd = fcntl(bundle_fd, F_DUPFD_CLOEXEC, 3);
	if (fd < 0)
		return -errno;
	r = manager_install(bus->manager, device_id, fd, flags, uid, &job, &failure);
	if (r < 0)
		return bus_error_from_failure(error, &failure);
	return answer_when_checked(bus, call, job);
}

int request_install_imported(struct bus *bus, sd_bus_message *call, const char *device_id,
			     const char *file_name, uint64_t flags, sd_bus_error *error)
{
	_cleanup_failure_ struct failure failure = {};
	struct job *job;
	uint32_t uid;
	int r;

	r = authorize_install(bus, call, device_id, flags, &uid, error);
	if (r <= 0)
		return r < 0 ? r : 1;

	r = manager_install_imported(bus->manager, device_id, file_name, flags, uid, &job,
				     &failure);
	if (r < 0)
		return bus_error_from_failure(error, &failure);
	return answer_when_checked(bus, call, job);
}

int request_revert(struct bus *bus, sd_bus_message *call, const char *device_id, uint64_t flags,
		   sd_bus_error *error)
{
	_cleanup_failure_ struct failure failure = {};
	char version[KERNEL_VERSION_MAX + 1] = "";
	struct bus_device *device;
	const char *action;
	struct job *job;
	uint32_t uid;
	int r;

	r = request_find_device(bus, device_id, flags, 0, &device, error);
	if (r < 0)
		return r;
	action = manager_revert_is_recovery(bus->manager, device->device) ? ACTION_REVERT :
									    ACTION_DOWNGRADE;
	(void)manager_can_revert(bus->manager, device->device, version);
	r = request_authorize_device(bus, call, action, device, version, &uid, error);
	if (r <= 0)
		return r < 0 ? r : 1;

	r = manager_revert(bus->manager, device_id, flags, uid, &job, &failure);
	if (r < 0)
		return bus_error_from_failure(error, &failure);
	return request_reply_job(bus, call, job);
}

int request_confirm(struct bus *bus, sd_bus_message *call, const char *device_id, uint64_t flags,
		    sd_bus_error *error)
{
	_cleanup_failure_ struct failure failure = {};
	struct bus_device *device;
	uint32_t uid;
	int r;

	r = request_find_device(bus, device_id, flags, 0, &device, error);
	if (r < 0)
		return r;
	r = request_authorize_device(bus, call, ACTION_CONFIRM, device, device->face.version, &uid,
				     error);
	if (r <= 0)
		return r < 0 ? r : 1;

	if (manager_confirm(bus->manager, device_id, uid, &failure) < 0)
		return bus_error_from_failure(error, &failure);
	return sd_bus_reply_method_return(call, NULL);
}

static int no_such_job(uint64_t job_id, sd_bus_error *error)
{
	return bus_error(error, REASON_NO_SUCH_JOB,
			 "There is no job %" PRIu64 "; ListJobs names those that are there.",
			 job_id);
}

int request_cancel(struct bus *bus, sd_bus_message *call, uint64_t job_id, uint64_t flags,
		   sd_bus_error *error)
{
	_cleanup_failure_ struct failure failure = {};
	char number[24];
	struct job *job;
	uint32_t uid;
	int r;

	r = bus_check_flags(flags, 0, error);
	if (r < 0)
		return r;
	job = manager_find_job(bus->manager, job_id);
	if (!job)
		return no_such_job(job_id, error);
	/* Whose job it is decides which right is needed, so first: who is asking? */
	r = authorize_caller(bus, call, &uid, error);
	if (r <= 0)
		return r < 0 ? r : 1;
	snprintf(number, sizeof(number), "%" PRIu64, job_id);
	r = authorize_action(bus, call,
			     uid == job->record.uid ? ACTION_CANCEL_OWN : ACTION_CANCEL_FOREIGN,
			     (const struct authorize_detail[]){
				     { "job", number },
				     { "device", job->record.device_id },
				     { NULL, NULL },
			     },
			     &uid, error);
	if (r <= 0)
		return r < 0 ? r : 1;

	if (manager_cancel(bus->manager, job_id, uid, &failure) < 0)
		return bus_error_from_failure(error, &failure);
	return sd_bus_reply_method_return(call, NULL);
}

void job_answer_call(struct bus_job *job)
{
	const struct job_record *record = &job->job->record;
	int r;

	if (!job->call)
		return;
	if (record->phase == JOB_FAILED || record->phase == JOB_CANCELLED) {
		_cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
		struct failure failure = { .reason = record->reason, .message = job->job->message };

		if (failure.reason == REASON_OK)
			failure.reason = record->phase == JOB_CANCELLED ? REASON_CANCELLED :
									  REASON_INTERNAL;
		(void)bus_error_from_failure(&error, &failure);
		r = sd_bus_reply_method_error(job->call, &error);
	} else if (record->phase <= JOB_VERIFYING) {
		return;
	} else {
		r = reply_job(job->call, job);
	}
	(void)r; /* the caller may have left; his job goes on */
	job->call = sd_bus_message_unref(job->call);
}
