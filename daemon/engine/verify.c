/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The work "verify": asks the worker program to authenticate the bundle for this device, and takes from its answer what
 * the job needs to know of the release. Nothing of the bundle is read here.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/worker-protocol.h"
#include "engine/images.h"
#include "engine/payload.h"
#include "engine/work.h"

#define REQUEST_BYTES 32768

/* "vendor/model/rev/sku": first itself, then what it is more generally, down to vendor and model. */
static int add_hardware_ids(struct packet *request, const char *hardware_id)
{
	char list[4 * (KERNEL_HARDWARE_ID_MAX + 1)] = "", one[KERNEL_HARDWARE_ID_MAX + 1];
	size_t used = 0;

	snprintf(one, sizeof(one), "%s", hardware_id);
	for (unsigned i = 0; i < 4; i++) {
		char *slash = strrchr(one, '/');

		used += (size_t)snprintf(list + used, sizeof(list) - used, "%s%s", used ? "," : "",
					 one);
		if (!slash || slash == strchr(one, '/') || used >= sizeof(list))
			break;
		*slash = '\0';
	}
	return packet_add(request, WORKER_KEY_HARDWARE_IDS, list);
}

/* The labels of slots that may be written, preferred first, and the size of the largest. */
static void add_slots(struct packet *request, const struct kernel_device *device)
{
	int running = engine_running_slot(device), preferred = engine_choose_target(device, "");
	uint64_t largest = 0;
	unsigned count = 0;
	char key[32];

	for (unsigned pass = 0; pass < 2; pass++) {
		for (unsigned i = 0; i < device->num_slots && count < WORKER_SLOT_LABELS_MAX; i++) {
			if ((int)i == preferred ? pass != 0 : pass == 0)
				continue;
			if (device->num_slots > 1 && (int)i == running)
				continue;
			if (device->slots[i].size_bytes > largest)
				largest = device->slots[i].size_bytes;
			if (!device->slots[i].label[0])
				continue;
			snprintf(key, sizeof(key), WORKER_KEY_SLOT_LABEL "%u", count++);
			(void)packet_add(request, key, device->slots[i].label);
		}
	}
	(void)packet_add_u64(request, WORKER_KEY_SLOT_LABEL_COUNT, count);
	(void)packet_add_u64(request, WORKER_KEY_SLOT_SIZE, largest);
}

/* What else is installed here: releases may require it. */
static void add_inventory(struct packet *request, struct manager *manager,
			  const struct device *self)
{
	unsigned count = 0;
	char key[32];

	for (size_t i = 0; i < manager->device_count && count < WORKER_INVENTORY_MAX; i++) {
		const struct device *other = manager->devices[i];
		int running = engine_running_slot(&other->now);
		uint64_t counter = device_installed_counter(other);

		if (other == self || running < 0 || counter == 0 ||
		    !other->now.slots[running].label[0] || strchr(other->now.hardware_id, ' ') ||
		    strchr(other->now.slots[running].label, ' '))
			continue;
		snprintf(key, sizeof(key), WORKER_KEY_INVENTORY "%u", count++);
		(void)packet_add_format(request, key, "%s %s %llu", other->now.hardware_id,
					other->now.slots[running].label,
					(unsigned long long)counter);
	}
	if (count > 0)
		(void)packet_add_u64(request, WORKER_KEY_INVENTORY_COUNT, count);
}

static void add_device(struct packet *request, struct manager *manager, const struct device *device)
{
	(void)add_hardware_ids(request, device->now.hardware_id);
	if (device->now.serial[0])
		(void)packet_add(request, WORKER_KEY_SERIAL, device->now.serial);
	if (device_running_version(device)[0])
		(void)packet_add(request, WORKER_KEY_INSTALLED_VERSION,
				 device_running_version(device));
	(void)packet_add_u64(request, WORKER_KEY_INSTALLED_COUNTER,
			     device_installed_counter(device));
	(void)packet_add_u64(request, WORKER_KEY_FLOOR, device->record.floor_counter);
	add_slots(request, &device->now);
	add_inventory(request, manager, device);
}

/* The packet keeps its first error; packet_send() returns it. */
static int make_request(struct job_entry *entry, const struct device *device, struct packet **ret)
{
	struct manager *manager = entry->manager;
	_cleanup_free_ char *stage = images_folder_path(manager, IMAGES_PAYLOAD);
	_cleanup_packet_ struct packet *request = packet_new(REQUEST_BYTES);
	uint64_t flags = entry->job.record.flags;

	if (!request || !stage)
		return -ENOMEM;
	(void)packet_add(request, WORKER_KEY_OPERATION, WORKER_OPEN_BUNDLE);
	(void)packet_add_format(request, WORKER_KEY_TRUST_DIR, "%s/trust", manager->folders.state);
	(void)packet_add_format(request, WORKER_KEY_ROOTS_DIRS, "%s/remotes.d:%s/remotes.d",
				manager->folders.config, manager->folders.vendor);
	(void)packet_add(request, WORKER_KEY_STAGE_DIR, stage);
	add_device(request, manager, device);
	(void)packet_add_u64(request, WORKER_KEY_NOW_USEC, manager_now(manager));
	(void)packet_add_u64(request, WORKER_KEY_ALLOW_DOWNGRADE,
			     (flags & MANAGER_FLAG_DOWNGRADE) != 0);
	(void)packet_add_u64(request, WORKER_KEY_ALLOW_REINSTALL,
			     (flags & MANAGER_FLAG_REINSTALL) != 0);
	(void)packet_add_u64(request, WORKER_KEY_MAX_BYTES, manager->config.maximum_bundle_bytes);
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
	snprintf(release->digest, sizeof(release->digest), "sha256:%s", digest);
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
	r = make_request(entry, device, &request);
	if (r < 0)
		return r;
	return worker_start(entry, WORK_VERIFY, request, &entry->bundle_fd, 1,
			    entry->manager->config.verify_timeout_usec, take_result, ret);
}
