/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Base, delta, image: each is hashed before anything relies on it. */
#include "worker/rebuild.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "backup/backup.h"
#include "base/file.h"
#include "base/hex.h"
#include "delta/delta.h"
#include "remote/partial.h"
#include "remote/stage.h"

#define TRIED_MODE 0600
#define FILE_NAME_SIZE (SHA256_TEXT_SIZE + 16)

/* "<digest of the image><suffix>"; NULL: the metadata lists it by another hash. */
static const char *name_of(const struct target *image, const char *suffix,
			   char name[static FILE_NAME_SIZE])
{
	if (!image->digests.is_listed[HASH_SHA256])
		return NULL;
	hex_encode(image->digests.value[HASH_SHA256], SHA256_BYTES, name);
	strcpy(name + 2 * SHA256_BYTES, suffix);
	return name;
}

/* It was tried, or some of the image itself has come already. */
static bool is_too_late(const struct online *online, const struct target *image)
{
	static const char *const suffixes[] = { REBUILD_TRIED_SUFFIX, PARTIAL_SUFFIX };

	for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++) {
		char name[FILE_NAME_SIZE];

		if (!name_of(image, suffixes[i], name) ||
		    faccessat(online->stage_fd, name, F_OK, 0) == 0)
			return true;
	}
	return false;
}

/* As the kernel says of what runs; whether it is that is seen when it is read. */
static bool is_in_slot(const struct bundle_request *request, const struct index_delta *delta)
{
	uint8_t sha256[SHA256_BYTES];

	return request->base_sha256 &&
	       hex_decode(request->base_sha256, sha256, sizeof(sha256)) >= 0 &&
	       request->base_length == delta->base_length &&
	       memcmp(sha256, delta->base_sha256, SHA256_BYTES) == 0;
}

static int open_backup(const struct bundle_request *request, const struct index_delta *delta)
{
	char name[BACKUP_NAME_SIZE];
	_cleanup_close_ int folder = -EBADF;
	int fd;

	if (!request->backup_folder)
		return -ENOENT;
	folder = open(request->backup_folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder < 0)
		return -errno;
	fd = openat(folder, backup_name(delta->base_sha256, name),
		    O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	return fd < 0 ? -errno : fd;
}

static bool has_backup(const struct bundle_request *request, const struct index_delta *delta)
{
	_cleanup_close_ int fd = open_backup(request, delta);

	return fd >= 0;
}

bool rebuild_plan(struct online *online, const struct bundle_request *request,
		  const struct offer *offer, int slot_fd, struct rebuild *ret)
{
	const struct index_slot *slot = offer->selection.slot;

	if (is_too_late(online, &offer->image))
		return false;
	for (size_t i = 0; i < slot->delta_count; i++) {
		const struct index_delta *delta = &slot->deltas[i];
		bool from_slot = slot_fd >= 0 && is_in_slot(request, delta);
		_cleanup_failure_ struct failure why = { 0 };

		if (!from_slot && !has_backup(request, delta))
			continue;
		*ret = (struct rebuild){ .delta = delta,
					 .image = offer->image,
					 .slot_fd = from_slot ? slot_fd : -EBADF };
		if (trust_client_find_target(online->client, delta->path, &ret->target, &why) >=
			    0 &&
		    delta_is_useful(ret->target.length, ret->image.length, delta->base_length))
			return true;
	}
	return false;
}

/* The base in memory, while it is filled. */
struct base {
	char *bytes;
	size_t size, filled;
};

static void base_clear(struct base *base)
{
	free(base->bytes);
}

static int take_base(void *userdata, const void *bytes, size_t size, struct failure *failure)
{
	struct base *base = userdata;

	if (size > base->size - base->filled)
		return fail(failure, REASON_TOO_LARGE, "The image before is larger than it was.");
	memcpy(base->bytes + base->filled, bytes, size);
	base->filled += size;
	return 0;
}

static int read_slot(int fd, struct base *base, struct failure *failure)
{
	while (base->filled < base->size) {
		ssize_t n = read(fd, base->bytes + base->filled, base->size - base->filled);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fail_errno(failure, errno, "Cannot read what the device runs");
		if (n == 0)
			return fail(failure, REASON_TRUNCATED,
				    "The device gives back %zu bytes of what it runs.",
				    base->filled);
		base->filled += (size_t)n;
	}
	return 0;
}

static int read_base(const struct bundle_request *request, const struct rebuild *rebuild,
		     struct base *base, struct failure *failure)
{
	const struct index_delta *delta = rebuild->delta;
	_cleanup_close_ int backup = -EBADF;
	uint8_t sha256[SHA256_BYTES];
	int r;

	base->size = (size_t)delta->base_length;
	base->bytes = malloc(base->size);
	if (!base->bytes)
		return fail_memory(failure);
	if (rebuild->slot_fd < 0) {
		backup = open_backup(request, delta);
		return backup < 0 ? fail_errno(failure, backup, "Cannot open the backup") :
				    backup_unpack(backup, delta->base_sha256, delta->base_length,
						  &(struct backup_sink){ take_base, base }, NULL,
						  failure);
	}
	r = read_slot(rebuild->slot_fd, base, failure);
	if (r < 0)
		return r;
	if (hash_bytes(HASH_SHA256, base->bytes, base->size, sha256) < 0)
		return fail_memory(failure);
	if (memcmp(sha256, delta->base_sha256, SHA256_BYTES) != 0)
		return fail(failure, REASON_WRONG_DIGEST,
			    "What the device gives back is not what it says it runs.");
	return 0;
}

/* Before it is tried: a delta that ends the worker is not begun a second time. */
static int note_tried(const struct online *online, const struct target *image,
		      struct failure *failure)
{
	char name[FILE_NAME_SIZE];
	int fd = io_default.open(&io_default, online->stage_fd,
				 name_of(image, REBUILD_TRIED_SUFFIX, name),
				 O_WRONLY | O_CREAT | O_NOFOLLOW, TRIED_MODE);

	close_fd(fd);
	return fd < 0 ? fail_errno(failure, fd, "Cannot write into the folder of images") : 0;
}

static int take_image(void *userdata, const void *bytes, size_t size, struct failure *failure)
{
	return stage_write(userdata, bytes, size, failure);
}

static int apply(const struct online *online, const struct rebuild *rebuild,
		 const struct base *base, int delta_fd, struct fetched_file *ret,
		 struct failure *failure)
{
	_cleanup_free_ char *delta = NULL;
	struct fetched_file file;
	struct stage stage;
	size_t size;
	int r = lseek(delta_fd, 0, SEEK_SET) < 0 ?
			-errno :
			file_read_fd(delta_fd, rebuild->target.length, &delta, &size);

	if (r < 0)
		return fail_errno(failure, r, "Cannot read the delta");
	r = stage_begin(&io_default, online->stage_fd, &stage, failure);
	if (r < 0)
		return r;
	r = delta_apply(base->bytes, base->size, delta, size, rebuild->image.length,
			&(struct delta_sink){ take_image, &stage }, failure);
	if (r < 0) {
		stage_drop(&stage);
		return r;
	}
	stage_end(&stage, &file);
	r = target_check_file(&rebuild->image, &file, failure);
	if (r < 0)
		close_fd(file.fd);
	else
		*ret = file;
	return r;
}

int rebuild_image(struct online *online, const struct bundle_request *request,
		  const struct rebuild *rebuild, struct fetched_file *ret, struct failure *failure)
{
	struct fetched_file delta = { .fd = -EBADF };
	_cleanup_(base_clear) struct base base = { 0 };
	int r = note_tried(online, &rebuild->image, failure);

	if (r >= 0)
		r = read_base(request, rebuild, &base, failure);
	if (r >= 0)
		r = trust_client_fetch_target(online->client, &rebuild->target, &delta, failure);
	if (r >= 0)
		r = apply(online, rebuild, &base, delta.fd, ret, failure);
	close_fd(delta.fd);
	return r;
}
