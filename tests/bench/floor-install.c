/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The floor that an installation by fwslotd is compared with: reads a file, hashes it,
 * writes it into a slot's "data", waits until the kernel has written and verified it.
 * It checks no signature, keeps no record and never restarts the device.
 *
 * floor-install IMAGE SLOT-FOLDER DEVICE-FOLDER (both in sysfs)
 */
#include <errno.h>
#include <fcntl.h>
#include <gnutls/crypto.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BLOCK_BYTES (64 * 1024)
#define WAIT_MS 60000

static void fail(const char *what)
{
	fprintf(stderr, "floor-install: %s: %s\n", what, strerror(errno));
	exit(EXIT_FAILURE);
}

static int open_attribute(const char *folder, const char *name, int flags)
{
	char path[512];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	fd = open(path, flags | O_CLOEXEC);
	if (fd < 0)
		fail(path);
	return fd;
}

static void set_attribute(const char *folder, const char *name, const char *value)
{
	int fd = open_attribute(folder, name, O_WRONLY);

	if (write(fd, value, strlen(value)) < 0)
		fail(name);
	close(fd);
}

static void copy(int from, int to, unsigned char digest[32])
{
	static unsigned char block[BLOCK_BYTES];
	gnutls_hash_hd_t hash;
	ssize_t got, put;

	if (gnutls_hash_init(&hash, GNUTLS_DIG_SHA256) < 0)
		fail("SHA-256");
	while ((got = read(from, block, sizeof(block))) > 0) {
		gnutls_hash(hash, block, (size_t)got);
		for (ssize_t done = 0; done < got; done += put) {
			put = write(to, block + done, (size_t)(got - done));
			if (put < 0)
				fail("data");
		}
	}
	if (got < 0)
		fail("image");
	gnutls_hash_deinit(hash, digest);
}

/* The kernel notifies pollers of "status"; it is "idle" when the slot is verified. */
static void wait_until_idle(const char *device)
{
	int fd = open_attribute(device, "status", O_RDONLY);
	struct pollfd wait = { .fd = fd, .events = POLLPRI };
	char word[32];

	for (;;) {
		ssize_t length = pread(fd, word, sizeof(word) - 1, 0);

		if (length < 0)
			fail("status");
		word[length] = '\0';
		if (strcmp(word, "idle\n") == 0)
			break;
		if (poll(&wait, 1, WAIT_MS) <= 0)
			fail("waiting for status");
	}
	close(fd);
}

int main(int argc, char *argv[])
{
	unsigned char digest[32];
	int image, data;

	if (argc != 4) {
		fprintf(stderr, "usage: floor-install IMAGE SLOT-FOLDER DEVICE-FOLDER\n");
		return 2;
	}
	image = open(argv[1], O_RDONLY | O_CLOEXEC);
	if (image < 0)
		fail(argv[1]);
	set_attribute(argv[2], "loading", "1");
	data = open_attribute(argv[2], "data", O_WRONLY);
	copy(image, data, digest);
	close(data);
	close(image);
	set_attribute(argv[2], "loading", "0");
	wait_until_idle(argv[3]);
	for (size_t i = 0; i < sizeof(digest); i++)
		printf("%02x", digest[i]);
	printf("\n");
	return EXIT_SUCCESS;
}
