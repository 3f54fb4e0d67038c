/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* OP=back-up, OP=unpack-backup, OP=export-backup: between slots, backups and files of images. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "backup/backup.h"
#include "base/file.h"
#include "base/hex.h"
#include "base/worker-protocol.h"
#include "remote/stage.h"
#include "worker/operation.h"
#include "worker/reply.h"
#include "worker/sandbox.h"

#define IMAGE_BYTES_MAX INT64_MAX
/* The compressed file may be a little larger than an image of noise. */
#define FILE_BYTES_MORE (1024 * 1024)

struct report {
	struct progress progress;
	uint64_t total_bytes;
};

static void report(void *userdata, uint64_t done_bytes)
{
	struct report *told = userdata;

	if (told->total_bytes > 0)
		progress_report(&told->progress,
				done_bytes < told->total_bytes ? done_bytes : told->total_bytes,
				told->total_bytes);
}

/* Opens the folder that the request names under @key. */
static int open_named_folder(const struct packet *request, const char *key, const char **ret_path,
			     struct failure *failure)
{
	int fd;

	*ret_path = packet_get(request, key);
	if (!*ret_path || !(*ret_path)[0])
		return fail(failure, REASON_INVALID_ARGUMENT, "The request's %s must be there.",
			    key);
	fd = folder_open(&io_default, AT_FDCWD, *ret_path, false, 0);
	return fd < 0 ? fail_errno(failure, fd, "Cannot open the folder %s", *ret_path) : fd;
}

static ssize_t read_slot(void *userdata, void *bytes, size_t size)
{
	ssize_t n;

	do
		n = read(*(const int *)userdata, bytes, size);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

static int add_summary(const struct backup_summary *summary, struct packet **ret,
		       struct failure *failure)
{
	char digest[SHA256_TEXT_SIZE];

	*ret = result_new();
	if (!*ret)
		return fail_memory(failure);
	packet_add(*ret, WORKER_KEY_SHA256, hex_encode(summary->sha256, SHA256_BYTES, digest));
	packet_add_u64(*ret, WORKER_KEY_LENGTH, summary->length_bytes);
	packet_add_u64(*ret, WORKER_KEY_STORED, summary->stored_bytes);
	return 0;
}

int operation_back_up(const struct packet *request, const int *fds, int socket, struct packet **ret,
		      struct failure *failure)
{
	struct report told = { .progress = { .socket = socket, .percent = -1 } };
	struct backup_summary summary = { 0 };
	struct sandbox_folder folder = { .access = FOLDER_WRITE };
	_cleanup_close_ int folder_fd = -EBADF;
	int slot = fds[0], r;
	uint64_t max_bytes;

	if (packet_get_u64(request, WORKER_KEY_MAX_BYTES, 1, IMAGE_BYTES_MAX, &max_bytes) < 0 ||
	    packet_get_u64(request, WORKER_KEY_LENGTH, 0, max_bytes, &told.total_bytes) < 0)
		return fail(failure, REASON_INVALID_ARGUMENT,
			    "%s must be the size of the slot, %s that of its image or 0.",
			    WORKER_KEY_MAX_BYTES, WORKER_KEY_LENGTH);
	if (slot < 0)
		return fail(failure, REASON_INVALID_ARGUMENT, "%s needs the slot's data.",
			    WORKER_BACK_UP);
	folder_fd = open_named_folder(request, WORKER_KEY_BACKUP_DIR, &folder.path, failure);
	if (folder_fd < 0)
		return folder_fd;
	r = sandbox_enter(&folder, 1, max_bytes + FILE_BYTES_MORE, failure);
	if (r >= 0)
		r = backup_save(&io_default, folder_fd, &(struct backup_source){ read_slot, &slot },
				max_bytes, &(struct backup_progress){ report, &told }, &summary,
				failure);
	if (r < 0)
		return r;
	if (summary.length_bytes < told.total_bytes)
		return fail(failure, REASON_TRUNCATED,
			    "The device gives back %" PRIu64 " of the image's %" PRIu64 " bytes.",
			    summary.length_bytes, told.total_bytes);
	return add_summary(&summary, ret, failure);
}

/* Which image the backup is said to hold. */
struct promise {
	uint8_t sha256[SHA256_BYTES];
	uint64_t length_bytes;
};

static int read_promise(const struct packet *request, struct promise *ret, struct failure *failure)
{
	const char *digest = packet_get(request, WORKER_KEY_SHA256);

	if (!digest || hex_decode(digest, ret->sha256, SHA256_BYTES) < 0 ||
	    packet_get_u64(request, WORKER_KEY_LENGTH, 1, IMAGE_BYTES_MAX, &ret->length_bytes) < 0)
		return fail(failure, REASON_INVALID_ARGUMENT,
			    "%s and %s must say which image the backup holds.", WORKER_KEY_SHA256,
			    WORKER_KEY_LENGTH);
	return 0;
}

static int unpack(int fd, const struct promise *promise, const struct backup_sink *sink, int socket,
		  struct failure *failure)
{
	struct report told = { .progress = { .socket = socket, .percent = -1 },
			       .total_bytes = promise->length_bytes };

	return backup_unpack(fd, promise->sha256, promise->length_bytes, sink,
			     &(struct backup_progress){ report, &told }, failure);
}

static int take_into_stage(void *userdata, const void *bytes, size_t size, struct failure *failure)
{
	return stage_write(userdata, bytes, size, failure);
}

int operation_unpack_backup(const struct packet *request, const int *fds, int socket,
			    struct packet **ret, struct failure *failure)
{
	struct sandbox_folder folder = { .access = FOLDER_WRITE };
	_cleanup_close_ int folder_fd = -EBADF;
	struct fetched_file file = { .fd = -EBADF };
	struct stage stage = { .fd = -EBADF };
	struct promise promise;
	int r;

	if (fds[0] < 0)
		return fail(failure, REASON_INVALID_ARGUMENT, "%s needs the backup.",
			    WORKER_UNPACK_BACKUP);
	r = read_promise(request, &promise, failure);
	if (r < 0)
		return r;
	folder_fd = open_named_folder(request, WORKER_KEY_STAGE_DIR, &folder.path, failure);
	if (folder_fd < 0)
		return folder_fd;
	r = sandbox_enter(&folder, 1, promise.length_bytes, failure);
	if (r >= 0)
		r = stage_begin(&io_default, folder_fd, &stage, failure);
	if (r < 0)
		return r;
	r = unpack(fds[0], &promise, &(struct backup_sink){ take_into_stage, &stage }, socket,
		   failure);
	if (r < 0) {
		stage_drop(&stage);
		return r;
	}
	stage_end(&stage, &file);
	r = stage_publish(&io_default, folder_fd, &file, failure);
	close_fd(file.fd);
	if (r < 0)
		return r;
	*ret = result_new();
	return *ret ? 0 : fail_memory(failure);
}

static int take_into_file(void *userdata, const void *bytes, size_t size, struct failure *failure)
{
	int r = file_write_all(&io_default, *(const int *)userdata, bytes, size);

	return r < 0 ? fail_errno(failure, r, "Cannot write into the given file") : 0;
}

int operation_export_backup(const struct packet *request, const int *fds, int socket,
			    struct packet **ret, struct failure *failure)
{
	struct promise promise;
	int file = fds[1], r;

	if (fds[0] < 0 || file < 0)
		return fail(failure, REASON_INVALID_ARGUMENT,
			    "%s needs the backup and a file to write to.", WORKER_EXPORT_BACKUP);
	r = read_promise(request, &promise, failure);
	if (r >= 0)
		r = sandbox_enter(NULL, 0, IMAGE_BYTES_MAX, failure);
	if (r >= 0)
		r = unpack(fds[0], &promise, &(struct backup_sink){ take_into_file, &file }, socket,
			   failure);
	if (r < 0)
		return r;
	*ret = result_new();
	return *ret ? 0 : fail_memory(failure);
}
