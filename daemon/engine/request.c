/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What callers ask for: install, revert, confirm, cancel. Preconditions first, each with its reason and its sentence;
 * then the request is stored, and only then it is true. Who may ask is the bus's question.
 */
#include "engine/request.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "engine/backups.h"
#include "engine/space.h"

#define INSTALL_FLAGS                                                                 \
	(MANAGER_FLAG_REINSTALL | MANAGER_FLAG_DOWNGRADE | MANAGER_FLAG_NO_WAY_BACK | \
	 MANAGER_FLAG_STALE)

int request_check_device(struct manager *manager, const char *device_id, struct device **ret,
			 struct failure *failure)
{
	struct device *device = manager_find_device(manager, device_id);

	if (!device)
		return fail(failure, REASON_NO_SUCH_DEVICE,
			    "No device \"%.64s\" is connected; see ListDevices.", device_id);
	*ret = device;
	return 0;
}

static int check_can_store(struct manager *manager, struct failure *failure)
{
	if (manager->is_volatile)
		return fail(
			failure, REASON_IO_ERROR,
			"The state folder %s cannot be written, so nothing may be changed; see fwslotd's log.",
			manager->folders.state);
	return 0;
}

int request_check_store(const struct manager *manager, struct failure *failure)
{
	return manager->is_volatile ?
		       fail(failure, REASON_IO_ERROR,
			    "The state folder %s cannot be written, so nothing may be changed; see fwslotd's log.",
			    manager->folders.state) :
		       0;
}

int request_check_free(struct manager *manager, const struct device *device,
		       struct failure *failure)
{
	if (device->job)
		return fail(failure, REASON_BUSY,
			    "Job %llu is under way on %s (%s); wait for its end.",
			    (unsigned long long)device->job->record.id, device->id,
			    job_phase_to_string(device->job->record.phase));
	if (manager_count_unfinished(manager) >= MANAGER_JOBS_MAX)
		return fail(failure, REASON_LIMIT_REACHED,
			    "%d jobs are under way; wait for one to end.", MANAGER_JOBS_MAX);
	return check_can_store(manager, failure);
}

int request_check_flags(uint64_t flags, uint64_t known, struct failure *failure)
{
	if (flags & ~known)
		return fail(failure, REASON_INVALID_ARGUMENT,
			    "Flags 0x%llx are not known here; allowed are 0x%llx.",
			    (unsigned long long)(flags & ~known), (unsigned long long)known);
	return 0;
}

static int check_bundle(struct manager *manager, int fd, struct failure *failure)
{
	struct stat status;
	int mode;

	mode = fcntl(fd, F_GETFL);
	if (mode < 0 || fstat(fd, &status) < 0)
		return fail_errno(failure, errno, "The file cannot be examined");
	if (!S_ISREG(status.st_mode))
		return fail(
			failure, REASON_NOT_REGULAR_FILE,
			"A regular file is needed, found something else (a pipe, a folder or a device).");
	if ((mode & O_PATH) || (mode & O_ACCMODE) == O_WRONLY)
		return fail(failure, REASON_INVALID_ARGUMENT, "The file is not open for reading.");
	if ((uint64_t)status.st_size > manager->config.maximum_bundle_bytes)
		return fail(
			failure, REASON_TOO_LARGE,
			"The file has %lld bytes, allowed are %llu (MaximumBundleBytes= in fwslotd.conf).",
			(long long)status.st_size,
			(unsigned long long)manager->config.maximum_bundle_bytes);
	return 0;
}

/* Said at once where it can be known; the table says it again when the file has been read. */
int request_check_way_back(const struct device *device, uint64_t flags, struct failure *failure)
{
	if (device->now.num_slots == 1 && !device->now.slots[0].is_readable &&
	    !(flags & MANAGER_FLAG_NO_WAY_BACK))
		return fail(
			failure, REASON_NO_WAY_BACK,
			"%s has one slot, which cannot be read back: a bad update could not be taken back. Set flag "
			"%llu to do it all the same.",
			device->id, (unsigned long long)MANAGER_FLAG_NO_WAY_BACK);
	return 0;
}

struct job_record request_new_record(struct manager *manager, const struct device *device,
				     enum job_type type, uint64_t flags, uint32_t uid)
{
	struct job_record record = {
		.type = type,
		.phase = JOB_QUEUED,
		.flags = flags,
		.uid = uid,
		.created_usec = manager_wall_clock(manager),
		.phase_usec = manager_now(manager),
		.target_slot = -1,
		.previous_slot = -1,
	};

	memcpy(record.device_id, device->id, sizeof(device->id));
	snprintf(record.version_before, sizeof(record.version_before), "%s",
		 device_running_version(device));
	return record;
}

/* Stores the job, shows it, and lets it run. @bundle_fd is the job's from then on; -EBADF: none. */
int request_begin_job(struct manager *manager, struct device *device, struct job_record *record,
		      int *bundle_fd, struct job **ret, struct failure *failure)
{
	struct job_entry *entry;
	int r;

	r = job_store_new(manager, record);
	if (r < 0)
		return fail_errno(failure, r, "The job cannot be recorded in %s",
				  manager->folders.state);
	r = manager_add_job(manager, record, NULL, &entry);
	if (r < 0)
		return fail_memory(failure);
	entry->bundle_fd = TAKE_FD(*bundle_fd);
	entry->job.knowledge.has_bundle = entry->bundle_fd >= 0;
	held_begin(entry);
	entry->job.knowledge.away_since_usec = 0;
	device->job = &entry->job;
	if (manager->events->job_added)
		manager->events->job_added(&entry->job, manager->userdata);
	*ret = &entry->job;
	job_run(entry);
	return 0;
}

/* The image is at most as large as the file it comes in. */
static int check_space(struct manager *manager, const struct device *device, int bundle_fd,
		       struct failure *failure)
{
	struct stat status;

	if (fstat(bundle_fd, &status) < 0)
		return fail_errno(failure, errno, "The file cannot be examined");
	return space_check(manager, device, engine_choose_target(&device->now, ""),
			   (uint64_t)status.st_size, failure);
}

/* Who may give up freshness is decided here, before who is asking: by whoever set up the machine. */
static int check_stale(const struct manager *manager, uint64_t flags, struct failure *failure)
{
	if (!(flags & MANAGER_FLAG_STALE))
		return 0;
	if (!manager->config.allows_stale_files)
		return fail(
			failure, REASON_EXPIRED,
			"Files that have expired are not installed on this machine. To allow it, set AllowStaleFiles=yes in section [Updates] of fwslotd.conf.");
	if (flags & MANAGER_FLAG_DOWNGRADE)
		return fail(failure, REASON_INVALID_ARGUMENT,
			    "A file that has expired cannot be used to install older firmware.");
	return 0;
}

static int install(struct manager *manager, const char *device_id, int *bundle_fd,
		   const char *source, uint64_t flags, uint32_t uid, struct job **ret_job,
		   struct failure *failure)
{
	struct job_record record;
	struct device *device = NULL;
	int r;

	r = request_check_flags(flags, INSTALL_FLAGS, failure);
	if (r >= 0)
		r = check_stale(manager, flags, failure);
	if (r >= 0)
		r = request_check_device(manager, device_id, &device, failure);
	if (r >= 0)
		r = request_check_free(manager, device, failure);
	if (r >= 0)
		r = request_check_way_back(device, flags, failure);
	if (r >= 0)
		r = check_bundle(manager, *bundle_fd, failure);
	if (r >= 0)
		r = check_space(manager, device, *bundle_fd, failure);
	if (r < 0)
		return r;
	record = request_new_record(manager, device, JOB_INSTALL, flags, uid);
	snprintf(record.source, sizeof(record.source), "%s", source);
	return request_begin_job(manager, device, &record, bundle_fd, ret_job, failure);
}

int manager_install(struct manager *manager, const char *device_id, int bundle_fd, uint64_t flags,
		    uint32_t uid, struct job **ret_job, struct failure *failure)
{
	_cleanup_close_ int fd = bundle_fd;

	return install(manager, device_id, &fd, "", flags, uid, ret_job, failure);
}

/*
 * @file_name has no slash, so O_NOFOLLOW is all that keeps it inside the folder. openat2(2) would
 * say it better, but RestrictSUIDSGID= of the unit forbids that call altogether.
 */
static int open_imported(struct manager *manager, const char *file_name)
{
	_cleanup_close_ int state = -EBADF, folder = -EBADF;
	int fd;

	state = open(manager->folders.state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (state < 0)
		return -errno;
	folder = openat(state, "import", O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (folder < 0)
		return -errno;
	fd = openat(folder, file_name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	return fd < 0 ? -errno : fd;
}

int manager_install_imported(struct manager *manager, const char *device_id, const char *file_name,
			     uint64_t flags, uint32_t uid, struct job **ret_job,
			     struct failure *failure)
{
	_cleanup_close_ int fd = -EBADF;

	if (!file_name[0] || strchr(file_name, '/') || strcmp(file_name, ".") == 0 ||
	    strcmp(file_name, "..") == 0 || strlen(file_name) > RECORD_SOURCE_MAX)
		return fail(
			failure, REASON_INVALID_ARGUMENT,
			"\"%.64s\" is not the name of a file in %s/import: no folders, at most %d bytes.",
			file_name, manager->folders.state, RECORD_SOURCE_MAX);
	fd = open_imported(manager, file_name);
	if (fd == -ELOOP)
		return fail(failure, REASON_NOT_REGULAR_FILE,
			    "%s/import/%.255s is a link; copy the file itself there.",
			    manager->folders.state, file_name);
	if (fd < 0)
		return fail_errno(failure, fd, "%s/import/%.255s cannot be opened",
				  manager->folders.state, file_name);
	return install(manager, device_id, &fd, file_name, flags, uid, ret_job, failure);
}

int request_open_bundle_again(struct job_entry *entry)
{
	if (!entry->job.record.source[0])
		return -ENOENT;
	entry->bundle_fd = open_imported(entry->manager, entry->job.record.source);
	return entry->bundle_fd < 0 ? -ENOENT : 0;
}

static bool job_can_go_back(const struct job *job)
{
	return job && job->record.type == JOB_INSTALL &&
	       (job->record.phase == JOB_RESTARTING || job->record.phase == JOB_CHECKING ||
		job->record.phase == JOB_TRIAL);
}

static int previous_slot_of(const struct device *device)
{
	if (job_can_go_back(device->job))
		return device->job->record.previous_slot;
	return device->job ? -1 :
			     engine_choose_previous(&device->now, device->record.previous_slot);
}

/* Where there is one slot: the newest sound backup of something else than what is in it. */
static bool find_previous_backup(struct manager *manager, const struct device *device,
				 struct backup_record *ret)
{
	const struct kernel_slot *slot = &device->now.slots[0];

	return device->now.num_slots == 1 && !device->job &&
	       backups_find_sound(manager, device->id, slot->digest, slot->version, ret);
}

bool manager_can_revert(struct manager *manager, const struct device *device, char ret_version[64])
{
	int slot = previous_slot_of(device);
	struct backup_record backup;

	if (slot >= 0 && (unsigned)slot < device->now.num_slots)
		snprintf(ret_version, 64, "%s", device->now.slots[slot].version);
	else if (job_can_go_back(device->job) && device->job->record.backup_digest[0])
		snprintf(ret_version, 64, "%s", device->job->record.version_before);
	else if (find_previous_backup(manager, device, &backup))
		snprintf(ret_version, 64, "%s", backup.version);
	else
		return false;
	return true;
}

bool manager_revert_is_recovery(struct manager *manager, const struct device *device)
{
	(void)manager;
	return job_can_go_back(device->job) || device->now.boot.state == KERNEL_BOOT_TRIAL ||
	       device->record.problem != REASON_OK;
}

static int revert_running_job(struct job_entry *entry, uint32_t uid, struct job **ret_job,
			      struct failure *failure)
{
	struct job_record record = entry->job.record;
	int r;

	record.is_revert_requested = true;
	r = job_store_request(entry, &record, "revert", uid);
	if (r < 0)
		return fail_errno(failure, r, "The request cannot be recorded in %s",
				  entry->manager->folders.state);
	*ret_job = &entry->job;
	job_wake(entry);
	return 0;
}

/* A floor was raised since that firmware ran: going back to it is what the floor forbids. */
static int check_floor(const struct device *device, int slot, struct failure *failure)
{
	if (slot == device->record.previous_slot && device->record.previous_counter > 0 &&
	    device->record.previous_counter < device->record.floor_counter)
		return fail(
			failure, REASON_BELOW_FLOOR,
			"Version %s has release counter %llu; %s may not run anything below %llu any more.",
			device->now.slots[slot].version,
			(unsigned long long)device->record.previous_counter, device->id,
			(unsigned long long)device->record.floor_counter);
	return 0;
}

int manager_revert(struct manager *manager, const char *device_id, uint64_t flags, uint32_t uid,
		   struct job **ret_job, struct failure *failure)
{
	struct backup_record backup;
	struct job_record record;
	struct device *device = NULL;
	int no_bundle = -EBADF, slot, r;

	r = request_check_flags(flags, 0, failure);
	if (r >= 0)
		r = request_check_device(manager, device_id, &device, failure);
	if (r >= 0 && job_can_go_back(device->job)) {
		if (device->job->record.previous_slot < 0 && !device->job->record.backup_digest[0])
			return fail(failure, REASON_NO_REVERT_SLOT,
				    "%s has no other slot to go back to, and no backup was made.",
				    device->id);
		return revert_running_job(job_entry_of(device->job), uid, ret_job, failure);
	}
	if (r >= 0)
		r = request_check_free(manager, device, failure);
	if (r < 0)
		return r;
	slot = previous_slot_of(device);
	if (slot < 0 && find_previous_backup(manager, device, &backup))
		return request_restore(manager, device, JOB_REVERT, &backup, uid, ret_job, failure);
	if (slot < 0)
		return fail(failure, REASON_NO_REVERT_SLOT,
			    "No other slot of %s holds good firmware to go back to.", device->id);
	r = check_floor(device, slot, failure);
	if (r < 0)
		return r;
	record = request_new_record(manager, device, JOB_REVERT, flags, uid);
	record.previous_slot = slot;
	snprintf(record.version, sizeof(record.version), "%s", device->now.slots[slot].version);
	return request_begin_job(manager, device, &record, &no_bundle, ret_job, failure);
}

/* A trial that no job of ours began: the kernel is told, and that is all. */
static int confirm_without_job(struct manager *manager, struct device *device, uint32_t uid,
			       struct failure *failure)
{
	int r;

	if (!device->now.boot.is_present || device->now.boot.state != KERNEL_BOOT_TRIAL)
		return fail(failure, REASON_NOT_ON_TRIAL, "%s has no firmware on trial.",
			    device->id);
	r = check_can_store(manager, failure);
	if (r < 0)
		return r;
	r = manager_store_event(manager, device, "confirm", "requested", REASON_OK, uid);
	if (r < 0)
		return fail_errno(failure, r, "The request cannot be recorded in %s",
				  manager->folders.state);
	r = manager->ops->confirm(manager->ops, device->now.index);
	if (r < 0)
		return fail_errno(failure, r, "The kernel did not confirm the firmware of %s",
				  device->id);
	(void)device_refresh(manager, device);
	return 0;
}

int manager_confirm(struct manager *manager, const char *device_id, uint32_t uid,
		    struct failure *failure)
{
	struct job_record record;
	struct job_entry *entry;
	struct device *device = NULL;
	int r;

	r = request_check_device(manager, device_id, &device, failure);
	if (r < 0)
		return r;
	if (!device->job)
		return confirm_without_job(manager, device, uid, failure);
	if (device->job->record.phase != JOB_TRIAL)
		return fail(failure, REASON_NOT_ON_TRIAL,
			    "%s has no firmware on trial: job %llu is %s.", device->id,
			    (unsigned long long)device->job->record.id,
			    job_phase_to_string(device->job->record.phase));
	entry = job_entry_of(device->job);
	record = entry->job.record;
	record.is_confirm_requested = true;
	r = job_store_request(entry, &record, "confirm", uid);
	if (r < 0)
		return fail_errno(failure, r, "The request cannot be recorded in %s",
				  manager->folders.state);
	job_wake(entry);
	return 0;
}

int manager_cancel(struct manager *manager, uint64_t job_id, uint32_t uid, struct failure *failure)
{
	struct job *job = manager_find_job(manager, job_id);
	struct job_record record;
	int r;

	if (!job || job_phase_is_final(job->record.phase))
		return fail(failure, REASON_NO_SUCH_JOB, "Job %llu %s.", (unsigned long long)job_id,
			    job ? "has ended already" : "is not known");
	if (!job_is_cancellable(&job->record))
		return fail(failure, REASON_NOT_CANCELLABLE,
			    "Job %llu is %s: from writing on it cannot be cancelled.",
			    (unsigned long long)job_id, job_phase_to_string(job->record.phase));
	record = job->record;
	record.is_cancel_requested = true;
	r = job_store_request(job_entry_of(job), &record, "cancel", uid);
	if (r < 0)
		return fail_errno(failure, r, "The request cannot be recorded in %s",
				  manager->folders.state);
	job_run(job_entry_of(job));
	return 0;
}
