/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From a file back to the image, believing nothing of it: a disk may have changed it since it was saved. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <zstd.h>

#include "backup/backup.h"

struct unpacking {
	int fd;
	ZSTD_DCtx *decompressor;
	struct hash *hash;
	char *input, *output;
	size_t input_size, output_size;
	uint64_t offset; /* in the file */
	uint64_t done_bytes; /* of the image */
};

static void clear(struct unpacking *unpacking)
{
	(void)ZSTD_freeDCtx(unpacking->decompressor);
	hash_free(unpacking->hash);
	free(unpacking->input);
	free(unpacking->output);
}

static int begin(int fd, struct unpacking *unpacking, struct failure *failure)
{
	*unpacking = (struct unpacking){
		.fd = fd,
		.decompressor = ZSTD_createDCtx(),
		.input_size = ZSTD_DStreamInSize(),
		.output_size = ZSTD_DStreamOutSize(),
		.input = malloc(ZSTD_DStreamInSize()),
		.output = malloc(ZSTD_DStreamOutSize()),
	};
	if (!unpacking->decompressor || !unpacking->input || !unpacking->output ||
	    hash_begin(HASH_SHA256, &unpacking->hash) < 0)
		return fail_memory(failure);
	return 0;
}

static int read_piece(struct unpacking *unpacking, size_t *ret_size, struct failure *failure)
{
	ssize_t size;

	do
		size = pread(unpacking->fd, unpacking->input, unpacking->input_size,
			     (off_t)unpacking->offset);
	while (size < 0 && errno == EINTR);
	if (size < 0)
		return fail(failure, REASON_BACKUP_DAMAGED,
			    "The backup cannot be read beyond %" PRIu64 " bytes: %s.",
			    unpacking->offset, strerror(errno));
	unpacking->offset += (uint64_t)size;
	*ret_size = (size_t)size;
	return 0;
}

/* Hands on what a piece of the file unpacks to; *@ret_left is 0 at the end of the compressed image. */
static int unpack_piece(struct unpacking *unpacking, size_t size, uint64_t length_bytes,
			const struct backup_sink *sink, size_t *ret_left, struct failure *failure)
{
	ZSTD_inBuffer input = { unpacking->input, size, 0 };
	ZSTD_outBuffer output;

	do {
		int r;

		output = (ZSTD_outBuffer){ unpacking->output, unpacking->output_size, 0 };
		*ret_left = ZSTD_decompressStream(unpacking->decompressor, &output, &input);
		if (ZSTD_isError(*ret_left))
			return fail(failure, REASON_BACKUP_DAMAGED,
				    "The backup cannot be unpacked after %" PRIu64
				    " bytes of the image: %s.",
				    unpacking->done_bytes, ZSTD_getErrorName(*ret_left));
		if (output.pos > length_bytes - unpacking->done_bytes)
			return fail(failure, REASON_BACKUP_DAMAGED,
				    "The backup holds more than the %" PRIu64
				    " bytes that were saved.",
				    length_bytes);
		hash_update(unpacking->hash, unpacking->output, output.pos);
		unpacking->done_bytes += output.pos;
		r = output.pos > 0 ?
			    sink->take(sink->userdata, unpacking->output, output.pos, failure) :
			    0;
		if (r < 0)
			return r;
	} while (input.pos < input.size || output.pos == output.size);
	return 0;
}

static int check_end(struct unpacking *unpacking, const uint8_t *sha256, uint64_t length_bytes,
		     size_t left, struct failure *failure)
{
	uint8_t found[SHA256_BYTES];

	hash_finish(unpacking->hash, found);
	if (left > 0 || unpacking->done_bytes != length_bytes)
		return fail(failure, REASON_BACKUP_DAMAGED,
			    "The backup ends after %" PRIu64 " of the %" PRIu64
			    " bytes that were saved.",
			    unpacking->done_bytes, length_bytes);
	if (memcmp(found, sha256, SHA256_BYTES) != 0)
		return fail(failure, REASON_BACKUP_DAMAGED,
			    "The backup holds other bytes than were saved: its SHA-256 differs.");
	return 0;
}

int backup_unpack(int fd, const uint8_t sha256[static SHA256_BYTES], uint64_t length_bytes,
		  const struct backup_sink *sink, const struct backup_progress *progress,
		  struct failure *failure)
{
	_cleanup_(clear) struct unpacking unpacking;
	size_t size = 0, left = 1;
	int r;

	r = begin(fd, &unpacking, failure);
	while (r >= 0) {
		r = read_piece(&unpacking, &size, failure);
		if (r < 0 || size == 0)
			break;
		r = unpack_piece(&unpacking, size, length_bytes, sink, &left, failure);
		if (r >= 0 && progress)
			progress->report(progress->userdata, unpacking.done_bytes);
	}
	return r < 0 ? r : check_end(&unpacking, sha256, length_bytes, left, failure);
}
