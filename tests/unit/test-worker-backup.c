/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* fwslot-worker's way with backups: from a slot to a file, and back to an image or to somebody's file. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/file.h"
#include "tap.h"
#include "worker-bench.h"

static struct packet *request(const char *operation)
{
	struct packet *packet = packet_new(4096);

	packet_add(packet, WORKER_KEY_OPERATION, operation);
	packet_add(packet, WORKER_KEY_BACKUP_DIR, bench_path("backup"));
	packet_add(packet, WORKER_KEY_STAGE_DIR, bench_path("payload"));
	return packet;
}

static int slot_with(size_t size)
{
	int fd = memfd_create("slot", MFD_CLOEXEC);

	if (fd < 0 || write(fd, bench_image, size) != (ssize_t)size || lseek(fd, 0, SEEK_SET) != 0)
		tap_bail("no slot");
	return fd;
}

/* What a backup of the whole image is called and how long it is. */
static char digest[80];

static void test_back_up(void)
{
	struct packet *packet = request(WORKER_BACK_UP);
	int slot = slot_with(IMAGE_BYTES), file;
	struct outcome outcome;
	char name[128];

	packet_add_u64(packet, WORKER_KEY_MAX_BYTES, IMAGE_BYTES);
	packet_add_u64(packet, WORKER_KEY_LENGTH, IMAGE_BYTES);
	outcome = worker_run(packet, &slot, 1);
	tap_is_string(outcome_value(&outcome, WORKER_KEY_REASON), "ok", "a slot is read back");
	tap_is_string(outcome_value(&outcome, WORKER_KEY_LENGTH), "300000", "all of it");
	tap_is(outcome.last_percent, 100, "progress ends at 100");
	snprintf(digest, sizeof(digest), "%s", outcome_value(&outcome, WORKER_KEY_SHA256));
	snprintf(name, sizeof(name), "backup/%s.zst", digest);
	file = open(bench_path(name), O_RDONLY | O_CLOEXEC);
	tap_ok(file >= 0, "and is a file named by its hash");
	close_fd(file);
	packet_free(outcome.result);
	packet_free(packet);
	close_fd(slot);
}

static void refused(struct packet *packet, const int *fds, size_t count, const char *expected,
		    const char *what)
{
	struct outcome outcome = worker_run(packet, fds, count);

	tap_is_string(outcome_value(&outcome, WORKER_KEY_REASON), expected, what);
	tap_ok(strlen(outcome_value(&outcome, WORKER_KEY_MESSAGE)) > 20, "and says why: %s",
	       outcome_value(&outcome, WORKER_KEY_MESSAGE));
	packet_free(outcome.result);
	packet_free(packet);
}

static struct packet *back_up_of(uint64_t length, uint64_t max)
{
	struct packet *packet = request(WORKER_BACK_UP);

	packet_add_u64(packet, WORKER_KEY_LENGTH, length);
	packet_add_u64(packet, WORKER_KEY_MAX_BYTES, max);
	return packet;
}

static void test_back_up_refusals(void)
{
	int slot = slot_with(1000);

	refused(back_up_of(1001, 2000), &slot, 1, "truncated",
		"a slot that gives less than it has");
	lseek(slot, 0, SEEK_SET);
	refused(back_up_of(0, 999), &slot, 1, "too-large", "and one that gives more");
	refused(back_up_of(0, 999), NULL, 0, "invalid-argument", "no slot");
	refused(back_up_of(7, 3), &slot, 1, "invalid-argument", "an image larger than the slot");
	refused(request(WORKER_BACK_UP), &slot, 1, "invalid-argument", "no size");
	close_fd(slot);
}

static struct packet *of_backup(const char *operation, const char *sha256)
{
	struct packet *packet = request(operation);

	packet_add(packet, WORKER_KEY_SHA256, sha256);
	packet_add_u64(packet, WORKER_KEY_LENGTH, IMAGE_BYTES);
	return packet;
}

static int open_backup(int flags)
{
	char name[128];
	int fd;

	snprintf(name, sizeof(name), "backup/%s.zst", digest);
	fd = open(bench_path(name), flags | O_CLOEXEC);
	if (fd < 0)
		tap_bail("no backup");
	return fd;
}

static void same_as_image(int fd, const char *what)
{
	_cleanup_free_ char *bytes = NULL;
	size_t size;

	lseek(fd, 0, SEEK_SET);
	tap_ok(fd >= 0 && file_read_fd(fd, IMAGE_BYTES, &bytes, &size) >= 0 &&
		       size == IMAGE_BYTES && memcmp(bytes, bench_image, size) == 0,
	       "%s", what);
}

static void test_unpack(void)
{
	struct packet *packet = of_backup(WORKER_UNPACK_BACKUP, digest);
	int backup = open_backup(O_RDONLY), image;
	struct outcome outcome = worker_run(packet, &backup, 1);
	char name[128];

	tap_is_string(outcome_value(&outcome, WORKER_KEY_REASON), "ok", "a backup is unpacked");
	snprintf(name, sizeof(name), "payload/%s", digest);
	image = open(bench_path(name), O_RDONLY | O_CLOEXEC);
	same_as_image(image, "to an image like any other");
	close_fd(image);
	packet_free(outcome.result);
	packet_free(packet);
	bench_shell("rm payload/*");
	refused(of_backup(WORKER_UNPACK_BACKUP, digest), NULL, 0, "invalid-argument", "no backup");
	refused(of_backup(WORKER_UNPACK_BACKUP, "abc"), &backup, 1, "invalid-argument", "no hash");
	close_fd(backup);
}

static void test_export(void)
{
	struct packet *packet = of_backup(WORKER_EXPORT_BACKUP, digest);
	int fds[2] = { open_backup(O_RDONLY), memfd_create("file", MFD_CLOEXEC) };
	struct outcome outcome = worker_run(packet, fds, 2);

	tap_is_string(outcome_value(&outcome, WORKER_KEY_REASON), "ok", "a backup is exported");
	same_as_image(fds[1], "byte for byte");
	packet_free(outcome.result);
	packet_free(packet);
	close(fds[1]);
	fds[1] = open("/dev/full", O_WRONLY | O_CLOEXEC);
	refused(of_backup(WORKER_EXPORT_BACKUP, digest), fds, 2, "no-space", "to a full disk");
	refused(of_backup(WORKER_EXPORT_BACKUP, digest), fds, 1, "invalid-argument", "to nowhere");
	close_fds(fds, 2);
}

static void test_damaged(void)
{
	int backup = open_backup(O_RDWR);

	if (pwrite(backup, "damage", 6, 1000) != 6)
		tap_bail("cannot damage");
	refused(of_backup(WORKER_UNPACK_BACKUP, digest), &backup, 1, "backup-damaged",
		"a damaged backup");
	tap_is(bench_count_images(), 0, "leaves no image");
	close_fd(backup);
}

int main(void)
{
	bench_begin();
	bench_shell("mkdir backup payload");
	test_back_up();
	test_back_up_refusals();
	test_unpack();
	test_export();
	test_damaged();
	bench_end();
	return tap_done();
}
