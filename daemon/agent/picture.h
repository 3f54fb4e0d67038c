/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the daemon shows of its devices and their updates, as far as a person is concerned with it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <systemd/sd-bus.h>

#include "base/macros.h"

#define PICTURE_DEVICES_MAX 64

/**
 * struct seen_device - a device; every text is there, "" if nothing is said
 * @id: for the daemon's methods
 * @name: for people
 * @state: Device.State
 * @version: that runs
 * @problem: reason word of the last update's end
 * @revert_version: what it would go back to
 * @can_revert: it could
 * @trial_end_usec: when the trial ends; 0: none
 * @update: object of what is offered; "/": nothing
 * @offered: its version
 * @summary: what it is good for, in the person's language or in English
 * @urgency: Update.Urgency
 * @deadline_usec: Update.DeadlineUSec; 0: none
 * @not_before_usec: when the window begins in which it is installed
 */
struct seen_device {
	char *id, *name, *state, *version, *problem, *revert_version;
	bool can_revert;
	uint64_t trial_end_usec;
	char *update, *offered, *summary, *urgency;
	uint64_t deadline_usec, not_before_usec;
};

struct picture {
	struct seen_device devices[PICTURE_DEVICES_MAX];
	size_t count;
};

/*
 * Reads a reply of ObjectManager.GetManagedObjects. @language: "de", chosen among the languages of a
 * summary. Returns 0 or a negative errno; devices above the limit are left out.
 */
_warn_unused_ int picture_read(struct picture *picture, sd_bus_message *reply,
			       const char *language);
void picture_clear(struct picture *picture);
