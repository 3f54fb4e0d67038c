/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lives of the daemon and what happens between them. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <sqlite3.h>

#include "base/file.h"
#include "lab.h"
#include "source.h"
#include "tap.h"
#include "work.h"

#define BUNDLE_NAME "b.fwb"
#define TURN_USEC (60 * SECOND)
#define EPOCH_USEC (UINT64_C(1000000) * SECOND)
#define PAGE_BYTES 4096

static const struct manager_events no_events = { 0 };

static bool is_over(const struct lab *lab)
{
	return lab->stopper.is_stopped || lab_is_broken(lab);
}

/* Files that are there before the daemon is. */
static void put_file(struct lab *lab, const char *path, const char *text)
{
	const struct io_operations *io = lab->ops.io;
	char full[128];
	int fd;

	snprintf(full, sizeof(full), "%s/%s", disk_folder(lab->disk), path);
	fd = io->open(io, AT_FDCWD, full, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	if (fd < 0 || file_write_all(io, fd, text, strlen(text)) < 0)
		tap_bail("cannot write %s", full);
	close(fd);
}

static void make_folder(struct lab *lab, const char *path)
{
	char full[128];

	snprintf(full, sizeof(full), "%s/%s", disk_folder(lab->disk), path);
	(void)lab->ops.io->mkdir(lab->ops.io, AT_FDCWD, full, 0700);
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

	switch (scenario->wish) {
	case WISH_INSTALL_IMPORTED:
		return manager_install_imported(lab->manager, id, BUNDLE_NAME, scenario->flags,
						1000, ret_job, failure);
	case WISH_INSTALL:
		return manager_install(lab->manager, id, open_bundle(lab), scenario->flags, 1000,
				       ret_job, failure);
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
	if (lab->scenario->wish == WISH_INSTALL_UPDATE)
		source_is_asked(lab);
	if (is_over(lab) || (lab->scenario->wish == WISH_INSTALL_UPDATE && !lab->manager->updates))
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
	approval->job_id = job->record.id;
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
			lab->plug_in_after = 2;
		}
		device_turn(&lab->devices[i]);
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

/* The daemon's timers, by the laboratory's clock. */
static void ring_timers(struct lab *lab)
{
	for (size_t i = 0; i < lab->manager->job_count && !is_over(lab); i++) {
		struct job_entry *entry = lab->manager->jobs[i];

		if (!job_phase_is_final(entry->job.record.phase) &&
		    entry->wake_usec <= manager_now(lab->manager))
			job_wake(entry);
	}
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

static bool is_at_rest(struct lab *lab)
{
	if (lab->plug_in_after > 0 || lab->delayed.is_there ||
	    manager_count_unfinished(lab->manager) > 0)
		return false;
	for (unsigned i = 0; i < lab->scenario->devices; i++) {
		const struct lab_device *device = &lab->devices[i];

		if (device->is_on != lab->is_plugged[i] ||
		    (device->is_restarting && device->traits.defect != DEFECT_STUCK) ||
		    device->writing >= 0 || lab->delayed_event[i] > 0 ||
		    (lab->scenario->wish != WISH_NOTHING && !lab->approvals[i].is_asked))
			return false;
	}
	return true;
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

	if (manager_new_with(lab->event, &no_events, NULL, &lab->ops, &lab->manager) < 0)
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
	lab->lives++;
	if (sd_event_new(&lab->event) < 0)
		tap_bail("no event loop");
	live(lab);
	manager_free(TAKE_PTR(lab->manager));
	lab->event = sd_event_unref(lab->event);
	if (!is_over(lab) && !lab->is_beginning)
		laws_at_end(lab);
}

static void forget_all_held(struct lab *lab)
{
	for (size_t i = 0; i < ARRAY_SIZE(lab->held); i++)
		lab_forget_held(&lab->held[i]);
}

void lab_fall(struct lab *lab, enum stop_what what, enum disk_loss loss, unsigned seed)
{
	stopper_set(&lab->stopper, (struct stop_plan){ 0 });
	if (what == STOP_DEVICE) {
		lab->plug_in_after = 1;
		plug_in(lab);
	}
	if (what == STOP_DAEMON || what == STOP_DEVICE)
		return;
	disk_lose(lab->disk, loss, seed);
	lab->host_has_died = true;
	forget_all_held(lab);
	lab->delayed.is_there = false;
	memset(lab->delayed_event, 0, sizeof(lab->delayed_event));
	for (unsigned i = 0; i < lab->scenario->devices; i++) {
		if (what == STOP_HOST) {
			device_host_died(&lab->devices[i]);
			continue;
		}
		device_power_off(&lab->devices[i]);
		device_power_on(&lab->devices[i]);
	}
}

/* Beginnings: made once for each scenario, with a daemon that nothing befalls. */

/* Where the first page of a table is that is seldom written, so that no log has it. */
static off_t seldom_written_page(const char *path)
{
	sqlite3_stmt *statement = NULL;
	sqlite3 *database = NULL;
	char uri[256];
	off_t at;

	/* Without a look at the log, which it would take over. */
	snprintf(uri, sizeof(uri), "file:%s?immutable=1", path);
	if (sqlite3_open_v2(uri, &database, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, NULL) !=
		    SQLITE_OK ||
	    sqlite3_prepare_v2(database,
			       "SELECT rootpage FROM sqlite_master WHERE name = 'backups'", -1,
			       &statement, NULL) != SQLITE_OK ||
	    sqlite3_step(statement) != SQLITE_ROW)
		tap_bail("%s: %s", path, sqlite3_errmsg(database));
	at = (sqlite3_column_int(statement, 0) - 1) * (off_t)PAGE_BYTES;
	sqlite3_finalize(statement);
	sqlite3_close(database);
	return at;
}

/* The first page if everything was in order, one of a table's if a log is left. */
static void damage_database(struct lab *lab)
{
	off_t at = 0;
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "%s/" STORE_FILE_NAME, disk_folder(lab->disk));
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd >= 0 && lab->scenario->begins_unreadable && ftruncate(fd, 0) < 0)
		tap_bail("cannot truncate %s", path);
	else if (fd >= 0 && lab->scenario->begins_killed && !lab->scenario->begins_unreadable)
		at = seldom_written_page(path);
	if (fd < 0 || pwrite(fd, "damaged", 7, at) != 7)
		tap_bail("cannot damage %s", path);
	close(fd);
}

static void forget_past(struct lab *lab)
{
	memset(lab->approvals, 0, sizeof(lab->approvals));
	memset(lab->last_order, 0, sizeof(lab->last_order));
	lab->lives = 0;
}

static void make_beginning(struct lab *lab, const struct scenario *scenario)
{
	struct scenario before = *scenario;

	disk_clear(lab->disk);
	for (unsigned i = 0; i < scenario->devices; i++)
		device_make(&lab->devices[i], i, &scenario->traits, &lab->stopper, old_image);
	make_folder(lab, "import");
	put_file(lab, "import/" BUNDLE_NAME, "a bundle");
	put_file(lab, "fwslotd.conf",
		 scenario->configuration ? scenario->configuration : "[Trial]\nTrialSec=200\n");
	if (scenario->wish == WISH_INSTALL_UPDATE) {
		make_folder(lab, "remotes.d");
		make_folder(lab, "remotes.d/" SOURCE_NAME);
		put_file(lab, "remotes.d/" SOURCE_NAME "/root.json", "a root");
		put_file(lab, "remotes.d/" SOURCE_NAME "/remote.conf",
			 "[Remote]\nURL=https://example.com/\n");
	}
	forget_past(lab);
	before.request = REQUEST_NONE;
	if (!scenario->begins_failed)
		before.behaviour = IMAGE_BOOTS;
	before.wish = scenario->begins_updated || scenario->begins_failed ? WISH_INSTALL_IMPORTED :
									    WISH_NOTHING;
	lab->scenario = &before;
	lab->is_beginning = true;
	if (scenario->begins_killed) {
		before.wish = WISH_NOTHING;
		lab_live(lab, (struct stop_plan){ 0 });
		before.wish = WISH_INSTALL_IMPORTED;
	}
	if (!scenario->begins_unknown)
		lab_live(lab, (struct stop_plan){ 0 });
	if (scenario->begins_killed) {
		disk_load(lab->disk, lab->beginning.killed);
		lab->beginning.killed = disk_image_free(lab->beginning.killed);
	}
	lab->is_beginning = false;
	lab->scenario = scenario;
	if (scenario->begins_damaged)
		damage_database(lab);
	if (lab_is_broken(lab))
		tap_bail("scenario %s cannot begin: %s", scenario->name, lab->broken);
	lab->beginning.scenario = scenario;
	disk_image_free(lab->beginning.image);
	lab->beginning.image = disk_save(lab->disk);
	memcpy(lab->beginning.devices, lab->devices, sizeof(lab->devices));
	lab->beginning.now_usec = lab->now_usec;
}

void lab_begin(struct lab *lab, const struct scenario *scenario)
{
	lab->broken[0] = '\0';
	lab->scenario = scenario;
	lab->now_usec = EPOCH_USEC;
	lab->plug_in_after = 0;
	lab->clock_error_usec = 0;
	lab->came_too_late = false;
	lab->any_end = lab->may_exhaust = lab->host_has_died = false;
	forget_all_held(lab);
	lab->delayed.is_there = false;
	memset(&lab->messages, 0, sizeof(lab->messages));
	memset(lab->delayed_event, 0, sizeof(lab->delayed_event));
	stopper_set(&lab->stopper, (struct stop_plan){ 0 });
	if (lab->beginning.scenario != scenario)
		make_beginning(lab, scenario);
	disk_load(lab->disk, lab->beginning.image);
	memcpy(lab->devices, lab->beginning.devices, sizeof(lab->devices));
	lab->now_usec = lab->beginning.now_usec;
	forget_past(lab);
}
