/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* backup/: images saved as files and unpacked again, on a real file system; damage and failing operations. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backup/backup.h"
#include "base/file.h"
#include "tap.h"

#define SMALL 300
#define LARGE (3 * 1024 * 1024 + 7)
#define MAX_BYTES (8 * 1024 * 1024)

static char folder[] = "/tmp/fwslot-test-backup-XXXXXX";
static int folder_fd;
static uint8_t image[LARGE];

/* A device that gives back the image in odd pieces. */
struct device {
	size_t size, at, fails_at;
	int error;
};

static ssize_t read_device(void *userdata, void *bytes, size_t size)
{
	struct device *device = userdata;
	size_t left = device->size - device->at;

	if (device->error && device->at >= device->fails_at)
		return device->error;
	if (size > 4096)
		size = 4096;
	if (size > left)
		size = left;
	memcpy(bytes, image + device->at, size);
	device->at += size;
	return (ssize_t)size;
}

static int save(const struct io_operations *io, struct device *device, uint64_t max_bytes,
		struct backup_summary *ret, struct failure *failure)
{
	return backup_save(io, folder_fd, &(struct backup_source){ read_device, device }, max_bytes,
			   NULL, ret, failure);
}

struct copy {
	uint8_t *bytes;
	size_t size, room;
};

static int take(void *userdata, const void *bytes, size_t size, struct failure *failure)
{
	struct copy *copy = userdata;

	(void)failure;
	if (copy->size + size > copy->room)
		tap_bail("more than was promised");
	memcpy(copy->bytes + copy->size, bytes, size);
	copy->size += size;
	return 0;
}

static int open_backup(const struct backup_summary *summary, int flags)
{
	char name[BACKUP_NAME_SIZE];
	int fd = openat(folder_fd, backup_name(summary->sha256, name), flags | O_CLOEXEC);

	if (fd < 0)
		tap_bail("no file %s", name);
	return fd;
}

/* Unpacks it; the reason, REASON_OK only if the image is the one that was saved. */
static enum reason unpack(const struct backup_summary *summary)
{
	_cleanup_failure_ struct failure failure = { 0 };
	_cleanup_close_ int fd = open_backup(summary, O_RDONLY);
	_cleanup_free_ uint8_t *bytes = malloc(summary->length_bytes);
	struct copy copy = { bytes, 0, summary->length_bytes };
	int r = backup_unpack(fd, summary->sha256, summary->length_bytes,
			      &(struct backup_sink){ take, &copy }, NULL, &failure);

	if (r >= 0 && (copy.size != summary->length_bytes || memcmp(bytes, image, copy.size) != 0))
		tap_bail("it unpacks to something else");
	if ((r < 0) != (failure.reason != REASON_OK))
		tap_bail("%d without its reason", r);
	return failure.reason;
}

static unsigned count_files(void)
{
	char command[128];
	FILE *out;
	unsigned count = 0;

	snprintf(command, sizeof(command), "ls -A %s | wc -l", folder);
	out = popen(command, "r");
	if (!out || fscanf(out, "%u", &count) != 1)
		tap_bail("cannot count files");
	pclose(out);
	return count;
}

static void empty_folder(void)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -f %s/* %s/.[!.]*", folder, folder);
	if (system(command) != 0)
		tap_bail("cannot empty %s", folder);
}

static void test_round_trip(void)
{
	static const size_t sizes[] = { 1, SMALL, 4096, 65535, 65536, 65537, LARGE };
	uint8_t expected[SHA256_BYTES];
	struct backup_summary summary;
	bool is_same = true;

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct device device = { .size = sizes[i] };
		struct stat status;

		if (save(&io_default, &device, MAX_BYTES, &summary, NULL) < 0 ||
		    hash_bytes(HASH_SHA256, image, sizes[i], expected) < 0)
			tap_bail("cannot save %zu bytes", sizes[i]);
		is_same = is_same && unpack(&summary) == REASON_OK &&
			  summary.length_bytes == sizes[i] &&
			  memcmp(summary.sha256, expected, SHA256_BYTES) == 0;
		close_fd(folder_fd);
		folder_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		{
			_cleanup_close_ int fd = open_backup(&summary, O_RDONLY);

			is_same = is_same && fstat(fd, &status) >= 0 &&
				  (uint64_t)status.st_size == summary.stored_bytes;
		}
	}
	tap_ok(is_same, "images of many sizes are saved under their hash and unpack to the same");
	tap_ok(summary.stored_bytes < LARGE / 2, "compressed");
	tap_is(count_files(), ARRAY_SIZE(sizes), "one file for each, nothing else");
	save(&io_default, &(struct device){ .size = LARGE }, MAX_BYTES, &summary, NULL);
	tap_is(count_files(), ARRAY_SIZE(sizes), "the same image again is the same file");
	empty_folder();
}

static void refuses(struct device device, uint64_t max_bytes, enum reason expected,
		    const char *what)
{
	_cleanup_failure_ struct failure failure = { 0 };
	struct backup_summary summary;
	int r = save(&io_default, &device, max_bytes, &summary, &failure);

	tap_ok(r < 0 && failure.reason == expected && count_files() == 0, "%s: %s", what,
	       failure_message(&failure));
}

static void test_refusals(void)
{
	refuses((struct device){ .size = 0 }, MAX_BYTES, REASON_TRUNCATED, "nothing to read");
	refuses((struct device){ .size = 70000 }, 69999, REASON_TOO_LARGE,
		"more than the slot has");
	refuses((struct device){ .size = 70000, .fails_at = 8192, .error = -EIO }, MAX_BYTES,
		REASON_TRANSFER_FAILED, "a read error in the middle");
	refuses((struct device){ .size = 70000, .fails_at = 8192, .error = -ENODEV }, MAX_BYTES,
		REASON_DEVICE_LOST, "a device that goes in the middle");
	refuses((struct device){ .size = 70000, .error = -EBUSY }, MAX_BYTES, REASON_BUSY,
		"a busy device");
}

/* Each byte of a small backup in turn; the image itself is noise, so every byte counts. */
static void test_damage(void)
{
	struct device device = { .size = SMALL };
	struct backup_summary summary;
	unsigned found = 0, tried = 0;

	if (save(&io_default, &device, MAX_BYTES, &summary, NULL) < 0)
		tap_bail("cannot save");
	for (off_t at = 0; at < (off_t)summary.stored_bytes; at++) {
		_cleanup_close_ int fd = open_backup(&summary, O_RDWR);
		uint8_t byte, other;

		if (pread(fd, &byte, 1, at) != 1)
			tap_bail("cannot read");
		other = byte ^ 0x10;
		if (pwrite(fd, &other, 1, at) != 1)
			tap_bail("cannot write");
		tried++;
		found += unpack(&summary) == REASON_BACKUP_DAMAGED;
		if (pwrite(fd, &byte, 1, at) != 1)
			tap_bail("cannot write");
	}
	/* A few bits of the file mean nothing; what was unpacked in spite of them was right, see unpack(). */
	tap_ok(found + 4 >= tried, "a changed byte is found: %u of %u", found, tried);
	tap_is(unpack(&summary), REASON_OK, "and changed back it is sound");
	summary.sha256[3] ^= 1;
	{
		char command[256], right[BACKUP_NAME_SIZE], wrong[BACKUP_NAME_SIZE];

		backup_name(summary.sha256, wrong);
		summary.sha256[3] ^= 1;
		backup_name(summary.sha256, right);
		snprintf(command, sizeof(command), "cp %s/%s %s/%s", folder, right, folder, wrong);
		if (system(command) != 0)
			tap_bail("cannot copy");
		summary.sha256[3] ^= 1;
	}
	tap_is(unpack(&summary), REASON_BACKUP_DAMAGED, "another image under that name");
	summary.sha256[3] ^= 1;
	summary.length_bytes++;
	tap_is(unpack(&summary), REASON_BACKUP_DAMAGED, "shorter than was saved");
	summary.length_bytes -= 2;
	tap_is(unpack(&summary), REASON_BACKUP_DAMAGED, "longer than was saved");
	empty_folder();
}

static void test_cut(void)
{
	struct device device = { .size = SMALL };
	struct backup_summary summary;
	unsigned found = 0;
	off_t size;

	if (save(&io_default, &device, MAX_BYTES, &summary, NULL) < 0)
		tap_bail("cannot save");
	size = (off_t)summary.stored_bytes;
	{
		_cleanup_close_ int fd = open_backup(&summary, O_RDWR);

		if (ftruncate(fd, size + 1) < 0)
			tap_bail("cannot grow");
		tap_is(unpack(&summary), REASON_BACKUP_DAMAGED, "a byte too many");
		for (off_t length = size - 1; length >= 0; length--) {
			if (ftruncate(fd, length) < 0)
				tap_bail("cannot cut");
			found += unpack(&summary) == REASON_BACKUP_DAMAGED;
		}
	}
	tap_is(found, size, "cut at any length it is found damaged");
	device.at = 0;
	if (save(&io_default, &device, MAX_BYTES, &summary, NULL) < 0)
		tap_bail("cannot save");
	tap_is(unpack(&summary), REASON_OK, "saved once more it replaces the damaged one");
	empty_folder();
}

/* Operations that fail once, the Nth. */
struct failing {
	struct io_operations operations; /* first */
	unsigned calls, fails_at;
	bool has_failed;
};

static bool may_pass(const struct io_operations *self)
{
	struct failing *failing = (struct failing *)(uintptr_t)self;

	if (++failing->calls != failing->fails_at)
		return true;
	failing->has_failed = true;
	return false;
}

static int failing_open(const struct io_operations *self, int dir_fd, const char *path, int flags,
			mode_t mode)
{
	return may_pass(self) ? io_default.open(&io_default, dir_fd, path, flags, mode) : -ENOSPC;
}

static ssize_t failing_write(const struct io_operations *self, int fd, const void *bytes,
			     size_t size)
{
	return may_pass(self) ? io_default.write(&io_default, fd, bytes, size) : -ENOSPC;
}

static int failing_fsync(const struct io_operations *self, int fd)
{
	return may_pass(self) ? io_default.fsync(&io_default, fd) : -ENOSPC;
}

static int failing_link(const struct io_operations *self, int fd, int dir_fd, const char *name)
{
	return may_pass(self) ? io_default.link_fd(&io_default, fd, dir_fd, name) : -ENOSPC;
}

static int failing_rename(const struct io_operations *self, int dir_fd, const char *from,
			  const char *to)
{
	return may_pass(self) ? io_default.rename(&io_default, dir_fd, from, to) : -ENOSPC;
}

static void test_disk_full(void)
{
	unsigned failures = 0, right = 0;

	for (unsigned at = 1;; at++) {
		_cleanup_failure_ struct failure failure = { 0 };
		struct failing failing = { .operations = io_default, .fails_at = at };
		struct backup_summary summary;
		int r;

		failing.operations.open = failing_open;
		failing.operations.write = failing_write;
		failing.operations.fsync = failing_fsync;
		failing.operations.link_fd = failing_link;
		failing.operations.rename = failing_rename;
		r = save(&failing.operations, &(struct device){ .size = 200000 }, MAX_BYTES,
			 &summary, &failure);
		if (!failing.has_failed) {
			tap_is(r, 0, "without failure it is saved");
			break;
		}
		failures++;
		right += r < 0 && failure.reason == REASON_NO_SPACE;
	}
	tap_is(right, failures, "a full disk is told, whichever operation meets it");
	tap_ok(failures >= 6, "%u operations were made to fail", failures);
	tap_ok(count_files() <= 2, "a temporary name is left at most, for the start to remove");
	empty_folder();
}

int main(void)
{
	if (!mkdtemp(folder))
		tap_bail("no folder");
	folder_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	/* Noise at first, then something that can be compressed. */
	for (size_t i = 0; i < sizeof(image); i++)
		image[i] = i < 65536 ? (uint8_t)(i * 2654435761U >> 13) : (uint8_t)(i >> 12);
	test_round_trip();
	test_refusals();
	test_damage();
	test_cut();
	test_disk_full();
	close_fd(folder_fd);
	tap_is(rmdir(folder), 0, "nothing is left");
	return tap_done();
}
