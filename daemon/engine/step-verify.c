/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rows of the phases queued and verifying: from the request to an authenticated image and a slot for it. Pure. */
#include <string.h>

#include "base/macros.h"
#include "engine/rules.h"

static bool is_revert(const struct situation *s)
{
	return s->job->type == JOB_REVERT;
}

static bool revert_has_no_slot(const struct situation *s)
{
	/* The request remembered in previous_slot what the store knew. */
	return is_revert(s) && engine_choose_previous(s->device, s->job->previous_slot) < 0;
}

static void choose_revert_slot(const struct situation *s, struct job_step *step)
{
	int slot = engine_choose_previous(s->device, s->job->previous_slot);

	step->next.previous_slot = slot;
	step->next.target_slot = s->running; /* what is left behind */
	if (slot >= 0)
		memcpy(step->next.version, s->device->slots[slot].version,
		       sizeof(step->next.version));
	begin_reverting(s, step);
}

/* The request chose the backup and the slot. */
static bool is_restore(const struct situation *s)
{
	return s->job->backup_digest[0] && s->job->type != JOB_INSTALL;
}

static bool is_restore_over_firmware(const struct situation *s)
{
	return is_restore(s) && s->target && slot_is_worth_a_backup(s, s->job->target_slot);
}

static bool bundle_is_gone(const struct situation *s)
{
	return s->knowledge->verify == WORK_NONE && !s->knowledge->has_bundle;
}

static const struct rule queued[] = {
	{ "begin-restore",
	  "A backup is to be written: save what the slot holds now, so that this too can be taken back.",
	  is_restore_over_firmware, ACTION_WAIT, JOB_BACKING_UP, REASON_OK, NULL },
	{ "begin-restore-at-once", "A backup is to be written over nothing worth saving.",
	  is_restore, ACTION_WAIT, JOB_RESTORING, REASON_OK, begin_restoring },
	{ "nothing-to-revert-to", "No other slot holds good firmware.", revert_has_no_slot,
	  ACTION_FINISH, JOB_FAILED, REASON_NO_REVERT_SLOT, NULL },
	{ "begin-revert", "A revert needs nothing but the other slot: go back.", is_revert,
	  ACTION_WAIT, JOB_REVERTING, REASON_OK, choose_revert_slot },
	{ "begin-download", "The image is on the server of an update source: fetch it.",
	  is_from_remote, ACTION_DOWNLOAD, JOB_DOWNLOADING, REASON_OK, NULL },
	{ "bundle-gone",
	  "The daemon was stopped and the caller's file is not held any more: ask again.",
	  bundle_is_gone, ACTION_FINISH, JOB_FAILED, REASON_INTERRUPTED, NULL },
	{ "begin-verify", "Authenticate the file before anything else looks at it.", always,
	  ACTION_VERIFY, JOB_VERIFYING, REASON_OK, NULL },
};
const struct rule_table rules_queued = { JOB_QUEUED, queued, ARRAY_SIZE(queued) };

static bool verify_not_begun(const struct situation *s)
{
	return s->knowledge->verify == WORK_NONE;
}

static bool verify_is_running(const struct situation *s)
{
	return s->knowledge->verify == WORK_RUNNING;
}

static bool verify_failed(const struct situation *s)
{
	return s->knowledge->verify == WORK_FAILED;
}

static int target_for_release(const struct situation *s)
{
	return engine_choose_target(s->device, s->knowledge->release.slot_label);
}

static bool is_installed_already(const struct situation *s)
{
	return !(s->job->flags & MANAGER_FLAG_REINSTALL) && s->running >= 0 &&
	       (unsigned)s->running < s->device->num_slots &&
	       strcmp(s->device->slots[s->running].digest, s->knowledge->release.digest) == 0;
}

static bool has_failed_before(const struct situation *s)
{
	return !(s->job->flags & MANAGER_FLAG_REINSTALL) && s->knowledge->has_failed_before;
}

static bool is_pinned_to_another(const struct situation *s)
{
	return s->knowledge->version_verdict == REASON_PINNED;
}

static bool is_skipped(const struct situation *s)
{
	return s->knowledge->version_verdict == REASON_SKIPPED;
}

static bool has_no_slot(const struct situation *s)
{
	return target_for_release(s) < 0;
}

static bool image_is_too_large(const struct situation *s)
{
	return s->knowledge->release.length_bytes >
	       s->device->slots[target_for_release(s)].size_bytes;
}

static bool has_no_way_back(const struct situation *s)
{
	return target_for_release(s) == s->running && !(s->job->flags & MANAGER_FLAG_NO_WAY_BACK) &&
	       !s->device->slots[s->running].is_readable;
}

static bool overwrites_firmware(const struct situation *s)
{
	return slot_is_worth_a_backup(s, target_for_release(s));
}

static void take_release(const struct situation *s, struct job_step *step)
{
	const struct job_release *release = &s->knowledge->release;
	struct job_record *next = &step->next;

	next->target_slot = target_for_release(s);
	next->previous_slot = s->running == next->target_slot ? -1 : s->running;
	if (s->running >= 0)
		memcpy(next->version_before, s->device->slots[s->running].version,
		       sizeof(next->version_before));
	memcpy(next->version, release->version, sizeof(next->version));
	memcpy(next->digest, release->digest, sizeof(next->digest));
	next->counter = release->counter;
	next->new_floor = release->new_floor;
	next->length_bytes = release->length_bytes;
	next->backup_digest[0] = '\0';
	next->is_committed = false;
	next->write_tries = 0;
}

static bool is_unverified_download(const struct situation *s)
{
	return is_from_remote(s) && verify_not_begun(s);
}

static const struct rule verifying[] = {
	{ "download-anew",
	  "The daemon was stopped before it had written down what the download was: ask the server again.",
	  is_unverified_download, ACTION_WAIT, JOB_DOWNLOADING, REASON_OK, NULL },
	{ "bundle-gone",
	  "The daemon was stopped and the caller's file is not held any more: ask again.",
	  bundle_is_gone, ACTION_FINISH, JOB_FAILED, REASON_INTERRUPTED, NULL },
	{ "verify", "Nobody is authenticating the file (yet, or any more): begin.",
	  verify_not_begun, ACTION_VERIFY, STAYS, REASON_OK, NULL },
	{ "verify-running", "The worker authenticates the file.", verify_is_running, ACTION_WAIT,
	  STAYS, REASON_OK, NULL },
	{ "not-authentic", "The worker refused the file, for the reason it gave.", verify_failed,
	  ACTION_FINISH, JOB_FAILED, REASON_OK, reason_of_work },
	{ "pinned", "The device is pinned to another version.", is_pinned_to_another, ACTION_FINISH,
	  JOB_FAILED, REASON_PINNED, NULL },
	{ "skipped", "That version is to be skipped on the device.", is_skipped, ACTION_FINISH,
	  JOB_FAILED, REASON_SKIPPED, NULL },
	{ "already-installed", "The running slot holds exactly this image.", is_installed_already,
	  ACTION_FINISH, JOB_FAILED, REASON_ALREADY_INSTALLED, NULL },
	{ "failed-before",
	  "Exactly this image was taken back from this device, and nobody said to try it all the same.",
	  has_failed_before, ACTION_FINISH, JOB_FAILED, REASON_FAILED_BEFORE, NULL },
	{ "no-slot",
	  "The device has no slot of that name that may be written, or does not say which one runs.",
	  has_no_slot, ACTION_FINISH, JOB_FAILED, REASON_NO_SUCH_SLOT, NULL },
	{ "image-too-large", "The image is larger than the slot.", image_is_too_large,
	  ACTION_FINISH, JOB_FAILED, REASON_TOO_LARGE, NULL },
	{ "no-way-back",
	  "One slot that cannot be read back, and nobody said to do it all the same.",
	  has_no_way_back, ACTION_FINISH, JOB_FAILED, REASON_NO_WAY_BACK, NULL },
	{ "verified-back-up",
	  "The image is authentic and fits; the slot holds firmware: save that first.",
	  overwrites_firmware, ACTION_WAIT, JOB_BACKING_UP, REASON_OK, take_release },
	{ "verified-wait",
	  "The image is authentic and fits; the job was begun by itself: ask whether it may write.",
	  is_scheduled, ACTION_WAIT, JOB_WAITING, REASON_OK, take_release },
	{ "verified", "The image is authentic, fits, and lies in the payload folder: write it.",
	  always, ACTION_WAIT, JOB_WRITING, REASON_OK, take_release },
};
const struct rule_table rules_verifying = { JOB_VERIFYING, verifying, ARRAY_SIZE(verifying) };
