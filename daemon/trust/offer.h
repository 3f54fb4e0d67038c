/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a refreshed repository offers for one device: its index, the release, and the
 * image, all looked up by path through TUF.
 */
#pragma once

#include "trust/client.h"
#include "trust/select.h"

struct offer {
	struct release_index *index;
	struct selection selection;
	struct target image; /* borrows from the client */
	/* The role that answers for index and image, and its keys (role_digest()). */
	const char *signer;
	uint8_t signer_keys[SHA256_BYTES];
	usec_t support_ends; /* as the index says; known also where there is no offer */
};

/*
 * Finds the offer. Of the hardware ids the first one with an index counts; nothing is
 * merged. Incompatible: none has one here. @ret is released with offer_clear().
 */
_warn_unused_ int offer_find(struct trust_client *client, const struct device_request *request,
			     struct offer *ret, struct failure *failure);
void offer_clear(struct offer *offer);
#define _cleanup_offer_ _cleanup_(offer_clear)
