/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The decision table row by row: a situation in which exactly this row decides, and what it decides. A row without a
 * case here fails the test. The walks of test-engine-walk.c show that the rows together are right.
 */
#include <errno.h>
#include <string.h>

#include "engine-question.h"
#include "engine-rows-backup.h"
#include "engine/step.h"
#include "tap.h"

static void remote(struct question *q)
{
	strcpy(JOB.remote, "acme");
	KNOWN.has_bundle = false;
}

/* The pause is over. */
static void broken_download(struct question *q)
{
	remote(q);
	KNOWN.download = WORK_FAILED;
	KNOWN.reason = REASON_TIMEOUT;
	KNOWN.downloads = 1;
	KNOWN.download_failed_usec = NOW - STEP_DOWNLOAD_RETRY_USEC;
}

/* name of the case, phase, row, action, next phase, reason, what makes the ordinary situation this one */
#define ROWS(ROW)                                                                                  \
	ROW(cancel, JOB_VERIFYING, "cancelled", FINISH, JOB_CANCELLED, CANCELLED,                  \
	    JOB.is_cancel_requested = true)                                                        \
	ROW(swapped, JOB_RESTARTING, "images-changed-places", WAIT, STAYS, OK, swapped(q))         \
	ROW(swapped_back, JOB_TRIAL, "images-changed-places", WAIT, STAYS, OK, on_trial(q);        \
	    JOB.target_slot = 0; JOB.previous_slot = 1)                                            \
	ROW(swapped_by_revert, JOB_REVERTING, "images-changed-places", WAIT, STAYS, OK,            \
	    written(q);                                                                            \
	    JOB.type = JOB_REVERT; JOB.digest[0] = '\0')                                           \
	ROW(same_version, JOB_RESTARTING, "slot-changed", WAIT, JOB_WRITING, OK, same_version(q))  \
	ROW(not_swapped_yet, JOB_RESTARTING, "restart", RESTART, STAYS, OK, chosen(q))             \
	ROW(clock, JOB_WRITING, "clock-went-back", WAIT, STAYS, OK, JOB.phase_usec = NOW + SECOND) \
	ROW(clock_trial, JOB_TRIAL, "clock-went-back", WAIT, STAYS, OK, on_trial(q);               \
	    JOB.trial_end_usec *= 2)                                                               \
	ROW(lost, JOB_WRITING, "device-lost", FINISH, JOB_FAILED, DEVICE_LOST, late(q);            \
	    q->is_away = true)                                                                     \
	ROW(away, JOB_WRITING, "device-away", WAIT, STAYS, OK, KNOWN.away_since_usec = NOW;        \
	    q->is_away = true)                                                                     \
	ROW(away_trial, JOB_TRIAL, "device-away", WAIT, STAYS, OK, on_trial(q); late(q);           \
	    q->is_away = true)                                                                     \
                                                                                                   \
	ROW(no_revert, JOB_QUEUED, "nothing-to-revert-to", FINISH, JOB_FAILED, NO_REVERT_SLOT,     \
	    JOB.type = JOB_REVERT)                                                                 \
	ROW(revert, JOB_QUEUED, "begin-revert", WAIT, JOB_REVERTING, OK, written(q);               \
	    JOB.type = JOB_REVERT)                                                                 \
	ROW(no_bundle, JOB_QUEUED, "bundle-gone", FINISH, JOB_FAILED, INTERRUPTED,                 \
	    KNOWN.has_bundle = false)                                                              \
	ROW(queued, JOB_QUEUED, "begin-verify", VERIFY, JOB_VERIFYING, OK, (void)q)                \
                                                                                                   \
	ROW(remote, JOB_QUEUED, "begin-download", DOWNLOAD, JOB_DOWNLOADING, OK, remote(q))        \
	ROW(fetch, JOB_DOWNLOADING, "download", DOWNLOAD, STAYS, OK, remote(q))                    \
	ROW(fetch_runs, JOB_DOWNLOADING, "download-running", WAIT, STAYS, OK, remote(q);           \
	    KNOWN.download = WORK_RUNNING)                                                         \
	ROW(fetch_pause, JOB_DOWNLOADING, "download-pause", WAIT, STAYS, OK, broken_download(q);   \
	    KNOWN.download_failed_usec = NOW)                                                      \
	ROW(fetch_again, JOB_DOWNLOADING, "download-again", DOWNLOAD, STAYS, OK,                   \
	    broken_download(q))                                                                    \
	ROW(fetch_ends, JOB_DOWNLOADING, "download-failed", FINISH, JOB_FAILED, TIMEOUT,           \
	    broken_download(q);                                                                    \
	    KNOWN.downloads = STEP_DOWNLOADS_MAX)                                                  \
	ROW(fetch_wrong, JOB_DOWNLOADING, "download-failed", FINISH, JOB_FAILED, WRONG_DIGEST,     \
	    broken_download(q);                                                                    \
	    KNOWN.reason = REASON_WRONG_DIGEST)                                                    \
	ROW(fetched, JOB_DOWNLOADING, "downloaded", WAIT, JOB_VERIFYING, OK, remote(q);            \
	    KNOWN.download = WORK_SUCCEEDED)                                                       \
	ROW(fetch_anew, JOB_VERIFYING, "download-anew", WAIT, JOB_DOWNLOADING, OK, remote(q))      \
                                                                                                   \
	ROW(no_bundle_2, JOB_VERIFYING, "bundle-gone", FINISH, JOB_FAILED, INTERRUPTED,            \
	    KNOWN.has_bundle = false)                                                              \
	ROW(verify, JOB_VERIFYING, "verify", VERIFY, STAYS, OK, (void)q)                           \
	ROW(verify_runs, JOB_VERIFYING, "verify-running", WAIT, STAYS, OK,                         \
	    KNOWN.verify = WORK_RUNNING)                                                           \
	ROW(not_authentic, JOB_VERIFYING, "not-authentic", FINISH, JOB_FAILED, EXPIRED,            \
	    KNOWN.verify = WORK_FAILED;                                                            \
	    KNOWN.reason = REASON_EXPIRED)                                                         \
	ROW(already, JOB_VERIFYING, "already-installed", FINISH, JOB_FAILED, ALREADY_INSTALLED,    \
	    KNOWN.verify = WORK_SUCCEEDED;                                                         \
	    strcpy(SLOT0.digest, NEW))                                                             \
	ROW(reinstall, JOB_VERIFYING, "verified", WAIT, JOB_WRITING, OK,                           \
	    KNOWN.verify = WORK_SUCCEEDED;                                                         \
	    strcpy(SLOT0.digest, NEW); JOB.flags = MANAGER_FLAG_REINSTALL)                         \
	ROW(no_slot, JOB_VERIFYING, "no-slot", FINISH, JOB_FAILED, NO_SUCH_SLOT,                   \
	    KNOWN.verify = WORK_SUCCEEDED;                                                         \
	    strcpy(KNOWN.release.slot_label, "elsewhere"))                                         \
	ROW(unknown_running, JOB_VERIFYING, "no-slot", FINISH, JOB_FAILED, NO_SUCH_SLOT,           \
	    KNOWN.verify = WORK_SUCCEEDED;                                                         \
	    BOOT.is_present = SLOT0.is_active = false)                                             \
	ROW(too_large, JOB_VERIFYING, "image-too-large", FINISH, JOB_FAILED, TOO_LARGE,            \
	    KNOWN.verify = WORK_SUCCEEDED;                                                         \
	    SLOT1.size_bytes = 99)                                                                 \
	ROW(failed_before, JOB_VERIFYING, "failed-before", FINISH, JOB_FAILED, FAILED_BEFORE,      \
	    KNOWN.verify = WORK_SUCCEEDED;                                                         \
	    KNOWN.has_failed_before = true)                                                        \
	ROW(all_the_same, JOB_VERIFYING, "verified", WAIT, JOB_WRITING, OK,                        \
	    KNOWN.verify = WORK_SUCCEEDED;                                                         \
	    KNOWN.has_failed_before = true; JOB.flags = MANAGER_FLAG_REINSTALL)                    \
	ROW(pinned, JOB_VERIFYING, "pinned", FINISH, JOB_FAILED, PINNED,                           \
	    KNOWN.verify = WORK_SUCCEEDED;                                                         \
	    KNOWN.version_verdict = REASON_PINNED; JOB.flags = MANAGER_FLAG_REINSTALL)             \
	ROW(skipped, JOB_VERIFYING, "skipped", FINISH, JOB_FAILED, SKIPPED,                        \
	    KNOWN.verify = WORK_SUCCEEDED;                                                         \
	    KNOWN.version_verdict = REASON_SKIPPED; JOB.flags = MANAGER_FLAG_REINSTALL)            \
	ROW(no_way_back, JOB_VERIFYING, "no-way-back", FINISH, JOB_FAILED, NO_WAY_BACK,            \
	    KNOWN.verify = WORK_SUCCEEDED;                                                         \
	    q->device.num_slots = 1)                                                               \
	ROW(verified_wait, JOB_VERIFYING, "verified-wait", WAIT, JOB_WAITING, OK,                  \
	    KNOWN.verify = WORK_SUCCEEDED;                                                         \
	    JOB.flags = JOB_FLAG_SCHEDULED)                                                        \
	ROW(wait_gone, JOB_WAITING, "slot-gone", FINISH, JOB_FAILED, NO_SUCH_SLOT,                 \
	    KNOWN.gate = GATE_OPEN;                                                                \
	    q->device.num_slots = 1)                                                               \
	ROW(wait_cancel, JOB_WAITING, "cancelled", FINISH, JOB_CANCELLED, CANCELLED,               \
	    KNOWN.gate = GATE_OPEN;                                                                \
	    JOB.is_cancel_requested = true)                                                        \
	ROW(wait_unknown, JOB_WAITING, "held-up", WAIT, STAYS, OK, (void)q)                        \
	ROW(wait_shut, JOB_WAITING, "held-up", WAIT, STAYS, OK, KNOWN.gate = GATE_SHUT)            \
	ROW(wait_open, JOB_WAITING, "may-write", WAIT, JOB_WRITING, OK, KNOWN.gate = GATE_OPEN)    \
	ROW(wait_over, JOB_WAITING, "window-over", FINISH, JOB_CANCELLED, OUTSIDE_WINDOW,          \
	    KNOWN.gate = GATE_OVER)                                                                \
	ROW(verified, JOB_VERIFYING, "verified", WAIT, JOB_WRITING, OK,                            \
	    KNOWN.verify = WORK_SUCCEEDED)                                                         \
                                                                                                   \
	ROW(slot_gone, JOB_WRITING, "slot-gone", FINISH, JOB_FAILED, NO_SUCH_SLOT,                 \
	    q->device.num_slots = 1)                                                               \
	ROW(slot_runs, JOB_WRITING, "slot-now-runs", FINISH, JOB_FAILED, NO_SUCH_SLOT,             \
	    BOOT.running_slot = 1)                                                                 \
	ROW(holds, JOB_WRITING, "slot-holds-image", WAIT, JOB_RESTARTING, OK, written(q))          \
	ROW(holds_wrapped, JOB_WRITING, "slot-holds-image", WAIT, JOB_RESTARTING, OK, written(q);  \
	    SLOT1.image_size_bytes = 99)                                                           \
	ROW(holds_other, JOB_WRITING, "load", LOAD, STAYS, OK, written(q); SLOT1.digest[10] ^= 1)  \
	ROW(slow, JOB_WRITING, "write-timeout", FINISH, JOB_FAILED, TRANSFER_FAILED, late(q);      \
	    SLOT1.status = KERNEL_STATUS_ERASING)                                                  \
	ROW(copying, JOB_WRITING, "copying", WAIT, STAYS, OK,                                      \
	    SLOT1.status = KERNEL_STATUS_RECEIVING;                                                \
	    KNOWN.copy = WORK_RUNNING)                                                             \
	ROW(write_refused, JOB_WRITING, "write-refused", FINISH, JOB_FAILED, IO_ERROR,             \
	    ordered(q, ACTION_COMMIT, -EACCES))                                                    \
	ROW(commit, JOB_WRITING, "commit", COMMIT, STAYS, OK,                                      \
	    SLOT1.status = KERNEL_STATUS_RECEIVING;                                                \
	    KNOWN.copy = WORK_SUCCEEDED)                                                           \
	ROW(dead_load, JOB_WRITING, "abort-dead-load", ABORT_LOAD, STAYS, OK,                      \
	    SLOT1.status = KERNEL_STATUS_RECEIVING)                                                \
	ROW(kernel_works, JOB_WRITING, "kernel-working", WAIT, STAYS, OK,                          \
	    SLOT1.status = KERNEL_STATUS_TRANSFERRING)                                             \
	ROW(payload_gone, JOB_WRITING, "payload-gone", FINISH, JOB_FAILED, IO_ERROR,               \
	    KNOWN.has_payload = false)                                                             \
	ROW(wrong_digest, JOB_WRITING, "wrong-digest", FINISH, JOB_FAILED, WRONG_DIGEST,           \
	    written(q);                                                                            \
	    strcpy(SLOT1.digest, OTHER); ordered(q, ACTION_COMMIT, 0); JOB.write_tries = 3;        \
	    JOB.is_committed = true)                                                               \
	ROW(copy_failed, JOB_WRITING, "copy-failed", FINISH, JOB_FAILED, NO_SPACE,                 \
	    KNOWN.copy = WORK_FAILED;                                                              \
	    KNOWN.reason = REASON_NO_SPACE; JOB.write_tries = 3)                                   \
	ROW(write_failed, JOB_WRITING, "write-failed", FINISH, JOB_FAILED, TRANSFER_FAILED,        \
	    JOB.write_tries = 3;                                                                   \
	    JOB.is_committed = true; strcpy(SLOT1.error, "transferring:timeout"))                  \
	ROW(writes_cut_short, JOB_WRITING, "write-failed", FINISH, JOB_FAILED, TRANSFER_FAILED,    \
	    JOB.write_tries = STEP_WRITES_MAX)                                                     \
	ROW(write_cut_short, JOB_WRITING, "load", LOAD, STAYS, OK,                                 \
	    JOB.write_tries = STEP_WRITES_MAX - 1)                                                 \
	ROW(load, JOB_WRITING, "load", LOAD, STAYS, OK, (void)q)                                   \
                                                                                                   \
	ROW(restart_gone, JOB_RESTARTING, "slot-gone", FINISH, JOB_FAILED, NO_SUCH_SLOT,           \
	    q->device.num_slots = 1)                                                               \
	ROW(restart_ask, JOB_RESTARTING, "asked-to-go-back", WAIT, JOB_REVERTING, REQUESTED,       \
	    JOB.is_revert_requested = true)                                                        \
	ROW(started, JOB_RESTARTING, "started", WAIT, JOB_CHECKING, OK, on_trial(q))               \
	ROW(started_alone, JOB_RESTARTING, "started", WAIT, JOB_CHECKING, OK, only_slot(q);        \
	    BOOT.total++)                                                                          \
	ROW(counts_anew, JOB_RESTARTING, "restart", RESTART, STAYS, OK, only_slot(q);              \
	    BOOT.total--)                                                                          \
	ROW(started_unseen, JOB_RESTARTING, "started", WAIT, JOB_CHECKING, OK, only_slot(q);       \
	    JOB.restart_tries = 3)                                                                 \
	ROW(fell_back, JOB_RESTARTING, "fell-back", WAIT, JOB_REVERTING, ATTEMPTS_EXHAUSTED,       \
	    restarted(q);                                                                          \
	    BOOT.state = KERNEL_BOOT_FALLBACK;                                                     \
	    BOOT.last_restart_reason = KERNEL_RESTART_ATTEMPTS_EXHAUSTED)                          \
	ROW(never_started, JOB_RESTARTING, "never-started", WAIT, JOB_REVERTING, DID_NOT_START,    \
	    restarted(q))                                                                          \
	ROW(timeout, JOB_RESTARTING, "restart-timeout", WAIT, JOB_REVERTING, DID_NOT_START,        \
	    chosen(q);                                                                             \
	    late(q))                                                                               \
	ROW(restarting, JOB_RESTARTING, "restarting", WAIT, STAYS, OK, chosen(q);                  \
	    q->device.status = KERNEL_STATUS_RESTARTING)                                           \
	ROW(too_many, JOB_RESTARTING, "too-many-restarts", WAIT, JOB_REVERTING, DID_NOT_START,     \
	    chosen(q);                                                                             \
	    JOB.restart_tries = 3; JOB.boots_before = 5)                                           \
	ROW(activate, JOB_RESTARTING, "activate", ACTIVATE, STAYS, OK, written(q))                 \
	ROW(forgot, JOB_RESTARTING, "activate", ACTIVATE, STAYS, OK, restarted(q);                 \
	    BOOT.state = KERNEL_BOOT_UNKNOWN)                                                      \
	ROW(changed, JOB_RESTARTING, "slot-changed", WAIT, JOB_WRITING, OK, chosen(q);             \
	    SLOT1.digest[0] = '\0')                                                                \
	ROW(wait_boot, JOB_RESTARTING, "waiting-for-boot", WAIT, STAYS, OK, chosen(q);             \
	    ordered(q, ACTION_RESTART, 0))                                                         \
	ROW(wait_person, JOB_RESTARTING, "waiting-for-boot", WAIT, STAYS, OK, chosen(q);           \
	    q->device.can_restart = false)                                                         \
	ROW(restart, JOB_RESTARTING, "restart", RESTART, STAYS, OK, chosen(q))                     \
                                                                                                   \
	ROW(check_ask, JOB_CHECKING, "asked-to-go-back", WAIT, JOB_REVERTING, REQUESTED,           \
	    JOB.is_revert_requested = true)                                                        \
	ROW(gone_again, JOB_CHECKING, "gone-again", WAIT, JOB_RESTARTING, OK, written(q))          \
	ROW(wrong_version, JOB_CHECKING, "wrong-version", WAIT, JOB_REVERTING,                     \
	    WRONG_VERSION_RUNNING, on_trial(q);                                                    \
	    strcpy(SLOT1.version, "2.1"))                                                          \
	ROW(wrong_bytes, JOB_CHECKING, "wrong-version", WAIT, JOB_REVERTING,                       \
	    WRONG_VERSION_RUNNING, on_trial(q);                                                    \
	    strcpy(SLOT1.digest, OTHER))                                                           \
	ROW(never_said, JOB_CHECKING, "never-identified", WAIT, JOB_REVERTING,                     \
	    WRONG_VERSION_RUNNING, on_trial(q);                                                    \
	    SLOT1.version[0] = SLOT1.digest[0] = '\0'; JOB.trial_end_usec = 0; late(q))            \
	ROW(not_said, JOB_CHECKING, "not-identified", WAIT, STAYS, OK, on_trial(q);                \
	    SLOT1.version[0] = SLOT1.digest[0] = '\0')                                             \
	ROW(right, JOB_CHECKING, "right-version", WAIT, JOB_TRIAL, OK, on_trial(q))                \
                                                                                                   \
	ROW(trial_ask, JOB_TRIAL, "asked-to-go-back", WAIT, JOB_REVERTING, REQUESTED, on_trial(q); \
	    JOB.is_revert_requested = true)                                                        \
	ROW(trial_fell, JOB_TRIAL, "fell-back", WAIT, JOB_REVERTING, ATTEMPTS_EXHAUSTED,           \
	    written(q);                                                                            \
	    BOOT.state = KERNEL_BOOT_FALLBACK)                                                     \
	ROW(trial_back_2, JOB_TRIAL, "went-back-exhausted", WAIT, JOB_REVERTING,                   \
	    ATTEMPTS_EXHAUSTED, written(q);                                                        \
	    BOOT.last_restart_reason = KERNEL_RESTART_ATTEMPTS_EXHAUSTED)                          \
	ROW(trial_back, JOB_TRIAL, "went-back", WAIT, JOB_REVERTING, DID_NOT_START, written(q))    \
	ROW(not_up, JOB_TRIAL, "not-up", WAIT, STAYS, OK, on_trial(q); BOOT.running_slot = 0;      \
	    q->device.status = KERNEL_STATUS_RESTARTING)                                           \
	ROW(trial_wrong, JOB_TRIAL, "wrong-version", WAIT, JOB_REVERTING, WRONG_VERSION_RUNNING,   \
	    on_trial(q);                                                                           \
	    strcpy(SLOT1.version, "9"))                                                            \
	ROW(device_forgot, JOB_TRIAL, "device-forgot", RESTORE_ATTEMPTS, STAYS, OK, on_trial(q);   \
	    BOOT.state = KERNEL_BOOT_UNKNOWN)                                                      \
	ROW(often, JOB_TRIAL, "booted-too-often", WAIT, JOB_REVERTING, ATTEMPTS_EXHAUSTED,         \
	    on_trial(q);                                                                           \
	    BOOT.total++; BOOT.last_restart_reason = KERNEL_RESTART_WATCHDOG;                      \
	    JOB.trial_boots = 10)                                                                  \
	ROW(fault, JOB_TRIAL, "booted-by-fault", WAIT, STAYS, OK, on_trial(q); BOOT.total++;       \
	    BOOT.last_restart_reason = KERNEL_RESTART_FAULT)                                       \
	ROW(power, JOB_TRIAL, "booted", WAIT, STAYS, OK, on_trial(q); BOOT.total++;                \
	    BOOT.last_restart_reason = KERNEL_RESTART_POWER_ON)                                    \
	ROW(nought, JOB_TRIAL, "booted", WAIT, STAYS, OK, on_trial(q); BOOT.total = 0)             \
	ROW(staying, JOB_TRIAL, "staying-up", WAIT, STAYS, OK, on_trial(q))                        \
	ROW(busy, JOB_TRIAL, "busy", WAIT, STAYS, OK, trial_over(q);                               \
	    q->device.status = KERNEL_STATUS_ACTIVATING)                                           \
	ROW(check, JOB_TRIAL, "check-health", CHECK_HEALTH, STAYS, OK, trial_over(q))              \
	ROW(checking, JOB_TRIAL, "checking-health", WAIT, STAYS, OK, trial_over(q);                \
	    KNOWN.health = WORK_RUNNING)                                                           \
	ROW(unhealthy, JOB_TRIAL, "unhealthy", WAIT, JOB_REVERTING, HEALTH_TIMEOUT, trial_over(q); \
	    KNOWN.health = WORK_FAILED; KNOWN.reason = REASON_HEALTH_TIMEOUT)                      \
	ROW(person, JOB_TRIAL, "waiting-for-person", WAIT, STAYS, OK, trial_over(q);               \
	    KNOWN.health = WORK_SUCCEEDED; q->policy.auto_confirm = false)                         \
	ROW(confirm, JOB_TRIAL, "confirm", CONFIRM, STAYS, OK, trial_over(q);                      \
	    KNOWN.health = WORK_SUCCEEDED)                                                         \
	ROW(confirm_now, JOB_TRIAL, "confirm", CONFIRM, STAYS, OK, on_trial(q);                    \
	    JOB.is_confirm_requested = true)                                                       \
	ROW(kept, JOB_TRIAL, "kept", FINISH, JOB_DONE, OK, trial_over(q);                          \
	    KNOWN.health = WORK_SUCCEEDED; BOOT.state = KERNEL_BOOT_CONFIRMED)                     \
	ROW(kept_without, JOB_TRIAL, "kept", FINISH, JOB_DONE, OK, trial_over(q);                  \
	    KNOWN.health = WORK_SUCCEEDED; BOOT.is_present = SLOT0.is_active = false;              \
	    SLOT1.is_active = true)                                                                \
                                                                                                   \
	ROW(no_old, JOB_REVERTING, "no-old-slot", FINISH, JOB_FAILED, NO_REVERT_SLOT,              \
	    JOB.previous_slot = -1)                                                                \
	ROW(stuck, JOB_REVERTING, "device-stuck", FINISH, JOB_FAILED, DID_NOT_START, late(q);      \
	    q->device.status = KERNEL_STATUS_RESTARTING)                                           \
	ROW(going_back, JOB_REVERTING, "restarting", WAIT, STAYS, OK,                              \
	    q->device.status = KERNEL_STATUS_RESTARTING)                                           \
	ROW(revert_done, JOB_REVERTING, "revert-done", FINISH, JOB_DONE, OK,                       \
	    JOB.type = JOB_REVERT)                                                                 \
	ROW(reverted, JOB_REVERTING, "reverted", FINISH, JOB_REVERTED, HEALTH_FAILED,              \
	    JOB.reason = REASON_HEALTH_FAILED)                                                     \
	ROW(old_bad, JOB_REVERTING, "old-slot-bad", FINISH, JOB_FAILED, NO_REVERT_SLOT,            \
	    on_trial(q);                                                                           \
	    SLOT0.state = KERNEL_SLOT_INVALID_IMAGE)                                               \
	ROW(choose_old, JOB_REVERTING, "choose-old", ACTIVATE_PREVIOUS, STAYS, OK, on_trial(q))    \
	ROW(unpend, JOB_REVERTING, "choose-old", ACTIVATE_PREVIOUS, STAYS, OK, chosen(q))          \
	ROW(wait_old, JOB_REVERTING, "waiting-for-boot", WAIT, STAYS, OK, on_trial(q);             \
	    BOOT.next_slot = 0; ordered(q, ACTION_RESTART, 0))                                     \
	ROW(old_on_trial, JOB_REVERTING, "old-on-trial", CONFIRM, STAYS, OK,                       \
	    BOOT.state = KERNEL_BOOT_TRIAL)                                                        \
	ROW(will_not, JOB_REVERTING, "will-not-go-back", FINISH, JOB_FAILED, DID_NOT_START,        \
	    on_trial(q);                                                                           \
	    BOOT.next_slot = 0; JOB.restart_tries = 3; JOB.trial_end_usec = 0; late(q))            \
	ROW(restart_old, JOB_REVERTING, "restart-old", RESTART, STAYS, OK, on_trial(q);            \
	    BOOT.next_slot = 0)                                                                    \
                                                                                                   \
	ROW(pause, JOB_RESTARTING, "pause", WAIT, STAYS, OK, written(q);                           \
	    ordered(q, ACTION_ACTIVATE, -EBUSY); KNOWN.last_usec = NOW - SECOND)                   \
	ROW(try_again, JOB_RESTARTING, "activate", ACTIVATE, STAYS, OK, written(q);                \
	    ordered(q, ACTION_ACTIVATE, -EBUSY))                                                   \
	ROW(not_taken, JOB_TRIAL, "attempts-not-taken", WAIT, STAYS, OK, on_trial(q);              \
	    BOOT.state = KERNEL_BOOT_UNKNOWN; ordered(q, ACTION_RESTORE_ATTEMPTS, -EINVAL))        \
	ROW(refused_1, JOB_RESTARTING, "refused-before-change", FINISH, JOB_FAILED, IO_ERROR,      \
	    written(q);                                                                            \
	    ordered(q, ACTION_ACTIVATE, -EPERM))                                                   \
	ROW(refused_2, JOB_TRIAL, "refused-going-forward", WAIT, JOB_REVERTING, TRANSFER_FAILED,   \
	    trial_over(q);                                                                         \
	    KNOWN.health = WORK_SUCCEEDED; ordered(q, ACTION_CONFIRM, 0);                          \
	    KNOWN.tries = STEP_ORDER_TRIES_MAX)                                                    \
	ROW(refused_3, JOB_REVERTING, "refused-going-back", FINISH, JOB_FAILED, HEALTH_FAILED,     \
	    on_trial(q);                                                                           \
	    JOB.reason = REASON_HEALTH_FAILED; ordered(q, ACTION_ACTIVATE_PREVIOUS, -EOPNOTSUPP))

#define DEFINE(name, phase, rule, action, next, reason, ...) \
	static void make_##name(struct question *q)          \
	{                                                    \
		__VA_ARGS__;                                 \
	}
#define LIST(name, phase, rule, action, next, reason, ...) \
	{ #name, phase, rule, ACTION_##action, next, REASON_##reason, make_##name },

ROWS(DEFINE)
BACKUP_ROWS(DEFINE)

static const struct row {
	const char *name;
	enum job_phase phase;
	const char *rule;
	enum job_action action;
	enum job_phase next;
	enum reason reason;
	void (*make)(struct question *q);
} rows[] = { ROWS(LIST) BACKUP_ROWS(LIST) };
#define ROW_COUNT (sizeof(rows) / sizeof(rows[0]))

static void test_row(const struct row *row)
{
	struct question q = ordinary(row->phase);
	enum job_phase next = row->next == STAYS ? row->phase : row->next;
	struct job_step step;

	row->make(&q);
	engine_step(&q.job, q.is_away ? NULL : &q.device, &q.knowledge, &q.policy, NOW, &step);
	if (!tap_ok(strcmp(step.rule, row->rule) == 0 && step.action == row->action &&
			    step.next.phase == next && step.next.reason == row->reason,
		    "%s: %s decides in phase %s", row->name, row->rule,
		    job_phase_to_string(row->phase)))
		printf("# got %s: %s, phase %s, reason %s\n", step.rule,
		       job_action_to_string(step.action), job_phase_to_string(step.next.phase),
		       reason_word(step.next.reason));
	if (step.next.phase != row->phase)
		tap_is(step.next.phase_usec, NOW, "the new phase begins now");
	if (step.action == ACTION_WAIT && step.next.phase != row->phase)
		tap_is(step.wake_usec, NOW, "and asks again at once");
}

/* "waiting-for-boot" and the like exist in several phases: the phase has to fit, or be "any". */
static void test_complete(void)
{
	struct engine_rule_text text;

	for (size_t i = 0; engine_rule_at(i, &text); i++) {
		bool is_found = false;

		for (size_t j = 0; j < ROW_COUNT; j++)
			is_found |= strcmp(rows[j].rule, text.name) == 0 &&
				    (strcmp(text.phase, "any") == 0 ||
				     strcmp(text.phase, job_phase_to_string(rows[j].phase)) == 0);
		tap_ok(is_found, "there is a case for %s/%s", text.phase, text.name);
		tap_ok(text.sentence[0] && text.sentence[strlen(text.sentence) - 1] == '.',
		       "and its sentence ends");
	}
}

static void test_choices(void)
{
	struct question question = ordinary(JOB_QUEUED), *q = &question;

	tap_is(engine_choose_target(&q->device, ""), 1, "the other slot is written");
	q->device.num_slots = 3;
	q->device.slots[2] = (struct kernel_slot){ .state = KERNEL_SLOT_EMPTY, .label = "c" };
	written(q);
	tap_is(engine_choose_target(&q->device, ""), 2, "of two the one that holds nothing");
	q->device.slots[2].state = KERNEL_SLOT_VALID;
	BOOT.fallback_slot = 1;
	tap_is(engine_choose_target(&q->device, ""), 2, "not the one to fall back to");
	tap_is(engine_choose_target(&q->device, "c"), 2, "the one that is named");
	tap_is(engine_choose_target(&q->device, "d"), -1, "or none");
	tap_is(engine_choose_previous(&q->device, 2), 1, "back to where the device would fall");
	BOOT.fallback_slot = -1;
	tap_is(engine_choose_previous(&q->device, 2), 2, "else to what is remembered");
	tap_is(engine_choose_previous(&q->device, -1), 1, "else to any that is good");
	tap_is(engine_choose_previous(&q->device, 99), 1,
	       "a memory of a slot that is not there is no harm");
	SLOT1.state = q->device.slots[2].state = KERNEL_SLOT_INVALID_IMAGE;
	tap_is(engine_choose_previous(&q->device, 2), -1, "never to a bad one");
}

/* Once the record follows the images, the rest of the table decides as for any other device. */
static void test_swap(void)
{
	struct question question = ordinary(JOB_RESTARTING), *q = &question;
	struct job_step step;

	swapped(q);
	BOOT.state = KERNEL_BOOT_TRIAL;
	engine_step(&q->job, &q->device, &q->knowledge, &q->policy, NOW, &step);
	tap_ok(step.next.target_slot == 0 && step.next.previous_slot == 1,
	       "the job follows its image into slot 0");
	tap_is(step.wake_usec, NOW, "and is decided at once");
	q->job = step.next;
	engine_step(&q->job, &q->device, &q->knowledge, &q->policy, NOW, &step);
	tap_is_string(step.rule, "started", "where it runs");
}

int main(void)
{
	for (size_t i = 0; i < ROW_COUNT; i++)
		test_row(&rows[i]);
	test_swap();
	test_complete();
	test_choices();
	return tap_done();
}
