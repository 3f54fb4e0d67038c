/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From a device's image to a file: read, hashed and compressed in pieces, whatever its size. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <zstd.h>

#include "backup/backup.h"
#include "base/file.h"
#include "base/hex.h"

#define PIECE_BYTES (64 * 1024)
#define FILE_MODE 0600
#define COMPRESSION_LEVEL \
	3 /* firmware is read back at the device's pace, so this is never what one waits for */

struct saving {
	const struct io_operations *io;
	int fd;
	ZSTD_CCtx *compressor;
	struct hash *hash;
	char *input, *output;
	size_t output_size;
	struct backup_summary summary;
};

char *backup_name(const uint8_t sha256[static SHA256_BYTES], char name[static BACKUP_NAME_SIZE])
{
	hex_encode(sha256, SHA256_BYTES, name);
	memcpy(name + 2 * SHA256_BYTES, ".zst", sizeof(".zst"));
	return name;
}

static void clear(struct saving *saving)
{
	close_fd(saving->fd);
	(void)ZSTD_freeCCtx(saving->compressor);
	hash_free(saving->hash);
	free(saving->input);
	free(saving->output);
}

static int begin(const struct io_operations *io, int folder_fd, struct saving *saving,
		 struct failure *failure)
{
	*saving = (struct saving){
		.io = io,
		.fd = -EBADF,
		.compressor = ZSTD_createCCtx(),
		.input = malloc(PIECE_BYTES),
		.output_size = ZSTD_CStreamOutSize(),
		.output = malloc(ZSTD_CStreamOutSize()),
	};
	if (!saving->compressor || !saving->input || !saving->output ||
	    hash_begin(HASH_SHA256, &saving->hash) < 0 ||
	    ZSTD_isError(ZSTD_CCtx_setParameter(saving->compressor, ZSTD_c_compressionLevel,
						COMPRESSION_LEVEL)) ||
	    ZSTD_isError(ZSTD_CCtx_setParameter(saving->compressor, ZSTD_c_checksumFlag, 1)))
		return fail_memory(failure);
	saving->fd = io->open(io, folder_fd, ".", O_TMPFILE | O_RDWR, FILE_MODE);
	if (saving->fd < 0)
		return fail_errno(
			failure, saving->fd,
			"Cannot make a temporary file (O_TMPFILE) in the folder of backups");
	return 0;
}

/* Compresses @size bytes of the input; @is_last: and all that is still held back. */
static int write_piece(struct saving *saving, size_t size, bool is_last, struct failure *failure)
{
	ZSTD_inBuffer input = { saving->input, size, 0 };
	size_t left;

	do {
		ZSTD_outBuffer output = { saving->output, saving->output_size, 0 };
		int r;

		left = ZSTD_compressStream2(saving->compressor, &output, &input,
					    is_last ? ZSTD_e_end : ZSTD_e_continue);
		if (ZSTD_isError(left))
			return fail(failure, REASON_INTERNAL, "The image cannot be compressed: %s.",
				    ZSTD_getErrorName(left));
		r = file_write_all(saving->io, saving->fd, saving->output, output.pos);
		if (r < 0)
			return fail_errno(failure, r, "Cannot write the backup");
		saving->summary.stored_bytes += output.pos;
	} while (is_last ? left > 0 : input.pos < input.size);
	hash_update(saving->hash, saving->input, size);
	saving->summary.length_bytes += size;
	return 0;
}

static int read_piece(const struct backup_source *source, struct saving *saving, size_t *ret_size,
		      struct failure *failure)
{
	ssize_t size = source->read(source->userdata, saving->input, PIECE_BYTES);

	if (size < 0)
		return fail(failure,
			    size == -EIO ? REASON_TRANSFER_FAILED : reason_from_errno((int)size),
			    "The device cannot be read back beyond %" PRIu64 " bytes: %s.",
			    saving->summary.length_bytes, strerror((int)-size));
	*ret_size = (size_t)size;
	return 0;
}

static int save_all(const struct backup_source *source, uint64_t max_bytes,
		    const struct backup_progress *progress, struct saving *saving,
		    struct failure *failure)
{
	size_t size = 0;
	int r;

	do {
		r = read_piece(source, saving, &size, failure);
		if (r >= 0 && size > max_bytes - saving->summary.length_bytes)
			r = fail(failure, REASON_TOO_LARGE,
				 "The device gives back more than the %" PRIu64
				 " bytes its slot has.",
				 max_bytes);
		if (r >= 0)
			r = write_piece(saving, size, size == 0, failure);
		if (r < 0)
			return r;
		if (progress)
			progress->report(progress->userdata, saving->summary.length_bytes);
	} while (size > 0);
	if (saving->summary.length_bytes == 0)
		return fail(failure, REASON_TRUNCATED, "The device gives nothing back.");
	return 0;
}

int backup_save(const struct io_operations *io, int folder_fd, const struct backup_source *source,
		uint64_t max_bytes, const struct backup_progress *progress,
		struct backup_summary *ret, struct failure *failure)
{
	_cleanup_(clear) struct saving saving;
	char name[BACKUP_NAME_SIZE];
	int r;

	r = begin(io, folder_fd, &saving, failure);
	if (r >= 0)
		r = save_all(source, max_bytes, progress, &saving, failure);
	if (r < 0)
		return r;
	hash_finish(saving.hash, saving.summary.sha256);
	backup_name(saving.summary.sha256, name);
	r = file_publish(io, folder_fd, saving.fd, name);
	if (r < 0)
		return fail_errno(failure, r, "Cannot keep the backup %s", name);
	*ret = saving.summary;
	return 0;
}
