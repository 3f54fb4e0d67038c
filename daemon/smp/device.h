/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A device that speaks SMP, as far as its protocol goes: greeting it, asking for its images and
 * slots, the pieces of an upload, marking, confirming, erasing, resetting. Each function is one or
 * a few requests; what they mean for slots and trials is view.h, when they are made is agent.h. All
 * return 0 or a negative errno: that of the device's failure (failure.h), which is then in
 * device->failure, or of the line.
 */
#pragma once

#include "smp/answer.h"
#include "smp/client.h"
#include "smp/upload.h"

/*
 * Time limits. A device answers within a fraction of a second, except when it erases: a whole slot
 * of slow flash takes tens of seconds, and the first piece of an upload may do that.
 */
#define SMP_ANSWER_TIMEOUT (2 * USEC_PER_SEC)
#define SMP_ERASE_TIMEOUT (60 * USEC_PER_SEC)
#define SMP_PIECE_TIMEOUT (4 * USEC_PER_SEC)
#define SMP_TRIES 4
/* Of the same piece, before smaller ones are tried. */
#define SMP_PIECE_TRIES 3

/*
 * What the device takes in one message when it cannot be asked: the receive buffer of MCUboot's
 * serial recovery, and what is not the message in it (length and CRC).
 */
#define SMP_BUFFER_DEFAULT_BYTES 512
#define SMP_BUFFER_OVERHEAD 4
#define SMP_BUFFER_MAX_BYTES 4096

struct smp_device {
	struct smp_client client;
	size_t message_size; /* header and contents of one request, at most */
	struct smp_failure failure; /* of the last request that the device refused */
};

/*
 * Who is there? Tries both protocol versions, asks for buffer sizes and tries them out. -ETIMEDOUT:
 * nobody answers.
 */
_warn_unused_ int smp_device_greet(struct smp_device *device);

/* Does anything answer right now? One short try: 0 or -ETIMEDOUT. */
_warn_unused_ int smp_device_probe(struct smp_device *device);

_warn_unused_ int smp_device_read_images(struct smp_device *device, struct smp_image_list *ret);
/* -EOPNOTSUPP: many devices cannot tell. */
_warn_unused_ int smp_device_read_slots(struct smp_device *device, struct smp_slot_list *ret);
/* The board it was built for, "qemu_x86" and the like. -EOPNOTSUPP: many do not tell. */
_warn_unused_ int smp_device_read_board(struct smp_device *device, struct smp_text_answer *ret);

/* One piece of @upload, shrinking the pieces when they do not arrive. */
_warn_unused_ int smp_device_upload_piece(struct smp_device *device, struct smp_upload *upload);

/* Test (or, with @is_permanent, use for good) the image with this hash at the next reset. */
_warn_unused_ int smp_device_mark(struct smp_device *device, const uint8_t *hash, size_t hash_size,
				  bool is_permanent, struct smp_image_list *ret);
/* The running image is good. */
_warn_unused_ int smp_device_confirm(struct smp_device *device, struct smp_image_list *ret);
_warn_unused_ int smp_device_erase(struct smp_device *device, unsigned slot);

/*
 * Sent once and never again by itself: a second reset during a trial would end it. -ETIMEDOUT: no
 * answer came, and only the device's state can tell whether it was heard.
 */
_warn_unused_ int smp_device_reset(struct smp_device *device);
