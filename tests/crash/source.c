/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a refresh leaves behind: asking is a worker's, but what it found is stored by the daemon. */
#include "source.h"

#include <stdio.h>

#include "engine/updates.h"

static void make_finding(struct lab *lab, unsigned index, struct finding *finding)
{
	struct offer_record *offer = &finding->record;
	uint8_t image[IMAGE_BYTES];

	*finding = (struct finding){ .record = { .remote = SOURCE_NAME,
						 .counter = NEW_VERSION,
						 .length_bytes = IMAGE_BYTES,
						 .is_in_rollout = true } };
	snprintf(offer->device_id, sizeof(offer->device_id), "%s",
		 manager_device_by_index(lab->manager, index)->id);
	snprintf(offer->version, sizeof(offer->version), "%d.0", NEW_VERSION);
	lab_new_image(lab, image, offer->digest);
}

void source_is_asked(struct lab *lab)
{
	struct finding findings[LAB_DEVICES_MAX];

	/* Once all of them are there: a second refresh would hide what the first one lost. */
	if (lab->manager->updates || lab->manager->device_count != lab->scenario->devices)
		return;
	for (unsigned i = 0; i < lab->scenario->devices; i++) {
		make_finding(lab, i, &findings[i]);
		findings[i].next = i > 0 ? &findings[i - 1] : NULL;
	}
	(void)!updates_keep(lab->manager, &findings[lab->scenario->devices - 1]);
}

static int count_offer(const struct offer_record *record, void *userdata)
{
	(void)record;
	++*(unsigned *)userdata;
	return 0;
}

void law_offers(struct lab *lab)
{
	unsigned stored = 0;

	if (store_list_offers(lab->manager->store, count_offer, &stored) >= 0 && stored != 0 &&
	    stored != lab->scenario->devices)
		lab_break(lab, "of what a source offers to %u devices %u is stored",
			  lab->scenario->devices, stored);
}
