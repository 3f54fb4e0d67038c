/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * OP=write-slot: copies an image into a slot's `data` and says whether it still was the authenticated one. Until
 * `loading` is closed the device has noticed nothing, so a file that changed on the disk never reaches it.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/hash.h"
#include "base/hex.h"
#include "base/worker-protocol.h"
#include "worker/operation.h"
#include "worker/reply.h"
#include "worker/sandbox.h"

#define PIECE_BYTES (64 * 1024)
#define IMAGE_BYTES_MAX INT64_MAX

static int fail_write(struct failure *failure, int error, uint64_t written)
{
	enum reason reason = reason_from_errno(error);

	if (reason == REASON_IO_ERROR)
		reason = REASON_TRANSFER_FAILED;
	return fail(failure, reason,
		    "The device stopped taking the image after %" PRIu64 " bytes: %s.", written,
		    strerror(error < 0 ? -error : error));
}

static int copy_piece(int image, int data, char *buffer, uint64_t offset, size_t want,
		      struct hash *hash, size_t *ret_copied, struct failure *failure)
{
	ssize_t n = pread(image, buffer, want, (off_t)offset);
	int r;

	if (n < 0)
		return fail_errno(failure, errno, "Cannot read the image");
	if (n == 0)
		return fail(failure, REASON_TRUNCATED, "The image ends after %" PRIu64 " bytes.",
			    offset);
	r = file_write_all(&io_default, data, buffer, (size_t)n);
	if (r < 0)
		return fail_write(failure, r, offset);
	hash_update(hash, buffer, (size_t)n);
	*ret_copied = (size_t)n;
	return 0;
}

static int copy_image(int image, int data, uint64_t length, int socket,
		      uint8_t sha256[static SHA256_BYTES], struct failure *failure)
{
	_cleanup_free_ char *buffer = malloc(PIECE_BYTES);
	struct progress progress = { .socket = socket, .percent = -1 };
	_cleanup_hash_ struct hash *hash = NULL;
	uint64_t offset = 0;

	if (!buffer || hash_begin(HASH_SHA256, &hash) < 0)
		return fail_memory(failure);
	while (offset < length) {
		size_t want = length - offset < PIECE_BYTES ? (size_t)(length - offset) :
							      PIECE_BYTES,
		       copied = 0;
		int r = copy_piece(image, data, buffer, offset, want, hash, &copied, failure);

		if (r < 0)
			return r;
		offset += copied;
		progress_report(&progress, offset, length);
	}
	hash_finish(hash, sha256);
	return 0;
}

int operation_write_slot(const struct packet *request, const int *fds, int socket,
			 struct packet **ret, struct failure *failure)
{
	const char *digest = packet_get(request, WORKER_KEY_SHA256);
	uint8_t expected[SHA256_BYTES], found[SHA256_BYTES];
	uint64_t length;
	int r;

	if (!digest || hex_decode(digest, expected, SHA256_BYTES) < 0 ||
	    packet_get_u64(request, WORKER_KEY_LENGTH, 1, IMAGE_BYTES_MAX, &length) < 0)
		return fail(failure, REASON_INVALID_ARGUMENT,
			    "%s and %s must say which image is to be written.", WORKER_KEY_SHA256,
			    WORKER_KEY_LENGTH);
	if (fds[0] < 0 || fds[1] < 0)
		return fail(failure, REASON_INVALID_ARGUMENT,
			    "%s needs the image and the slot's data.", WORKER_WRITE_SLOT);
	r = sandbox_enter(NULL, 0, length, failure);
	if (r >= 0)
		r = copy_image(fds[0], fds[1], length, socket, found, failure);
	if (r < 0)
		return r;
	if (memcmp(found, expected, SHA256_BYTES) != 0)
		return fail(
			failure, REASON_WRONG_DIGEST,
			"The image in the payload folder (%.64s) is damaged: it is not what was authenticated. "
			"Install it again.",
			digest);
	*ret = result_new();
	if (!*ret)
		return fail_memory(failure);
	packet_add_u64(*ret, WORKER_KEY_WRITTEN, length);
	return 0;
}
