/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The daemon without its bus: devices known, jobs under way, history. Everything here runs in one sd-event loop and
 * never blocks. The bus (and in tests anything else) listens through struct manager_events and asks through the
 * functions below. Errors of requests are a struct failure: a machine-readable reason and a sentence.
 */
#pragma once

#include <systemd/sd-event.h>

#include "engine/step.h"

struct manager;
struct store;

/* A device ever seen and still present. Owned by the manager; valid until device_removed returns. */
struct device {
	char id[32]; /* "sim0": stable over reboots, see the store */
	struct kernel_device now; /* the last picture of the kernel */
	uint64_t installed_counter, floor_counter; /* 0 = unknown */
	struct job *job; /* the one under way, or NULL */
	enum reason problem; /* of the last job, REASON_OK = none */
};

struct job {
	struct job_record record;
	struct job_knowledge knowledge;
	unsigned percent; /* 0..100 of the phase */
	char *message; /* sentence belonging to record.reason, or NULL */
	/* more, private to the engine */
};

struct manager_events {
	void (*device_added)(struct device *device, void *userdata);
	void (*device_removed)(struct device *device, void *userdata);
	void (*device_changed)(struct device *device, const struct kernel_device *before, void *userdata);
	void (*job_added)(struct job *job, void *userdata);
	void (*job_changed)(struct job *job, void *userdata);
	void (*job_ended)(struct job *job, void *userdata); /* it stays readable until job_forgotten */
	void (*job_forgotten)(struct job *job, void *userdata);
};

/* Flags of install and revert, as on the bus; others are refused with REASON_INVALID_ARGUMENT. */
#define MANAGER_FLAG_REINSTALL (UINT64_C(1) << 1) /* even if the same version runs */
#define MANAGER_FLAG_DOWNGRADE (UINT64_C(1) << 2) /* an older release, never below the floor */
#define MANAGER_FLAG_NO_WAY_BACK (UINT64_C(1) << 3) /* one slot and no backup: do it all the same */

int manager_new(sd_event *event, const struct manager_events *events, void *userdata, struct manager **ret);
int manager_start(struct manager *manager); /* opens the store, resumes jobs, starts watching the kernel */
struct manager *manager_free(struct manager *manager);

struct device *manager_find_device(struct manager *manager, const char *id);
struct device *manager_next_device(struct manager *manager, const struct device *after); /* NULL = first; by id */
struct job *manager_find_job(struct manager *manager, uint64_t id); /* also ended ones still kept */
struct job *manager_next_job(struct manager *manager, const struct job *after); /* by number */

/* @bundle_fd: taken over also on failure; a regular file. Returns 0 and the job, or -errno and @failure. */
int manager_install(struct manager *manager, const char *device_id, int bundle_fd, uint64_t flags, uint32_t uid,
		    struct job **ret_job, struct failure *failure);
/* @file_name: base name inside STATE/import */
int manager_install_imported(struct manager *manager, const char *device_id, const char *file_name, uint64_t flags,
			     uint32_t uid, struct job **ret_job, struct failure *failure);
int manager_revert(struct manager *manager, const char *device_id, uint64_t flags, uint32_t uid, struct job **ret_job,
		   struct failure *failure);
int manager_confirm(struct manager *manager, const char *device_id, uint32_t uid, struct failure *failure);
int manager_cancel(struct manager *manager, uint64_t job_id, uint32_t uid, struct failure *failure);
/* What Revert would go back to; false = nothing. */
bool manager_can_revert(struct manager *manager, const struct device *device, char ret_version[64]);
/* Whether going back is recovery (device on trial or failed) or a downgrade: another polkit action. */
bool manager_revert_is_recovery(struct manager *manager, const struct device *device);

struct history_row {
	uint64_t usec;
	const char *device_id, *action, *version_from, *version_to, *result, *reason, *details;
	uint32_t uid;
	uint64_t job_id;
};
/* Newest first; @device_id "" = all; stops when @row returns non-zero. */
int manager_history(struct manager *manager, const char *device_id, unsigned limit,
		    int (*row)(const struct history_row *row, void *userdata), void *userdata);
