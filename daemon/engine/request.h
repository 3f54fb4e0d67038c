/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What requests share: preconditions, each with its failure, and the beginning of a job. */
#pragma once

#include "engine/private.h"

/*
 * After a start of the daemon: opens the job's file in STATE/import once more. -ENOENT: it came as a descriptor, which
 * died with the process before, or it is gone.
 */
int request_open_bundle_again(struct job_entry *entry);

int request_check_device(struct manager *manager, const char *device_id, struct device **ret,
			 struct failure *failure);
int request_check_flags(uint64_t flags, uint64_t known, struct failure *failure);
/* What is decided can be recorded. */
int request_check_store(const struct manager *manager, struct failure *failure);
/* No job is under way on it, and there may be one more. */
int request_check_free(struct manager *manager, const struct device *device,
		       struct failure *failure);

/* One slot that cannot be saved needs a flag. */
int request_check_way_back(const struct device *device, uint64_t flags, struct failure *failure);

/* What runs already, or was taken back here before, needs a flag. */
int request_check_update(const struct update *update, const struct device *device, uint64_t flags,
			 struct failure *failure);

/* As manager_install_update(), also with the flags of jobs. */
int request_install_offered(struct manager *manager, const char *device_id, const char *version,
			    uint64_t flags, uint32_t uid, struct job **ret_job,
			    struct failure *failure);

struct job_record request_new_record(struct manager *manager, const struct device *device,
				     enum job_type type, uint64_t flags, uint32_t uid);
/* Stores the job, shows it, and lets it run. @bundle_fd is the job's from then on; -EBADF: none. */
int request_begin_job(struct manager *manager, struct device *device, struct job_record *record,
		      int *bundle_fd, struct job **ret, struct failure *failure);

/* A job of that type which writes the backup to a device that is free. */
int request_restore(struct manager *manager, struct device *device, enum job_type type,
		    const struct backup_record *backup, uint32_t uid, struct job **ret_job,
		    struct failure *failure);
