/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What each action of the table does: one function, one row. Orders return at once; work ends by an event. */
#include <errno.h>
#include <stdlib.h>

#include "engine/backups.h"
#include "engine/private.h"

struct order {
	struct job_entry *entry;
	const struct engine_ops *ops;
	struct device *device;
	unsigned index; /* of the device */
	unsigned target, previous;
};

static int start_work(struct job_entry *entry, enum work_kind kind, enum work_state *state)
{
	const struct engine_ops *ops = entry->manager->ops;
	int r;

	ops->work_stop(ops, &entry->job, kind);
	*state = WORK_RUNNING;
	r = ops->work_start(ops, &entry->job, kind);
	if (r < 0) {
		*state = WORK_FAILED;
		entry->job.knowledge.reason = reason_from_errno(r);
		free(entry->work_message);
		entry->work_message = NULL;
	}
	return r;
}

static int begin_verify(const struct order *order)
{
	return start_work(order->entry, WORK_VERIFY, &order->entry->job.knowledge.verify);
}

static int begin_download(const struct order *order)
{
	return start_work(order->entry, WORK_DOWNLOAD, &order->entry->job.knowledge.download);
}

static int begin_back_up(const struct order *order)
{
	return start_work(order->entry, WORK_BACK_UP, &order->entry->job.knowledge.back_up);
}

/* A file that is not there is as good as a damaged one. */
static int begin_unpack(const struct order *order)
{
	struct job_knowledge *knowledge = &order->entry->job.knowledge;
	int r = start_work(order->entry, WORK_UNPACK, &knowledge->unpack);

	if (r == -ENOENT) {
		knowledge->reason = REASON_BACKUP_DAMAGED;
		backups_note_damaged(order->entry, "The file is not there.");
	}
	return r;
}

static int load(const struct order *order)
{
	struct job_knowledge *knowledge = &order->entry->job.knowledge;
	int r;

	knowledge->copy = WORK_NONE;
	r = order->ops->load_begin(order->ops, order->index, order->target);
	return r < 0 ? r : start_work(order->entry, WORK_COPY, &knowledge->copy);
}

static int commit(const struct order *order)
{
	order->entry->job.knowledge.copy = WORK_NONE;
	return order->ops->load_commit(order->ops, order->index, order->target);
}

static int abort_load(const struct order *order)
{
	return order->ops->load_abort(order->ops, order->index, order->target);
}

static int activate(const struct order *order)
{
	return order->ops->activate(order->ops, order->index, order->target, false);
}

static int restart(const struct order *order)
{
	return order->ops->restart(order->ops, order->index);
}

static int check_health(const struct order *order)
{
	return start_work(order->entry, WORK_HEALTH, &order->entry->job.knowledge.health);
}

static int confirm(const struct order *order)
{
	return order->ops->confirm(order->ops, order->index);
}

static int activate_previous(const struct order *order)
{
	return order->ops->activate(order->ops, order->index, order->previous, true);
}

/* The running slot is put on trial again, with the attempts that were used before the host restarted. */
static int restore_attempts(const struct order *order)
{
	int r;

	r = order->ops->activate(order->ops, order->index, order->target, false);
	if (r < 0 || order->entry->job.record.attempts == 0)
		return r;
	return order->ops->set_attempts(order->ops, order->index,
					order->entry->job.record.attempts);
}

static int (*const performers[ACTION_MAX])(const struct order *order) = {
	[ACTION_VERIFY] = begin_verify,
	[ACTION_DOWNLOAD] = begin_download,
	[ACTION_BACK_UP] = begin_back_up,
	[ACTION_UNPACK] = begin_unpack,
	[ACTION_LOAD] = load,
	[ACTION_COMMIT] = commit,
	[ACTION_ABORT_LOAD] = abort_load,
	[ACTION_ACTIVATE] = activate,
	[ACTION_RESTART] = restart,
	[ACTION_CHECK_HEALTH] = check_health,
	[ACTION_CONFIRM] = confirm,
	[ACTION_ACTIVATE_PREVIOUS] = activate_previous,
	[ACTION_RESTORE_ATTEMPTS] = restore_attempts,
};

int job_perform(struct job_entry *entry, enum job_action action)
{
	struct device *device = job_device(entry);

	if (action < 0 || action >= ACTION_MAX || !performers[action])
		return -EOPNOTSUPP;
	if (!device)
		return -ENODEV;
	return performers[action](&(struct order){
		.entry = entry,
		.ops = entry->manager->ops,
		.device = device,
		.index = device->now.index,
		.target = (unsigned)entry->job.record.target_slot,
		.previous = (unsigned)(entry->job.record.phase == JOB_RESTORING ?
					       entry->job.record.target_slot :
					       entry->job.record.previous_slot),
	});
}
