/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The manager with its real store, against a device made of memory: requests and their refusals, whole updates, and the
 * same update killed (SIGKILL) before and after every single operation, then started again.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
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
	bool will_restart;
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
	    asprintf(&name, "%s/%s", path, NEW + 7) < 0)
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

	if (asprintf(&name, "%s/payload/%s", folder, NEW + 7) < 0)
		tap_bail("no memory");
	exists = access(name, F_OK) == 0;
	free(name);
	return exists;
}

static void finish_work(struct job *job)
{
	struct job_knowledge *k = &job->knowledge;

	if (k->verify == WORK_RUNNING) {
		put_payload();
		k->release = (struct job_release){ .version = "2.0",
						   .counter = 2,
						   .new_floor = 2,
						   .digest = NEW,
						   .length_bytes = 4 };
		manager_work_ended(job, WORK_VERIFY, REASON_OK, NULL);
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

static struct job *begin_install(struct life *life, uint64_t flags)
{
	_cleanup_failure_ struct failure failure = { 0 };
	struct job *job = NULL;

	if (manager_install(life->manager, "sim0", some_file(), flags, 1000, &job, &failure) < 0)
		tap_bail("install: %s", failure_message(&failure));
	return job;
}

struct words {
	char text[2048];
};

static int append_words(const struct history_row *row, void *userdata)
{
	struct words *words = userdata;
	size_t used = strlen(words->text);

	snprintf(words->text + used, sizeof(words->text) - used, "%s %s %s, ", row->action,
		 row->result, row->reason);
	return 0;
}

static const char *history(struct life *life, struct words *words)
{
	words->text[0] = '\0';
	manager_history(life->manager, "sim0", 100, append_words, words);
	return words->text;
}

static void test_update(void)
{
	struct device *device;
	struct words words;
	struct life life;
	char version[64];

	make_world(BOOTS, 2);
	begin_life(&life);
	device = manager_next_device(life.manager, NULL);
	tap_ok(!manager_can_revert(life.manager, device, version),
	       "at first there is nothing to go back to");
	begin_install(&life, 0);
	tap_is(live_to_the_end(&life), JOB_DONE, "an update ends done");
	tap_is(world->device.boot.running_slot, 1, "the new slot runs");
	tap_is(world->device.boot.state, KERNEL_BOOT_CONFIRMED, "confirmed");
	tap_is(device->record.floor_counter, 2, "the floor has risen");
	tap_is(device->record.installed_counter, 2, "the counter is known");
	tap_ok(!payload_exists(), "the payload is gone");
	tap_is_string(
		history(&life, &words),
		"install done ok, install on-trial ok, install writing ok, install requested ok, ",
		"history has it, newest first");
	tap_ok(manager_can_revert(life.manager, device, version), "now there is a way back");
	tap_is_string(version, "1.0", "to the version before");
	tap_ok(!manager_revert_is_recovery(life.manager, device), "which would be a downgrade");
	end_life(&life);

	begin_life(&life);
	device = manager_next_device(life.manager, NULL);
	tap_is(device->record.floor_counter, 2, "a second start knows it");
	tap_is(manager_next_job(life.manager, NULL)->record.phase, JOB_DONE, "and shows the job");
	tap_is(world->writes + world->activations + world->restarts + world->confirms, 4,
	       "and does nothing");
	end_life(&life);
}

static void test_floor_of_revert(void)
{
	_cleanup_failure_ struct failure failure = { 0 };
	struct device *device;
	struct job *job = NULL;
	struct life life;

	make_world(BOOTS, 2);
	begin_life(&life);
	begin_install(&life, 0);
	live_to_the_end(&life);
	device = manager_next_device(life.manager, NULL);
	device->record.previous_counter = 1;
	tap_ok(manager_revert(life.manager, "sim0", 0, 0, &job, &failure) < 0,
	       "going back below the floor is refused");
	tap_is(failure.reason, REASON_BELOW_FLOOR, "with its reason");
	failure_clear(&failure);
	device->record.previous_counter = 0;
	tap_is(manager_revert(life.manager, "sim0", 0, 0, &job, &failure), 0,
	       "else a revert is taken");
	tap_is(live_to_the_end(&life), JOB_DONE, "and done");
	tap_is(world->device.boot.running_slot, 0, "the old slot runs");
	tap_is(device->record.previous_slot, 1, "what was left is the other one now");
	tap_is(device->record.floor_counter, 2, "the floor stays");
	end_life(&life);
}

static void test_bad_firmware(void)
{
	static const struct {
		enum behaviour behaviour;
		enum reason reason;
	} rows[] = { { BOOT_LOOPS, REASON_ATTEMPTS_EXHAUSTED },
		     { UNHEALTHY, REASON_HEALTH_FAILED } };

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct device *device;
		struct life life;

		empty_folder();
		make_world(rows[i].behaviour, 2);
		begin_life(&life);
		begin_install(&life, 0);
		tap_is(live_to_the_end(&life), JOB_REVERTED, "bad firmware is taken back");
		device = manager_next_device(life.manager, NULL);
		tap_is(manager_next_job(life.manager, NULL)->record.reason, rows[i].reason,
		       "for its reason");
		tap_ok(manager_next_job(life.manager, NULL)->message != NULL, "with a sentence");
		tap_is(device->record.problem, rows[i].reason, "the device shows the problem");
		tap_is(device->record.floor_counter, 0, "the floor has not risen");
		tap_is(world->device.boot.running_slot, 0, "the old slot runs");
		tap_is(store_has_failed(life.manager->store, "sim0", NEW), 1,
		       "the release is remembered");
		tap_ok(manager_revert_is_recovery(life.manager, device),
		       "going back would be recovery");
		end_life(&life);
	}
}

static void test_people(void)
{
	_cleanup_failure_ struct failure failure = { 0 };
	struct job *job, *same = NULL;
	struct life life;

	make_world(BOOTS, 2);
	begin_life(&life);
	job = begin_install(&life, 0);
	tap_is(job->record.phase, JOB_VERIFYING, "verifying");
	tap_ok(manager_install(life.manager, "sim0", some_file(), 0, 0, &same, &failure) < 0,
	       "a second job");
	tap_is(failure.reason, REASON_BUSY, "finds the device busy");
	failure_clear(&failure);
	tap_ok(manager_confirm(life.manager, "sim0", 0, &failure) < 0, "nothing to confirm");
	tap_is(failure.reason, REASON_NOT_ON_TRIAL, "is not on trial");
	failure_clear(&failure);
	tap_is(manager_cancel(life.manager, job->record.id, 5, &failure), 0, "cancelled");
	tap_is(job->record.phase, JOB_CANCELLED, "at once");
	tap_ok(manager_cancel(life.manager, job->record.id, 5, &failure) < 0, "not twice");
	tap_is(failure.reason, REASON_NO_SUCH_JOB, "it has ended");
	failure_clear(&failure);

	job = begin_install(&life, 0);
	while (job->record.phase != JOB_WRITING)
		let_the_world_turn(&life);
	tap_ok(manager_cancel(life.manager, job->record.id, 5, &failure) < 0, "while writing");
	tap_is(failure.reason, REASON_NOT_CANCELLABLE, "nothing is cancelled");
	failure_clear(&failure);
	while (job->record.phase != JOB_TRIAL)
		let_the_world_turn(&life);
	tap_is(manager_revert(life.manager, "sim0", 0, 7, &same, &failure), 0,
	       "on trial a revert is taken");
	tap_ok(same == job, "by the job under way");
	tap_is(live_to_the_end(&life), JOB_REVERTED, "which ends reverted");
	tap_is(job->record.reason, REASON_REQUESTED, "because somebody asked");
	tap_is(store_has_failed(life.manager->store, "sim0", NEW), 0, "the release has not failed");

	job = begin_install(&life, 0);
	while (job->record.phase != JOB_TRIAL)
		let_the_world_turn(&life);
	world->behaviour = UNHEALTHY;
	tap_is(manager_confirm(life.manager, "sim0", 7, &failure), 0, "somebody's word");
	tap_is(live_to_the_end(&life), JOB_DONE, "replaces time and checks");
	end_life(&life);
}

static void expect_refusal(struct life *life, const char *device, int fd, uint64_t flags,
			   enum reason reason, const char *what)
{
	_cleanup_failure_ struct failure failure = { 0 };
	struct job *job = NULL;
	int r = manager_install(life->manager, device, fd, flags, 0, &job, &failure);

	tap_ok(r < 0 && !job && failure.reason == reason && failure.message, "%s: %s", what,
	       reason_word(reason));
}

static void expect_import_refusal(struct life *life, const char *name, enum reason reason)
{
	_cleanup_failure_ struct failure failure = { 0 };
	struct job *job = NULL;
	int r = manager_install_imported(life->manager, "sim0", name, 0, 0, &job, &failure);

	tap_ok(r < 0 && !job && failure.reason == reason, "import \"%.20s\": %s", name,
	       reason_word(reason));
}

static void test_refusals(void)
{
	_cleanup_failure_ struct failure failure = { 0 };
	struct job *job = NULL;
	struct life life;
	int pipe_fds[2], fd;
	char *path = NULL, long_name[300];

	make_world(BOOTS, 1);
	begin_life(&life);
	if (pipe(pipe_fds) < 0)
		tap_bail("pipe");
	close(pipe_fds[1]);
	expect_refusal(&life, "sim0", some_file(), 0, REASON_NO_WAY_BACK, "one slot and no flag");
	expect_refusal(&life, "sim9", some_file(), 8, REASON_NO_SUCH_DEVICE, "a stranger");
	expect_refusal(&life, "sim0", some_file(), 64, REASON_INVALID_ARGUMENT, "an unknown flag");
	expect_refusal(&life, "sim0", pipe_fds[0], 8, REASON_NOT_REGULAR_FILE, "a pipe");
	expect_refusal(&life, "sim0", open(folder, O_RDONLY), 8, REASON_NOT_REGULAR_FILE,
		       "a folder");
	expect_refusal(&life, "sim0", open("/etc/passwd", O_PATH), 8, REASON_INVALID_ARGUMENT,
		       "not open for reading");
	fd = some_file();
	life.manager->config.maximum_bundle_bytes = 10;
	if (ftruncate(fd, 11) < 0)
		tap_bail("ftruncate");
	expect_refusal(&life, "sim0", fd, 8, REASON_TOO_LARGE, "a file larger than allowed");
	memset(long_name, 'x', sizeof(long_name) - 1);
	long_name[sizeof(long_name) - 1] = '\0';
	expect_import_refusal(&life, "", REASON_INVALID_ARGUMENT);
	expect_import_refusal(&life, "..", REASON_INVALID_ARGUMENT);
	expect_import_refusal(&life, "../fwslot.db", REASON_INVALID_ARGUMENT);
	expect_import_refusal(&life, long_name, REASON_INVALID_ARGUMENT);
	expect_import_refusal(&life, "absent.fwb", REASON_IO_ERROR);
	if (asprintf(&path, "%s/import/link", folder) < 0 || symlink("../fwslot.db", path) < 0)
		tap_bail("symlink");
	expect_import_refusal(&life, "link", REASON_NOT_REGULAR_FILE);
	free(path);
	tap_ok(manager_revert(life.manager, "sim0", 0, 0, &job, &failure) < 0,
	       "nothing to revert to");
	tap_is(failure.reason, REASON_NO_REVERT_SLOT, "is said");
	tap_ok(!manager_next_job(life.manager, NULL), "refused requests leave no job");
	end_life(&life);
}

static void test_volatile(void)
{
	struct life life;
	char *path = NULL;

	make_world(BOOTS, 2);
	/* A folder where the database should be: nothing can be stored. */
	if (asprintf(&path, "%s/fwslot.db", folder) < 0 || mkdir(path, 0700) < 0)
		tap_bail("mkdir");
	free(path);
	begin_life(&life);
	tap_ok(manager_next_device(life.manager, NULL) != NULL,
	       "without a store devices are shown");
	expect_refusal(&life, "sim0", some_file(), 0, REASON_IO_ERROR, "and updates refused");
	end_life(&life);
}

/* The host restarts during the trial and the device forgets: it is told what it was. */
static void test_forgetful_device(void)
{
	struct life life;
	struct job *job;

	make_world(BOOTS, 2);
	begin_life(&life);
	job = begin_install(&life, 0);
	while (job->record.phase != JOB_TRIAL)
		let_the_world_turn(&life);
	end_life(&life);
	world->device.boot.state = KERNEL_BOOT_UNKNOWN;
	world->device.boot.attempts = 0;
	world->device.slots[1].digest[0] = '\0';
	begin_life(&life);
	tap_is(world->device.boot.attempts, 1, "the used attempt is handed back");
	tap_is(world->device.slots[1].state, KERNEL_SLOT_PENDING,
	       "and the slot put on trial again");
	end_life(&life);
}

/* The whole update in a process that is killed at its operation @kill_at; then life goes on undisturbed. */
static bool killed_and_resumed(enum behaviour behaviour, unsigned kill_at, bool kill_after,
			       bool *ret_killed)
{
	enum job_phase phase;
	struct life life;
	unsigned actions;
	int status = 0;
	bool is_right;
	pid_t child;

	empty_folder();
	make_world(behaviour, 2);
	child = fork();
	if (child == 0) {
		_cleanup_failure_ struct failure failure = { 0 };
		struct job *job = NULL;

		close(some_file());
		world->kill_at = kill_at;
		world->kill_after = kill_after;
		begin_life(&life);
		if (manager_install_imported(life.manager, "sim0", "b.fwb", 0, 0, &job, &failure) <
		    0)
			_exit(1);
		live_to_the_end(&life);
		_exit(0);
	}
	waitpid(child, &status, 0);
	*ret_killed = WIFSIGNALED(status);
	if (!*ret_killed && WEXITSTATUS(status) != 0)
		return false;
	world->kill_at = 0;
	begin_life(&life);
	phase = live_to_the_end(&life);
	is_right = phase == (behaviour == BOOTS ? JOB_DONE : JOB_REVERTED) &&
		   world->device.boot.running_slot == (behaviour == BOOTS ? 1 : 0) &&
		   manager_next_device(life.manager, NULL)->record.floor_counter ==
			   (behaviour == BOOTS ? 2 : 0) &&
		   !payload_exists();
	end_life(&life);
	actions = world->writes + world->activations + world->restarts + world->confirms;
	begin_life(&life);
	is_right = is_right && actions == world->writes + world->activations + world->restarts +
						  world->confirms;
	end_life(&life);
	return is_right;
}

static void test_killed_everywhere(void)
{
	static const char *const names[] = { "good", "boot-looping", "unhealthy" };

	for (enum behaviour behaviour = BOOTS; behaviour <= UNHEALTHY; behaviour++) {
		unsigned points = 0, wrong = 0;

		for (unsigned at = 1;; at++) {
			bool killed_before, killed_after;

			wrong += !killed_and_resumed(behaviour, at, false, &killed_before);
			wrong += !killed_and_resumed(behaviour, at, true, &killed_after);
			if (!killed_before && !killed_after)
				break;
			points += 2;
		}
		tap_ok(wrong == 0 && points >= 12, "%s firmware, killed at %u points: %u wrong ends",
		       names[behaviour], points, wrong);
	}
}

int main(void)
{
	static void (*const tests[])(void) = {
		test_update,   test_floor_of_revert, test_bad_firmware,	    test_people,
		test_refusals, test_volatile,	     test_forgetful_device, test_killed_everywhere,
	};

	world = mmap(NULL, sizeof(*world), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		     0);
	if (world == MAP_FAILED || !mkdtemp(folder))
		tap_bail("cannot begin");
	setenv("FWSLOT_STATE_DIR", folder, 1);
	setenv("FWSLOT_CONFIG_DIR", folder, 1);
	setenv("FWSLOT_VENDOR_DIR", folder, 1);
	log_set_level(getenv("DEBUG") ? LOG_DEBUG : LOG_EMERG);
	for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++) {
		empty_folder();
		tests[i]();
	}
	empty_folder();
	if (system(NULL)) {
		char *command = NULL;

		if (asprintf(&command, "rm -rf '%s'", folder) >= 0 && system(command) != 0)
			printf("# %s is left over\n", folder);
		free(command);
	}
	return tap_done();
}
