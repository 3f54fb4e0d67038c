/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How SMP messages travel on a serial line. Two framings:
 * - console: lines of a marker (06 09 for the first, 04 14 for the next), base64, and a newline;
 *   together they hold the length, the message and a CRC16 (polynomial 0x1021, start 0). Anything
 *   else on the line is the device's console talking and is skipped.
 * - raw: the messages themselves, nothing around them.
 *
 * Knows nothing of what is inside a message, opens no line, has no clock.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/macros.h"

enum smp_framing { SMP_FRAMING_CONSOLE, SMP_FRAMING_RAW };

/* The longest message (header and contents) accepted from a device or sent to one. */
#define SMP_MESSAGE_MAX_BYTES 16384

/*
 * A whole line with its marker and newline: the size every device takes (MCUmgr serial transport).
 */
#define SMP_LINE_MAX_BYTES 127

/* What encoding SMP_MESSAGE_MAX_BYTES can grow to: 4/3, and three bytes for each line of 124. */
#define SMP_FRAME_MAX_BYTES (SMP_MESSAGE_MAX_BYTES * 3 / 2)

uint16_t smp_crc16(uint16_t crc, const uint8_t *bytes, size_t size);

/*
 * Encodes one message for the line. @bytes must take smp_frame_size(framing, size) bytes. Returns
 * how many were written, or -EMSGSIZE: @size is above SMP_MESSAGE_MAX_BYTES or @capacity too small.
 */
_warn_unused_ ssize_t smp_frame_encode(enum smp_framing framing, const uint8_t *message,
				       size_t size, uint8_t *bytes, size_t capacity);

/* How many bytes on the line a message of @size bytes becomes. */
size_t smp_frame_size(enum smp_framing framing, size_t size);

/*
 * Takes a line apart byte by byte. Zero-initialise, set framing. No allocation: it can be on the
 * heap or static.
 */
struct smp_deframer {
	enum smp_framing framing;
	/* The last complete message; valid until the next feed. */
	uint8_t message[SMP_MESSAGE_MAX_BYTES];
	size_t message_size;
	/*
	 * Counted for the log: bytes that belonged to no frame, frames that were begun and found
	 * wrong.
	 */
	uint64_t noise_bytes;
	uint64_t broken_frames;

	/* private */
	uint8_t packet[2 + SMP_MESSAGE_MAX_BYTES + 2]; /* length, message, CRC */
	size_t packet_size;
	uint8_t quad[4];
	unsigned quad_size;
	uint8_t previous; /* the byte before, to see two-byte markers */
	bool is_in_line, is_in_packet, is_padded;
};

/*
 * Takes bytes from the line up to the end of the first complete message. Returns how many were
 * taken (all, when no message became complete); *@ret_complete says whether deframer->message is
 * one. Never fails: broken input is counted and skipped.
 */
size_t smp_deframer_feed(struct smp_deframer *deframer, const uint8_t *bytes, size_t size,
			 bool *ret_complete);

/* Forgets a half-received message: after a time-out, or when the line was opened again. */
void smp_deframer_reset(struct smp_deframer *deframer);
