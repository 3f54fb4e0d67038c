/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The eight bytes in front of every SMP message (big endian), and the numbers of the groups and
 * commands this program speaks. No framing of the line (frame.h), no contents (cbor.h).
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/macros.h"

#define SMP_HEADER_SIZE 8

/* The three low bits of the first byte. An answer's operation is its request's plus one. */
enum smp_operation { SMP_READ = 0, SMP_READ_ANSWER = 1, SMP_WRITE = 2, SMP_WRITE_ANSWER = 3 };

/* Version 2 tells errors as {err: {group, rc}}, version 1 as {rc}. Both exist in devices. */
enum smp_version { SMP_VERSION_1 = 0, SMP_VERSION_2 = 1 };

enum smp_group { SMP_GROUP_OS = 0, SMP_GROUP_IMAGE = 1 };

enum smp_os_command {
	SMP_OS_ECHO = 0,
	SMP_OS_RESET = 5,
	SMP_OS_PARAMETERS = 6,
	SMP_OS_INFORMATION = 7,
	SMP_OS_BOOTLOADER = 8,
};

enum smp_image_command {
	SMP_IMAGE_STATE = 0,
	SMP_IMAGE_UPLOAD = 1,
	SMP_IMAGE_ERASE = 5,
	SMP_IMAGE_SLOTS = 6,
};

struct smp_header {
	enum smp_version version;
	enum smp_operation operation;
	uint8_t flags;
	uint16_t length; /* bytes that follow the header */
	uint16_t group;
	uint8_t sequence;
	uint8_t command;
};

void smp_header_encode(const struct smp_header *header, uint8_t bytes[static SMP_HEADER_SIZE]);

/* -EBADMSG: shorter than a header, or an operation or version that does not exist. */
_warn_unused_ int smp_header_decode(const uint8_t *bytes, size_t size, struct smp_header *ret);
