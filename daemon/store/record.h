/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The rows of the store as C structures, and the words their columns hold: all that must survive a crash, nothing
 * else. Fixed sizes on purpose: a record can be copied, compared and passed to a pure function.
 * No SQL (store.h) and no decisions (engine/step.h).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/reason.h"

#define RECORD_DEVICE_ID_MAX 31
#define RECORD_VERSION_MAX 63
#define RECORD_BOOT_ID_MAX 36
#define RECORD_DIGEST_LENGTH 71 /* "sha256:" and 64 hexadecimal digits */
#define RECORD_LABEL_MAX 127
#define RECORD_SOURCE_MAX 255 /* a file name */
#define RECORD_REMOTE_MAX 64 /* the name of an update source */
#define RECORD_URGENCY_MAX 15
#define RECORD_SIGNER_MAX 80 /* the name of a role */
#define RECORD_POLICY_MAX 15
#define RECORD_NOTES_MAX 4095
#define RECORD_MESSAGE_MAX 511

enum job_type { JOB_INSTALL, JOB_REVERT, JOB_RESTORE, JOB_TYPE_MAX, JOB_TYPE_INVALID = -22 };

enum job_phase {
	JOB_QUEUED,
	JOB_DOWNLOADING,
	JOB_VERIFYING,
	JOB_BACKING_UP,
	JOB_WAITING, /* begun by itself, and something stands in its way before it writes */
	JOB_WRITING,
	JOB_RESTARTING, /* choosing the slot and restarting the device until it has booted */
	JOB_CHECKING, /* does it run what it should? */
	JOB_TRIAL,
	JOB_REVERTING, /* going back to the previous slot; shown on the bus as "restarting" */
	JOB_RESTORING, /* writing a backup to the only slot; shown on the bus as "writing" */
	JOB_DONE,
	JOB_REVERTED,
	JOB_FAILED,
	JOB_CANCELLED,
	JOB_PHASE_MAX,
	JOB_PHASE_INVALID = -22,
};

/* A row of the table "jobs". Times are CLOCK_REALTIME in microseconds. */
struct job_record {
	uint64_t id; /* 0 = not stored yet */
	enum job_type type;
	enum job_phase phase;
	char device_id[RECORD_DEVICE_ID_MAX + 1];
	char source[RECORD_SOURCE_MAX +
		    1]; /* the file in STATE/import, "" = the bundle came as a descriptor */
	char remote[RECORD_REMOTE_MAX + 1]; /* the update source it is fetched from, "" = none */
	uint64_t flags; /* MANAGER_FLAG_* */
	uint32_t uid; /* who asked */
	uint64_t created_usec, phase_usec; /* when it was asked for; when the phase began */
	uint64_t trial_end_usec; /* 0 = not on trial */
	/* The clock that these times are of: see engine/clock.h. */
	char boot_id[RECORD_BOOT_ID_MAX + 1]; /* "" = unknown */
	uint64_t clock_offset_usec;
	int target_slot, previous_slot; /* -1 = not chosen yet */
	char version[RECORD_VERSION_MAX + 1], version_before[RECORD_VERSION_MAX + 1];
	uint64_t counter, new_floor; /* of the release; 0 = unknown */
	char digest[RECORD_DIGEST_LENGTH + 1]; /* of the image to install, "" until verified */
	uint64_t length_bytes;
	/* What restoring would write: of an install the firmware before it, else what was asked for. "" = none. */
	char backup_digest[RECORD_DIGEST_LENGTH + 1];
	uint64_t backup_length_bytes;
	uint64_t
		boots_before; /* boot/total when the device was told to restart, later the last one seen */
	unsigned
		attempts; /* boot attempts of the trial the device has used, to be handed back when it forgets */
	bool is_committed; /* the load was, or is about to be, handed to the kernel (loading=0) */
	bool is_activated; /* the slot to boot was chosen, as far as is known */
	bool is_cancel_requested, is_confirm_requested, is_revert_requested;
	unsigned write_tries, restart_tries, trial_boots; /* how often each began or happened */
	enum reason reason; /* why it ended or is being reverted; REASON_OK = no trouble */
};

/* A row of the table "devices": what is remembered of a device even while it is away. */
struct device_record {
	char id[RECORD_DEVICE_ID_MAX + 1];
	uint64_t installed_counter, floor_counter; /* 0 = unknown, no floor */
	char installed_version[RECORD_VERSION_MAX + 1];
	int previous_slot; /* where the previous good firmware is, -1 = unknown */
	char previous_version[RECORD_VERSION_MAX + 1];
	uint64_t previous_counter;
	enum reason problem; /* of the last job, REASON_OK = none */
};

/* A row of the table "backups": firmware of a device that was read back and is kept. */
struct backup_record {
	uint64_t id; /* 0 = not stored yet */
	uint64_t usec; /* when it was saved last */
	char device_id[RECORD_DEVICE_ID_MAX + 1];
	unsigned slot; /* where it was */
	char version[RECORD_VERSION_MAX + 1]; /* "" = unknown */
	uint64_t counter; /* of its release, 0 = unknown */
	char digest[RECORD_DIGEST_LENGTH + 1];
	uint64_t length_bytes, stored_bytes; /* of the image, of its file */
	bool is_damaged; /* was found not to be what was saved */
};

/* A row of the table "offers": what an update source has for a device, as it was when it was asked last. */
struct offer_record {
	char device_id[RECORD_DEVICE_ID_MAX + 1];
	char remote[RECORD_REMOTE_MAX + 1];
	char version[RECORD_VERSION_MAX + 1];
	uint64_t counter;
	char urgency[RECORD_URGENCY_MAX + 1];
	char signer[RECORD_SIGNER_MAX + 1];
	char digest[RECORD_DIGEST_LENGTH + 1]; /* "" = only known by another hash */
	uint64_t length_bytes;
	uint64_t published_usec; /* 0 = not said */
	bool is_in_rollout; /* else it is for this device later, unless somebody asks for it */
	uint64_t
		support_ends_usec; /* the vendor's, of the device; also without an offer; 0 = not said */
	char notes[RECORD_NOTES_MAX + 1]; /* lines "LOCALE TEXT" */
	enum reason reason; /* why there is nothing, REASON_OK = there is */
	char message[RECORD_MESSAGE_MAX + 1]; /* the sentence beside it */
};

/* What was decided about a release that is offered to a device. */
enum decision {
	DECISION_PENDING, /* nothing: whether it is installed is the policy's question */
	DECISION_APPROVED, /* in the next window */
	DECISION_POSTPONED, /* until until_usec nothing happens */
	DECISION_DISMISSED, /* never */
	DECISION_STARTED, /* a job was made of it; not by itself again before until_usec */
	DECISION_SETTLED, /* it was installed, or a person went back: never again by itself */
	DECISION_MAX,
	DECISION_INVALID = -22,
};

/* A row of the table "decisions". It is about exactly that content: another one has to be decided anew. */
struct decision_record {
	char device_id[RECORD_DEVICE_ID_MAX + 1];
	char version[RECORD_VERSION_MAX + 1];
	char digest[RECORD_DIGEST_LENGTH + 1]; /* "" = only known by another hash */
	enum decision decision;
	uint64_t flags; /* MANAGER_FLAG_* of who decided */
	uint32_t uid; /* who decided */
	uint64_t usec; /* when */
	uint64_t until_usec; /* as the decision says; 0 = none */
	uint64_t offered_usec; /* when the release was first offered to the device */
};

/* A row of the table "policies": what was set over the bus; device_id "" = all devices. */
struct policy_record {
	char device_id[RECORD_DEVICE_ID_MAX + 1];
	char policy[RECORD_POLICY_MAX + 1];
};

/* What an administrator ruled about a version of a device's firmware. */
enum version_rule {
	VERSION_PINNED, /* the device stays at it, or may go to it: no other is for it; one of each device */
	VERSION_SKIPPED, /* it is not for the device, whoever offers it */
	VERSION_RULE_MAX,
	VERSION_RULE_INVALID = -22,
};

/* A row of the table "versions": about the name of a version, whatever its content. */
struct version_record {
	char device_id[RECORD_DEVICE_ID_MAX + 1];
	char version[RECORD_VERSION_MAX + 1];
	enum version_rule rule;
	uint32_t uid; /* who said so */
	uint64_t usec; /* when */
};

/* A row of the table "remotes": how it went with an update source. */
struct remote_record {
	char name[RECORD_REMOTE_MAX + 1];
	uint64_t tried_usec, refreshed_usec; /* the last time, and the last good one; 0 = never */
	uint64_t next_usec; /* when it is asked next, 0 = not planned */
	unsigned failures; /* in a row */
	enum reason reason; /* of the last time */
};

/* A row of the table "history". Strings are never NULL; "" = does not apply. Valid only as long as the caller says. */
struct history_row {
	uint64_t usec;
	const char *device_id, *action, *version_from, *version_to, *result, *reason, *details;
	uint32_t uid;
	uint64_t job_id; /* 0 = none */
};

/* The image that is, or was last, to be written to the slot: the backup while restoring. */
const char *job_image_digest(const struct job_record *job);
uint64_t job_image_length(const struct job_record *job);

bool job_phase_is_final(enum job_phase phase);
const char *job_phase_to_string(enum job_phase phase);
enum job_phase job_phase_from_string(const char *word); /* JOB_PHASE_INVALID */
const char *job_type_to_string(enum job_type type);
enum job_type job_type_from_string(const char *word); /* JOB_TYPE_INVALID */
const char *decision_to_string(enum decision decision);
enum decision decision_from_string(const char *word); /* DECISION_INVALID */
const char *version_rule_to_string(enum version_rule rule);
enum version_rule version_rule_from_string(const char *word); /* VERSION_RULE_INVALID */
