/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Until when the vendor supports a device, as update sources said: how near that is. */
#include <string.h>

#include "base/time.h"
#include "engine/sources.h"
#include "engine/updates.h"

#define SUPPORT_NEAR_USEC (90 * USEC_PER_DAY)

/* Of several sources the first by name counts, as for what is offered. */
uint64_t manager_support_ends(struct manager *manager, const struct device *device)
{
	for (const struct update *update = manager->updates; update; update = update->next)
		if (strcmp(update->record.device_id, device->id) == 0 &&
		    update->record.support_ends_usec > 0 &&
		    sources_is_enabled(manager, update->record.remote))
			return update->record.support_ends_usec;
	return 0;
}

const char *support_word(uint64_t ends_usec, uint64_t now_usec)
{
	if (ends_usec == 0)
		return "unknown";
	if (now_usec >= ends_usec)
		return "ended";
	return ends_usec - now_usec <= SUPPORT_NEAR_USEC ? "ending" : "supported";
}

const char *manager_support_state(struct manager *manager, const struct device *device)
{
	return support_word(manager_support_ends(manager, device), manager_wall_clock(manager));
}
