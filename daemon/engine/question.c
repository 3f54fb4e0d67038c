/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A device in a packet: what it is, what it runs, what may be written, and what else is installed here. */
#include "engine/question.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/worker-protocol.h"
#include "engine/images.h"

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

void question_add_device(struct packet *request, struct manager *manager,
			 const struct device *device)
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

/*
 * By which time metadata has expired. Not manager_now(): that is the clock as it was set last, maybe since we started.
 * A machine without a clock of its own begins somewhere in the past: what has surely passed counts then, and what was
 * good when an update source was asked last.
 */
static uint64_t reference_time(struct manager *manager)
{
	const struct engine_ops *ops = manager->ops;
	const uint64_t moments[] = {
		ops->realtime_usec(ops),
		ops->time_floor_usec ? ops->time_floor_usec(ops) : 0,
		manager_last_refresh(manager),
	};
	uint64_t latest = 0;

	for (size_t i = 0; i < ARRAY_SIZE(moments); i++)
		if (moments[i] > latest)
			latest = moments[i];
	return latest;
}

int question_add_folders(struct packet *request, struct manager *manager)
{
	_cleanup_free_ char *stage = images_folder_path(manager, IMAGES_PAYLOAD);

	if (!stage)
		return -ENOMEM;
	(void)packet_add_format(request, WORKER_KEY_TRUST_DIR, "%s/trust", manager->folders.state);
	(void)packet_add_format(request, WORKER_KEY_ROOTS_DIRS, "%s/remotes.d:%s/remotes.d",
				manager->folders.config, manager->folders.vendor);
	(void)packet_add(request, WORKER_KEY_STAGE_DIR, stage);
	return packet_add_u64(request, WORKER_KEY_NOW_USEC, reference_time(manager));
}
