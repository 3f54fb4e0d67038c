/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A deterministic tar writer. */
#include "repo/tar-write.h"

#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "remote/tar.h"

#define BLOCK_BYTES 512
#define NAME_BYTES 100
#define RECORD_BYTES (TAR_NAME_MAX + 32)

static int write_bytes(struct tar_writer *writer, const void *bytes, size_t size,
		       struct failure *failure)
{
	int r = file_write_all(writer->io, writer->fd, bytes, size);

	return r < 0 ? fail_errno(failure, r, "Cannot write %s", writer->what) : 0;
}

/* Offsets and sizes of the ustar fields. */
static void fill_header(char *block, const char *name, char type, uint64_t size)
{
	unsigned int sum = 0;

	memset(block, 0, BLOCK_BYTES);
	memcpy(block, name, strnlen(name, NAME_BYTES));
	memcpy(block + 100, "0000644", 8);
	memcpy(block + 108, "0000000", 8);
	memcpy(block + 116, "0000000", 8);
	snprintf(block + 124, 12, "%011llo", (unsigned long long)size);
	memcpy(block + 136, "00000000000", 12);
	memset(block + 148, ' ', 8);
	block[156] = type;
	memcpy(block + 257, "ustar\00000", 8);
	for (size_t i = 0; i < BLOCK_BYTES; i++)
		sum += (unsigned char)block[i];
	snprintf(block + 148, 8, "%06o", sum);
}

/* A header and content, padded to a whole block. */
static int write_member(struct tar_writer *writer, const char *name, char type, const void *bytes,
			size_t size, struct failure *failure)
{
	static const char zeros[BLOCK_BYTES];
	char block[BLOCK_BYTES];
	int r;

	fill_header(block, name, type, size);
	r = write_bytes(writer, block, sizeof(block), failure);
	if (r >= 0)
		r = write_bytes(writer, bytes, size, failure);
	if (r >= 0 && size % BLOCK_BYTES != 0)
		r = write_bytes(writer, zeros, BLOCK_BYTES - size % BLOCK_BYTES, failure);
	return r;
}

/* "LENGTH path=NAME\n", where LENGTH counts its own digits. */
static int write_long_name(struct tar_writer *writer, const char *name, struct failure *failure)
{
	size_t rest = strlen(" path=\n") + strlen(name), length = rest + 1;
	char record[RECORD_BYTES];

	while (length != rest + (size_t)snprintf(NULL, 0, "%zu", length))
		length = rest + (size_t)snprintf(NULL, 0, "%zu", length);
	snprintf(record, sizeof(record), "%zu path=%s\n", length, name);
	return write_member(writer, "PaxHeaders/path", 'x', record, length, failure);
}

int tar_write_entry(struct tar_writer *writer, const char *name, const void *bytes, size_t size,
		    struct failure *failure)
{
	int r = 0;

	if (strlen(name) > TAR_NAME_MAX)
		return fail(failure, REASON_INVALID_ARGUMENT,
			    "The name %.100s... is too long for a bundle.", name);
	if (strlen(name) > NAME_BYTES)
		r = write_long_name(writer, name, failure);
	return r < 0 ? r : write_member(writer, name, '0', bytes, size, failure);
}

int tar_write_end(struct tar_writer *writer, struct failure *failure)
{
	static const char zeros[2 * BLOCK_BYTES];

	return write_bytes(writer, zeros, sizeof(zeros), failure);
}
