/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What fwslotd is told of a release: the same keys whether it came as a file, from a server, or is only offered. */
#pragma once

#include "base/packet.h"
#include "trust/offer.h"

/* Everything but the image itself. The packet keeps its first error. */
void describe_offer(struct packet *packet, const struct offer *offer, const char *remote);

/* Digest and length of an image that is there. */
void describe_image(struct packet *packet, const struct fetched_file *image);

/* Digest (as far as sha256 is listed) and length of one that is only listed. */
void describe_target(struct packet *packet, const struct target *target);

/* When it was published, and the notes in all languages. */
void describe_notes(struct packet *packet, const struct index_release *release);
