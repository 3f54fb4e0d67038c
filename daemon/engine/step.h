/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The engine's one decision: given a job's record, what the kernel says of its device, what is known in memory, the
 * policy and the time, which action is next and what is the next record? Pure: no I/O, no clock, no allocation.
 * The rules are rows of one table (engine_rule_at()), from which the manual's table is printed and which is tested row
 * by row. The loop around it (run.c) writes the record BEFORE it performs the action, and after a crash simply asks
 * again with empty knowledge.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/reason.h"
#include "kernel/device.h"
#include "store/record.h"

/* Flags of a request, as on the bus; others are refused with REASON_INVALID_ARGUMENT. */
#define MANAGER_FLAG_REINSTALL (UINT64_C(1) << 1) /* even if it runs, or failed there before */
#define MANAGER_FLAG_DOWNGRADE (UINT64_C(1) << 2) /* an older release, never below the floor */
#define MANAGER_FLAG_STALE (UINT64_C(1) << 4) /* a file whose signed statements have expired */
#define MANAGER_FLAG_NO_WAY_BACK (UINT64_C(1) << 3) /* one slot and no backup: do it all the same */
#define MANAGER_FLAG_PAST_DEADLINE (UINT64_C(1) << 5) /* postpone and dismiss: even so */
#define MANAGER_FLAG_RUNTIME (UINT64_C(1) << 6) /* a policy: until the daemon ends */

/* Of jobs only; a request that has them is refused. */
#define JOB_FLAG_SCHEDULED (UINT64_C(1) << 7) /* begun by itself: asks once more before it writes */
#define JOB_FLAG_APPROVED (UINT64_C(1) << 8) /* and somebody had approved it */

/* Limits of one job; each ends in a final phase, never in silence. */
#define STEP_ORDER_TRIES_MAX 6 /* the same order to the kernel in a row */
#define STEP_ORDER_RETRY_USEC UINT64_C(5000000) /* between two of them */
#define STEP_BOOTS_UNKNOWN \
	((uint64_t)        \
		 INT64_MAX) /* a device that went may count its boots anew: no count is the same */
#define STEP_RESTARTS_MAX 3 /* commanded restarts in one direction */
#define STEP_WRITES_MAX \
	12 /* where WriteTries= does not count: cut short, or the only slot is spoilt */
#define STEP_DOWNLOADS_MAX 12 /* tries of one daemon; each goes on with what is there */
#define STEP_DOWNLOAD_RETRY_USEC UINT64_C(10000000) /* after the first; doubled with each more */
#define STEP_DOWNLOAD_RETRY_MAX_USEC UINT64_C(600000000)
#define STEP_TRIAL_BOOTS_MAX \
	10 /* boots by fault or watchdog, where the device does not count itself */
#define STEP_TRIAL_SETTLE_USEC \
	UINT64_C(120000000) /* up since it was switched on, even if the trial time is over */
#define STEP_TRIAL_AWAY_MAX_USEC \
	(UINT64_C(30) * 24 * 3600 * 1000000) /* unplugged during its trial */

enum job_action {
	ACTION_WAIT, /* nothing to do until an event or @wake_usec; ask at once when that has come */
	ACTION_VERIFY, /* start the bundle worker */
	ACTION_DOWNLOAD, /* fetch and authenticate the image */
	ACTION_BACK_UP, /* read the target slot back, before it is overwritten */
	ACTION_UNPACK, /* the backup into the payload folder */
	ACTION_LOAD, /* loading=1 and start the copy worker */
	ACTION_COMMIT, /* loading=0 */
	ACTION_ABORT_LOAD,
	ACTION_ACTIVATE, /* target slot, trial */
	ACTION_RESTART,
	ACTION_CHECK_HEALTH,
	ACTION_CONFIRM,
	ACTION_ACTIVATE_PREVIOUS, /* permanently; while restoring the target itself */
	ACTION_RESTORE_ATTEMPTS, /* hand back to the kernel what the device forgot */
	ACTION_FINISH, /* one transaction: record, history, device; then free what the job held */
	ACTION_MAX,
};

/* What the authenticated index says of the release; filled in when verifying succeeded. */
struct job_release {
	char version[RECORD_VERSION_MAX + 1];
	uint64_t counter, new_floor;
	char digest[RECORD_DIGEST_LENGTH + 1];
	uint64_t length_bytes;
	char slot_label[RECORD_LABEL_MAX + 1]; /* "" = any slot */
};

/* A backup that was made, or that could be written. */
struct job_backup {
	char digest[RECORD_DIGEST_LENGTH + 1]; /* "" = none */
	uint64_t length_bytes, stored_bytes;
	char version[RECORD_VERSION_MAX + 1];
};

/* Whether a job that was begun by itself may write; an answer holds for one question. */
enum gate { GATE_UNKNOWN, GATE_SHUT, GATE_OPEN, GATE_OVER };

/* What is only in memory: empty after a restart of the daemon. */
enum work_state { WORK_NONE, WORK_RUNNING, WORK_SUCCEEDED, WORK_FAILED };
struct job_knowledge {
	enum work_state verify, copy,
		health; /* bundle worker, copy-to-kernel worker, health checks */
	enum work_state download; /* of the image; what succeeds is verified, too */
	unsigned downloads; /* that failed */
	uint64_t download_failed_usec; /* the last one */
	enum gate gate; /* asked for in the phase waiting */
	enum work_state back_up, unpack; /* workers that make a backup, and that unpack one */
	struct job_backup made; /* valid when back_up is WORK_SUCCEEDED */
	struct job_backup other; /* the next sound one, when the record's was found damaged */
	enum reason reason; /* why the failed one failed */
	struct job_release release; /* valid when verify is WORK_SUCCEEDED */
	bool has_bundle; /* the caller's file is held, or can be opened again */
	bool has_failed_before; /* the release, on this device; valid like @release */
	enum reason version_verdict; /* pinned, skipped, or REASON_OK; valid like @release */
	bool has_payload; /* the verified image is in STATE/payload */
	uint64_t resumed_usec; /* when this process began to look after the job */
	uint64_t away_since_usec; /* when the device went, or resumed_usec */
	bool was_away; /* the device went and came back since the last restart was ordered */
	bool cannot_restore; /* the kernel refused to take the attempts back */
	/* The last order to the kernel since the phase began, however it ended. */
	enum job_action last_action; /* ACTION_WAIT = none */
	int last_error; /* 0 or -errno */
	uint64_t last_usec;
	unsigned tries; /* how often in a row */
};

struct job_policy {
	uint64_t trial_usec; /* how long the new firmware must stay up */
	bool auto_confirm;
	uint64_t restart_timeout_usec; /* the device must be back and have booted by then */
	uint64_t reappear_timeout_usec; /* a device that vanished may be away that long */
	uint64_t
		write_timeout_usec; /* no write may take longer; the kernel's own timeouts come first */
	unsigned write_tries_max;
	bool backs_up_spares; /* also slots of devices that have another one to go back to */
};

struct job_step {
	enum job_action action;
	struct job_record next;
	uint64_t wake_usec; /* same clock as now_usec, UINT64_MAX = none */
	const char *rule; /* name of the row that decided, for the log, the tests and the manual */
};

/*
 * @device is NULL while the device is away. @now_usec: CLOCK_REALTIME when the process started, going on without jumps.
 * @job must not be in a final phase.
 */
void engine_step(const struct job_record *job, const struct kernel_device *device,
		 const struct job_knowledge *knowledge, const struct job_policy *policy,
		 uint64_t now_usec, struct job_step *ret);

/* The table, row by row, in the order in which rows are tried. NULL after the last. */
struct engine_rule_text {
	const char *phase, *name, *sentence, *action, *next_phase; /* next_phase "" = stays */
};
bool engine_rule_at(size_t number, struct engine_rule_text *ret);

/* The slot whose firmware runs, -1 = unknown. */
int engine_running_slot(const struct kernel_device *device);
/* The slot an install would write: @label "" = any. -1 = none. Never the running one of a device with another. */
int engine_choose_target(const struct kernel_device *device, const char *label);
/* The slot a revert would go back to, -1 = none. @remembered: the store's previous slot, -1 = unknown. */
int engine_choose_previous(const struct kernel_device *device, int remembered);

bool job_is_cancellable(const struct job_record *job); /* until writing */
const char *job_action_to_string(enum job_action action);
