/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Packets between fwslotd and its worker: what is accepted can be built again, the same.
 *
 * covers: daemon/base/packet.c
 */
#include <stdint.h>
#include <string.h>

#include "base/packet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Takes the fields one by one, as their text says, into a new packet. */
static struct packet *rebuild(const struct packet *packet)
{
	struct packet *copy = packet_new(PACKET_BYTES_MAX);
	size_t size;
	const char *bytes = packet_bytes(packet, &size), *field = bytes + 1;

	while (field < bytes + size) {
		const char *equals = strchr(field, '=');
		_cleanup_free_ char *key = strndup(field, (size_t)(equals - field));

		if (packet_add(copy, key, equals + 1) < 0 || packet_get(packet, key) != equals + 1)
			__builtin_trap();
		field += strlen(field) + 1;
	}
	return copy;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_packet_ struct packet *packet = NULL, *copy = NULL;
	const void *first, *second;
	size_t first_size, second_size;

	if (packet_parse(data, size, &packet) < 0)
		return 0;
	copy = rebuild(packet);
	first = packet_bytes(packet, &first_size);
	second = packet_bytes(copy, &second_size);
	if (first_size != second_size || memcmp(first, second, first_size) != 0)
		__builtin_trap();
	return 0;
}
