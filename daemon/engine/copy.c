/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The work "copy": gives the worker program the image and the slot's open `data`, and hears how far it is. `loading` is
 * opened and closed by the table's actions, not here.
 */
#include <errno.h>
#include <string.h>

#include "base/file.h"
#include "base/worker-protocol.h"
#include "engine/images.h"
#include "engine/work.h"
#include "kernel/device.h"

#define REQUEST_BYTES 1024

int copy_start(struct job_entry *entry, struct work **ret)
{
	_cleanup_packet_ struct packet *request = packet_new(REQUEST_BYTES);
	_cleanup_close_ int image = -EBADF, data = -EBADF;
	const struct job_record *record = &entry->job.record;
	struct device *device = job_device(entry);

	if (!request)
		return -ENOMEM;
	if (!device)
		return -ENODEV;
	image = images_open(entry->manager, IMAGES_PAYLOAD, job_image_digest(record));
	if (image < 0)
		return image;
	data = kernel_slot_open_data(device->now.index, (unsigned)record->target_slot, true);
	if (data < 0)
		return data;
	(void)packet_add(request, WORKER_KEY_OPERATION, WORKER_WRITE_SLOT);
	(void)packet_add(request, WORKER_KEY_SHA256, job_image_digest(record) + strlen("sha256:"));
	(void)packet_add_u64(request, WORKER_KEY_LENGTH, job_image_length(record));
	return worker_start(entry, WORK_COPY, request, (const int[]){ image, data }, 2,
			    entry->manager->config.write_timeout_usec, NULL, ret);
}
