/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The words of a job's type and phase and of a decision: as stored, as logged and as on the bus. */
#include "store/record.h"

#include <string.h>

#include "base/macros.h"

static const char *const type_words[JOB_TYPE_MAX] = {
	[JOB_INSTALL] = "install",
	[JOB_REVERT] = "revert",
	[JOB_RESTORE] = "restore",
};

static const char *const phase_words[JOB_PHASE_MAX] = {
	[JOB_QUEUED] = "queued",	 [JOB_DOWNLOADING] = "downloading",
	[JOB_VERIFYING] = "verifying",	 [JOB_BACKING_UP] = "backing-up",
	[JOB_WAITING] = "waiting",	 [JOB_WRITING] = "writing",
	[JOB_RESTARTING] = "restarting", [JOB_CHECKING] = "checking",
	[JOB_TRIAL] = "trial",		 [JOB_REVERTING] = "reverting",
	[JOB_RESTORING] = "restoring",	 [JOB_DONE] = "done",
	[JOB_REVERTED] = "reverted",	 [JOB_FAILED] = "failed",
	[JOB_CANCELLED] = "cancelled",
};

static const char *const decision_words[DECISION_MAX] = {
	[DECISION_PENDING] = "pending",	    [DECISION_APPROVED] = "approved",
	[DECISION_POSTPONED] = "postponed", [DECISION_DISMISSED] = "dismissed",
	[DECISION_STARTED] = "started",	    [DECISION_SETTLED] = "settled",
};

static const char *const version_rule_words[VERSION_RULE_MAX] = {
	[VERSION_PINNED] = "pinned",
	[VERSION_SKIPPED] = "skipped",
};

static int find_word(const char *const *words, size_t count, const char *word)
{
	for (size_t i = 0; word && i < count; i++)
		if (strcmp(words[i], word) == 0)
			return (int)i;
	return -22;
}

const char *job_image_digest(const struct job_record *job)
{
	return job->phase == JOB_RESTORING ? job->backup_digest : job->digest;
}

uint64_t job_image_length(const struct job_record *job)
{
	return job->phase == JOB_RESTORING ? job->backup_length_bytes : job->length_bytes;
}

bool job_phase_is_final(enum job_phase phase)
{
	return phase >= JOB_DONE && phase < JOB_PHASE_MAX;
}

const char *job_phase_to_string(enum job_phase phase)
{
	return phase >= 0 && phase < JOB_PHASE_MAX ? phase_words[phase] : "unknown";
}

enum job_phase job_phase_from_string(const char *word)
{
	return (enum job_phase)find_word(phase_words, ARRAY_SIZE(phase_words), word);
}

const char *job_type_to_string(enum job_type type)
{
	return type >= 0 && type < JOB_TYPE_MAX ? type_words[type] : "unknown";
}

enum job_type job_type_from_string(const char *word)
{
	return (enum job_type)find_word(type_words, ARRAY_SIZE(type_words), word);
}

const char *decision_to_string(enum decision decision)
{
	return decision >= 0 && decision < DECISION_MAX ? decision_words[decision] : "unknown";
}

enum decision decision_from_string(const char *word)
{
	return (enum decision)find_word(decision_words, DECISION_MAX, word);
}

const char *version_rule_to_string(enum version_rule rule)
{
	return rule >= 0 && rule < VERSION_RULE_MAX ? version_rule_words[rule] : "unknown";
}

enum version_rule version_rule_from_string(const char *word)
{
	return (enum version_rule)find_word(version_rule_words, VERSION_RULE_MAX, word);
}
