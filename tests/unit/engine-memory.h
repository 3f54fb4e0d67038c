/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A device made of memory that outlives the process, and a manager on top of it with its real store in a folder of its
 * own: shared by the tests of the manager.
 */
#pragma once

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "engine/private.h"
#include "tap.h"

#define OLD "sha256:00000000000000000000000000000000000000000000000000000000000000aa"
#define NEW "sha256:00000000000000000000000000000000000000000000000000000000000000bb"
#define SECOND UINT64_C(1000000)

enum behaviour { BOOTS, BOOT_LOOPS, UNHEALTHY };

/* What outlives a process: in shared memory. */
struct world {
	struct kernel_device device;
	enum behaviour behaviour;
	uint64_t now;
	unsigned operation, kill_at; /* counted over one process; 0 = never */
	bool kill_after;
	bool will_restart, cannot_back_up;
	char damaged_backup[72];
	unsigned writes, activations, restarts, confirms;
};

static struct world *world;
static char folder[] = "/tmp/fwslot-test-manager-XXXXXX";

/* Every operation is a place to die. */
static void before_operation(void)
{
	if (++world->operation == world->kill_at && !world->kill_after)
		raise(SIGKILL);
}

static int after_operation(int result)
{
	if (world->operation == world->kill_at && world->kill_after)
		raise(SIGKILL);
	return result;
}

static uint64_t clock_usec(const struct engine_ops *self)
{
	(void)self;
	return world->now;
}

static int device_read(const struct engine_ops *self, unsigned index, struct kernel_device *ret)
{
	(void)self;
	(void)index;
	*ret = world->device;
	return 0;
}

static int load_begin(const struct engine_ops *self, unsigned index, unsigned slot)
{
	(void)self;
	(void)index;
	before_operation();
	world->device.slots[slot].status = KERNEL_STATUS_RECEIVING;
	world->device.slots[slot].digest[0] = '\0';
	return after_operation(0);
}

static int load_commit(const struct engine_ops *self, unsigned index, unsigned slot)
{
	(void)self;
	(void)index;
	before_operation();
	if (world->device.slots[slot].status != KERNEL_STATUS_RECEIVING)
		return -EINVAL;
	world->device.slots[slot].status = KERNEL_STATUS_TRANSFERRING;
	world->device.status = KERNEL_STATUS_TRANSFERRING;
	world->writes++;
	return after_operation(0);
}

static int load_abort(const struct engine_ops *self, unsigned index, unsigned slot)
{
	(void)self;
	(void)index;
	before_operation();
	world->device.slots[slot].status = KERNEL_STATUS_IDLE;
	return after_operation(0);
}

static int activate(const struct engine_ops *self, unsigned index, unsigned slot, bool is_permanent)
{
	(void)self;
	(void)index;
	before_operation();
	world->activations++;
	world->device.boot.next_slot = (int)slot;
	for (unsigned i = 0; i < world->device.num_slots; i++)
		if (world->device.slots[i].state == KERNEL_SLOT_PENDING)
			world->device.slots[i].state = KERNEL_SLOT_VALID;
	if (!is_permanent)
		world->device.slots[slot].state = KERNEL_SLOT_PENDING;
	return after_operation(0);
}

static int restart(const struct engine_ops *self, unsigned index)
{
	(void)self;
	(void)index;
	before_operation();
	world->device.status = KERNEL_STATUS_RESTARTING;
	world->will_restart = true;
	world->restarts++;
	return after_operation(0);
}

static int confirm(const struct engine_ops *self, unsigned index)
{
	(void)self;
	(void)index;
	before_operation();
	if (world->device.boot.state != KERNEL_BOOT_TRIAL)
		return -ENOENT;
	world->device.boot.state = KERNEL_BOOT_CONFIRMED;
	world->device.slots[world->device.boot.running_slot].state = KERNEL_SLOT_CONFIRMED;
	world->confirms++;
	return after_operation(0);
}

static int set_attempts(const struct engine_ops *self, unsigned index, unsigned attempts)
{
	(void)self;
	(void)index;
	before_operation();
	world->device.boot.attempts = attempts;
	return after_operation(0);
}

static int work_start(const struct engine_ops *self, struct job *job, enum work_kind kind)
{
	(void)self;
	(void)job;
	(void)kind;
	before_operation();
	return after_operation(0);
}

static void work_stop(const struct engine_ops *self, struct job *job, enum work_kind kind)
{
	(void)self;
	(void)job;
	(void)kind;
}

static const struct engine_ops ops = {
	.realtime_usec = clock_usec,
	.boottime_usec = clock_usec,
	.device_read = device_read,
	.load_begin = load_begin,
	.load_commit = load_commit,
	.load_abort = load_abort,
	.activate = activate,
	.restart = restart,
	.confirm = confirm,
	.set_attempts = set_attempts,
	.work_start = work_start,
	.work_stop = work_stop,
	.io = &io_default,
};

static void fill_slot(unsigned slot, const char *digest, const char *version,
		      enum kernel_slot_state state)
{
	struct kernel_slot *s = &world->device.slots[slot];

	s->state = state;
	s->size_bytes = 1 << 20;
	s->image_size_bytes = digest[0] ? 4 : 0;
	snprintf(s->digest, sizeof(s->digest), "%s", digest);
	snprintf(s->version, sizeof(s->version), "%s", version);
}

static void make_world(enum behaviour behaviour, unsigned slots)
{
	memset(world, 0, sizeof(*world));
	world->behaviour = behaviour;
	world->now = 1000000 * SECOND;
	snprintf(world->device.hardware_id, sizeof(world->device.hardware_id), "fwslot/sim");
	snprintf(world->device.serial, sizeof(world->device.serial), "s");
	world->device.num_slots = slots;
	world->device.can_restart = true;
	world->device.boot = (struct kernel_boot){ .is_present = true,
						   .state = KERNEL_BOOT_CONFIRMED,
						   .fallback_slot = -1,
						   .limit = 3,
						   .total = 1 };
	for (unsigned i = 0; i < slots; i++) {
		snprintf(world->device.slots[i].label, sizeof(world->device.slots[i].label), "%u",
			 i);
		fill_slot(i, i ? "" : OLD, i ? "" : "1.0",
			  i ? KERNEL_SLOT_EMPTY : KERNEL_SLOT_CONFIRMED);
	}
}

static void empty_folder(void)
{
	char *command = NULL;

	if (asprintf(&command, "rm -rf '%s' && mkdir -m 0700 '%s' '%s/import'", folder, folder,
		     folder) < 0 ||
	    system(command) != 0)
		tap_bail("cannot empty %s", folder);
	free(command);
}

static void boot(void)
{
	struct kernel_boot *b = &world->device.boot;

	world->device.status = KERNEL_STATUS_IDLE;
	world->will_restart = false;
	b->total++;
	b->last_restart_reason = KERNEL_RESTART_COMMANDED;
	b->running_slot = b->next_slot;
	if (world->device.slots[b->running_slot].state != KERNEL_SLOT_PENDING) {
		b->state = KERNEL_BOOT_CONFIRMED;
		return;
	}
	if (world->behaviour == BOOT_LOOPS) {
		world->device.slots[b->running_slot].state = KERNEL_SLOT_INVALID_IMAGE;
		b->running_slot = b->next_slot = !b->running_slot;
		b->state = KERNEL_BOOT_FALLBACK;
		b->last_restart_reason = KERNEL_RESTART_ATTEMPTS_EXHAUSTED;
		return;
	}
	world->device.slots[b->running_slot].state = KERNEL_SLOT_TRIAL;
	b->state = KERNEL_BOOT_TRIAL;
	b->attempts++;
}

/* A life of the daemon. */
struct life {
	sd_event *event;
	struct manager *manager;
};

static const struct manager_events no_events = { 0 };

static void begin_life(struct life *life)
{
	world->operation = 0;
	if (sd_event_new(&life->event) < 0 ||
	    manager_new_with(life->event, &no_events, NULL, &ops, &life->manager) < 0 ||
	    manager_start(life->manager) < 0)
		tap_bail("no manager");
	manager_device_added(life->manager, 0);
}

static void end_life(struct life *life)
{
	manager_free(life->manager);
	sd_event_unref(life->event);
}

static void put_payload(void)
{
	char *path = NULL, *name = NULL;
	int fd;

	if (asprintf(&path, "%s/payload", folder) < 0 ||
	    asprintf(&name, "%s/%s", path, &NEW[7]) < 0)
		tap_bail("no memory");
	mkdir(path, 0700);
	fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	if (fd < 0 || write(fd, "1234", 4) != 4)
		tap_bail("payload");
	close(fd);
	free(path);
	free(name);
}

static bool payload_exists(void)
{
	char *name = NULL;
	bool exists;

	if (asprintf(&name, "%s/payload/%s", folder, &NEW[7]) < 0)
		tap_bail("no memory");
	exists = access(name, F_OK) == 0;
	free(name);
	return exists;
}

static char *backup_path(const char *digest)
{
	char *path = NULL;

	if (asprintf(&path, "%s/backup/%s.zst", folder, digest + 7) < 0)
		tap_bail("no memory");
	return path;
}

static bool backup_exists(const char *digest)
{
	_cleanup_free_ char *path = backup_path(digest);

	return access(path, F_OK) == 0;
}

/* What the worker would leave behind; no test here looks into it. */
static void finish_back_up(struct job *job)
{
	const struct kernel_slot *slot = &world->device.slots[job->record.target_slot];
	_cleanup_free_ char *path = backup_path(slot->digest);
	FILE *out;

	if (world->cannot_back_up) {
		manager_work_ended(job, WORK_BACK_UP, REASON_TRANSFER_FAILED, "It is stubborn.");
		return;
	}
	*strrchr(path, '/') = '\0';
	mkdir(path, 0700);
	path[strlen(path)] = '/';
	out = fopen(path, "w");
	if (!out || fclose(out) != 0)
		tap_bail("backup");
	job->knowledge.made = (struct job_backup){ .length_bytes = 4, .stored_bytes = 10 };
	memcpy(job->knowledge.made.digest, slot->digest, sizeof(slot->digest));
	memcpy(job->knowledge.made.version, slot->version, sizeof(slot->version));
	manager_work_ended(job, WORK_BACK_UP, REASON_OK, NULL);
}

static void finish_unpack(struct job *job)
{
	if (!backup_exists(job->record.backup_digest) ||
	    strcmp(world->damaged_backup, job->record.backup_digest) == 0)
		manager_work_ended(job, WORK_UNPACK, REASON_BACKUP_DAMAGED, "It is damaged.");
	else
		manager_work_ended(job, WORK_UNPACK, REASON_OK, NULL);
}

static void directly(void (*act)(void))
{
	act();
}

/* How what is not the manager's doing is done: a test that lets calls fail puts its own way in. */
static void (*aside)(void (*act)(void)) = directly;

static void finish_work(struct job *job)
{
	struct job_knowledge *k = &job->knowledge;

	if (k->verify == WORK_RUNNING) {
		aside(put_payload);
		k->release = (struct job_release){ .version = "2.0",
						   .counter = 2,
						   .new_floor = 2,
						   .digest = NEW,
						   .length_bytes = 4 };
		manager_work_ended(job, WORK_VERIFY, REASON_OK, NULL);
	} else if (k->back_up == WORK_RUNNING) {
		finish_back_up(job);
	} else if (k->unpack == WORK_RUNNING) {
		finish_unpack(job);
	} else if (k->copy == WORK_RUNNING) {
		manager_work_ended(job, WORK_COPY, REASON_OK, NULL);
	} else if (k->health == WORK_RUNNING) {
		bool is_bad = world->behaviour == UNHEALTHY;

		manager_work_ended(job, WORK_HEALTH, is_bad ? REASON_HEALTH_FAILED : REASON_OK,
				   is_bad ? "It is ill." : NULL);
	}
}

static void let_the_world_turn(struct life *life)
{
	struct job *job;

	for (unsigned i = 0; i < world->device.num_slots; i++) {
		if (world->device.slots[i].status == KERNEL_STATUS_TRANSFERRING) {
			world->device.slots[i].status = world->device.status = KERNEL_STATUS_IDLE;
			job = manager_next_device(life->manager, NULL)->job;
			if (job && job->record.phase == JOB_RESTORING)
				fill_slot(i, job->record.backup_digest,
					  job->record.type == JOB_INSTALL ?
						  job->record.version_before :
						  job->record.version,
					  KERNEL_SLOT_VALID);
			else
				fill_slot(i, NEW, "2.0", KERNEL_SLOT_VALID);
		}
	}
	if (world->will_restart)
		boot();
	manager_device_changed(life->manager, 0);
	job = manager_next_device(life->manager, NULL)->job;
	if (job)
		finish_work(job);
	world->now += 60 * SECOND;
	job = manager_next_device(life->manager, NULL)->job;
	if (job)
		job_run(job_entry_of(job));
}

static enum job_phase live_to_the_end(struct life *life)
{
	struct device *device = manager_next_device(life->manager, NULL);
	struct job *last = NULL;

	for (unsigned i = 0; i < 500 && device->job; i++)
		let_the_world_turn(life);
	for (struct job *job = NULL; (job = manager_next_job(life->manager, job));)
		last = job;
	return last ? last->record.phase : JOB_PHASE_INVALID;
}

static int some_file(void)
{
	char *name = NULL;
	int fd;

	if (asprintf(&name, "%s/import/b.fwb", folder) < 0)
		tap_bail("no memory");
	fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	free(name);
	return fd;
}

static _unused_ struct job *begin_install(struct life *life, uint64_t flags)
{
	_cleanup_failure_ struct failure failure = { 0 };
	struct job *job = NULL;

	if (manager_install(life->manager, "sim0", some_file(), flags, 1000, &job, &failure) < 0)
		tap_bail("install: %s", failure_message(&failure));
	return job;
}

static void prepare_world(void)
{
	world = mmap(NULL, sizeof(*world), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		     0);
	if (world == MAP_FAILED || !mkdtemp(folder))
		tap_bail("cannot begin");
	setenv("FWSLOT_STATE_DIR", folder, 1);
	setenv("FWSLOT_CONFIG_DIR", folder, 1);
	setenv("FWSLOT_VENDOR_DIR", folder, 1);
	log_set_level(getenv("DEBUG") ? LOG_DEBUG : LOG_EMERG);
}

static void remove_folder(void)
{
	char *command = NULL;

	if (asprintf(&command, "rm -rf '%s'", folder) >= 0 && system(command) != 0)
		printf("# %s is left over\n", folder);
	free(command);
}
