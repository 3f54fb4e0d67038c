/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "smp/request.h"

void smp_write_empty(struct smp_writer *writer)
{
	smp_write_map(writer, 0);
}

void smp_write_echo(struct smp_writer *writer, const char *text)
{
	smp_write_map(writer, 1);
	smp_write_text(writer, "d");
	smp_write_text(writer, text);
}

void smp_write_information(struct smp_writer *writer, const char *format)
{
	smp_write_map(writer, 1);
	smp_write_text(writer, "format");
	smp_write_text(writer, format);
}

void smp_write_state(struct smp_writer *writer, const uint8_t *hash, size_t hash_size,
		     bool is_confirm)
{
	smp_write_map(writer, hash ? 2 : 1);
	if (hash) {
		smp_write_text(writer, "hash");
		smp_write_bytes(writer, hash, hash_size);
	}
	smp_write_text(writer, "confirm");
	smp_write_bool(writer, is_confirm);
}

void smp_write_erase(struct smp_writer *writer, unsigned slot)
{
	smp_write_map(writer, 1);
	smp_write_text(writer, "slot");
	smp_write_uint(writer, slot);
}

void smp_write_upload(struct smp_writer *writer, const struct smp_upload_chunk *chunk)
{
	bool is_first = chunk->offset == 0;

	smp_write_map(writer, is_first ? 4 + (size_t)(chunk->image >= 0) : 2);
	if (is_first) {
		if (chunk->image >= 0) {
			smp_write_text(writer, "image");
			smp_write_uint(writer, (uint64_t)chunk->image);
		}
		smp_write_text(writer, "len");
		smp_write_uint(writer, chunk->total);
		smp_write_text(writer, "sha");
		smp_write_bytes(writer, chunk->sha, SMP_SHA256_SIZE);
	}
	smp_write_text(writer, "off");
	smp_write_uint(writer, chunk->offset);
	smp_write_text(writer, "data");
	smp_write_bytes(writer, chunk->data, chunk->size);
}

/*
 * Each part with the longest head that its number can need (RFC 8949, 3): images are below 4 GiB,
 * chunks below 64 KiB.
 */
size_t smp_upload_overhead(uint64_t offset)
{
	size_t head = 1 + 4 + 5 + 5 + 3; /* map, "off" and its number, "data" and its size */

	if (offset == 0)
		head += 6 + 3 + 4 + 5 + 4 + 2 + SMP_SHA256_SIZE; /* "image", "len", "sha" */
	return head;
}
