/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * mtd-part: cuts an MTD device into partitions, and does a few things to them that tests need.
 *   mtd-part add /dev/mtd0 NAME OFFSET SIZE     makes a partition
 *   mtd-part del /dev/mtd0 /dev/mtd1            removes a partition of it
 *   mtd-part erase /dev/mtd1                    erases all of it
 *   mtd-part bad /dev/mtd1 OFFSET               marks the block there as bad
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/blkpg.h>
#include <mtd/mtd-user.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static long long number(const char *text)
{
	return strtoll(text, NULL, 0);
}

static int change(int fd, int op, int number_of, const char *name, long long offset, long long size)
{
	struct blkpg_partition part = { .start = offset, .length = size, .pno = number_of };
	struct blkpg_ioctl_arg arg = { .op = op, .datalen = sizeof(part), .data = &part };

	snprintf(part.devname, sizeof(part.devname), "%s", name);
	return ioctl(fd, BLKPG, &arg);
}

static int erase(int fd)
{
	struct mtd_info_user info;

	if (ioctl(fd, MEMGETINFO, &info) < 0)
		return -1;
	for (unsigned offset = 0; offset < info.size; offset += info.erasesize) {
		struct erase_info_user block = { .start = offset, .length = info.erasesize };
		long long at = offset;

		if (ioctl(fd, MEMGETBADBLOCK, &at) <= 0 && ioctl(fd, MEMERASE, &block) < 0)
			return -1;
	}
	return 0;
}

int main(int argc, char *argv[])
{
	int fd, index, r = -1;
	long long offset;

	if (argc < 3)
		return 2;
	fd = open(argv[2], O_RDWR | O_CLOEXEC);
	if (fd < 0) {
		perror(argv[2]);
		return 1;
	}
	if (strcmp(argv[1], "add") == 0 && argc == 6) {
		r = change(fd, BLKPG_ADD_PARTITION, 0, argv[3], number(argv[4]), number(argv[5]));
	} else if (strcmp(argv[1], "del") == 0 && argc == 4) {
		/* Despite its name the number is that of the device, not of the partition. */
		if (sscanf(argv[3], "/dev/mtd%d", &index) == 1)
			r = change(fd, BLKPG_DEL_PARTITION, index, "", 0, 0);
		else
			errno = EINVAL;
	} else if (strcmp(argv[1], "erase") == 0) {
		r = erase(fd);
	} else if (strcmp(argv[1], "bad") == 0 && argc == 4) {
		offset = number(argv[3]);
		r = ioctl(fd, MEMSETBADBLOCK, &offset);
	}
	if (r < 0)
		perror(argv[1]);
	close(fd);
	return r < 0;
}
