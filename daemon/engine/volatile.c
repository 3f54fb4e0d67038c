/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See volatile.h. */
#include "engine/volatile.h"

#include <time.h>

#include "base/log.h"

static int start_anew(struct manager *manager)
{
	return sd_event_exit(manager->event, MANAGER_EXIT_START_ANEW);
}

static int on_probe(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct manager *manager = userdata;
	_cleanup_store_ struct store *store = NULL;

	int r;

	(void)usec;
	if (store_open(manager->ops->io, manager->folders.state, manager_now(manager), &store) >=
	    0) {
		log_notice("%s can be written again: starting anew.", manager->folders.state);
		return start_anew(manager);
	}
	if (manager_now(manager) - manager->volatile_since_usec >= VOLATILE_FRESH_USEC) {
		log_info(
			"%s still cannot be written: starting anew, in case it only looks so from here.",
			manager->folders.state);
		return start_anew(manager);
	}
	r = sd_event_source_set_time_relative(source, VOLATILE_PROBE_USEC);
	return r < 0 ? r : sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

int volatile_begin(struct manager *manager)
{
	manager->volatile_since_usec = manager_now(manager);
	return sd_event_add_time_relative(manager->event, &manager->volatile_timer, CLOCK_BOOTTIME,
					  VOLATILE_PROBE_USEC, 0, on_probe, manager);
}
