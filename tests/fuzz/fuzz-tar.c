/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The tar reader: names stay safe, data stays within what was announced.
 *
 * covers: daemon/remote/tar.c
 */
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/file.h"
#include "remote/tar.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct check {
	struct tar_sink sink;
	uint64_t left;
	bool is_open;
};

static int begin(struct tar_sink *self, const struct tar_entry *entry,
		 struct failure *failure _unused_)
{
	struct check *check = (struct check *)self;

	if (check->is_open || entry->name[0] == '/' || entry->name[0] == 0 ||
	    strstr(entry->name, "/../") || strlen(entry->name) > TAR_NAME_MAX)
		__builtin_trap();
	check->is_open = true;
	check->left = entry->size;
	return 0;
}

static int take(struct tar_sink *self, const void *bytes, size_t size,
		struct failure *failure _unused_)
{
	struct check *check = (struct check *)self;
	uint64_t sum = 0;

	if (!check->is_open || size > check->left)
		__builtin_trap();
	check->left -= size;
	for (size_t i = 0; i < size; i++)
		sum += ((const uint8_t *)bytes)[i];
	return sum == UINT64_MAX ? -1 : 0; /* never: so that every byte is read */
}

static int end(struct tar_sink *self, struct failure *failure _unused_)
{
	struct check *check = (struct check *)self;

	if (!check->is_open || check->left != 0)
		__builtin_trap();
	check->is_open = false;
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct check check = { .sink = { begin, take, end, NULL } };
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	if (fd < 0 || file_write_all(&io_default, fd, data, size) < 0)
		__builtin_trap();
	if (tar_read(fd, 1 << 20, &check.sink, NULL) >= 0 && check.is_open)
		__builtin_trap();
	close(fd);
	return 0;
}
