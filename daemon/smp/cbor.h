/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Just enough CBOR (RFC 8949) for SMP: a writer into a fixed buffer and a reader that walks maps
 * and arrays item by item, definite and indefinite, without ever allocating: a device can claim
 * what it likes. Over libcbor's encoders and its stateless decoder; knows nothing of SMP's own
 * keys.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/macros.h"

/* How deep maps and arrays may nest in what is skipped. */
#define SMP_CBOR_DEPTH_MAX 8
/* The longest key that is looked at; longer ones are cut and so match nothing. */
#define SMP_CBOR_KEY_MAX 31

/* ---- writing: errors are kept until the end, so that callers check once ---- */

struct smp_writer {
	uint8_t *bytes;
	size_t capacity, size;
	bool is_too_long; /* something did not fit; the contents are unusable */
};

void smp_write_map(struct smp_writer *writer, size_t pairs);
void smp_write_text(struct smp_writer *writer, const char *text);
void smp_write_bytes(struct smp_writer *writer, const uint8_t *bytes, size_t size);
void smp_write_uint(struct smp_writer *writer, uint64_t value);
void smp_write_bool(struct smp_writer *writer, bool value);

/*
 * ---- reading: every function returns -EBADMSG for what is cut off, malformed or of another type
 * ----
 */

struct smp_reader {
	const uint8_t *bytes;
	size_t size, offset;
};

/* A map or an array that is being walked. */
struct smp_container {
	uint64_t left; /* pairs or items still to come, if definite */
	bool is_indefinite;
};

_warn_unused_ int smp_read_map(struct smp_reader *reader, struct smp_container *ret);
_warn_unused_ int smp_read_array(struct smp_reader *reader, struct smp_container *ret);

/* 1: another item (or pair) follows; 0: the container ended. */
_warn_unused_ int smp_container_next(struct smp_reader *reader, struct smp_container *container);

/*
 * Reads a text of at most @capacity - 1 bytes and a NUL; longer texts are cut. NULs inside become
 * '?'.
 */
_warn_unused_ int smp_read_text(struct smp_reader *reader, char *text, size_t capacity);

/* -EMSGSIZE: more than @capacity bytes. */
_warn_unused_ int smp_read_bytes(struct smp_reader *reader, uint8_t *bytes, size_t capacity,
				 size_t *ret_size);
_warn_unused_ int smp_read_uint(struct smp_reader *reader, uint64_t *ret);
_warn_unused_ int smp_read_int(struct smp_reader *reader, int64_t *ret);
_warn_unused_ int smp_read_bool(struct smp_reader *reader, bool *ret);

/* Steps over one item with all that is in it. */
_warn_unused_ int smp_skip(struct smp_reader *reader);
