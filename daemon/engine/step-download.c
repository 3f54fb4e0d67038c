/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rows of the phase downloading: an image from the server of an update source, in as many tries as it takes. Pure. */
#include "base/macros.h"
#include "engine/rules.h"
#include "remote/fetch-client.h"

static bool download_not_begun(const struct situation *s)
{
	return s->knowledge->download == WORK_NONE;
}

static bool download_is_running(const struct situation *s)
{
	return s->knowledge->download == WORK_RUNNING;
}

static bool download_failed(const struct situation *s)
{
	return s->knowledge->download == WORK_FAILED;
}

/* The network or the server had a bad moment. */
static bool may_try_again(const struct situation *s)
{
	return download_failed(s) && fetch_is_passing(s->knowledge->reason) &&
	       s->knowledge->downloads < STEP_DOWNLOADS_MAX;
}

/* Machines whose downloads broke in the same second do not come back in the same second. */
static uint64_t retry_usec(const struct situation *s)
{
	uint64_t span = STEP_DOWNLOAD_RETRY_USEC;

	for (unsigned i = 1; i < s->knowledge->downloads && span < STEP_DOWNLOAD_RETRY_MAX_USEC;
	     i++)
		span *= 2;
	if (span > STEP_DOWNLOAD_RETRY_MAX_USEC)
		span = STEP_DOWNLOAD_RETRY_MAX_USEC;
	return s->knowledge->download_failed_usec + span / 2 +
	       span / 2 * (s->job->created_usec % 1024) / 1024;
}

static bool must_wait_to_try_again(const struct situation *s)
{
	return may_try_again(s) && s->now_usec < retry_usec(s);
}

static void until_retry(const struct situation *s, struct job_step *step)
{
	step->wake_usec = retry_usec(s);
}

static const struct rule downloading[] = {
	{ "download",
	  "Nobody fetches the image (yet, or any more): begin, or go on with what is there.",
	  download_not_begun, ACTION_DOWNLOAD, STAYS, REASON_OK, NULL },
	{ "download-running", "The worker fetches and authenticates the image.",
	  download_is_running, ACTION_WAIT, STAYS, REASON_OK, NULL },
	{ "download-pause", "The network or the server had a bad moment: wait, longer each time.",
	  must_wait_to_try_again, ACTION_WAIT, STAYS, REASON_OK, until_retry },
	{ "download-again", "The pause is over: go on with what is there.", may_try_again,
	  ACTION_DOWNLOAD, STAYS, REASON_OK, NULL },
	{ "download-failed", "The image cannot be had, or is not what the vendor signed.",
	  download_failed, ACTION_FINISH, JOB_FAILED, REASON_OK, reason_of_work },
	{ "downloaded", "The image is there and authentic: see whether it fits.", always,
	  ACTION_WAIT, JOB_VERIFYING, REASON_OK, NULL },
};
const struct rule_table rules_downloading = { JOB_DOWNLOADING, downloading,
					      ARRAY_SIZE(downloading) };
