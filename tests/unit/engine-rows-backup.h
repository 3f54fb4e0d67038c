/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Cases of test-engine-rows.c about backups and devices with one slot; the names it uses are explained there. */
#pragma once

/* One slot that can be read back; the job is about version 2.0 in it. */
#define ONE_SLOT                 \
	q->device.num_slots = 1; \
	JOB.target_slot = 0;     \
	JOB.previous_slot = -1;  \
	SLOT0.is_readable = true
#define SAVED                           \
	ONE_SLOT;                       \
	strcpy(JOB.backup_digest, OLD); \
	JOB.backup_length_bytes = 50
#define RESTORE                     \
	SAVED;                      \
	JOB.type = JOB_RESTORE;     \
	strcpy(JOB.version, "1.0"); \
	strcpy(JOB.version_before, "2.0")
#define SPOILT                             \
	SAVED;                             \
	SLOT0.state = KERNEL_SLOT_PARTIAL; \
	SLOT0.digest[0] = '\0'
#define NEW_INSIDE                    \
	strcpy(SLOT0.digest, NEW);    \
	SLOT0.image_size_bytes = 100; \
	strcpy(SLOT0.version, "2.0")
#define RESTARTED              \
	JOB.restart_tries = 1; \
	JOB.boots_before = 4

#define BACKUP_ROWS(ROW)                                                                           \
	ROW(restore, JOB_QUEUED, "begin-restore", WAIT, JOB_BACKING_UP, OK, RESTORE)               \
	ROW(restore_nothing, JOB_QUEUED, "begin-restore-at-once", WAIT, JOB_RESTORING, OK,         \
	    RESTORE;                                                                               \
	    SLOT0.state = KERNEL_SLOT_EMPTY)                                                       \
	ROW(verified_one, JOB_VERIFYING, "verified-back-up", WAIT, JOB_BACKING_UP, OK, ONE_SLOT;   \
	    KNOWN.verify = WORK_SUCCEEDED)                                                         \
	ROW(verified_spare, JOB_VERIFYING, "verified-back-up", WAIT, JOB_BACKING_UP, OK,           \
	    written(q);                                                                            \
	    SLOT1.is_readable = q->policy.backs_up_spares = true; KNOWN.verify = WORK_SUCCEEDED)   \
	ROW(not_spare, JOB_VERIFYING, "verified", WAIT, JOB_WRITING, OK, written(q);               \
	    SLOT1.is_readable = true; KNOWN.verify = WORK_SUCCEEDED)                               \
	ROW(no_way_back_flag, JOB_VERIFYING, "verified", WAIT, JOB_WRITING, OK, ONE_SLOT;          \
	    SLOT0.is_readable = false; JOB.flags = MANAGER_FLAG_NO_WAY_BACK;                       \
	    KNOWN.verify = WORK_SUCCEEDED)                                                         \
	ROW(nothing_to_save, JOB_VERIFYING, "verified", WAIT, JOB_WRITING, OK, ONE_SLOT;           \
	    BOOT.is_present = SLOT0.is_active = false; SLOT0.state = KERNEL_SLOT_EMPTY;            \
	    KNOWN.verify = WORK_SUCCEEDED)                                                         \
                                                                                                   \
	ROW(save_gone, JOB_BACKING_UP, "slot-gone", FINISH, JOB_FAILED, NO_SUCH_SLOT,              \
	    q->device.num_slots = 1)                                                               \
	ROW(saving, JOB_BACKING_UP, "backing-up", WAIT, STAYS, OK, ONE_SLOT;                       \
	    KNOWN.back_up = WORK_RUNNING)                                                          \
	ROW(save_busy, JOB_BACKING_UP, "device-busy", WAIT, STAYS, OK, ONE_SLOT;                   \
	    q->device.status = KERNEL_STATUS_ACTIVATING)                                           \
	ROW(save, JOB_BACKING_UP, "back-up", BACK_UP, STAYS, OK, ONE_SLOT)                         \
	ROW(save_failed, JOB_BACKING_UP, "backup-failed", FINISH, JOB_FAILED, NO_SPACE, ONE_SLOT;  \
	    KNOWN.back_up = WORK_FAILED; KNOWN.reason = REASON_NO_SPACE)                           \
	ROW(save_failed_flag, JOB_BACKING_UP, "write-without-backup", WAIT, JOB_WRITING, OK,       \
	    ONE_SLOT;                                                                              \
	    KNOWN.back_up = WORK_FAILED; JOB.flags = MANAGER_FLAG_NO_WAY_BACK)                     \
	ROW(save_failed_spare, JOB_BACKING_UP, "write-without-backup", WAIT, JOB_WRITING, OK,      \
	    KNOWN.back_up = WORK_FAILED)                                                           \
	ROW(save_failed_old, JOB_BACKING_UP, "restore-without-backup", WAIT, JOB_RESTORING, OK,    \
	    RESTORE;                                                                               \
	    KNOWN.back_up = WORK_FAILED)                                                           \
	ROW(save_failed_wait, JOB_BACKING_UP, "wait-without-backup", WAIT, JOB_WAITING, OK,        \
	    KNOWN.back_up = WORK_FAILED;                                                           \
	    JOB.flags = JOB_FLAG_SCHEDULED)                                                        \
	ROW(saved_wait, JOB_BACKING_UP, "backed-up-wait", WAIT, JOB_WAITING, OK, ONE_SLOT;         \
	    KNOWN.back_up = WORK_SUCCEEDED; JOB.flags = JOB_FLAG_SCHEDULED)                        \
	ROW(saved, JOB_BACKING_UP, "backed-up", WAIT, JOB_WRITING, OK, ONE_SLOT;                   \
	    KNOWN.back_up = WORK_SUCCEEDED)                                                        \
	ROW(saved_restore, JOB_BACKING_UP, "backed-up-restore", WAIT, JOB_RESTORING, OK, RESTORE;  \
	    KNOWN.back_up = WORK_SUCCEEDED)                                                        \
                                                                                                   \
	ROW(spoilt, JOB_WRITING, "spoilt-for-good", WAIT, JOB_REVERTING, TRANSFER_FAILED, SPOILT;  \
	    JOB.write_tries = STEP_WRITES_MAX)                                                     \
	ROW(spoilt_payload, JOB_WRITING, "spoilt-for-good", WAIT, JOB_REVERTING, TRANSFER_FAILED,  \
	    SPOILT;                                                                                \
	    KNOWN.has_payload = false)                                                             \
	ROW(not_spoilt, JOB_WRITING, "payload-gone", FINISH, JOB_FAILED, IO_ERROR, SAVED;          \
	    KNOWN.has_payload = false)                                                             \
	ROW(refused_only, JOB_RESTARTING, "only-slot-refused", WAIT, JOB_REVERTING, DID_NOT_START, \
	    SAVED;                                                                                 \
	    NEW_INSIDE; RESTARTED; BOOT.running_slot = -1; SLOT0.is_active = false;                \
	    SLOT0.state = KERNEL_SLOT_INVALID_IMAGE)                                               \
	ROW(refused_trial, JOB_TRIAL, "only-slot-refused", WAIT, JOB_REVERTING, DID_NOT_START,     \
	    SAVED;                                                                                 \
	    NEW_INSIDE; BOOT.running_slot = -1; SLOT0.is_active = false;                           \
	    BOOT.state = KERNEL_BOOT_UNKNOWN; SLOT0.state = KERNEL_SLOT_INVALID_IMAGE)             \
	ROW(often_one, JOB_TRIAL, "booted-too-often", WAIT, JOB_REVERTING, ATTEMPTS_EXHAUSTED,     \
	    SAVED;                                                                                 \
	    NEW_INSIDE; BOOT.state = KERNEL_BOOT_TRIAL; JOB.boots_before = BOOT.total;             \
	    BOOT.total++; BOOT.last_restart_reason = KERNEL_RESTART_FAULT; JOB.trial_boots = 2)    \
	ROW(write_back, JOB_REVERTING, "write-backup", WAIT, JOB_RESTORING, HEALTH_FAILED, SAVED;  \
	    NEW_INSIDE; JOB.reason = REASON_HEALTH_FAILED)                                         \
                                                                                                   \
	ROW(back_gone, JOB_RESTORING, "slot-gone", FINISH, JOB_FAILED, NO_SUCH_SLOT,               \
	    q->device.num_slots = 1)                                                               \
	ROW(back_runs, JOB_RESTORING, "slot-now-runs", FINISH, JOB_FAILED, NO_SUCH_SLOT,           \
	    BOOT.running_slot = 1)                                                                 \
	ROW(back_trial, JOB_RESTORING, "confirm-backup", CONFIRM, STAYS, OK, SAVED; RESTARTED;     \
	    BOOT.state = KERNEL_BOOT_TRIAL)                                                        \
	ROW(back_reverted, JOB_RESTORING, "reverted", FINISH, JOB_REVERTED, HEALTH_FAILED, SAVED;  \
	    RESTARTED; JOB.reason = REASON_HEALTH_FAILED)                                          \
	ROW(back_by_version, JOB_RESTORING, "reverted", FINISH, JOB_REVERTED, HEALTH_FAILED,       \
	    SAVED;                                                                                 \
	    RESTARTED; SLOT0.digest[0] = '\0'; JOB.reason = REASON_HEALTH_FAILED)                  \
	ROW(back_done, JOB_RESTORING, "restored", FINISH, JOB_DONE, OK, RESTORE; RESTARTED)        \
	ROW(back_slow, JOB_RESTORING, "write-timeout", FINISH, JOB_FAILED, TRANSFER_FAILED,        \
	    SPOILT;                                                                                \
	    late(q); SLOT0.status = KERNEL_STATUS_ERASING)                                         \
	ROW(back_copying, JOB_RESTORING, "copying", WAIT, STAYS, OK, SPOILT;                       \
	    KNOWN.copy = WORK_RUNNING)                                                             \
	ROW(back_commit, JOB_RESTORING, "commit", COMMIT, STAYS, OK, SPOILT;                       \
	    SLOT0.status = KERNEL_STATUS_RECEIVING; KNOWN.copy = WORK_SUCCEEDED)                   \
	ROW(back_dead, JOB_RESTORING, "abort-dead-load", ABORT_LOAD, STAYS, OK, SPOILT;            \
	    SLOT0.status = KERNEL_STATUS_RECEIVING)                                                \
	ROW(back_works, JOB_RESTORING, "device-working", WAIT, STAYS, OK, SPOILT;                  \
	    SLOT0.status = KERNEL_STATUS_TRANSFERRING)                                             \
	ROW(back_choose, JOB_RESTORING, "choose-backup", ACTIVATE_PREVIOUS, STAYS, OK, SAVED)      \
	ROW(back_wait, JOB_RESTORING, "waiting-for-boot", WAIT, STAYS, OK, SAVED;                  \
	    SLOT0.state = KERNEL_SLOT_PENDING; ordered(q, ACTION_RESTART, 0))                      \
	ROW(back_stuck, JOB_RESTORING, "will-not-start", FINISH, JOB_FAILED, DID_NOT_START, SAVED; \
	    SLOT0.state = KERNEL_SLOT_PENDING; JOB.restart_tries = 3; JOB.boots_before = 5)        \
	ROW(back_restart, JOB_RESTORING, "restart-backup", RESTART, STAYS, OK, SAVED;              \
	    SLOT0.state = KERNEL_SLOT_PENDING)                                                     \
	ROW(back_asked_bad, JOB_RESTORING, "asked-backup-bad", FINISH, JOB_FAILED, BACKUP_DAMAGED, \
	    RESTORE;                                                                               \
	    NEW_INSIDE; KNOWN.unpack = WORK_FAILED; KNOWN.reason = REASON_BACKUP_DAMAGED)          \
	ROW(back_other, JOB_RESTORING, "other-backup", WAIT, STAYS, OK, SPOILT;                    \
	    KNOWN.unpack = WORK_FAILED; strcpy(KNOWN.other.digest, OTHER))                         \
	ROW(back_none, JOB_RESTORING, "no-sound-backup", FINISH, JOB_FAILED, BACKUP_DAMAGED,       \
	    SPOILT;                                                                                \
	    KNOWN.unpack = WORK_FAILED; KNOWN.reason = REASON_BACKUP_DAMAGED)                      \
	ROW(back_unpacking, JOB_RESTORING, "unpacking", WAIT, STAYS, OK, SPOILT;                   \
	    KNOWN.unpack = WORK_RUNNING)                                                           \
	ROW(back_unpack, JOB_RESTORING, "unpack", UNPACK, STAYS, OK, SPOILT)                       \
	ROW(back_failed, JOB_RESTORING, "write-failed", FINISH, JOB_FAILED, TRANSFER_FAILED,       \
	    SPOILT;                                                                                \
	    KNOWN.unpack = WORK_SUCCEEDED; JOB.write_tries = STEP_WRITES_MAX)                      \
	ROW(back_load, JOB_RESTORING, "load", LOAD, STAYS, OK, SPOILT;                             \
	    KNOWN.unpack = WORK_SUCCEEDED)                                                         \
	ROW(back_refused, JOB_RESTORING, "refused-going-back", FINISH, JOB_FAILED, IO_ERROR,       \
	    SAVED;                                                                                 \
	    ordered(q, ACTION_ACTIVATE_PREVIOUS, -EPERM))
