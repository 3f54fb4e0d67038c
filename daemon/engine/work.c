/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Starts and stops the work of a job by its kind. */
#include "engine/work.h"

#include <errno.h>

static int (*const starters[WORK_KIND_MAX])(struct job_entry *entry, struct work **ret) = {
	[WORK_VERIFY] = verify_start,	[WORK_DOWNLOAD] = download_start,
	[WORK_BACK_UP] = back_up_start, [WORK_UNPACK] = unpack_start,
	[WORK_COPY] = copy_start,	[WORK_HEALTH] = health_start,
};

int work_start(const struct engine_ops *self, struct job *job, enum work_kind kind)
{
	struct job_entry *entry = job_entry_of(job);

	(void)self;
	return entry->works[kind] ? -EBUSY : starters[kind](entry, &entry->works[kind]);
}

void work_stop(const struct engine_ops *self, struct job *job, enum work_kind kind)
{
	struct job_entry *entry = job_entry_of(job);
	struct work *work = TAKE_PTR(entry->works[kind]);

	(void)self;
	if (work)
		work->release(work);
}
