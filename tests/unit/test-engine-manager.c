/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The manager with its real store, against a device made of memory: requests and their refusals, whole updates. */
#include "engine-memory.h"

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
		struct job *job;

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
		job = begin_install(&life, 0);
		tap_is(live_to_the_end(&life), JOB_FAILED, "asked for once more it is refused");
		tap_is(job->record.reason, REASON_FAILED_BEFORE, "because it failed before");
		world->behaviour = BOOTS;
		begin_install(&life, MANAGER_FLAG_REINSTALL);
		tap_is(live_to_the_end(&life), JOB_DONE, "with the flag it has another chance");
		tap_is(store_has_failed(life.manager->store, "sim0", NEW), 0,
		       "and what is good has not failed");
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

/* Lost after the restart, given up, back one day: the trial is watched again, by a new job. */
static void test_lost_and_found(void)
{
	struct job *job, *adopted;
	struct life life;

	make_world(BOOTS, 2);
	begin_life(&life);
	job = begin_install(&life, 0);
	while (job->record.phase != JOB_RESTARTING || !world->will_restart)
		let_the_world_turn(&life);
	manager_device_removed(life.manager, 0);
	world->now += 3600 * SECOND;
	job_run(job_entry_of(job));
	tap_is(job->record.phase, JOB_FAILED, "a device that stays away ends its job");
	tap_is(job->record.reason, REASON_DEVICE_LOST, "as lost");
	boot();
	manager_device_added(life.manager, 0);
	adopted = manager_next_device(life.manager, NULL)->job;
	tap_ok(adopted && adopted != job, "its return on trial makes a new job");
	tap_is(adopted->record.phase, JOB_TRIAL, "which watches the trial");
	tap_is(live_to_the_end(&life), JOB_DONE, "to its end");
	tap_is(manager_next_device(life.manager, NULL)->record.floor_counter, 2,
	       "with all that follows");
	manager_device_removed(life.manager, 0);
	manager_device_added(life.manager, 0);
	tap_ok(!manager_next_device(life.manager, NULL)->job, "but not twice");
	end_life(&life);
}

/* The only backup is damaged: the one of what runs, made just before, is no way back. */
static void test_damaged_way_back(void)
{
	_cleanup_failure_ struct failure failure = { 0 };
	struct job *job = NULL, *last = NULL;
	struct life life;

	make_world(BOOTS, 1);
	world->device.slots[0].is_readable = true;
	begin_life(&life);
	begin_install(&life, 0);
	tap_is(live_to_the_end(&life), JOB_DONE, "the only slot is updated");
	memcpy(world->damaged_backup, OLD, sizeof(OLD));
	tap_is(manager_revert(life.manager, "sim0", 0, 5, &job, &failure), 0,
	       "somebody wants to go back");
	tap_is(live_to_the_end(&life), JOB_FAILED, "but what was saved is damaged");
	for (job = NULL; (job = manager_next_job(life.manager, job));)
		last = job;
	tap_is(last->record.reason, REASON_BACKUP_DAMAGED, "as is told");
	tap_is_string(world->device.slots[0].digest, NEW, "and the device is left as it is");
	tap_is(world->writes, 1, "untouched");
	end_life(&life);
}

int main(void)
{
	static void (*const tests[])(void) = {
		test_update,	       test_floor_of_revert, test_bad_firmware,
		test_people,	       test_refusals,	     test_volatile,
		test_forgetful_device, test_lost_and_found,  test_damaged_way_back,
	};

	prepare_world();
	for (size_t i = 0; i < ARRAY_SIZE(tests); i++) {
		empty_folder();
		tests[i]();
	}
	remove_folder();
	return tap_done();
}
