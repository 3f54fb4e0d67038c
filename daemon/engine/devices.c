/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The devices that are present: known by the store's id, drawn by the kernel's latest picture. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "engine/private.h"
#include "engine/schedule.h"
#include "engine/sources.h"

struct device *manager_device_by_index(struct manager *manager, unsigned index)
{
	for (size_t i = 0; i < manager->device_count; i++)
		if (manager->devices[i]->now.index == index)
			return manager->devices[i];
	return NULL;
}

struct device *manager_find_device(struct manager *manager, const char *id)
{
	for (size_t i = 0; i < manager->device_count; i++)
		if (strcmp(manager->devices[i]->id, id) == 0)
			return manager->devices[i];
	return NULL;
}

struct device *manager_next_device(struct manager *manager, const struct device *after)
{
	for (size_t i = 0; i < manager->device_count; i++)
		if (!after || strcmp(manager->devices[i]->id, after->id) > 0)
			return manager->devices[i];
	return NULL;
}

static void insert(struct manager *manager, struct device *device)
{
	size_t at = manager->device_count++;

	for (; at > 0 && strcmp(manager->devices[at - 1]->id, device->id) > 0; at--)
		manager->devices[at] = manager->devices[at - 1];
	manager->devices[at] = device;
}

static void take_out(struct manager *manager, struct device *device)
{
	size_t at = 0;

	while (manager->devices[at] != device)
		at++;
	manager->device_count--;
	memmove(&manager->devices[at], &manager->devices[at + 1],
		(manager->device_count - at) * sizeof(manager->devices[0]));
}

static struct job_entry *find_unfinished_job(struct manager *manager, const char *id)
{
	for (size_t i = 0; i < manager->job_count; i++)
		if (!job_phase_is_final(manager->jobs[i]->job.record.phase) &&
		    strcmp(manager->jobs[i]->job.record.device_id, id) == 0)
			return manager->jobs[i];
	return NULL;
}

static int identify(struct manager *manager, struct device *device)
{
	int r;

	r = store_know_device(manager->store, device->now.hardware_id, device->now.serial,
			      device->now.parent, manager_now(manager), &device->record);
	if (r < 0)
		return r;
	/* Two devices that claim one identity: the second stays outside, it could be meant to confuse. */
	if (manager_find_device(manager, device->record.id))
		return -EEXIST;
	memcpy(device->id, device->record.id, sizeof(device->id));
	return 0;
}

/* Shows the device, with the job that waited for it. */
static void take_up_job(struct manager *manager, struct device *device)
{
	struct job_entry *entry = find_unfinished_job(manager, device->id);
	struct job_entry *adopted = entry ? NULL : manager_adopt_job(manager, device);

	if (entry) {
		device->job = &entry->job;
		entry->job.knowledge.away_since_usec = 0;
		entry->job.knowledge.was_away = true;
		entry->job.knowledge.cannot_restore = false;
	}
	if (manager->events->device_added)
		manager->events->device_added(device, manager->userdata);
	if (adopted && manager->events->job_added)
		manager->events->job_added(&adopted->job, manager->userdata);
	if (device->job)
		job_run(job_entry_of(device->job));
	schedule_review(manager);
}

void manager_device_added(struct manager *manager, unsigned index)
{
	_cleanup_free_ struct device *device = NULL;
	int r;

	if (manager_device_by_index(manager, index)) {
		manager_device_changed(manager, index);
		return;
	}
	if (manager->device_count == MANAGER_DEVICES_MAX) {
		log_warning("fwslot%u: %d devices are managed already; this one is ignored.", index,
			    MANAGER_DEVICES_MAX);
		return;
	}
	device = calloc(1, sizeof(*device));
	r = device ? manager->ops->device_read(manager->ops, index, &device->now) : -ENOMEM;
	if (r >= 0)
		r = identify(manager, device);
	if (r < 0) {
		/* -ENODEV: it has gone again, and removal was or will be told. */
		if (r != -ENODEV)
			log_warning(
				"fwslot%u: not managed: %s.", index,
				r == -EEXIST ?
					"another device with the same hardware id and serial number is there" :
					strerror(-r));
		return;
	}
	insert(manager, device);
	sources_arm(manager);
	take_up_job(manager, TAKE_PTR(device));
}

static void lose_job(struct manager *manager, struct job *job)
{
	struct job_entry *entry = job_entry_of(job);

	/* The copy cannot go on: what the slot holds is seen when the device is back. */
	manager->ops->work_stop(manager->ops, job, WORK_COPY);
	manager->ops->work_stop(manager->ops, job, WORK_BACK_UP);
	job->knowledge.copy = WORK_NONE;
	if (job->knowledge.back_up == WORK_RUNNING)
		job->knowledge.back_up = WORK_NONE;
	job->knowledge.away_since_usec = manager_now(manager);
	if (job->record.phase == JOB_TRIAL) {
		manager->ops->work_stop(manager->ops, job, WORK_HEALTH);
		job->knowledge.health = WORK_NONE;
	}
	job_run(entry);
}

void manager_device_removed(struct manager *manager, unsigned index)
{
	struct device *device = manager_device_by_index(manager, index);
	struct job *job;

	if (!device)
		return;
	job = device->job;
	take_out(manager, device);
	sources_arm(manager);
	if (manager->events->device_removed)
		manager->events->device_removed(device, manager->userdata);
	free(device);
	if (job)
		lose_job(manager, job);
	schedule_review(manager);
}

int device_refresh(struct manager *manager, struct device *device)
{
	_cleanup_free_ struct kernel_device *now = calloc(1, sizeof(*now)),
					    *before = calloc(1, sizeof(*before));
	int r;

	r = now && before ? manager->ops->device_read(manager->ops, device->now.index, now) :
			    -ENOMEM;
	if (r == -ENODEV && !device->is_gone && device->job)
		device->job->knowledge.away_since_usec = manager_now(manager);
	device->is_gone = r == -ENODEV;
	device->is_outdated = r < 0 && r != -ENODEV;
	if (r < 0)
		return r;
	if (memcmp(now, &device->now, sizeof(*now)) == 0)
		return 0;
	*before = device->now;
	device->now = *now;
	if (manager->events->device_changed)
		manager->events->device_changed(device, before, manager->userdata);
	return 0;
}

void manager_device_changed(struct manager *manager, unsigned index)
{
	struct device *device = manager_device_by_index(manager, index);

	if (!device)
		return;
	if (device_refresh(manager, device) != -ENODEV && device->job)
		job_run(job_entry_of(device->job));
}

void manager_forget_devices(struct manager *manager)
{
	while (manager->device_count > 0)
		free(manager->devices[--manager->device_count]);
}

const char *device_running_version(const struct device *device)
{
	int slot = engine_running_slot(&device->now);

	return slot >= 0 && (unsigned)slot < device->now.num_slots ?
		       device->now.slots[slot].version :
		       "";
}

uint64_t device_installed_counter(const struct device *device)
{
	const char *version = device_running_version(device);

	return version[0] && strcmp(version, device->record.installed_version) == 0 ?
		       device->record.installed_counter :
		       0;
}
