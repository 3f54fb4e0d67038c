/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What every question about firmware for a device tells the worker: base/worker-protocol.h has the keys. */
#pragma once

#include "base/packet.h"
#include "engine/private.h"

/* Where trust, vendors and images are, and what time it is. -errno */
int question_add_folders(struct packet *request, struct manager *manager);
/* What the device is and has. The packet keeps its first error. */
void question_add_device(struct packet *request, struct manager *manager,
			 const struct device *device);
