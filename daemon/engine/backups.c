/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which backups there are, are sound, and may go. A row is removed before its file: a file without row is swept up. */
#include "engine/backups.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "engine/images.h"

#define REMOVALS_MAX 64 /* of one turn; the next job's end removes more */

struct name_search {
	const char *name;
	bool is_found;
};

static int compare_name(const struct backup_record *record, void *userdata)
{
	struct name_search *search = userdata;
	char name[IMAGES_NAME_SIZE];

	search->is_found = images_file_name(IMAGES_BACKUP, record->digest, name) &&
			   strcmp(name, search->name) == 0;
	return search->is_found;
}

/* Does any backup live in that file? If nobody can say, it does. */
static bool is_referred_to(struct manager *manager, const char *name)
{
	struct name_search search = { .name = name };

	return store_list_backups(manager->store, "", compare_name, &search) < 0 || search.is_found;
}

/* The rows of a damaged database may not all have been saved: what they were about is kept, for whoever can use it. */
static void adopt_file(struct manager *manager, int folder, const char *name)
{
	struct backup_record record = { .usec = manager_wall_clock(manager) };
	struct stat status;

	if (strlen(name) != IMAGES_NAME_SIZE - 1 || fstatat(folder, name, &status, 0) < 0)
		return;
	snprintf(record.digest, sizeof(record.digest), "sha256:%.*s", IMAGES_HEX_LENGTH, name);
	record.stored_bytes = (uint64_t)status.st_size;
	if (store_add_backup(manager->store, &record) >= 0)
		log_warning("The backup %s belonged to a device that is not known any more.", name);
}

static void tidy_file(struct manager *manager, int folder, const char *name)
{
	if (name[0] != '.' && is_referred_to(manager, name))
		return;
	if (name[0] != '.' && store_set_aside_path(manager->store))
		adopt_file(manager, folder, name);
	else
		images_remove(manager, IMAGES_BACKUP, folder, name);
}

/* Those whose file is gone. */
struct missing {
	int folder;
	char digests[REMOVALS_MAX][RECORD_DIGEST_LENGTH + 1];
	size_t count;
};

static int note_missing(const struct backup_record *record, void *userdata)
{
	struct missing *missing = userdata;
	char name[IMAGES_NAME_SIZE];

	if (record->is_damaged || missing->count == REMOVALS_MAX ||
	    !images_file_name(IMAGES_BACKUP, record->digest, name) ||
	    faccessat(missing->folder, name, F_OK, 0) >= 0 || errno != ENOENT)
		return 0;
	memcpy(missing->digests[missing->count++], record->digest, sizeof(record->digest));
	return 0;
}

static void mark_missing(struct manager *manager, int folder)
{
	struct missing missing = { .folder = folder };

	(void)store_list_backups(manager->store, "", note_missing, &missing);
	for (size_t i = 0; i < missing.count; i++) {
		log_warning("The file of backup %s is gone.", missing.digests[i]);
		(void)!store_mark_backup_damaged(manager->store, missing.digests[i]);
	}
}

void backups_tidy(struct manager *manager)
{
	_cleanup_free_ char *path = images_folder_path(manager, IMAGES_BACKUP);
	DIR *opened = path ? opendir(path) : NULL;
	struct dirent *entry;

	if (!opened)
		return;
	while ((entry = readdir(opened)))
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			tidy_file(manager, dirfd(opened), entry->d_name);
	mark_missing(manager, dirfd(opened));
	closedir(opened);
	backups_apply_retention(manager);
}

/* What has to go, found while the list is read and removed afterwards. */
struct retention {
	struct manager *manager;
	uint64_t now_usec;
	struct {
		char id[RECORD_DEVICE_ID_MAX + 1];
		unsigned kept;
		bool has_sound;
	} devices[STORE_DEVICES_MAX];
	size_t device_count;
	struct backup_record removals[REMOVALS_MAX];
	size_t removal_count;
};

static bool is_in_use(struct manager *manager, const struct backup_record *backup)
{
	for (size_t i = 0; i < manager->job_count; i++) {
		const struct job_record *job = &manager->jobs[i]->job.record;

		if (!job_phase_is_final(job->phase) &&
		    strcmp(job->backup_digest, backup->digest) == 0)
			return true;
	}
	return false;
}

static size_t device_of(struct retention *retention, const char *id)
{
	size_t i = 0;

	while (i < retention->device_count && strcmp(retention->devices[i].id, id) != 0)
		i++;
	if (i == retention->device_count && i < ARRAY_SIZE(retention->devices))
		memcpy(retention->devices[retention->device_count++].id, id,
		       sizeof(retention->devices[i].id));
	return i;
}

/* Newest first: so the first sound one of a device is its last good one. */
static int judge(const struct backup_record *backup, void *userdata)
{
	struct retention *retention = userdata;
	const struct config *config = &retention->manager->config;
	size_t i = device_of(retention, backup->device_id);
	bool is_last_good, is_too_old;

	if (i == ARRAY_SIZE(retention->devices) || retention->removal_count == REMOVALS_MAX)
		return 0;
	is_last_good = !backup->is_damaged && !retention->devices[i].has_sound;
	is_too_old = backup->usec < retention->now_usec &&
		     retention->now_usec - backup->usec > config->backup_maximum_age_usec;
	if (is_last_good || is_in_use(retention->manager, backup) ||
	    (!is_too_old && retention->devices[i].kept < config->backup_maximum_count)) {
		retention->devices[i].kept++;
		retention->devices[i].has_sound |= !backup->is_damaged;
		return 0;
	}
	retention->removals[retention->removal_count++] = *backup;
	return 0;
}

static void remove_backup(struct manager *manager, const struct backup_record *backup)
{
	_cleanup_close_ int folder = -EBADF;
	char name[IMAGES_NAME_SIZE];
	int r = store_remove_backup(manager->store, backup->id);

	if (r < 0) {
		log_warning("Backup %llu cannot be forgotten: %s.", (unsigned long long)backup->id,
			    strerror(-r));
		return;
	}
	log_info("Backup %llu (version %s of %s) is not kept any longer.",
		 (unsigned long long)backup->id, backup->version, backup->device_id);
	if (!images_file_name(IMAGES_BACKUP, backup->digest, name) || is_referred_to(manager, name))
		return;
	folder = images_open_folder(manager, IMAGES_BACKUP);
	if (folder >= 0)
		images_remove(manager, IMAGES_BACKUP, folder, name);
}

void backups_apply_retention(struct manager *manager)
{
	_cleanup_free_ struct retention *retention = calloc(1, sizeof(*retention));

	if (!retention || manager->is_volatile)
		return;
	retention->manager = manager;
	retention->now_usec = manager_wall_clock(manager);
	if (store_list_backups(manager->store, "", judge, retention) < 0)
		return;
	for (size_t i = 0; i < retention->removal_count; i++)
		remove_backup(manager, &retention->removals[i]);
}

struct sound_search {
	const char *digest, *version;
	struct backup_record *ret;
	bool is_found;
};

static int choose_sound(const struct backup_record *backup, void *userdata)
{
	struct sound_search *search = userdata;

	if (backup->is_damaged || backup->length_bytes == 0 ||
	    (search->digest[0] ?
		     strcmp(backup->digest, search->digest) == 0 :
		     search->version[0] && strcmp(backup->version, search->version) == 0))
		return 0;
	*search->ret = *backup;
	search->is_found = true;
	return 1;
}

bool backups_find_sound(struct manager *manager, const char *device_id, const char *digest,
			const char *version, struct backup_record *ret)
{
	struct sound_search search = { digest, version, ret, false };

	(void)store_list_backups(manager->store, device_id, choose_sound, &search);
	return search.is_found;
}

void backups_note_damaged(struct job_entry *entry, const char *message)
{
	struct manager *manager = entry->manager;
	const struct job_record *record = &entry->job.record;
	struct job_knowledge *knowledge = &entry->job.knowledge;
	struct device *device = manager_find_device(manager, record->device_id);
	const struct kernel_slot *current = NULL;
	struct backup_record other;

	log_warning("Backup %s of %s is damaged and not used: %s", record->backup_digest,
		    record->device_id, message ? message : "");
	(void)!store_mark_backup_damaged(manager->store, record->backup_digest);
	if (device)
		(void)!manager_store_event(manager, device, "backup", "damaged",
					   REASON_BACKUP_DAMAGED, record->uid);
	knowledge->other = (struct job_backup){ 0 };
	/* An install does not go back to what it brought; who wanted to go back does not stay where he is. */
	if (record->type != JOB_INSTALL && device &&
	    (unsigned)record->target_slot < device->now.num_slots)
		current = &device->now.slots[record->target_slot];
	if (!backups_find_sound(manager, record->device_id,
				current ? current->digest : record->digest,
				current ? current->version : record->version, &other))
		return;
	memcpy(knowledge->other.digest, other.digest, sizeof(other.digest));
	memcpy(knowledge->other.version, other.version, sizeof(other.version));
	knowledge->other.length_bytes = other.length_bytes;
}
