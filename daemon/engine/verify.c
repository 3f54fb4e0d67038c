/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The works "verify" and "download": ask the worker program for an authenticated image for this device, out of a file
 * or from the server of an update source, and take from its answer what the job needs to know of the release. Nothing
 * of either is read here.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/time.h"
#include "base/worker-protocol.h"
#include "engine/images.h"
#include "engine/payload.h"
#include "engine/question.h"
#include "engine/work.h"
#include "kernel/device.h"

#define REQUEST_BYTES 32768

static int make_request(struct job_entry *entry, const char *operation, const struct device *device,
			struct packet **ret)
{
	struct manager *manager = entry->manager;
	_cleanup_packet_ struct packet *request = packet_new(REQUEST_BYTES);
	uint64_t flags = entry->job.record.flags;

	if (!request)
		return -ENOMEM;
	(void)packet_add(request, WORKER_KEY_OPERATION, operation);
	question_add_device(request, manager, device);
	(void)packet_add_u64(request, WORKER_KEY_ALLOW_DOWNGRADE,
			     (flags & MANAGER_FLAG_DOWNGRADE) != 0);
	(void)packet_add_u64(request, WORKER_KEY_ALLOW_REINSTALL,
			     (flags & MANAGER_FLAG_REINSTALL) != 0);
	(void)packet_add_u64(request, WORKER_KEY_ALLOW_STALE, (flags & MANAGER_FLAG_STALE) != 0);
	(void)packet_add_u64(request, WORKER_KEY_MAX_BYTES, manager->config.maximum_bundle_bytes);
	if (question_add_folders(request, manager) == -ENOMEM)
		return -ENOMEM;
	*ret = TAKE_PTR(request);
	return 0;
}

static const char *text_of(const struct packet *result, const char *key)
{
	const char *text = packet_get(result, key);

	return text ? text : "";
}

static int take_result(struct job_entry *entry, const struct packet *result,
		       struct failure *failure)
{
	struct job_release *release = &entry->job.knowledge.release;
	uint64_t is_stale = 0;
	const char *digest = text_of(result, WORKER_KEY_SHA256),
		   *version = text_of(result, WORKER_KEY_VERSION),
		   *label = text_of(result, WORKER_KEY_SLOT);
	int r;

	*release = (struct job_release){ 0 };
	if (strlen(digest) != 64 || strspn(digest, "0123456789abcdef") != 64 || !version[0] ||
	    strlen(version) > RECORD_VERSION_MAX || strlen(label) > RECORD_LABEL_MAX)
		return fail(failure, REASON_INTERNAL,
			    "The worker's answer lacks the digest or the version.");
	r = packet_get_u64(result, WORKER_KEY_COUNTER, 0, INT64_MAX, &release->counter);
	if (r >= 0)
		r = packet_get_u64(result, WORKER_KEY_LENGTH, 1, INT64_MAX, &release->length_bytes);
	if (r >= 0)
		r = packet_get_u64(result, WORKER_KEY_NEW_FLOOR, 0, INT64_MAX, &release->new_floor);
	if (r < 0)
		return fail(failure, REASON_INTERNAL,
			    "The worker's answer lacks the counter, the length or the floor.");
	/* What has expired says nothing of how things are now, so it forbids nothing for the time to come. */
	if (packet_get_u64(result, WORKER_KEY_IS_STALE, 0, 1, &is_stale) >= 0 && is_stale)
		release->new_floor = 0;
	snprintf(release->digest, sizeof(release->digest), "sha256:%s", digest);
	if (entry->job.record.digest[0] && strcmp(entry->job.record.digest, release->digest) != 0)
		return fail(failure, REASON_REPLACED,
			    "The worker brought another image than the one that was asked for.");
	memcpy(release->version, version, strlen(version));
	memcpy(release->slot_label, label, strlen(label));
	if (!payload_is_there(entry->manager, release->digest, release->length_bytes))
		return fail(failure, REASON_INTERNAL,
			    "The worker says it stored the image, but it is not there.");
	/* The caller's file is not needed any more: he may do with it what he likes. */
	entry->bundle_fd = close_fd(entry->bundle_fd);
	return 0;
}

int verify_start(struct job_entry *entry, struct work **ret)
{
	_cleanup_packet_ struct packet *request = NULL;
	struct device *device = job_device(entry);
	int r;

	if (!device)
		return -ENODEV;
	r = make_request(entry, WORKER_OPEN_BUNDLE, device, &request);
	if (r < 0)
		return r;
	return worker_start(entry, WORK_VERIFY, request, &entry->bundle_fd, 1,
			    entry->manager->config.verify_timeout_usec, take_result, ret);
}

/* What the device runs, for a download that needs only what is new: the descriptor, or -EBADF. */
static int add_base(struct packet *request, const struct device *device)
{
	int running = engine_running_slot(&device->now), fd;
	const struct kernel_slot *slot;

	if (running < 0)
		return -EBADF;
	slot = &device->now.slots[running];
	if (!slot->is_readable || !images_hex(slot->digest) || slot->image_size_bytes == 0 ||
	    slot->image_size_bytes > slot->size_bytes)
		return -EBADF;
	fd = kernel_slot_open_data(device->now.index, (unsigned)running, false);
	if (fd < 0)
		return -EBADF;
	(void)packet_add(request, WORKER_KEY_BASE_SHA256, images_hex(slot->digest));
	(void)packet_add_u64(request, WORKER_KEY_BASE_LENGTH, slot->image_size_bytes);
	return fd;
}

/* From the update source and of the version that were asked for, and the very image that was offered. */
int download_start(struct job_entry *entry, struct work **ret)
{
	const struct config *config = &entry->manager->config;
	const struct job_record *record = &entry->job.record;
	_cleanup_packet_ struct packet *request = NULL;
	_cleanup_free_ char *backups = images_folder_path(entry->manager, IMAGES_BACKUP);
	struct device *device = job_device(entry);
	_cleanup_close_ int base = -EBADF;
	int r;

	if (!device)
		return -ENODEV;
	r = backups ? make_request(entry, WORKER_DOWNLOAD, device, &request) : -ENOMEM;
	if (r < 0)
		return r;
	base = add_base(request, device);
	(void)packet_add(request, WORKER_KEY_BACKUP_DIR, backups);
	(void)packet_add(request, WORKER_KEY_REMOTE, record->remote);
	(void)packet_add(request, WORKER_KEY_WANT_VERSION, record->version);
	(void)packet_add(request, WORKER_KEY_FETCH_SOCKET, entry->manager->folders.fetch_socket);
	(void)packet_add_u64(request, WORKER_KEY_TOTAL_MSEC,
			     config->download_timeout_usec / USEC_PER_MSEC);
	if (images_hex(record->digest))
		(void)packet_add(request, WORKER_KEY_SHA256, images_hex(record->digest));
	return worker_start(entry, WORK_DOWNLOAD, request, &base, base < 0 ? 0 : 1,
			    config->download_timeout_usec + config->verify_timeout_usec,
			    take_result, ret);
}
