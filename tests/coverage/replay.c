/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Stands in for libFuzzer: gives a fuzz target each file of the folders named on the command
 * line once, in the order of their names. Invents no input and catches no crash.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/macros.h"

#define INPUT_BYTES_MAX (16U << 20)

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static int is_visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static int replay_file(const char *path)
{
	_cleanup_free_ char *bytes = NULL;
	size_t size;
	int r = file_read(AT_FDCWD, path, INPUT_BYTES_MAX, &bytes, &size);

	if (r < 0) {
		fprintf(stderr, "%s cannot be read: %s\n", path, strerror(-r));
		return 1;
	}
	LLVMFuzzerTestOneInput((const uint8_t *)bytes, size);
	return 0;
}

static int replay_folder(const char *folder)
{
	struct dirent **entries;
	int count = scandir(folder, &entries, is_visible, alphasort), failed = count < 1;

	for (int i = 0; i < count; i++) {
		_cleanup_free_ char *path = NULL;

		if (asprintf(&path, "%s/%s", folder, entries[i]->d_name) < 0)
			path = NULL;
		failed |= !path || replay_file(path);
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
	if (count < 1)
		fprintf(stderr, "There is no input in %s\n", folder);
	return failed;
}

int main(int argc, char **argv)
{
	int failed = 0;

	for (int i = 1; i < argc; i++)
		failed |= replay_folder(argv[i]);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
