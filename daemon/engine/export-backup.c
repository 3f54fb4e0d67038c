/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Backups on their way out: the worker unpacks one into somebody's file, while the caller waits for its answer. No job:
 * no device is touched, and who gets no answer asks again.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/worker-protocol.h"
#include "engine/backups.h"
#include "engine/images.h"
#include "engine/work.h"

#define REQUEST_BYTES 1024

struct backup_export {
	struct backup_export *next;
	struct manager *manager;
	struct work *work;
	char digest[RECORD_DIGEST_LENGTH + 1];
	void (*ended)(const struct failure *failure, void *userdata);
	void *userdata;
};

static void forget(struct backup_export *export)
{
	struct backup_export **link = &export->manager->exports;

	while (*link != export)
		link = &(*link)->next;
	*link = export->next;
	free(export);
}

static void on_ended(struct failure *failure, void *userdata)
{
	struct backup_export *export = userdata;

	if (failure->reason == REASON_BACKUP_DAMAGED)
		(void)!store_mark_backup_damaged(export->manager->store, export->digest);
	export->ended(failure, export->userdata);
	forget(export);
}

void backup_exports_stop(struct manager *manager)
{
	while (manager->exports) {
		struct backup_export *export = manager->exports;
		const struct failure failure = { .reason = REASON_INTERRUPTED };

		export->work->release(export->work);
		export->ended(&failure, export->userdata);
		forget(export);
	}
}

static int check_file(int fd, struct failure *failure)
{
	int mode = fcntl(fd, F_GETFL);
	struct stat status;

	if (mode < 0 || fstat(fd, &status) < 0)
		return fail_errno(failure, errno, "The file cannot be examined");
	if (!S_ISREG(status.st_mode))
		return fail(
			failure, REASON_NOT_REGULAR_FILE,
			"A regular file is needed to write the image to, found something else.");
	if ((mode & O_PATH) || (mode & O_ACCMODE) == O_RDONLY)
		return fail(failure, REASON_INVALID_ARGUMENT, "The file is not open for writing.");
	return 0;
}

static int start(struct backup_export *export, const struct backup_record *backup, int file_fd)
{
	_cleanup_packet_ struct packet *request = packet_new(REQUEST_BYTES);
	_cleanup_close_ int stored = images_open(export->manager, IMAGES_BACKUP, backup->digest);

	if (!request)
		return -ENOMEM;
	if (stored < 0)
		return stored;
	(void)packet_add(request, WORKER_KEY_OPERATION, WORKER_EXPORT_BACKUP);
	(void)packet_add(request, WORKER_KEY_SHA256, images_hex(backup->digest));
	(void)packet_add_u64(request, WORKER_KEY_LENGTH, backup->length_bytes);
	return worker_start_alone(export->manager, request, (const int[]){ stored, file_fd }, 2,
				  export->manager->config.verify_timeout_usec, NULL, on_ended,
				  export, &export->work);
}

static size_t count(const struct manager *manager)
{
	size_t number = 0;

	for (const struct backup_export *export = manager->exports; export; export = export->next)
		number++;
	return number;
}

int manager_export_backup(struct manager *manager, uint64_t backup_id, int file_fd,
			  void (*ended)(const struct failure *failure, void *userdata),
			  void *userdata, struct failure *failure)
{
	struct backup_export *export;
	struct backup_record backup;
	int r = store_find_backup(manager->store, backup_id, &backup);

	if (r == -ENOENT)
		return fail(failure, REASON_NO_SUCH_BACKUP,
			    "There is no backup %llu; see ListBackups.",
			    (unsigned long long)backup_id);
	if (r < 0)
		return fail_errno(failure, r, "The backup cannot be looked up");
	if (backup.is_damaged || backup.length_bytes == 0)
		return fail(
			failure, REASON_BACKUP_DAMAGED,
			"Backup %llu was found damaged, or nobody knows any more what it holds.",
			(unsigned long long)backup_id);
	if (count(manager) >= MANAGER_EXPORTS_MAX)
		return fail(failure, REASON_LIMIT_REACHED,
			    "%d backups are being exported already; wait for one to end.",
			    MANAGER_EXPORTS_MAX);
	r = check_file(file_fd, failure);
	if (r < 0)
		return r;
	export = calloc(1, sizeof(*export));
	if (!export)
		return fail_memory(failure);
	export->manager = manager;
	export->ended = ended;
	export->userdata = userdata;
	memcpy(export->digest, backup.digest, sizeof(export->digest));
	r = start(export, &backup, file_fd);
	if (r < 0) {
		free(export);
		return fail_errno(failure, r, "Backup %llu cannot be exported",
				  (unsigned long long)backup_id);
	}
	export->next = manager->exports;
	manager->exports = export;
	return 0;
}
