/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The packets between fwslotd and its worker: one SOCK_SEQPACKET message is a version
 * byte (PACKET_VERSION) and then NUL-terminated "KEY=value" strings; descriptors ride
 * along by SCM_RIGHTS. Both ends treat what they receive as hostile: a packet is
 * checked whole before a field of it is read. What the keys mean is worker-protocol.h's.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/macros.h"

#define PACKET_VERSION 1
#define PACKET_BYTES_MAX 65536 /* the whole message */
#define PACKET_FIELDS_MAX 256 /* "KEY=value" strings in it */
#define PACKET_KEY_MAX 32 /* characters of a KEY: [A-Z][A-Z0-9_]* */
#define PACKET_FDS_MAX 4 /* descriptors with it */

/*
 * A packet under construction or received. Its memory is one block whose size is
 * fixed at creation; nothing grows later.
 */
struct packet;

/* An empty packet with room for @capacity_bytes (2...PACKET_BYTES_MAX). NULL: no memory. */
struct packet *packet_new(size_t capacity_bytes);
void packet_free(struct packet *packet);
DEFINE_CLEANUP(struct packet, packet_free)
#define _cleanup_packet_ _cleanup_(packet_freep)

/*
 * Adds a field. -EINVAL: not a key; -EEXIST: the key is there already; -EMSGSIZE: full.
 * The first error is kept and returned by every later call and by packet_send(), so a
 * builder may check once, at the end.
 */
int packet_add(struct packet *packet, const char *key, const char *value);
int packet_add_u64(struct packet *packet, const char *key, uint64_t value);
_printf_(3, 4) int packet_add_format(struct packet *packet, const char *key, const char *format,
				     ...);

/* The value of @key, valid as long as the packet, or NULL. */
const char *packet_get(const struct packet *packet, const char *key);

/* -ENODATA: no such key; -EINVAL or -ERANGE: not a number in @min...@max. */
_warn_unused_ int packet_get_u64(const struct packet *packet, const char *key, uint64_t min,
				 uint64_t max, uint64_t *ret);

/*
 * Makes a packet of @size received bytes, checking all of it. -EBADMSG: version, empty
 * or unterminated field, bad or repeated key; -EMSGSIZE: too many fields or bytes.
 */
_warn_unused_ int packet_parse(const void *bytes, size_t size, struct packet **ret);

/* The bytes that packet_send() would send; for tests. */
const void *packet_bytes(const struct packet *packet, size_t *ret_size);

/* Sends on the socket @fd, with @fd_count descriptors (which stay the caller's). */
_warn_unused_ int packet_send(int fd, const struct packet *packet, const int *fds, size_t fd_count);

/*
 * Receives one packet. Up to PACKET_FDS_MAX descriptors (close-on-exec) are stored in
 * @fds, the rest of the array is -EBADF; the caller closes them, also after an error.
 * -EPIPE: the other end is closed; -EAGAIN: nothing there (non-blocking socket).
 */
_warn_unused_ int packet_receive(int fd, struct packet **ret, int fds[static PACKET_FDS_MAX]);
