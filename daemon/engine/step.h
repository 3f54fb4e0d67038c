/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The engine's one decision: given a job's record, what the kernel says of its device, what is known in memory, the
 * policy and the time, which action is next and what is the next record? Pure: no I/O, no clock, no allocation.
 * The table of its rows is in docs and tested row by row. The loop around it (run.c) writes the record BEFORE it
 * performs the action, and after a crash simply asks again with empty knowledge.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/reason.h"
#include "kernel/device.h"

enum job_type { JOB_INSTALL, JOB_REVERT, JOB_TYPE_MAX, JOB_TYPE_INVALID = -22 };

enum job_phase {
	JOB_QUEUED,
	JOB_WAITING, /* for the window, for gates, or for the device to be back */
	JOB_DOWNLOADING,
	JOB_VERIFYING,
	JOB_BACKING_UP,
	JOB_WRITING,
	JOB_RESTARTING,
	JOB_CHECKING,
	JOB_TRIAL,
	JOB_REVERTING, /* going back to the previous slot; shown on the bus as "restarting" */
	JOB_DONE,
	JOB_REVERTED,
	JOB_FAILED,
	JOB_CANCELLED,
	JOB_PHASE_MAX,
	JOB_PHASE_INVALID = -22,
};

/* A row of the store's table "jobs": all that must survive a crash, nothing else. Fixed size on purpose. */
struct job_record {
	uint64_t id;
	enum job_type type;
	enum job_phase phase;
	char device_id[32];
	uint64_t flags;
	uint32_t uid; /* who asked */
	uint64_t created_usec, phase_usec; /* CLOCK_REALTIME; when the phase began */
	uint64_t trial_end_usec; /* 0 = not on trial */
	int target_slot, previous_slot; /* -1 = not chosen yet */
	char version[64], version_before[64];
	uint64_t counter, new_floor; /* of the release; 0 = unknown */
	char digest[72]; /* "sha256:<hex>" of the image to install, "" until verified */
	uint64_t length_bytes;
	uint64_t boots_before; /* boot/total when the device was told to restart */
	bool is_committed; /* the load was handed to the kernel (loading=0) */
	bool is_activated; /* the slot was chosen for the next boot */
	bool is_cancel_requested;
	unsigned write_tries; /* how often writing began */
	enum reason reason; /* why it ended or is being reverted; REASON_OK = no trouble */
};

/* What is only in memory: empty after a restart of the daemon. */
enum work_state { WORK_NONE, WORK_RUNNING, WORK_SUCCEEDED, WORK_FAILED };
struct job_knowledge {
	enum work_state verify, copy, health; /* bundle worker, copy-to-kernel worker, health checks */
	enum reason reason; /* why the failed one failed */
	bool has_bundle; /* the caller's file is still held (before verifying ended) */
	bool has_payload; /* the verified payload is in the store */
	bool is_user_confirmed; /* Confirm() was called during the trial */
	bool is_user_reverted; /* Revert() was called during the trial */
};

struct job_policy {
	uint64_t trial_usec; /* how long the new firmware must stay up */
	bool auto_confirm;
	uint64_t restart_timeout_usec; /* the device must be back and have booted by then */
	uint64_t reappear_timeout_usec; /* a device that vanished may be away that long */
	uint64_t write_timeout_usec; /* no write may take longer; the kernel's own timeouts come first */
	unsigned write_tries_max;
};

enum job_action {
	ACTION_WAIT, /* nothing to do until an event or @wake_usec */
	ACTION_VERIFY, /* start the bundle worker */
	ACTION_BACK_UP,
	ACTION_LOAD, /* loading=1 and start the copy worker */
	ACTION_COMMIT, /* loading=0 */
	ACTION_ABORT_LOAD,
	ACTION_ACTIVATE, /* target slot, trial */
	ACTION_RESTART,
	ACTION_CHECK_HEALTH,
	ACTION_CONFIRM,
	ACTION_ACTIVATE_PREVIOUS, /* permanently */
	ACTION_RESTORE_ATTEMPTS, /* hand back to the kernel what the device forgot */
	ACTION_FINISH, /* write history, free what the job held */
	ACTION_MAX,
};

struct job_step {
	enum job_action action;
	struct job_record next;
	uint64_t wake_usec; /* CLOCK_REALTIME, UINT64_MAX = none */
	const char *rule; /* name of the row that decided, for the log, the tests and the manual */
};

/* @device is NULL while the device is away. */
void engine_step(const struct job_record *job, const struct kernel_device *device,
		 const struct job_knowledge *knowledge, const struct job_policy *policy, uint64_t now_usec,
		 struct job_step *ret);

bool job_phase_is_final(enum job_phase phase);
bool job_is_cancellable(const struct job_record *job); /* until writing */
const char *job_phase_to_string(enum job_phase phase);
enum job_phase job_phase_from_string(const char *word);
const char *job_type_to_string(enum job_type type);
enum job_type job_type_from_string(const char *word);
const char *job_action_to_string(enum job_action action);
