/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "smp/header.h"

#include <errno.h>

#define OPERATION_MASK 0x07
#define VERSION_SHIFT 3
#define VERSION_MASK 0x03

void smp_header_encode(const struct smp_header *header, uint8_t bytes[static SMP_HEADER_SIZE])
{
	bytes[0] = (uint8_t)((unsigned)header->version << VERSION_SHIFT | header->operation);
	bytes[1] = header->flags;
	bytes[2] = (uint8_t)(header->length >> 8);
	bytes[3] = (uint8_t)header->length;
	bytes[4] = (uint8_t)(header->group >> 8);
	bytes[5] = (uint8_t)header->group;
	bytes[6] = header->sequence;
	bytes[7] = header->command;
}

int smp_header_decode(const uint8_t *bytes, size_t size, struct smp_header *ret)
{
	unsigned operation, version;

	if (size < SMP_HEADER_SIZE)
		return -EBADMSG;
	operation = bytes[0] & OPERATION_MASK;
	version = bytes[0] >> VERSION_SHIFT & VERSION_MASK;
	if (operation > SMP_WRITE_ANSWER || version > SMP_VERSION_2)
		return -EBADMSG;
	*ret = (struct smp_header){
		.version = (enum smp_version)version,
		.operation = (enum smp_operation)operation,
		.flags = bytes[1],
		.length = (uint16_t)(bytes[2] << 8 | bytes[3]),
		.group = (uint16_t)(bytes[4] << 8 | bytes[5]),
		.sequence = bytes[6],
		.command = bytes[7],
	};
	return 0;
}
