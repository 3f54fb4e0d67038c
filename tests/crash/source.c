/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a refresh leaves behind: asking is a worker's, but what it found is stored by the daemon. */
#include "source.h"

#include <stdio.h>

#include "engine/updates.h"

int source_offers(struct lab *lab, const char *id)
{
	struct offer_record offer = { .remote = SOURCE_NAME,
				      .counter = NEW_VERSION,
				      .length_bytes = IMAGE_BYTES,
				      .is_in_rollout = true };
	uint8_t image[IMAGE_BYTES];
	int r;

	snprintf(offer.device_id, sizeof(offer.device_id), "%s", id);
	snprintf(offer.version, sizeof(offer.version), "%d.0", NEW_VERSION);
	lab_new_image(lab, image, offer.digest);
	r = store_begin(lab->manager->store);
	if (r >= 0)
		r = updates_store(lab->manager, id, SOURCE_NAME, &offer);
	if (r >= 0)
		r = store_commit(lab->manager->store);
	if (r >= 0)
		updates_take(lab->manager, id, SOURCE_NAME, &offer);
	else
		store_rollback(lab->manager->store);
	return r;
}
