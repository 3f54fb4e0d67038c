/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lives of the daemon and what happens between them. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "engine/schedule.h"
#include "lab.h"
#include "source.h"
#include "tap.h"
#include "work.h"

#define TURN_USEC (60 * SECOND)

static void on_job_ended(struct job *job, void *userdata)
{
	laws_at_job_end(userdata, job);
}

static const struct manager_events events = { .job_ended = on_job_ended };

static bool is_over(const struct lab *lab)
{
	return lab->stopper.is_stopped || lab_is_broken(lab);
}

static int open_bundle(struct lab *lab)
{
	char full[128];

	snprintf(full, sizeof(full), "%s/import/" BUNDLE_NAME, disk_folder(lab->disk));
	return open(full, O_RDONLY | O_CLOEXEC);
}

/* People. */

static int wish(struct lab *lab, const char *id, struct job **ret_job, struct failure *failure)
{
	const struct scenario *scenario = lab->scenario;
	uint64_t not_before_usec;

	switch (scenario->wish) {
	case WISH_INSTALL_IMPORTED:
		return manager_install_imported(lab->manager, id, BUNDLE_NAME, scenario->flags,
						1000, ret_job, failure);
	case WISH_INSTALL:
		return manager_install(lab->manager, id, open_bundle(lab), scenario->flags, 1000,
				       ret_job, failure);
	case WISH_APPROVE:
		return manager_approve(lab->manager, id, "", scenario->flags, 1000,
				       &not_before_usec, failure);
	case WISH_INSTALL_UPDATE:
		return manager_install_update(lab->manager, id, "", scenario->flags, 1000, ret_job,
					      failure);
	default:
		return manager_revert(lab->manager, id, 0, 1000, ret_job, failure);
	}
}

static void ask_wish(struct lab *lab, unsigned index)
{
	_cleanup_failure_ struct failure failure = { 0 };
	struct approval *approval = &lab->approvals[index];
	struct device *device = manager_device_by_index(lab->manager, index);
	struct job *job = NULL;
	int r;

	if (lab->scenario->wish == WISH_NOTHING || approval->is_asked || !device)
		return;
	if (lab_has_source(lab->scenario))
		source_is_asked(lab);
	if (is_over(lab) || (lab_has_source(lab->scenario) && !lab->manager->updates))
		return;
	approval->is_asked = true;
	r = wish(lab, device->id, &job, &failure);
	if (lab->stopper.is_stopped)
		return;
	if (r < 0) {
		lab_break(lab, "the wish was refused: %s", failure_message(&failure));
		return;
	}
	approval->is_acknowledged = true;
	/* What is approved becomes a job when its time comes: the laws look for it. */
	approval->job_id = job ? job->record.id : 0;
}

static void ask_request(struct lab *lab, unsigned index)
{
	_cleanup_failure_ struct failure failure = { 0 };
	struct approval *approval = &lab->approvals[index];
	struct device *device = manager_device_by_index(lab->manager, index);
	struct job *job = device ? device->job : NULL, *same = NULL;
	int r;

	if (!job || lab->scenario->request == REQUEST_NONE || approval->request_is_acknowledged ||
	    job->record.phase != lab->scenario->request_phase ||
	    approval->turns++ < lab->scenario->request_after)
		return;
	switch (lab->scenario->request) {
	case REQUEST_CANCEL:
		r = manager_cancel(lab->manager, job->record.id, 1000, &failure);
		break;
	case REQUEST_CONFIRM:
		r = manager_confirm(lab->manager, device->id, 1000, &failure);
		break;
	default:
		r = manager_revert(lab->manager, device->id, 0, 1000, &same, &failure);
	}
	approval->request_is_acknowledged = r >= 0 && !lab->stopper.is_stopped;
}

/* The world. */

static void plug_in(struct lab *lab)
{
	if (lab->plug_in_after == 0 || --lab->plug_in_after > 0)
		return;
	for (unsigned i = 0; i < lab->scenario->devices; i++)
		device_power_on(&lab->devices[i]);
}

static void tell_picture(struct lab *lab, unsigned index, const struct kernel_device *picture)
{
	lab->told[index] = *picture;
	manager_device_changed(lab->manager, index);
}

/* The kernel's events about one device. */
static void tell(struct lab *lab, unsigned index)
{
	struct kernel_device picture = { 0 };
	bool is_there = device_picture(&lab->devices[index], &picture) >= 0;

	lab->at_work = index;
	if (is_there != lab->is_plugged[index]) {
		lab->is_plugged[index] = is_there;
		lab->told[index] = picture;
		if (is_there)
			manager_device_added(lab->manager, index);
		else
			manager_device_removed(lab->manager, index);
		return;
	}
	if (lab->delayed_event[index] > 0 && --lab->delayed_event[index] == 0)
		tell_picture(lab, index, &picture);
	if (!is_there || memcmp(&picture, &lab->told[index], sizeof(picture)) == 0)
		return;
	if (!message_is_faulty(&lab->messages, MESSAGE_EVENT)) {
		tell_picture(lab, index, &picture);
		return;
	}
	lab->told[index] = picture;
	if (lab->messages.fault == MESSAGE_DELAYED)
		lab->delayed_event[index] = 3;
	if (lab->messages.fault != MESSAGE_DOUBLED)
		return;
	tell_picture(lab, index, &picture);
	if (!is_over(lab))
		tell_picture(lab, index, &picture);
}

static void deliver(struct lab *lab)
{
	struct delayed_order *d = &lab->delayed;
	struct job *job;

	if (!d->is_there || --d->turns > 0)
		return;
	d->is_there = false;
	job = lab_job_of(lab, d->index);
	lab->came_too_late = !job || job->record.phase != d->phase;
	lab_give(lab, d->action, d->index, d->slot, d->value);
}

static void turn_devices(struct lab *lab)
{
	for (unsigned i = 0; i < lab->scenario->devices; i++) {
		lab->at_work = i;
		/* Without boot control it is seen to restart only by going and coming back. */
		if (lab->devices[i].is_restarting && lab->devices[i].traits.has_no_boot_control) {
			device_power_off(&lab->devices[i]);
			lab->was_switched_off = true;
			lab->plug_in_after = 2;
		}
		device_turn(&lab->devices[i]);
		if (lab->devices[i].boots != lab->boots_seen[i])
			lab->booted_usec[i] = lab->now_usec;
		lab->boots_seen[i] = lab->devices[i].boots;
		if (lab->devices[i].broken)
			lab_break(lab, "%s", lab->devices[i].broken);
	}
}

/* Somebody pulls the plug of a device that cannot restart itself. */
static void pull_plug(struct lab *lab, unsigned index)
{
	struct job *job = lab_job_of(lab, index);
	struct lab_device *device = &lab->devices[index];

	if (!job || !device->traits.cannot_restart || device->traits.nobody_helps ||
	    lab->plug_in_after > 0 ||
	    (job->record.phase != JOB_RESTARTING && job->record.phase != JOB_REVERTING) ||
	    device->boot.next == device->running)
		return;
	device_power_off(device);
	lab->plug_in_after = 2;
}

static void turn_device_jobs(struct lab *lab, unsigned index)
{
	tell(lab, index);
	if (!is_over(lab))
		ask_wish(lab, index);
	if (!is_over(lab))
		ask_request(lab, index);
	if (!is_over(lab))
		work_turn(lab, index);
	if (!is_over(lab))
		pull_plug(lab, index);
}

static uint64_t wall_clock_of(const struct lab *lab)
{
	return lab->ops.realtime_usec(&lab->ops);
}

/* The daemon's timers, by the laboratory's clock. */
static void ring_timers(struct lab *lab)
{
	for (size_t i = 0; i < lab->manager->job_count && !is_over(lab); i++) {
		struct job_entry *entry = lab->manager->jobs[i];

		if (!job_phase_is_final(entry->job.record.phase) &&
		    entry->wake_usec <= manager_now(lab->manager))
			job_wake(entry);
	}
	if (!is_over(lab) && lab->manager->schedule_wake_usec <= wall_clock_of(lab))
		schedule_wake(lab->manager);
}

static void turn(struct lab *lab)
{
	lab->now_usec += TURN_USEC;
	plug_in(lab);
	turn_devices(lab);
	deliver(lab);
	for (unsigned i = 0; i < lab->scenario->devices && !is_over(lab); i++)
		turn_device_jobs(lab, i);
	if (!is_over(lab))
		ring_timers(lab);
}

void lab_turn_alone(struct lab *lab, unsigned turns)
{
	stopper_set(&lab->stopper, (struct stop_plan){ 0 });
	for (unsigned i = 0; i < turns; i++) {
		lab->now_usec += TURN_USEC;
		plug_in(lab);
		turn_devices(lab);
	}
}

/* Nothing is going on; it may be that something is due later. */
static bool is_quiet(struct lab *lab)
{
	if (lab->plug_in_after > 0 || lab->delayed.is_there ||
	    manager_count_unfinished(lab->manager) > 0)
		return false;
	for (unsigned i = 0; i < lab->scenario->devices; i++) {
		const struct lab_device *device = &lab->devices[i];

		if ((device->is_on && !device->is_detached) != lab->is_plugged[i] ||
		    device->is_visiting ||
		    (device->is_restarting && device->traits.defect != DEFECT_STUCK) ||
		    device->writing >= 0 || lab->delayed_event[i] > 0 ||
		    (lab->scenario->wish != WISH_NOTHING && !lab->approvals[i].is_asked))
			return false;
	}
	return true;
}

/* An approval waits for its window; after a clock that was set back that may be days away. */
static void pass_time_until_due(struct lab *lab)
{
	uint64_t due_usec = lab->manager->schedule_wake_usec, now_usec = wall_clock_of(lab);

	if (due_usec != UINT64_MAX && due_usec > now_usec && is_quiet(lab))
		lab->now_usec += due_usec - now_usec;
}

static bool is_at_rest(struct lab *lab)
{
	return is_quiet(lab) && lab->manager->schedule_wake_usec == UINT64_MAX;
}

/* Somebody switches a device off and on that hangs; the daemon had given it up. */
static bool unhang(struct lab *lab)
{
	bool has_helped = false;

	for (unsigned i = 0; i < lab->scenario->devices; i++) {
		struct lab_device *device = &lab->devices[i];

		if (device->traits.defect != DEFECT_STUCK || !device->is_restarting)
			continue;
		device->traits.defect = DEFECT_NONE;
		device_power_off(device);
		lab->plug_in_after = 2;
		has_helped = true;
	}
	return has_helped;
}

static void live(struct lab *lab)
{
	unsigned turns = 0;

	if (manager_new_with(lab->event, &events, lab, &lab->ops, &lab->manager) < 0)
		tap_bail("no manager");
	if (manager_start(lab->manager) < 0) {
		if (!lab->stopper.is_stopped)
			lab_break(lab, "the daemon does not start");
		return;
	}
	if (is_over(lab))
		return;
	if (lab->manager->is_volatile) {
		lab_break(lab, "the daemon cannot open its store");
		return;
	}
	laws_at_start(lab);
	do {
		turn(lab);
		if (is_over(lab))
			return;
		pass_time_until_due(lab);
	} while ((!is_at_rest(lab) || unhang(lab)) && ++turns < LAB_TURNS_MAX);
	if (turns == LAB_TURNS_MAX)
		lab_break(lab, "a job stays unfinished");
	else if (!lab->is_beginning)
		laws_at_rest(lab);
	else if (lab->scenario->begins_killed) {
		disk_image_free(lab->beginning.killed);
		lab->beginning.killed = disk_save(lab->disk);
	}
}

void lab_live(struct lab *lab, struct stop_plan plan)
{
	if (lab_is_broken(lab))
		return;
	stopper_set(&lab->stopper, plan);
	memset(lab->is_plugged, 0, sizeof(lab->is_plugged));
	memset(lab->told, 0, sizeof(lab->told));
	if (lab->lives++ > 0)
		lab->clock_error_usec += lab->scenario->clock_jump_usec;
	if (sd_event_new(&lab->event) < 0)
		tap_bail("no event loop");
	live(lab);
	manager_free(TAKE_PTR(lab->manager));
	lab->event = sd_event_unref(lab->event);
	if (!is_over(lab) && !lab->is_beginning)
		laws_at_end(lab);
}

void lab_forget_all_held(struct lab *lab)
{
	for (size_t i = 0; i < ARRAY_SIZE(lab->held); i++)
		lab_forget_held(&lab->held[i]);
}

void lab_fall(struct lab *lab, enum stop_what what, enum disk_loss loss, unsigned seed)
{
	stopper_set(&lab->stopper, (struct stop_plan){ 0 });
	if (what == STOP_DEVICE || what == STOP_PROVIDER) {
		lab->plug_in_after = 1;
		plug_in(lab);
	}
	if (what == STOP_DAEMON || what == STOP_DEVICE || what == STOP_PROVIDER)
		return;
	disk_lose(lab->disk, loss, seed);
	lab->host_has_died = true;
	lab->host_booted_usec = lab->now_usec;
	snprintf(lab->boot_id, sizeof(lab->boot_id), "boot %u", ++lab->host_boots);
	lab_forget_all_held(lab);
	lab->delayed.is_there = false;
	memset(lab->delayed_event, 0, sizeof(lab->delayed_event));
	for (unsigned i = 0; i < lab->scenario->devices; i++) {
		if (what == STOP_HOST) {
			device_host_died(&lab->devices[i]);
			continue;
		}
		lab->was_switched_off = true;
		device_power_off(&lab->devices[i]);
		device_power_on(&lab->devices[i]);
	}
}
