/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Makes, starts and ends a manager, and hands the kernel's events to its devices. What a device or a job does is in
 * devices.c, jobs.c and run.c; what callers ask for in request.c.
 */
#include "engine/manager.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "engine/backups.h"
#include "engine/payload.h"
#include "engine/private.h"
#include "engine/schedule.h"
#include "engine/sources.h"
#include "engine/updates.h"
#include "engine/versions.h"
#include "engine/volatile.h"

uint64_t manager_now(struct manager *manager)
{
	return manager->clock.offset_usec + manager->ops->boottime_usec(manager->ops);
}

uint64_t manager_wall_clock(struct manager *manager)
{
	return manager->ops->realtime_usec(manager->ops);
}

int manager_new_with(sd_event *event, const struct manager_events *events, void *userdata,
		     const struct engine_ops *ops, struct manager **ret)
{
	struct manager *manager = calloc(1, sizeof(*manager));

	if (!manager)
		return -ENOMEM;
	manager->event = sd_event_ref(event);
	manager->events = events;
	manager->userdata = userdata;
	manager->ops = ops;
	manager->clock.offset_usec = ops->realtime_usec(ops) - ops->boottime_usec(ops);
	manager->clock.boot_id = ops->boot_id ? ops->boot_id(ops) : "";
	folders_find(&manager->folders);
	config_set_defaults(&manager->config);
	manager->world = POLICY_WORLD_UNKNOWN;
	manager->schedule_wake_usec = UINT64_MAX;
	*ret = manager;
	return 0;
}

int manager_new(sd_event *event, const struct manager_events *events, void *userdata,
		struct manager **ret)
{
	return manager_new_with(event, events, userdata, &engine_default_ops, ret);
}

static void on_added(unsigned index, void *userdata)
{
	manager_device_added(userdata, index);
}

static void on_removed(unsigned index, void *userdata)
{
	manager_device_removed(userdata, index);
}

static void on_changed(unsigned index, void *userdata)
{
	manager_device_changed(userdata, index);
}

static void on_progress(unsigned index, unsigned slot, enum kernel_status status,
			uint64_t done_bytes, uint64_t total_bytes, void *userdata)
{
	struct device *device = manager_device_by_index(userdata, index);

	/* The end of a write is a decision: look at the whole picture. */
	if (status == KERNEL_STATUS_IDLE) {
		manager_device_changed(userdata, index);
		return;
	}
	/* The first half of the bar is the way to the kernel, the second the kernel's way to the device. */
	if (device && device->job && total_bytes > 0 &&
	    device->job->record.target_slot == (int)slot &&
	    (device->job->record.phase == JOB_WRITING ||
	     device->job->record.phase == JOB_RESTORING) &&
	    status != KERNEL_STATUS_RECEIVING)
		job_set_percent(job_entry_of(device->job),
				50 + (unsigned)(done_bytes > total_bytes ?
							50 :
							done_bytes * 50 / total_bytes));
}

static const struct kernel_monitor_events monitor_events = {
	.device_added = on_added,
	.device_removed = on_removed,
	.device_changed = on_changed,
	.slot_progress = on_progress,
};

/* Without a disk to write to, devices can be shown but nothing may be changed. */
static int open_store(struct manager *manager)
{
	int r;

	r = store_open(manager->ops->io, manager->folders.state, manager_now(manager),
		       &manager->store);
	if (r == -EBUSY) {
		log_error("%s/" STORE_FILE_NAME " is in use: another fwslotd runs. Stop it first.",
			  manager->folders.state);
		return r;
	}
	if (r == -EPROTO) {
		log_error("%s/" STORE_FILE_NAME
			  " was written by a newer fwslotd. Install that version again.",
			  manager->folders.state);
		return r;
	}
	if (r < 0) {
		log_error(
			"%s/" STORE_FILE_NAME
			" cannot be opened (%s): until it can, devices are shown and updates are refused.",
			manager->folders.state, strerror(-r));
		manager->is_volatile = true;
		r = volatile_begin(manager);
		return r < 0 ? r : store_open_volatile(&manager->store);
	}
	if (store_set_aside_path(manager->store))
		log_warning(
			"The database was damaged; it is kept as %s, and what could be read was taken over.",
			store_set_aside_path(manager->store));
	return 0;
}

int manager_start(struct manager *manager)
{
	int r;

	config_read(&manager->folders, &manager->config);
	r = open_store(manager);
	if (r < 0)
		return r;
	r = manager_resume_jobs(manager);
	if (r >= 0)
		r = versions_load(manager);
	if (r >= 0)
		r = updates_load(manager);
	if (r >= 0)
		r = schedule_load(manager);
	if (r < 0) {
		log_error("What %s/" STORE_FILE_NAME " holds cannot be taken up: %s.",
			  manager->folders.state, strerror(-r));
		return r;
	}
	sources_load(manager);
	if (!manager->is_volatile) {
		payload_remove_leftovers(manager);
		backups_tidy(manager);
	}
	if (!manager->ops->listens_to_kernel)
		return 0;
	return kernel_monitor_new(manager->event, &monitor_events, manager, &manager->monitor);
}

void manager_reload(struct manager *manager)
{
	config_read(&manager->folders, &manager->config);
	sources_load(manager);
	updates_announce(manager);
	for (size_t i = 0; i < manager->job_count; i++)
		if (!job_phase_is_final(manager->jobs[i]->job.record.phase))
			job_run(manager->jobs[i]);
}

struct manager *manager_free(struct manager *manager)
{
	if (!manager)
		return NULL;
	kernel_monitor_free(manager->monitor);
	backup_exports_stop(manager);
	sources_stop(manager);
	schedule_stop(manager);
	sd_event_source_disable_unref(manager->volatile_timer);
	while (manager->job_count > 0)
		manager_drop_job(manager, manager->jobs[manager->job_count - 1]);
	manager_forget_devices(manager);
	updates_forget_all(manager);
	versions_forget_all(manager);
	store_close(manager->store);
	sd_event_unref(manager->event);
	free(manager);
	return NULL;
}

int manager_history(struct manager *manager, const char *device_id, unsigned limit,
		    int (*row)(const struct history_row *row, void *userdata), void *userdata)
{
	return store_list_history(manager->store, device_id, limit, row, userdata);
}
