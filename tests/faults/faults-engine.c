/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * timeout: 300
 *
 * A life of the manager with an update in it, each call failing once: start, request, every
 * record, every action, the end. Whatever failed, the device runs whole firmware, the job ends,
 * and the next life can update it.
 */
#include "faults.h"
/* Its own lives bail out when something fails. */
#pragma GCC diagnostic ignored "-Wunused-function"
#include "unit/engine-memory.h"

static void begin_new_device(void)
{
	faults_empty_folder(folder);
	make_world(BOOTS, 2);
}

/* Only the manager's own calls fail. */
static void without_faults(void (*act)(void))
{
	faults_pause();
	act();
	faults_resume();
}

/* 0: the device has ended its jobs. */
static int live(struct life *life, const struct device *device)
{
	(void)live_to_the_end(life);
	return device->job ? -ETIMEDOUT : 0;
}

static int open_file(void)
{
	int fd;

	faults_pause();
	fd = memfd_create("bundle", MFD_CLOEXEC);
	faults_resume();
	return fd;
}

static bool is_updated(void)
{
	return world->device.boot.running_slot == 1 &&
	       world->device.boot.state == KERNEL_BOOT_CONFIRMED;
}

static int update(struct life *life, struct failure *failure)
{
	struct device *device = manager_next_device(life->manager, NULL);
	struct job *job = NULL, *last = NULL;
	int r;

	/* Told of by a warning, and again when the device changes. */
	if (!device) {
		manager_device_added(life->manager, 0);
		device = manager_next_device(life->manager, NULL);
	}
	if (!device)
		return fail(failure, REASON_NO_SUCH_DEVICE, "The device is not there.");
	r = live(life, device);
	if (r >= 0 && !is_updated())
		r = manager_install(life->manager, device->record.id, open_file(), 0, 1000, &job,
				    failure);
	if (r >= 0)
		r = live(life, device);
	if (r < 0)
		return r;
	while ((job = manager_next_job(life->manager, job)))
		last = job;
	if (is_updated())
		return 0;
	return fail(failure, last ? last->record.reason : REASON_INTERNAL, "%s",
		    last && last->message ? last->message : "It says nothing.");
}

static int live_once(struct failure *failure)
{
	struct life life = { 0 };
	int r;

	world->operation = 0;
	r = sd_event_new(&life.event);
	if (r >= 0)
		r = manager_new_with(life.event, &no_events, NULL, &ops, &life.manager);
	if (r >= 0)
		r = manager_start(life.manager);
	if (r < 0) {
		(void)fail_errno(failure, r, "The manager does not start");
	} else {
		manager_device_added(life.manager, 0);
		r = update(&life, failure);
	}
	manager_free(life.manager);
	sd_event_unref(life.event);
	return r;
}

static const char *look_at_device(int r)
{
	const struct kernel_boot *b = &world->device.boot;

	if (r == -ETIMEDOUT)
		return "a job does not end";
	if (r >= 0 && !is_updated())
		return "it says that the update is done";
	if (strcmp(world->device.slots[b->running_slot].digest, NEW) != 0 &&
	    strcmp(world->device.slots[b->running_slot].digest, OLD) != 0)
		return "the device runs something else";
	return NULL;
}

static const struct fault_story stories[] = {
	{ "a device is updated", begin_new_device, live_once, look_at_device, false, false },
};

int main(void)
{
	faults_watch_libraries();
	aside = without_faults;
	prepare_world();
	for (size_t i = 0; i < ARRAY_SIZE(stories); i++)
		faults_try(&stories[i]);
	remove_folder();
	return tap_done();
}
