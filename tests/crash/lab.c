/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The daemon's operations in the laboratory: orders to the modelled kernel, and work. */
#include "lab.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "tap.h"

#define DELAY_TURNS 3

uint8_t old_image[IMAGE_BYTES];

static struct lab *lab_of(const struct engine_ops *ops)
{
	return (struct lab *)(uintptr_t)ops;
}

void lab_break(struct lab *lab, const char *format, ...)
{
	va_list args;

	if (lab->broken[0])
		return;
	va_start(args, format);
	vsnprintf(lab->broken, sizeof(lab->broken), format, args);
	va_end(args);
}

void lab_new_image(const struct lab *lab, uint8_t image[static IMAGE_BYTES], char digest[static 72])
{
	image_make(image, NEW_VERSION, lab->scenario->behaviour);
	image_digest(image, digest);
}

struct job *lab_job_of(struct lab *lab, unsigned index)
{
	struct device *device = manager_device_by_index(lab->manager, index);

	return device ? device->job : NULL;
}

static uint64_t wall_clock_usec(const struct engine_ops *self)
{
	return lab_of(self)->now_usec + (uint64_t)lab_of(self)->clock_error_usec;
}

static uint64_t clock_usec(const struct engine_ops *self)
{
	return lab_of(self)->now_usec;
}

static const char *boot_id(const struct engine_ops *self)
{
	return lab_of(self)->boot_id;
}

static int device_read(const struct engine_ops *self, unsigned index, struct kernel_device *ret)
{
	return device_picture(&lab_of(self)->devices[index], ret);
}

int lab_give(struct lab *lab, enum job_action action, unsigned index, unsigned slot, unsigned value)
{
	struct lab_device *device = &lab->devices[index];

	lab->at_work = index;
	switch (action) {
	case ACTION_LOAD:
		return device_load_begin(device, slot);
	case ACTION_COMMIT:
		return device_load_commit(device, slot);
	case ACTION_ABORT_LOAD:
		return device_load_abort(device, slot);
	case ACTION_ACTIVATE:
		return device_activate(device, slot, false);
	case ACTION_ACTIVATE_PREVIOUS:
		return device_activate(device, slot, true);
	case ACTION_RESTART:
		return device_restart(device);
	case ACTION_CONFIRM:
		lab->confirmed[index].now_usec = lab->now_usec;
		lab->confirmed[index].booted_usec = lab->booted_usec[index];
		return device_confirm(device);
	case ACTION_RESTORE_ATTEMPTS:
		return device_set_attempts(device, value);
	default:
		tap_bail("an order nobody knows");
	}
}

static int give_faulty(struct lab *lab, enum job_action action, unsigned index, unsigned slot,
		       unsigned value)
{
	int r;

	switch (lab->messages.fault) {
	case MESSAGE_DOUBLED:
		r = lab_give(lab, action, index, slot, value);
		(void)lab_give(lab, action, index, slot, value);
		return r;
	case MESSAGE_DELAYED:
		lab->delayed = (struct delayed_order){
			true,
			action,
			index,
			slot,
			value,
			DELAY_TURNS,
			lab_job_of(lab, index) ? lab_job_of(lab, index)->record.phase :
						 JOB_PHASE_INVALID,
		};
		return 0;
	default:
		return 0;
	}
}

static void note_order(struct lab *lab, enum job_action action, unsigned index)
{
	struct job *job = lab_job_of(lab, index);

	lab->last_order[index] = (struct given_order){
		.action = job ? action : ACTION_WAIT,
		.phase = job ? job->record.phase : JOB_PHASE_INVALID,
		.write_tries = job ? job->record.write_tries : 0,
	};
}

static int order(struct lab *lab, enum job_action action, unsigned index, unsigned slot,
		 unsigned value)
{
	int r;

	lab->at_work = index;
	if (stopper_begin(&lab->stopper, OPERATION_ORDER) == MAY_NOT)
		return -EIO;
	r = message_is_faulty(&lab->messages, MESSAGE_ORDER) ?
		    give_faulty(lab, action, index, slot, value) :
		    lab_give(lab, action, index, slot, value);
	if (r >= 0)
		note_order(lab, action, index);
	stopper_end(&lab->stopper);
	return r;
}

static int load_begin(const struct engine_ops *self, unsigned index, unsigned slot)
{
	return order(lab_of(self), ACTION_LOAD, index, slot, 0);
}

static int load_commit(const struct engine_ops *self, unsigned index, unsigned slot)
{
	return order(lab_of(self), ACTION_COMMIT, index, slot, 0);
}

static int load_abort(const struct engine_ops *self, unsigned index, unsigned slot)
{
	return order(lab_of(self), ACTION_ABORT_LOAD, index, slot, 0);
}

static int activate(const struct engine_ops *self, unsigned index, unsigned slot, bool is_permanent)
{
	return order(lab_of(self), is_permanent ? ACTION_ACTIVATE_PREVIOUS : ACTION_ACTIVATE, index,
		     slot, 0);
}

static int restart(const struct engine_ops *self, unsigned index)
{
	return order(lab_of(self), ACTION_RESTART, index, 0, 0);
}

static int confirm(const struct engine_ops *self, unsigned index)
{
	return order(lab_of(self), ACTION_CONFIRM, index, 0, 0);
}

static int set_attempts(const struct engine_ops *self, unsigned index, unsigned attempts)
{
	return order(lab_of(self), ACTION_RESTORE_ATTEMPTS, index, 0, attempts);
}

/* It is done, and ends, at the next turn of the world: work.c. */
static int work_start(const struct engine_ops *self, struct job *job, enum work_kind kind)
{
	static const enum job_action actions[WORK_KIND_MAX] = {
		[WORK_VERIFY] = ACTION_VERIFY,	     [WORK_BACK_UP] = ACTION_BACK_UP,
		[WORK_UNPACK] = ACTION_UNPACK,	     [WORK_COPY] = ACTION_LOAD,
		[WORK_HEALTH] = ACTION_CHECK_HEALTH, [WORK_DOWNLOAD] = ACTION_DOWNLOAD,
	};
	struct lab *lab = lab_of(self);

	if (stopper_begin(&lab->stopper, OPERATION_WORK) == MAY_NOT)
		return -EIO;
	for (unsigned i = 0; kind < ARRAY_SIZE(actions) && i < lab->scenario->devices; i++)
		if (lab_job_of(lab, i) == job)
			note_order(lab, actions[kind], i);
	stopper_end(&lab->stopper);
	return 0;
}

static void work_stop(const struct engine_ops *self, struct job *job, enum work_kind kind)
{
	(void)self;
	(void)job;
	(void)kind;
}

/* systemd: it goes on when the daemon dies, and with the host all it held is gone. */
static int file_hold(const struct engine_ops *self, const char *name, int fd)
{
	struct lab *lab = lab_of(self);

	if (stopper_begin(&lab->stopper, OPERATION_ORDER) == MAY_NOT)
		return -EIO;
	for (size_t i = 0; i < ARRAY_SIZE(lab->held); i++) {
		if (lab->held[i].name[0])
			continue;
		snprintf(lab->held[i].name, HELD_NAME_SIZE, "%s", name);
		lab->held[i].fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
		break;
	}
	stopper_end(&lab->stopper);
	return 0;
}

static void file_let_go(const struct engine_ops *self, const char *name)
{
	struct lab *lab = lab_of(self);

	if (stopper_begin(&lab->stopper, OPERATION_ORDER) == MAY_NOT)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(lab->held); i++)
		if (strcmp(lab->held[i].name, name) == 0)
			lab_forget_held(&lab->held[i]);
	stopper_end(&lab->stopper);
}

static size_t files_held(const struct engine_ops *self, struct held_file ret[static HELD_FILES_MAX])
{
	struct lab *lab = lab_of(self);
	size_t count = 0;

	for (size_t i = 0; i < ARRAY_SIZE(lab->held); i++) {
		if (!lab->held[i].name[0])
			continue;
		ret[count] = lab->held[i];
		ret[count++].fd = fcntl(lab->held[i].fd, F_DUPFD_CLOEXEC, 3);
	}
	return count;
}

void lab_forget_held(struct held_file *file)
{
	if (!file->name[0])
		return;
	close(file->fd);
	file->name[0] = '\0';
}

static void unplug(void *userdata)
{
	struct lab *lab = userdata;

	lab->plug_in_after = DELAY_TURNS;
	if (lab->stopper.plan.what == STOP_PROVIDER) {
		device_provider_died(&lab->devices[lab->at_work]);
		return;
	}
	device_power_off(&lab->devices[lab->at_work]);
	lab->was_switched_off = true;
}

static const struct engine_ops lab_ops = {
	.realtime_usec = wall_clock_usec,
	.boottime_usec = clock_usec,
	.boot_id = boot_id,
	.device_read = device_read,
	.load_begin = load_begin,
	.load_commit = load_commit,
	.load_abort = load_abort,
	.activate = activate,
	.restart = restart,
	.confirm = confirm,
	.set_attempts = set_attempts,
	.file_hold = file_hold,
	.file_let_go = file_let_go,
	.files_held = files_held,
	.work_start = work_start,
	.work_stop = work_stop,
};

struct lab *lab_new(void)
{
	struct lab *lab = calloc(1, sizeof(*lab));

	if (!lab)
		tap_bail("no memory");
	lab->ops = lab_ops;
	lab->stopper.unplug = unplug;
	lab->stopper.userdata = lab;
	lab->disk = disk_new(&lab->stopper);
	lab->ops.io = disk_io(lab->disk);
	image_make(old_image, OLD_VERSION, IMAGE_BOOTS);
	setenv("FWSLOT_STATE_DIR", disk_folder(lab->disk), 1);
	setenv("FWSLOT_CONFIG_DIR", disk_folder(lab->disk), 1);
	setenv("FWSLOT_VENDOR_DIR", disk_folder(lab->disk), 1);
	setenv("FWSLOT_RUNTIME_DIR", disk_folder(lab->disk), 1);
	log_set_level(getenv("DEBUG") ? LOG_DEBUG : LOG_EMERG);
	return lab;
}

struct lab *lab_free(struct lab *lab)
{
	disk_image_free(lab->beginning.image);
	disk_free(lab->disk);
	free(lab);
	return NULL;
}
