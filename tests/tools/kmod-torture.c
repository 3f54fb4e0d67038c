// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Loads and unloads the modules again and again while its threads write slots, read attributes and dump
 * by netlink, and while devices vanish: in every round one in the middle of a write. It judges only that
 * this happens, that loading and unloading succeed and that nothing hangs; whether the kernel is well is
 * said by the kernel's log.
 *
 *   kmod-torture CORE.ko SIM.ko IMAGE ROUNDS
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>

#include "fwslot_netlink.h"

#define NUM_DEVICES 3
#define CLASS "/sys/class/fwslot"
#define DEBUGFS "/sys/kernel/debug/fwslot_sim"
#define UNLOAD_TIMEOUT_MS 20000
#define WRITING_TIMEOUT_MS 10000
/* Between what a thread does and what it does next: loading modules needs a processor, too. */
#define PAUSE_MS 5

static struct {
	unsigned char *bytes;
	size_t length;
} image;

static atomic_bool is_over;
static atomic_ulong writes_begun, attributes_read, dumps_done;

static void sleep_ms(unsigned duration_ms)
{
	nanosleep(&(struct timespec){ .tv_sec = duration_ms / 1000,
				      .tv_nsec = duration_ms % 1000 * 1000000L },
		  NULL);
}

/* Writes a word to a file that may not be there any more. */
static bool put(const char *path, const char *word)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool is_written;

	if (fd < 0)
		return false;
	is_written = write(fd, word, strlen(word)) >= 0;
	close(fd);
	return is_written;
}

/* A family that is not there is asked for only now and then: the kernel starts modprobe to find it. */
static bool is_loaded(void)
{
	return access(CLASS, F_OK) == 0;
}

static bool put_data(const char *path)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	size_t done = 0;

	if (fd < 0)
		return false;
	while (done < image.length) {
		ssize_t n = write(fd, image.bytes + done, image.length - done);

		if (n <= 0)
			break;
		done += n;
	}
	close(fd);
	return done == image.length;
}

/* Writes slot 1 of a device, cancels now and then, and never waits. */
static void *keep_writing(void *device)
{
	char loading[64], data[64], cancel[64];
	unsigned count = 0;

	snprintf(loading, sizeof(loading), CLASS "/%s.1/loading", (char *)device);
	snprintf(data, sizeof(data), CLASS "/%s.1/data", (char *)device);
	snprintf(cancel, sizeof(cancel), CLASS "/%s.1/cancel", (char *)device);
	while (!is_over) {
		if (!put(loading, "1")) {
			sleep_ms(PAUSE_MS);
			continue;
		}
		if (put_data(data) && put(loading, "0"))
			writes_begun++;
		if (++count % 7 == 0)
			put(cancel, "1");
		sleep_ms(PAUSE_MS);
	}
	return NULL;
}

static void read_folder(const char *path)
{
	DIR *folder = opendir(path);
	struct dirent *entry;
	char text[4096];

	while (folder && (entry = readdir(folder))) {
		int fd = openat(dirfd(folder), entry->d_name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

		if (fd >= 0) {
			if (read(fd, text, sizeof(text)) >= 0)
				attributes_read++;
			close(fd);
		}
	}
	if (folder)
		closedir(folder);
}

static void *keep_reading(void *unused)
{
	static const char *const folders[] = { "fwslot0/",  "fwslot0/boot", "fwslot0.1/",
					       "fwslot1/",  "fwslot1/boot", "fwslot1.0/",
					       "fwslot1.1/" };
	enum { NUM_FOLDERS = sizeof(folders) / sizeof(folders[0]) };
	char path[64];

	(void)unused;
	for (unsigned i = 0; !is_over; i++) {
		snprintf(path, sizeof(path), CLASS "/%s", folders[i % NUM_FOLDERS]);
		read_folder(path);
		sleep_ms(PAUSE_MS);
	}
	return NULL;
}

static void dump(struct nl_sock *sock, int family, int command)
{
	if (genl_send_simple(sock, family, command, FWSLOT_FAMILY_VERSION, NLM_F_DUMP) >= 0 &&
	    nl_recvmsgs_default(sock) >= 0)
		dumps_done++;
}

static void *keep_dumping(void *unused)
{
	(void)unused;
	while (!is_over) {
		struct nl_sock *sock;
		int family = -1;

		if (!is_loaded()) {
			sleep_ms(PAUSE_MS);
			continue;
		}
		sock = nl_socket_alloc();
		if (sock && genl_connect(sock) >= 0)
			family = genl_ctrl_resolve(sock, FWSLOT_FAMILY_NAME);
		for (unsigned i = 0; family >= 0 && i < 20 && !is_over; i++) {
			dump(sock, family, i % 2 ? FWSLOT_CMD_SLOT_GET : FWSLOT_CMD_DEV_GET);
			sleep_ms(PAUSE_MS);
		}
		nl_socket_free(sock);
		sleep_ms(PAUSE_MS);
	}
	return NULL;
}

/* Whoever asks for a netlink family that is not there makes the kernel load its module: no error. */
static int load(const char *path, const char *parameters)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int r;

	if (fd < 0) {
		fprintf(stderr, "kmod-torture: cannot open %s: %m\n", path);
		return -errno;
	}
	r = syscall(SYS_finit_module, fd, parameters, 0) < 0 && errno != EEXIST ? -errno : 0;
	if (r < 0)
		fprintf(stderr, "kmod-torture: %s is not loaded: %s\n", path, strerror(-r));
	close(fd);
	return r;
}

/* The last reference on a device may be dropped a moment after the device is gone. */
static int unload(const char *name)
{
	for (unsigned waited_ms = 0;; waited_ms += 5) {
		if (syscall(SYS_delete_module, name, O_NONBLOCK) == 0 || errno == ENOENT)
			return 0;
		if ((errno != EAGAIN && errno != EBUSY) || waited_ms >= UNLOAD_TIMEOUT_MS) {
			fprintf(stderr, "kmod-torture: %s is not unloaded: %m\n", name);
			return -errno;
		}
		sleep_ms(5);
	}
}

static void put_fault(unsigned device, const char *file, const char *word)
{
	char path[64];

	snprintf(path, sizeof(path), DEBUGFS "/sim%u/%s", device, file);
	put(path, word);
}

static bool is_being_written(unsigned device)
{
	char path[64], status[32] = "";
	int fd;

	snprintf(path, sizeof(path), CLASS "/fwslot%u.1/status", device);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	if (read(fd, status, sizeof(status) - 1) < 0)
		status[0] = '\0';
	close(fd);
	return strcmp(status, "erasing\n") == 0 || strcmp(status, "transferring\n") == 0 ||
	       strcmp(status, "verifying\n") == 0;
}

/* The device vanishes in the middle of a write. */
static int pull_out(unsigned device)
{
	for (unsigned waited_ms = 0; !is_being_written(device); waited_ms++) {
		if (waited_ms >= WRITING_TIMEOUT_MS) {
			fprintf(stderr, "kmod-torture: nobody writes to device %u\n", device);
			return -ETIMEDOUT;
		}
		sleep_ms(1);
	}
	put_fault(device, "vanish", "1");
	return 0;
}

/* What happens while the threads run; different in each round. */
static int disturb(unsigned round)
{
	unsigned victim = round % NUM_DEVICES, next = (round + 1) % NUM_DEVICES;
	char word[16];
	int r;

	snprintf(word, sizeof(word), "%u", round % 40 + 2);
	put_fault(next, "vanish_at_op", word);
	put(CLASS "/fwslot2/restart", "1");
	r = pull_out(victim);
	if (r < 0)
		return r;
	if (round % 2)
		put_fault(victim, "replug", "1");
	if (round % 4 == 0)
		put(DEBUGFS "/del_device", "2");
	if (round % 5 == 0)
		put(DEBUGFS "/new_device", "4");
	sleep_ms(round % 7 * 5);
	return 0;
}

static int run_round(char **modules, unsigned round)
{
	char parameters[80];
	int r;

	snprintf(parameters, sizeof(parameters), "devices=%d flash_delay_us_per_page=%u",
		 NUM_DEVICES, 50 + round % 3 * 100);
	r = load(modules[0], "");
	if (r < 0)
		return r;
	r = load(modules[1], parameters);
	if (r < 0)
		return r;
	r = disturb(round);
	if (r < 0)
		return r;
	r = unload("fwslot_sim");
	return r < 0 ? r : unload("fwslot");
}

static int read_image(const char *path)
{
	FILE *file = fopen(path, "rbe");
	struct stat st;

	if (!file || fstat(fileno(file), &st) < 0)
		return -errno;
	image.length = st.st_size;
	image.bytes = malloc(image.length);
	if (!image.bytes || fread(image.bytes, 1, image.length, file) != image.length)
		return -EIO;
	fclose(file);
	return 0;
}

int main(int argc, char **argv)
{
	static char *const devices[] = { "fwslot0", "fwslot1", "fwslot2" };
	static void *(*const runs[])(void *) = { keep_writing, keep_writing, keep_writing,
						 keep_reading, keep_dumping };
	enum { NUM_THREADS = sizeof(runs) / sizeof(runs[0]) };
	pthread_t threads[NUM_THREADS];
	unsigned rounds = argc == 5 ? strtoul(argv[4], NULL, 0) : 0;
	int r = 0;

	if (!rounds || read_image(argv[3]) < 0) {
		fprintf(stderr, "usage: kmod-torture CORE.ko SIM.ko IMAGE ROUNDS\n");
		return EXIT_FAILURE;
	}
	for (unsigned i = 0; i < NUM_THREADS; i++)
		if (pthread_create(&threads[i], NULL, runs[i], devices[i % NUM_DEVICES]))
			return EXIT_FAILURE;
	for (unsigned round = 0; round < rounds && r == 0; round++)
		r = run_round(argv + 1, round);
	is_over = true;
	for (unsigned i = 0; i < NUM_THREADS; i++)
		pthread_join(threads[i], NULL);
	if (r == 0)
		r = unload("fwslot");
	printf("%lu writes, %lu attributes, %lu dumps\n", writes_begun, attributes_read,
	       dumps_done);
	free(image.bytes);
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
