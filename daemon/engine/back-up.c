/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The works "back up" and "unpack": the worker program reads a slot back into the folder of backups, or makes an image
 * in the payload folder of a backup. Not a byte of either passes through here.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/worker-protocol.h"
#include "engine/images.h"
#include "engine/work.h"
#include "kernel/device.h"

#define REQUEST_BYTES 8192

static const char *text_of(const struct packet *result, const char *key)
{
	const char *text = packet_get(result, key);

	return text ? text : "";
}

static int take_result(struct job_entry *entry, const struct packet *result,
		       struct failure *failure)
{
	struct job_backup *made = &entry->job.knowledge.made;
	struct device *device = job_device(entry);
	const char *digest = text_of(result, WORKER_KEY_SHA256);

	*made = (struct job_backup){ 0 };
	if (strlen(digest) != 64 || strspn(digest, "0123456789abcdef") != 64 ||
	    packet_get_u64(result, WORKER_KEY_LENGTH, 1, INT64_MAX, &made->length_bytes) < 0 ||
	    packet_get_u64(result, WORKER_KEY_STORED, 1, INT64_MAX, &made->stored_bytes) < 0)
		return fail(failure, REASON_INTERNAL,
			    "The worker's answer lacks the digest or the length.");
	snprintf(made->digest, sizeof(made->digest), "sha256:%s", digest);
	if (device)
		memcpy(made->version, device->now.slots[entry->job.record.target_slot].version,
		       sizeof(made->version));
	return 0;
}

int back_up_start(struct job_entry *entry, struct work **ret)
{
	struct manager *manager = entry->manager;
	_cleanup_packet_ struct packet *request = packet_new(REQUEST_BYTES);
	_cleanup_free_ char *path = images_folder_path(manager, IMAGES_BACKUP);
	_cleanup_close_ int data = -EBADF, folder = -EBADF;
	struct device *device = job_device(entry);
	const struct kernel_slot *slot;
	unsigned number = (unsigned)entry->job.record.target_slot;

	if (!request || !path)
		return -ENOMEM;
	if (!device)
		return -ENODEV;
	slot = &device->now.slots[number];
	folder = images_open_folder(manager, IMAGES_BACKUP);
	if (folder < 0)
		return folder;
	data = kernel_slot_open_data(device->now.index, number, false);
	if (data < 0)
		return data;
	(void)packet_add(request, WORKER_KEY_OPERATION, WORKER_BACK_UP);
	(void)packet_add(request, WORKER_KEY_BACKUP_DIR, path);
	(void)packet_add_u64(request, WORKER_KEY_MAX_BYTES, slot->size_bytes);
	/* Part of an image may not be stored; then nobody knows how much comes back. */
	(void)packet_add_u64(request, WORKER_KEY_LENGTH,
			     slot->image_size_bytes <= slot->size_bytes ? slot->image_size_bytes :
									  0);
	return worker_start(entry, WORK_BACK_UP, request, &data, 1,
			    manager->config.write_timeout_usec, take_result, ret);
}

int unpack_start(struct job_entry *entry, struct work **ret)
{
	struct manager *manager = entry->manager;
	const struct job_record *record = &entry->job.record;
	_cleanup_packet_ struct packet *request = packet_new(REQUEST_BYTES);
	_cleanup_free_ char *stage = images_folder_path(manager, IMAGES_PAYLOAD);
	_cleanup_close_ int backup = -EBADF, folder = -EBADF;

	if (!request || !stage)
		return -ENOMEM;
	backup = images_open(manager, IMAGES_BACKUP, record->backup_digest);
	if (backup < 0)
		return backup;
	folder = images_open_folder(manager, IMAGES_PAYLOAD);
	if (folder < 0)
		return folder;
	(void)packet_add(request, WORKER_KEY_OPERATION, WORKER_UNPACK_BACKUP);
	(void)packet_add(request, WORKER_KEY_STAGE_DIR, stage);
	(void)packet_add(request, WORKER_KEY_SHA256, images_hex(record->backup_digest));
	(void)packet_add_u64(request, WORKER_KEY_LENGTH, record->backup_length_bytes);
	return worker_start(entry, WORK_UNPACK, request, &backup, 1,
			    manager->config.verify_timeout_usec, NULL, ret);
}
