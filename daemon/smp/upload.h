/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The course of one upload: which piece comes next, and what the device's answer means for it. The
 * device decides where to go on, forwards (it still had the beginning) and backwards (it lost some,
 * or restarted). Pure: sends nothing.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/macros.h"
#include "smp/answer.h"
#include "smp/request.h"

/*
 * Smallest message with a piece of an image: Zephyr wants the whole image header in the first
 * piece, and devices with less memory than this for a message do not exist.
 */
#define SMP_UPLOAD_MESSAGE_MIN 128

/*
 * Devices write whole units of flash and give back what remains of a piece. Begin with what most
 * have; a device that gives back makes it double, up to the largest unit there is.
 */
#define SMP_UPLOAD_ALIGNMENT 8
#define SMP_UPLOAD_ALIGNMENT_MAX 64

/* How often in one upload a device may stand still or go back before it is given up. */
#define SMP_UPLOAD_REWINDS_MAX 16

struct smp_upload {
	const uint8_t *bytes; /* the whole file */
	uint64_t size;
	uint8_t sha[SMP_SHA256_SIZE]; /* of the whole file */
	int image; /* what the first piece says as "image"; -1: nothing */
	size_t message_size; /* header and contents of one request, at most */
	unsigned alignment; /* pieces end at multiples of it; 0: SMP_UPLOAD_ALIGNMENT */

	uint64_t offset; /* what the device has, by its own word */
	unsigned rewinds;
	bool is_done, is_resumed;
};

/* Writes the contents of the request for the next piece. Not when is_done. */
void smp_upload_request(const struct smp_upload *upload, struct smp_writer *writer);

/*
 * Takes the device's answer to it. -EPROTO: the device claims more than there is;
 * -ELOOP: SMP_UPLOAD_REWINDS_MAX; -EBADMSG: it has it all and says that its SHA-256 is another.
 */
_warn_unused_ int smp_upload_take(struct smp_upload *upload,
				  const struct smp_upload_answer *answer);

/* Where the piece that smp_upload_request() writes ends. */
uint64_t smp_upload_piece_end(const struct smp_upload *upload);
