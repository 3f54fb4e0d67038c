/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The objects of updates: each device has one while something is offered to it. Private to bus/. */
#pragma once

#include "bus/objects.h"

struct bus_update {
	struct bus_update *next;
	char path[UPDATE_PATH_MAX], device_path[OBJECT_PATH_MAX];
	struct offer_record record; /* as it is shown */
	const char *decision; /* word */
	uint64_t deadline_usec; /* 0 = none */
};

/* NULL when there is none. */
struct bus_update *bus_find_update(struct bus *bus, const char *path);
struct bus_update *bus_update_of(struct bus *bus, const char *device_id);

/* Adds, replaces or removes the object of a device, as the engine has it now. */
void bus_update_sync(struct bus *bus, const struct device *device);
/* The device goes. */
void bus_update_drop(struct bus *bus, const char *device_id);
