/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The laws: what must be true after any fault. Each function looks at one promise of
 * docs/promises.md and breaks the run, with a sentence, where it is not kept.
 */
#include <stdio.h>
#include <string.h>

#include "backup/backup.h"
#include "base/file.h"
#include "base/hex.h"
#include "engine/images.h"
#include "lab.h"
#include "laws-history.h"
#include "source.h"
#include "tap.h"

static struct job *newest_job(struct lab *lab, unsigned index)
{
	struct device *device = manager_device_by_index(lab->manager, index);
	char id[sizeof(device->id)] = "";
	struct job *newest = NULL;

	/* Before devices are seen, identities are known by their order: sim0, sim1. */
	snprintf(id, sizeof(id), "sim%u", index);
	for (struct job *job = NULL; (job = manager_next_job(lab->manager, job));)
		if (strcmp(job->record.device_id, device ? device->id : id) == 0)
			newest = job;
	return newest;
}

/* "The record is written before the action": what was ordered is known to whoever starts next. */
static void law_record_before_action(struct lab *lab, unsigned index)
{
	const struct given_order *given = &lab->last_order[index];
	struct job *job = newest_job(lab, index);
	bool is_known;

	if (given->action == ACTION_WAIT)
		return;
	if (!job) {
		lab_break(lab, "%s was ordered for a job nobody remembers",
			  job_action_to_string(given->action));
		return;
	}
	/* A record that is further than the order was written after it. */
	if (job->record.phase != given->phase && job->record.phase > given->phase)
		return;
	switch (given->action) {
	case ACTION_LOAD:
		is_known = job->record.phase == given->phase && job->record.write_tries > 0;
		break;
	case ACTION_COMMIT:
		/* The record of the next try comes after it, too. */
		is_known =
			job->record.phase == given->phase &&
			(job->record.is_committed || job->record.write_tries > given->write_tries);
		break;
	case ACTION_RESTART:
		is_known = job->record.phase == given->phase && job->record.restart_tries > 0;
		break;
	case ACTION_VERIFY:
		is_known = job->record.phase == JOB_VERIFYING;
		break;
	default:
		is_known = job->record.phase == given->phase;
	}
	if (!is_known)
		lab_break(lab, "%s was done in phase %s, but the record says %s",
			  job_action_to_string(given->action), job_phase_to_string(given->phase),
			  job_phase_to_string(job->record.phase));
}

static unsigned highest_confirmed(const struct lab_device *device)
{
	/* Without boot control nobody is told: what runs whole counts. */
	unsigned running = device_slot_version(device, device->running);

	/* One slot: what a power-on started unasked, the device itself takes for confirmed. */
	if ((device->traits.has_no_boot_control ||
	     (device->traits.slots == 1 && device->boot.state == FWSLOT_BOOT_STATE_CONFIRMED)) &&
	    running > device->version_confirmed)
		return running;
	return device->version_confirmed;
}

static void law_floor(struct lab *lab, unsigned index)
{
	struct device *device = manager_device_by_index(lab->manager, index);
	const struct device_record *record = device ? &device->record : NULL;
	struct device_record stored;
	char id[32];

	snprintf(id, sizeof(id), "sim%u", index);
	if (!record && store_find_device(lab->manager->store, id, &stored) >= 0)
		record = &stored;
	if (record && record->floor_counter > highest_confirmed(&lab->devices[index]))
		lab_break(lab, "the floor is %llu, confirmed is only %u",
			  (unsigned long long)record->floor_counter,
			  highest_confirmed(&lab->devices[index]));
}

/* A database that is damaged, or gone, takes no floor with it. */
static void law_floor_stays(struct lab *lab, unsigned index)
{
	struct device *device = manager_device_by_index(lab->manager, index);

	if (lab->scenario->begins_damaged && lab->scenario->begins_updated && device &&
	    device->record.floor_counter < NEW_VERSION)
		lab_break(lab, "the floor was %u before the database was damaged, now it is %llu",
			  NEW_VERSION, (unsigned long long)device->record.floor_counter);
}

/* What a log tells that was left beside a damaged page is not lost with it. */
static void law_jobs_stay(struct lab *lab, unsigned index)
{
	const struct scenario *scenario = lab->scenario;

	if (scenario->begins_damaged && scenario->begins_killed && !scenario->begins_unreadable &&
	    !newest_job(lab, index))
		lab_break(lab, "the job that the log of the damaged database told of is lost");
}

/* What was read is acted upon: it must not be gone when the host dies. */
static void law_log_is_durable(struct lab *lab)
{
	if (!disk_file_is_durable(lab->disk, STORE_FILE_NAME "-wal"))
		lab_break(lab, "what the daemon has read of its store is not durable");
}

static int look_at_nothing(void *userdata, const void *bytes, size_t size, struct failure *failure)
{
	(void)userdata;
	(void)bytes;
	(void)size;
	(void)failure;
	return 0;
}

static int check_backup(const struct backup_record *backup, void *userdata)
{
	struct lab *lab = userdata;
	int fd = images_open(lab->manager, IMAGES_BACKUP, backup->digest);
	uint8_t sha256[SHA256_BYTES];

	if (backup->is_damaged || fd < 0 ||
	    hex_decode(backup->digest + 7, sha256, SHA256_BYTES) < 0 ||
	    backup_unpack(fd, sha256, backup->length_bytes,
			  &(struct backup_sink){ .take = look_at_nothing }, NULL, NULL) < 0)
		lab_break(lab, "a backup is listed, but its file is not sound");
	close_fd(fd);
	return 0;
}

/* "A backup that is listed is sound", from the moment in which a job may rely on it. */
static void law_backups(struct lab *lab)
{
	if (store_list_backups(lab->manager->store, "", check_backup, lab) < 0)
		lab_break(lab, "backups cannot be listed");
}

void laws_at_start(struct lab *lab)
{
	law_backups(lab);
	law_log_is_durable(lab);
	if (!lab->scenario->begins_damaged)
		law_requests(lab);
	for (unsigned i = 0; i < lab->scenario->devices; i++) {
		if (!lab->scenario->begins_damaged)
			law_record_before_action(lab, i);
		lab->last_order[i].action = ACTION_WAIT;
		law_floor(lab, i);
	}
}

/* "What is kept has stayed up", whatever the wall clock says. */
static void law_trial(struct lab *lab, unsigned index, const struct job_record *job)
{
	uint64_t since_usec = lab->booted_usec[index], until_usec = lab->now_usec,
		 needed_usec = lab->manager->config.trial_usec;

	if (job->type != JOB_INSTALL || job->phase != JOB_DONE || job->is_confirm_requested)
		return;
	/* Somebody switched it on, or the host: it only has to settle. */
	if ((lab->host_has_died || lab->was_switched_off) && needed_usec > STEP_TRIAL_SETTLE_USEC)
		needed_usec = STEP_TRIAL_SETTLE_USEC;
	/* U-Boot's board remembers what it was told, also when it has restarted since. */
	if (lab->devices[index].traits.loader == LOADER_UBOOT &&
	    since_usec > lab->confirmed[index].now_usec && lab->confirmed[index].now_usec > 0) {
		since_usec = lab->confirmed[index].booted_usec;
		until_usec = lab->confirmed[index].now_usec;
	}
	if (since_usec < lab->host_booted_usec && lab->host_booted_usec < until_usec)
		since_usec = lab->host_booted_usec;
	if (since_usec > 0 && until_usec - since_usec < needed_usec)
		lab_break(lab, "it was kept after a trial of %llu s, expected are %llu s",
			  (unsigned long long)((until_usec - since_usec) / SECOND),
			  (unsigned long long)(needed_usec / SECOND));
}

void laws_at_job_end(struct lab *lab, const struct job *job)
{
	for (unsigned i = 0; i < lab->scenario->devices; i++)
		if (lab_job_of(lab, i) == job || newest_job(lab, i) == job)
			law_trial(lab, i, &job->record);
}

static bool is_deaf(const struct lab_device *device)
{
	return device->traits.cannot_restart || device->traits.defect == DEFECT_REFUSES_RESTARTS;
}

/*
 * A device that does not restart when it is told cannot be brought back by anybody but a person. The job says that it
 * failed; what is promised is that the old firmware is chosen for good, for the day somebody pulls the plug.
 */
static bool waits_for_plug(struct lab *lab, unsigned index)
{
	const struct lab_device *device = &lab->devices[index];
	const struct job *job = newest_job(lab, index);

	return is_deaf(device) && job && job->record.phase == JOB_FAILED &&
	       device->boot.pending == FWSLOT_PENDING_PERMANENT &&
	       device->boot.next == job->record.previous_slot;
}

/* "The device runs the old or the new firmware, whole", now and after the next power-on. */
static void law_whole_firmware(struct lab *lab, unsigned index)
{
	struct stopper never = { 0 };
	struct lab_device device = lab->devices[index];
	unsigned version = device_slot_version(&device, device.running);

	if (version != OLD_VERSION && version != NEW_VERSION) {
		lab_break(lab, "the device runs no whole firmware");
		return;
	}
	device.stopper = &never;
	device_power_off(&device);
	device_power_on(&device);
	if (waits_for_plug(lab, index))
		version = OLD_VERSION;
	/*
	 * The kernel answers when the device has taken an order. What a device does with one long after its job
	 * went on is its own: whole firmware, and a choice that was for a trial is one, so that it goes back by itself.
	 */
	if (lab->came_too_late)
		version = device_slot_version(&device, device.running) == OLD_VERSION ?
				  OLD_VERSION :
				  NEW_VERSION;
	if (device_slot_version(&device, device.running) != version)
		lab_break(lab, "after the next power-on another firmware runs");
}

static bool end_is_right(struct lab *lab, unsigned index, const struct job *job)
{
	const struct scenario *scenario = lab->scenario;
	const struct approval *approval = &lab->approvals[index];
	const struct lab_device *device = &lab->devices[index];

	if (job->record.phase == scenario->end || lab->any_end)
		return true;
	/* The plug may have been pulled since. */
	if (is_deaf(device) && job->record.phase == JOB_FAILED &&
	    (waits_for_plug(lab, index) ||
	     device_slot_version(device, device->running) == OLD_VERSION))
		return true;
	if (lab->may_exhaust && job->record.phase == JOB_REVERTED &&
	    job->record.reason == REASON_ATTEMPTS_EXHAUSTED)
		return true;
	/* A wish that was not answered may have been heard or not. */
	if (scenario->request != REQUEST_NONE && !approval->request_is_acknowledged)
		return true;
	/* What hung went on when somebody came, or the host died: any end that is true. */
	if (scenario->traits.defect == DEFECT_STUCK)
		return true;
	/* A file that was given by descriptor is held for the next daemon, but not beyond the host's death. */
	if (scenario->wish == WISH_INSTALL && !lab->host_has_died)
		return false;
	return scenario->other_end != JOB_PHASE_INVALID && job->record.phase == scenario->other_end;
}

static bool job_is_of_wish(const struct lab *lab, const struct job *job)
{
	return job->record.type == (lab->scenario->wish == WISH_REVERT ? JOB_REVERT : JOB_INSTALL);
}

/* Its window ended before anything was written: the approval holds for the next one, which makes another job. */
static bool missed_its_window(const struct lab *lab, const struct job *job)
{
	return lab->scenario->wish == WISH_APPROVE && job->record.phase == JOB_CANCELLED &&
	       job->record.reason == REASON_OUTSIDE_WINDOW && job->record.write_tries == 0;
}

/* "No approval is lost or acted on twice." */
static void law_approval(struct lab *lab, unsigned index)
{
	struct device *device = manager_device_by_index(lab->manager, index);
	const struct approval *approval = &lab->approvals[index];
	bool has_begun = lab->scenario->begins_updated || lab->scenario->begins_failed;
	unsigned allowed = has_begun && lab->scenario->wish != WISH_REVERT ? 2 : 1;
	unsigned count = 0;

	/* Given up, and taken up again when the device was back. */
	allowed += lab->scenario->traits.defect == DEFECT_STUCK;
	for (struct job *job = NULL; (job = manager_next_job(lab->manager, job));) {
		if (!device || strcmp(job->record.device_id, device->id) != 0 ||
		    !job_is_of_wish(lab, job) || missed_its_window(lab, job))
			continue;
		count++;
		if (approval->is_acknowledged &&
		    (job->record.id == approval->job_id || lab->scenario->wish == WISH_APPROVE) &&
		    !end_is_right(lab, index, job))
			lab_break(lab, "the job ends %s (%s), expected %s",
				  job_phase_to_string(job->record.phase),
				  reason_word(job->record.reason),
				  job_phase_to_string(lab->scenario->end));
	}
	if (approval->is_acknowledged && lab->scenario->wish == WISH_APPROVE && count == 0)
		lab_break(lab, "what was approved was not installed in its window");
	if (approval->is_acknowledged && approval->job_id &&
	    !manager_find_job(lab->manager, approval->job_id))
		lab_break(lab, "job %llu, which was acknowledged, is lost",
			  (unsigned long long)approval->job_id);
	if (lab->scenario->wish != WISH_NOTHING && count > allowed)
		lab_break(lab, "one wish made %u jobs", count);
}

/* The end of the newest job and what the device runs agree. */
static void law_end_is_true(struct lab *lab, unsigned index)
{
	const struct lab_device *device = &lab->devices[index];
	unsigned version = device_slot_version(device, device->running);
	struct job *job = newest_job(lab, index);
	bool is_new = version == NEW_VERSION;
	/* What nobody counts or remembers is unknown. */
	bool is_confirmed = device->traits.has_no_boot_control ||
			    device->boot.state == FWSLOT_BOOT_STATE_CONFIRMED ||
			    (!device->traits.assesses_itself &&
			     device->boot.state == FWSLOT_BOOT_STATE_UNKNOWN);

	if (!job || lab->scenario->begins_damaged)
		return;
	if (job->record.type == JOB_INSTALL && job->record.phase == JOB_DONE &&
	    (!is_new || !is_confirmed))
		lab_break(lab, "the job is done, but the device does not run it confirmed");
	if (job->record.type == JOB_INSTALL && job->record.phase == JOB_DONE &&
	    manager_device_by_index(lab->manager, index)->record.floor_counter != NEW_VERSION)
		lab_break(lab, "the job is done, but the floor has not risen");
	if ((job->record.phase == JOB_REVERTED || job->record.phase == JOB_CANCELLED) && is_new &&
	    !lab->scenario->begins_updated)
		lab_break(lab, "the job was taken back, but the device runs the new firmware");
	if (device->boot.state == FWSLOT_BOOT_STATE_TRIAL && !waits_for_plug(lab, index))
		lab_break(lab, "no job is under way and the device is on trial");
}

static const char *const allowed_files[] = {
	"import", "import/b.fwb",  "fwslotd.conf",	   "payload",
	"backup", STORE_FILE_NAME, STORE_FILE_NAME "-wal", STORE_FILE_NAME ".floors",
};

struct file_search {
	struct lab *lab;
	bool may_have_log, may_have_aside;
};

static int check_file(const char *path, bool is_folder, void *userdata)
{
	struct file_search *search = userdata;

	(void)is_folder;
	if (search->may_have_aside && strncmp(path, STORE_FILE_NAME ".damaged-", 18) == 0)
		return 0;
	/* What is kept by its digest, of the old firmware, is a backup. */
	if (strncmp(path, "backup/", 7) == 0 && path[7] != '.')
		return 0;
	/* The configuration, like fwslotd.conf. */
	if (strncmp(path, "remotes.d", 9) == 0)
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(allowed_files); i++)
		if (strcmp(path, allowed_files[i]) == 0 &&
		    (search->may_have_log || strcmp(path, STORE_FILE_NAME "-wal") != 0))
			return 0;
	lab_break(search->lab, "the file %s is left over", path);
	return 1;
}

/* "No temporary file remains." */
static void law_no_leftovers(struct lab *lab, bool is_open)
{
	struct file_search search = { lab, is_open, lab->scenario->begins_damaged };

	disk_visit(lab->disk, check_file, &search);
}

static void add_text(struct lab_picture *picture, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void add_text(struct lab_picture *picture, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	picture->length += (size_t)vsnprintf(picture->text + picture->length,
					     sizeof(picture->text) - picture->length, format, args);
	va_end(args);
	if (picture->length >= sizeof(picture->text))
		tap_bail("too much to compare");
}

static int add_row(const struct history_row *row, void *userdata)
{
	add_text(userdata, "%s %s %s %s %llu\n", row->device_id, row->action, row->result,
		 row->reason, (unsigned long long)row->job_id);
	return 0;
}

/* All that people see. */
static void draw_picture(struct lab *lab, struct lab_picture *picture)
{
	struct store *store = lab->manager->store;
	struct device_record device;

	picture->length = 0;
	(void)store_list_history(store, "", STORE_HISTORY_ROWS_MAX, add_row, picture);
	for (unsigned i = 0; i < lab->scenario->devices; i++) {
		char id[32];

		snprintf(id, sizeof(id), "sim%u", i);
		if (store_find_device(store, id, &device) >= 0)
			add_text(picture, "%s %llu %s %s\n", id,
				 (unsigned long long)device.floor_counter, device.installed_version,
				 reason_word(device.problem));
	}
}

void laws_at_rest(struct lab *lab)
{
	char path[256];

	law_offers(lab);
	law_damage_is_told(lab);
	for (size_t i = 0; i < lab->manager->job_count; i++)
		law_history(lab, &lab->manager->jobs[i]->job);
	for (unsigned i = 0; i < lab->scenario->devices; i++) {
		law_whole_firmware(lab, i);
		law_floor(lab, i);
		law_floor_stays(lab, i);
		law_jobs_stay(lab, i);
		law_approval(lab, i);
		law_end_is_true(lab, i);
	}
	law_backups(lab);
	law_no_leftovers(lab, true);
	for (size_t i = 0; i < ARRAY_SIZE(lab->held); i++)
		if (lab->held[i].name[0])
			lab_break(lab, "the file of %s is still held", lab->held[i].name);
	/* After a crash things may be pending that the next start would do again. */
	if (lab->lives == 1 && !disk_is_durable(lab->disk, "-wal", path))
		lab_break(lab, "nothing is under way, but %s is not durable", path);
	draw_picture(lab, &lab->at_rest);
}

void laws_at_end(struct lab *lab)
{
	char path[256];

	law_no_leftovers(lab, false);
	if (!disk_is_as_told(lab->disk, path))
		lab_break(lab, "%s was changed by other means than the table of operations", path);
}

static void add_devices(struct lab *lab, struct lab_picture *picture)
{
	for (unsigned i = 0; i < lab->scenario->devices; i++)
		add_text(picture, "orders %u, erases %u, boots %u\n", lab->devices[i].orders,
			 lab->devices[i].erases, lab->devices[i].boots);
}

/* "A second start changes nothing." */
void laws_start_again(struct lab *lab)
{
	static struct lab_picture before;

	if (lab_is_broken(lab))
		return;
	before = lab->at_rest;
	add_devices(lab, &before);
	lab_live(lab, (struct stop_plan){ 0 });
	add_devices(lab, &lab->at_rest);
	if (strcmp(before.text, lab->at_rest.text) != 0)
		lab_break(lab, "one more start changes something");
}
