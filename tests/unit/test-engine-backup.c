/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Backups as the manager keeps them: devices with one slot that are updated, taken back and restored; what is forgotten. */
#include "engine-memory.h"

#include "engine/backups.h"
#include "engine/space.h"

#define SLOT (world->device.slots[0])

static void make_one_slot(enum behaviour behaviour)
{
	make_world(behaviour, 1);
	SLOT.is_readable = true;
}

struct listing {
	struct backup_record rows[16];
	unsigned count;
};

static int add_row(const struct backup_record *backup, void *userdata)
{
	struct listing *listing = userdata;

	listing->rows[listing->count++] = *backup;
	return 0;
}

static struct listing list(struct life *life)
{
	struct listing listing = { .count = 0 };

	if (manager_list_backups(life->manager, "", add_row, &listing) < 0)
		tap_bail("cannot list");
	return listing;
}

static struct job *newest_job(struct life *life)
{
	struct job *last = NULL;

	for (struct job *job = NULL; (job = manager_next_job(life->manager, job));)
		last = job;
	return last;
}

static void test_taken_back(void)
{
	struct listing listing;
	struct life life;
	struct job *job;

	make_one_slot(UNHEALTHY);
	begin_life(&life);
	begin_install(&life, 0);
	tap_is(live_to_the_end(&life), JOB_REVERTED, "bad firmware in the only slot is taken back");
	job = newest_job(&life);
	tap_is(job->record.reason, REASON_HEALTH_FAILED, "for its reason");
	tap_is_string(SLOT.digest, OLD, "the device holds the old firmware");
	tap_is(world->device.boot.state, KERNEL_BOOT_CONFIRMED, "which is not on trial");
	listing = list(&life);
	tap_is(listing.count, 1, "one backup is kept");
	tap_is_string(listing.rows[0].version, "1.0", "of the old version");
	tap_is_string(listing.rows[0].device_id, "sim0", "of the device");
	tap_is(store_has_failed(life.manager->store, "sim0", NEW), 1, "the release has failed");
	tap_ok(!payload_exists(), "no image is left over");
	end_life(&life);
}

static void test_kept_and_reverted(void)
{
	_cleanup_failure_ struct failure failure = { 0 };
	struct device *device;
	struct job *job = NULL;
	struct life life;
	char version[64];

	make_one_slot(BOOTS);
	begin_life(&life);
	device = manager_next_device(life.manager, NULL);
	tap_ok(!manager_can_revert(life.manager, device, version), "nothing to go back to");
	begin_install(&life, 0);
	tap_is(live_to_the_end(&life), JOB_DONE, "a good update needs no flag and is kept");
	tap_ok(manager_can_revert(life.manager, device, version), "there is a way back");
	tap_is_string(version, "1.0", "to the version before");
	device->record.floor_counter =
		0; /* of this test's release; what it forbids is tested below */
	tap_is(manager_revert(life.manager, "sim0", 0, 7, &job, &failure), 0, "it is asked for");
	tap_is(live_to_the_end(&life), JOB_DONE, "and done");
	tap_is_string(SLOT.version, "1.0", "the old version runs");
	tap_is(list(&life).count, 2, "the new one was saved, too");
	tap_ok(manager_can_revert(life.manager, device, version), "so that there is a way forth");
	tap_is_string(version, "2.0", "again");
	end_life(&life);
}

static void test_asked_during_trial(void)
{
	_cleanup_failure_ struct failure failure = { 0 };
	struct job *job, *same = NULL;
	struct life life;

	make_one_slot(BOOTS);
	begin_life(&life);
	job = begin_install(&life, 0);
	while (job->record.phase != JOB_TRIAL)
		let_the_world_turn(&life);
	tap_is(manager_revert(life.manager, "sim0", 0, 7, &same, &failure), 0, "asked on trial");
	tap_is(live_to_the_end(&life), JOB_REVERTED, "it goes back");
	tap_is(job->record.reason, REASON_REQUESTED, "because somebody asked");
	tap_is_string(SLOT.digest, OLD, "to the backup");
	end_life(&life);
}

static void refused(struct life *life, int r, struct failure *failure, enum reason reason,
		    const char *what)
{
	(void)life;
	tap_ok(r < 0 && failure->reason == reason, "%s: %s", what, failure_message(failure));
	failure_clear(failure);
}

static void test_no_backup_possible(void)
{
	_cleanup_failure_ struct failure failure = { 0 };
	struct job *job = NULL;
	struct life life;

	make_one_slot(BOOTS);
	world->cannot_back_up = true;
	begin_life(&life);
	job = begin_install(&life, 0);
	tap_is(live_to_the_end(&life), JOB_FAILED, "what cannot be saved is not overwritten");
	tap_is(job->record.reason, REASON_TRANSFER_FAILED, "for the reason that the worker gave");
	tap_is_string(job->message, "It is stubborn.", "in its words");
	tap_is(world->writes, 0, "nothing was written");
	begin_install(&life, MANAGER_FLAG_NO_WAY_BACK);
	tap_is(live_to_the_end(&life), JOB_DONE, "with the flag it is");
	SLOT.is_readable = false;
	manager_device_changed(life.manager, 0);
	refused(&life, manager_install(life.manager, "sim0", some_file(), 0, 0, &job, &failure),
		&failure, REASON_NO_WAY_BACK, "a slot that cannot be read at all");
	end_life(&life);
}

static void test_damaged(void)
{
	struct backup_record older = {
		.device_id = "sim0",
		.version = "0.9",
		.digest = "sha256:"
			  "00000000000000000000000000000000000000000000000000000000000000cc",
		.length_bytes = 4,
		.stored_bytes = 10,
		.usec = 1
	};
	_cleanup_free_ char *path = backup_path(older.digest);
	struct life life;
	struct job *job;
	FILE *out;

	make_one_slot(UNHEALTHY);
	memcpy(world->damaged_backup, OLD, sizeof(OLD));
	begin_life(&life);
	begin_install(&life, 0);
	tap_is(live_to_the_end(&life), JOB_FAILED, "without a sound backup it fails");
	tap_is(newest_job(&life)->record.reason, REASON_HEALTH_FAILED, "and why it began is told");
	tap_ok(list(&life).rows[0].is_damaged, "the backup is known to be damaged");
	tap_is(SLOT.state != KERNEL_SLOT_PARTIAL, true, "the device was not touched for nothing");
	end_life(&life);

	empty_folder();
	make_one_slot(UNHEALTHY);
	memcpy(world->damaged_backup, OLD, sizeof(OLD));
	begin_life(&life);
	*strrchr(path, '/') = '\0';
	mkdir(path, 0700);
	path[strlen(path)] = '/';
	out = fopen(path, "w");
	if (!out || fclose(out) != 0 || store_add_backup(life.manager->store, &older) < 0)
		tap_bail("no older backup");
	begin_install(&life, 0);
	tap_is(live_to_the_end(&life), JOB_REVERTED, "with an older one that is sound it is used");
	job = newest_job(&life);
	tap_is_string(job->record.version_before, "0.9", "which the job tells");
	tap_is_string(SLOT.digest, older.digest, "and the device has");
	end_life(&life);
}

/* Until the job is in that phase, and (for a write) the kernel is at work. */
static struct job *live_until(struct life *life, struct job *job, enum job_phase phase,
			      enum kernel_status status)
{
	for (unsigned i = 0; i < 500 && !job_phase_is_final(job->record.phase); i++) {
		if (job->record.phase == phase && SLOT.status == status)
			return job;
		let_the_world_turn(life);
	}
	tap_bail("the job is never in phase %s", job_phase_to_string(phase));
}

static void stay_away(struct life *life, struct job *job)
{
	manager_device_removed(life->manager, 0);
	world->now += 24 * 3600 * SECOND;
	job_run(job_entry_of(job));
	tap_is(job->record.phase, JOB_FAILED, "a device that stays away ends its job");
}

/* It counts from nought, and its boot loader waits for firmware. */
static void come_back(struct life *life, enum kernel_slot_state state)
{
	SLOT.status = world->device.status = KERNEL_STATUS_IDLE;
	SLOT.state = state;
	if (state == KERNEL_SLOT_PARTIAL)
		SLOT.digest[0] = SLOT.version[0] = '\0';
	world->device.boot.total = 0;
	world->will_restart = false;
	manager_device_added(life->manager, 0);
}

static void test_lost_while_restoring(void)
{
	struct life life;
	struct job *job;

	make_one_slot(UNHEALTHY);
	begin_life(&life);
	job = live_until(&life, begin_install(&life, 0), JOB_RESTORING, KERNEL_STATUS_TRANSFERRING);
	stay_away(&life, job);
	come_back(&life, KERNEL_SLOT_PARTIAL);
	tap_is(newest_job(&life)->record.phase, JOB_RESTORING, "back, it needs its backup");
	tap_ok(newest_job(&life) != job, "which a new job writes");
	tap_is(live_to_the_end(&life), JOB_REVERTED, "to its end");
	tap_is(newest_job(&life)->record.reason, REASON_HEALTH_FAILED, "for the reason there was");
	tap_is_string(SLOT.digest, OLD, "the device has the old firmware");
	job = newest_job(&life);
	manager_device_removed(life.manager, 0);
	manager_device_added(life.manager, 0);
	tap_ok(newest_job(&life) == job, "and that was all");
	end_life(&life);
}

static void test_lost_before_restoring(void)
{
	struct life life;
	struct job *job;

	make_one_slot(UNHEALTHY);
	begin_life(&life);
	job = live_until(&life, begin_install(&life, 0), JOB_RESTORING, KERNEL_STATUS_IDLE);
	stay_away(&life, job);
	come_back(&life, KERNEL_SLOT_CONFIRMED);
	tap_is(live_to_the_end(&life), JOB_REVERTED, "bad firmware that nobody took back is");
	tap_is_string(SLOT.digest, OLD, "with the backup");
	end_life(&life);

	empty_folder();
	make_one_slot(UNHEALTHY);
	begin_life(&life);
	job = live_until(&life, begin_install(&life, 0), JOB_RESTORING, KERNEL_STATUS_IDLE);
	stay_away(&life, job);
	fill_slot(0, "sha256:00000000000000000000000000000000000000000000000000000000000000ee",
		  "3.0", KERNEL_SLOT_CONFIRMED);
	come_back(&life, KERNEL_SLOT_CONFIRMED);
	tap_ok(newest_job(&life) == job, "what somebody else put there since is left alone");
	end_life(&life);
}

static void test_lost_while_writing(void)
{
	struct life life;
	struct job *job;

	make_one_slot(BOOTS);
	begin_life(&life);
	job = live_until(&life, begin_install(&life, 0), JOB_WRITING, KERNEL_STATUS_TRANSFERRING);
	stay_away(&life, job);
	tap_is(job->record.reason, REASON_DEVICE_LOST, "as lost");
	come_back(&life, KERNEL_SLOT_PARTIAL);
	tap_is(live_to_the_end(&life), JOB_REVERTED, "half written, it gets its backup");
	tap_is_string(SLOT.digest, OLD, "and runs what it ran");
	end_life(&life);
}

static void test_restore_refusals(void)
{
	_cleanup_failure_ struct failure failure = { 0 };
	struct backup_record backup = { 0 };
	struct job *job = NULL;
	struct device *device;
	struct life life;
	uint64_t id;

	make_one_slot(BOOTS);
	begin_life(&life);
	device = manager_next_device(life.manager, NULL);
	begin_install(&life, 0);
	live_to_the_end(&life);
	id = list(&life).rows[0].id;
	backup = list(&life).rows[0];
	refused(&life, manager_restore(life.manager, "sim9", id, 0, 0, &job, &failure), &failure,
		REASON_NO_SUCH_DEVICE, "a stranger");
	refused(&life, manager_restore(life.manager, "sim0", id + 9, 0, 0, &job, &failure),
		&failure, REASON_NO_SUCH_BACKUP, "a backup that is not there");
	refused(&life, manager_restore(life.manager, "sim0", id, 1, 0, &job, &failure), &failure,
		REASON_INVALID_ARGUMENT, "a flag nobody knows");
	backup.counter = 1;
	if (store_add_backup(life.manager->store, &backup) < 0)
		tap_bail("backup");
	refused(&life, manager_restore(life.manager, "sim0", backup.id, 0, 0, &job, &failure),
		&failure, REASON_BELOW_FLOOR, "firmware below the floor");
	refused(&life, manager_revert(life.manager, "sim0", 0, 0, &job, &failure), &failure,
		REASON_BELOW_FLOOR, "also by Revert");
	device->record.floor_counter = 0;
	SLOT.size_bytes = 3;
	manager_device_changed(life.manager, 0);
	refused(&life, manager_restore(life.manager, "sim0", backup.id, 0, 0, &job, &failure),
		&failure, REASON_TOO_LARGE, "more than fits");
	SLOT.size_bytes = UINT64_C(1) << 60;
	SLOT.image_size_bytes = 0;
	manager_device_changed(life.manager, 0);
	refused(&life, manager_restore(life.manager, "sim0", backup.id, 0, 0, &job, &failure),
		&failure, REASON_NO_SPACE, "no room for what is overwritten");
	refused(&life, manager_install(life.manager, "sim0", some_file(), 0, 0, &job, &failure),
		&failure, REASON_NO_SPACE, "the same for an update");
	SLOT.size_bytes = 1 << 20;
	SLOT.image_size_bytes = 4;
	manager_device_changed(life.manager, 0);
	tap_is(manager_restore(life.manager, "sim0", backup.id, 0, 5, &job, &failure), 0,
	       "else it is done");
	tap_is(job->record.type, JOB_RESTORE, "by a job of its own kind");
	refused(&life, manager_restore(life.manager, "sim0", backup.id, 0, 0, &job, &failure),
		&failure, REASON_BUSY, "one at a time");
	tap_is(live_to_the_end(&life), JOB_DONE, "which ends done");
	tap_is_string(SLOT.digest, OLD, "with the backup in the slot");
	memcpy(world->damaged_backup, NEW, sizeof(NEW));
	id = list(&life).rows[0].id;
	tap_is(manager_restore(life.manager, "sim0", id, 0, 5, &job, &failure), 0, "another");
	tap_is(live_to_the_end(&life), JOB_FAILED, "that turns out damaged fails");
	tap_is(newest_job(&life)->record.reason, REASON_BACKUP_DAMAGED, "and says so");
	tap_is_string(SLOT.digest, OLD, "nothing was written");
	refused(&life, manager_restore(life.manager, "sim0", id, 0, 0, &job, &failure), &failure,
		REASON_BACKUP_DAMAGED, "and it is not tried again");
	end_life(&life);
}

/* Backups of as many contents, the first the oldest, each a day after the other. */
static void add_backups(struct life *life, const char *device, unsigned count, bool are_damaged)
{
	for (unsigned i = 0; i < count; i++) {
		struct backup_record backup = { .usec = world->now - (count - i) * 86400 * SECOND,
						.length_bytes = 4,
						.stored_bytes = 1,
						.is_damaged = are_damaged };
		_cleanup_free_ char *path = NULL;
		FILE *out;

		snprintf(backup.device_id, sizeof(backup.device_id), "%s", device);
		snprintf(backup.digest, sizeof(backup.digest), "sha256:%063u%c", i,
			 device[3] == '0' ? 'a' : 'b');
		if (store_add_backup(life->manager->store, &backup) < 0)
			tap_bail("backup");
		path = backup_path(backup.digest);
		out = fopen(path, "w");
		if (!out || fclose(out) != 0)
			tap_bail("no file %s", path);
	}
}

static unsigned count_files(void)
{
	char command[128];
	unsigned count = 0;
	FILE *out;

	snprintf(command, sizeof(command), "ls -A %s/backup | wc -l", folder);
	out = popen(command, "r");
	if (!out || fscanf(out, "%u", &count) != 1)
		tap_bail("cannot count");
	pclose(out);
	return count;
}

static void test_retention(void)
{
	struct life life;
	char command[256];

	make_one_slot(BOOTS);
	snprintf(command, sizeof(command), "mkdir %s/backup", folder);
	if (system(command) != 0)
		tap_bail("mkdir");
	begin_life(&life);
	add_backups(&life, "sim0", 5, false);
	add_backups(&life, "sim1", 2, false);
	backups_apply_retention(life.manager);
	tap_is(list(&life).count, 5, "of each device as many as are allowed stay");
	tap_is(count_files(), 5, "the others' files are gone");
	tap_ok(!backup_exists(
		       "sha256:000000000000000000000000000000000000000000000000000000000000001a") &&
		       backup_exists(
			       "sha256:000000000000000000000000000000000000000000000000000000000000002a"),
	       "the oldest go first");
	life.manager->config.backup_maximum_age_usec = 3600 * SECOND;
	backups_apply_retention(life.manager);
	tap_is(list(&life).count, 2, "what is too old goes, but for each device's last good one");
	tap_is(count_files(), 2, "with its file");
	end_life(&life);

	begin_life(&life);
	life.manager->config.backup_maximum_count = 1;
	add_backups(&life, "sim2", 3, true);
	backups_apply_retention(life.manager);
	tap_is(list(&life).count, 3, "damaged ones count, too");
	end_life(&life);
}

static void test_tidied(void)
{
	char command[512];
	struct life life;

	make_one_slot(BOOTS);
	snprintf(command, sizeof(command), "mkdir %s/backup", folder);
	if (system(command) != 0)
		tap_bail("mkdir");
	begin_life(&life);
	add_backups(&life, "sim0", 2, false);
	end_life(&life);
	snprintf(
		command, sizeof(command),
		"cd %s/backup && touch .x.new $(printf '%%064d' 9).zst && rm $(printf '%%063d' 0)a.zst",
		folder);
	if (system(command) != 0)
		tap_bail("shell");
	begin_life(&life);
	tap_is(count_files(), 1, "what belongs to nobody is removed at the start");
	tap_is(list(&life).count, 2, "a backup whose file is gone is still listed");
	tap_ok(list(&life).rows[1].is_damaged && !list(&life).rows[0].is_damaged, "as damaged");
	end_life(&life);

	/* A lost database does not take the backups with it. */
	snprintf(command, sizeof(command), "cd %s && rm -f fwslot.db-wal && echo damage >fwslot.db",
		 folder);
	if (system(command) != 0)
		tap_bail("shell");
	begin_life(&life);
	tap_is(count_files(), 1, "when the database is lost the file stays");
	tap_is(list(&life).count, 1, "and is listed");
	tap_is_string(list(&life).rows[0].device_id, "", "as nobody's");
	end_life(&life);
}

static void test_interrupted(void)
{
	struct life life;
	struct job *job;

	make_one_slot(UNHEALTHY);
	close(some_file());
	begin_life(&life);
	job = begin_install(&life, 0);
	while (job->record.phase != JOB_RESTORING)
		let_the_world_turn(&life);
	let_the_world_turn(&life);
	end_life(&life);
	begin_life(&life);
	tap_is(live_to_the_end(&life), JOB_REVERTED, "a restart while restoring: it goes on");
	tap_is_string(SLOT.digest, OLD, "to its end");
	end_life(&life);
}

int main(void)
{
	static void (*const tests[])(void) = {
		test_taken_back,
		test_kept_and_reverted,
		test_asked_during_trial,
		test_no_backup_possible,
		test_damaged,
		test_lost_while_restoring,
		test_lost_before_restoring,
		test_lost_while_writing,
		test_restore_refusals,
		test_retention,
		test_tidied,
		test_interrupted,
	};

	prepare_world();
	for (size_t i = 0; i < ARRAY_SIZE(tests); i++) {
		empty_folder();
		tests[i]();
	}
	remove_folder();
	return tap_done();
}
