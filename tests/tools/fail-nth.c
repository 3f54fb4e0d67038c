// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Makes the kernel fail: does one thing again and again, and each time one memory allocation later
 * of what the kernel does for it fails, until a time passes in which all of them succeed. Whether
 * the kernel took it well is said by its log. It needs CONFIG_FAULT_INJECTION and "N" in
 * /sys/kernel/debug/failslab/ignore-gfp-wait; the count is this thread's own, so a shell cannot do
 * it.
 *
 *   fail-nth write FILE CONTENT [FILE CONTENT]    one write of all of file CONTENT; the second
 *                                                 undoes it, or closing does
 *   fail-nth module FILE.ko PARAMETERS            loads it; unloading undoes that
 *
 * Prints "N failures, R refused, W went well".
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define FAILURES_MAX 20000
#define UNLOAD_TRIES 600

struct content {
	char bytes[65536];
	size_t length;
};

static struct content content, undo_content;

static bool load_content(const char *path, struct content *ret)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, ret->bytes, sizeof(ret->bytes));

	if (fd >= 0)
		close(fd);
	if (n < 0) {
		fprintf(stderr, "fail-nth: %s: %s\n", path, strerror(errno));
		return false;
	}
	ret->length = n;
	return true;
}

/* From now on the @nth allocation of this thread fails; 0: none. */
static bool arm(int fd, unsigned int nth)
{
	char text[16];
	int length = snprintf(text, sizeof(text), "%u", nth);

	return pwrite(fd, text, length, 0) == length;
}

/* Was it reached? The kernel counts down and stays at 0. */
static bool has_failed(int fd)
{
	char text[16] = "";

	return pread(fd, text, sizeof(text) - 1, 0) > 0 && atoi(text) == 0;
}

static bool undo_write(const char *path)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool is_done = fd >= 0 && write(fd, undo_content.bytes, undo_content.length) ==
					  (ssize_t)undo_content.length;

	if (fd >= 0)
		close(fd);
	return is_done;
}

/* Return: 1 it went well, 0 refused, -1 nothing further makes sense. */
static int try_write(int nth_fd, unsigned int nth, char **argv, bool *ret_failed)
{
	int fd = open(argv[0], O_WRONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0 || !arm(nth_fd, nth))
		return -1;
	n = write(fd, content.bytes, content.length);
	*ret_failed = has_failed(nth_fd);
	arm(nth_fd, 0);
	close(fd);
	if (n < 0)
		return 0;
	return !argv[2] || undo_write(argv[2]) ? 1 : -1;
}

/* The last reference on a device may be a moment behind, some seconds with DEBUG_KOBJECT_RELEASE. */
static bool unload(const char *name)
{
	for (int i = 0; i < UNLOAD_TRIES; i++) {
		if (syscall(SYS_delete_module, name, O_NONBLOCK) == 0)
			return true;
		if (errno != EBUSY && errno != EAGAIN)
			return false;
		nanosleep(&(struct timespec){ .tv_nsec = 100000000 }, NULL);
	}
	return false;
}

static int try_module(int nth_fd, unsigned int nth, char **argv, bool *ret_failed)
{
	char name[64];
	const char *base = strrchr(argv[0], '/');
	int fd = open(argv[0], O_RDONLY | O_CLOEXEC);
	long ret;

	if (fd < 0 || !arm(nth_fd, nth))
		return -1;
	ret = syscall(SYS_finit_module, fd, argv[1], 0);
	*ret_failed = has_failed(nth_fd);
	arm(nth_fd, 0);
	close(fd);
	if (ret < 0)
		return 0;
	snprintf(name, sizeof(name), "%s", base ? base + 1 : argv[0]);
	name[strcspn(name, ".")] = 0;
	return unload(name) ? 1 : -1;
}

static int sweep(int (*try)(int nth_fd, unsigned int nth, char **argv, bool *ret_failed),
		 char **argv)
{
	unsigned int nth, refused = 0, well = 0;
	bool has_failed_once = true;
	int nth_fd = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);

	for (nth = 1; has_failed_once && nth <= FAILURES_MAX; nth++) {
		int ret = nth_fd < 0 ? -1 : try(nth_fd, nth, argv, &has_failed_once);

		if (ret < 0) {
			fprintf(stderr, "fail-nth: %s, allocation %u: %s\n", argv[0], nth,
				strerror(errno));
			return 1;
		}
		refused += ret == 0;
		well += ret == 1;
		/* The last time nothing fails, so it must go well. */
		if (!has_failed_once && ret == 0) {
			fprintf(stderr, "fail-nth: %s is refused although nothing fails\n",
				argv[0]);
			return 1;
		}
	}
	printf("%u failures, %u refused, %u went well\n", nth - 2, refused, well);
	return has_failed_once;
}

int main(int argc, char **argv)
{
	if (argc == 4 && strcmp(argv[1], "module") == 0)
		return sweep(try_module, argv + 2);
	if ((argc == 4 || argc == 6) && strcmp(argv[1], "write") == 0) {
		if (!load_content(argv[3], &content) ||
		    (argc == 6 && !load_content(argv[5], &undo_content)))
			return 1;
		return sweep(try_write, argv + 2);
	}
	fprintf(stderr,
		"usage: fail-nth write FILE CONTENT [FILE CONTENT] | module FILE.ko PARAMETERS\n");
	return 2;
}
