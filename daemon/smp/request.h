/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The contents (CBOR) of the requests this program sends. The header and the line are added by
 * client.h.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "smp/cbor.h"

#define SMP_SHA256_SIZE 32

/* State, slots, parameters, erase of the default slot, bootloader: nothing to say. */
void smp_write_empty(struct smp_writer *writer);

void smp_write_echo(struct smp_writer *writer, const char *text);

/* @format: one letter for each thing asked, see OS application information; "i" is the board. */
void smp_write_information(struct smp_writer *writer, const char *format);

/* @hash may be NULL: then, with @is_confirm, the running image is meant. */
void smp_write_state(struct smp_writer *writer, const uint8_t *hash, size_t hash_size,
		     bool is_confirm);

void smp_write_erase(struct smp_writer *writer, unsigned slot);

struct smp_upload_chunk {
	uint64_t offset; /* with 0 the following three are sent, too */
	uint64_t total;
	int image; /* -1: do not say */
	const uint8_t *sha; /* SHA-256 of the whole file */
	const uint8_t *data;
	size_t size;
};

void smp_write_upload(struct smp_writer *writer, const struct smp_upload_chunk *chunk);

/* Bytes that a chunk's request has beside its data, at most. */
size_t smp_upload_overhead(uint64_t offset);
