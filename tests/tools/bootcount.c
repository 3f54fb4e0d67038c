/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * bootcount: plays U-Boot's part at a boot. It was written from U-Boot's documentation and not from
 * kmod/mtd. bootcount FILE@OFFSET pair|word|file|bytes [little|big]        prints the counter, and
 * upgrade_available if any bootcount FILE@OFFSET pair|word|file|bytes [little|big] boot   counts a
 * boot, as U-Boot would FILE is a character device of MTD (whose block is erased and written again)
 * or anything else that can be written.
 */
#include <fcntl.h>
#include <mtd/mtd-user.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static uint8_t block[1 << 20];
static size_t block_size = 256;
static int is_mtd, is_big;

static uint32_t load(const uint8_t *b)
{
	return is_big ? (uint32_t)b[0] << 24 | b[1] << 16 | b[2] << 8 | b[3] :
			(uint32_t)b[3] << 24 | b[2] << 16 | b[1] << 8 | b[0];
}

static void store(uint8_t *b, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		b[is_big ? 3 - i : i] = (uint8_t)(v >> 8 * i);
}

/* Prints what is there; with @is_boot counts one more, if U-Boot would. */
static int work(uint8_t *b, const char *form, int is_boot)
{
	if (strcmp(form, "pair") == 0) {
		unsigned count = load(b + 4) == 0xb001c041 ? load(b) : 0;

		printf("%u\n", count + (unsigned)is_boot);
		store(b, count + 1);
		store(b + 4, 0xb001c041);
	} else if (strcmp(form, "word") == 0) {
		unsigned count = load(b) >> 16 == 0xb001 ? load(b) & 0xffff : 0;

		printf("%u\n", count + (unsigned)is_boot);
		store(b, 0xb0010000 | (count + 1));
	} else if (strcmp(form, "file") == 0) {
		int is_there = b[0] == 0xbd && b[1] == 1;
		int is_waiting = is_there && b[3];

		printf("%d %d\n", is_there ? b[2] + (is_boot && is_waiting) : 0, is_waiting);
		if (!is_waiting)
			return 0;
		b[2]++;
	} else if (strcmp(form, "bytes") == 0) {
		printf("%d\n", (b[1] == 0xbc ? b[0] : 0) + is_boot);
		b[0] = (uint8_t)((b[1] == 0xbc ? b[0] : 0) + 1);
		b[1] = 0xbc;
	} else {
		return -1;
	}
	return is_boot;
}

int main(int argc, char *argv[])
{
	struct mtd_info_user info;
	char path[256] = "";
	unsigned long offset = 0, start;
	int fd, r;

	if (argc < 3 || sscanf(argv[1], "%255[^@]@%li", path, (long *)&offset) < 1)
		return 2;
	is_big = argc > 3 && strcmp(argv[3], "big") == 0;
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0) {
		perror(path);
		return 1;
	}
	if (ioctl(fd, MEMGETINFO, &info) == 0) {
		is_mtd = 1;
		block_size = info.erasesize;
	}
	if (block_size > sizeof(block))
		return 2;
	start = offset - offset % block_size;
	if (pread(fd, block, block_size, (off_t)start) < 16) {
		perror("read");
		return 1;
	}
	r = work(block + offset % block_size, argv[2],
		 argc > 3 && strcmp(argv[argc - 1], "boot") == 0);
	if (r > 0) {
		struct erase_info_user erase = { .start = (uint32_t)start,
						 .length = (uint32_t)block_size };

		if ((is_mtd && ioctl(fd, MEMERASE, &erase) < 0) ||
		    pwrite(fd, is_mtd ? block : block + offset % block_size,
			   is_mtd ? block_size : 8, (off_t)(is_mtd ? start : offset)) < 0) {
			perror("write");
			return 1;
		}
	}
	return r < 0 ? 2 : 0;
}
