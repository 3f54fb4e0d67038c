/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A small file, read once and written whole. Losing it does no harm. */
#include "agent/told.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"

#define LINES_MAX 64 /* the oldest goes */
#define FILE_BYTES_MAX (64 * 1024)
#define FILE_NAME "told"

struct told {
	char *folder; /* NULL: there is no home */
	char *lines[LINES_MAX]; /* "DEVICE\tKEY" */
	size_t count;
};

static char *find_folder(void)
{
	const char *state = secure_getenv("XDG_STATE_HOME"), *home = secure_getenv("HOME");
	char *path = NULL;
	int r;

	if (state && state[0] == '/')
		r = asprintf(&path, "%s/fwslot-agent", state);
	else if (home && home[0] == '/')
		r = asprintf(&path, "%s/.local/state/fwslot-agent", home);
	else
		return NULL;
	return r < 0 ? NULL : path;
}

static void add_line(struct told *told, char *line)
{
	if (told->count == LINES_MAX) {
		free(told->lines[0]);
		memmove(told->lines, told->lines + 1, --told->count * sizeof(told->lines[0]));
	}
	told->lines[told->count++] = line;
}

static void read_lines(struct told *told)
{
	_cleanup_free_ char *text = NULL;
	_cleanup_close_ int folder = -EBADF;
	char *rest, *line;
	size_t size;

	folder = folder_open(&io_default, AT_FDCWD, told->folder, false, 0700);
	if (folder < 0 || file_read(folder, FILE_NAME, FILE_BYTES_MAX, &text, &size) < 0)
		return;
	rest = text;
	while ((line = strsep(&rest, "\n"))) {
		char *copy = line[0] ? strdup(line) : NULL;

		if (copy)
			add_line(told, copy);
	}
}

int told_new(struct told **ret)
{
	struct told *told = calloc(1, sizeof(*told));

	if (!told)
		return -ENOMEM;
	told->folder = find_folder();
	if (told->folder)
		read_lines(told);
	*ret = told;
	return 0;
}

void told_free(struct told *told)
{
	if (!told)
		return;
	for (size_t i = 0; i < told->count; i++)
		free(told->lines[i]);
	free(told->folder);
	free(told);
}

static bool is_about(const char *line, const char *device_id)
{
	size_t length = strlen(device_id);

	return strncmp(line, device_id, length) == 0 && line[length] == '\t';
}

bool told_contains(const struct told *told, const char *device_id, const char *key)
{
	for (size_t i = 0; i < told->count; i++)
		if (is_about(told->lines[i], device_id) &&
		    strcmp(told->lines[i] + strlen(device_id) + 1, key) == 0)
			return true;
	return false;
}

/* Every folder above the one wanted may be missing in a new home. */
static int open_folder(const char *path)
{
	_cleanup_free_ char *part = strdup(path);

	if (!part)
		return -ENOMEM;
	for (char *slash = part + 1; (slash = strchr(slash, '/')); slash++) {
		int r;

		*slash = '\0';
		r = io_default.mkdir(&io_default, AT_FDCWD, part, 0700);
		*slash = '/';
		if (r < 0 && r != -EACCES && r != -EROFS)
			return r;
	}
	return folder_open(&io_default, AT_FDCWD, path, true, 0700);
}

static void write_lines(const struct told *told)
{
	_cleanup_close_ int folder = -EBADF;
	_cleanup_free_ char *text = NULL;
	size_t size;
	FILE *stream;

	if (!told->folder)
		return;
	folder = open_folder(told->folder);
	stream = folder < 0 ? NULL : open_memstream(&text, &size);
	if (!stream)
		return;
	for (size_t i = 0; i < told->count; i++)
		fprintf(stream, "%s\n", told->lines[i]);
	if (fclose(stream) == 0)
		(void)!file_write_atomic(&io_default, folder, FILE_NAME, text, size, 0600);
}

void told_note(struct told *told, const char *device_id, const char *key)
{
	char *line;

	if (told_contains(told, device_id, key) || strchr(key, '\n') ||
	    asprintf(&line, "%s\t%s", device_id, key) < 0)
		return;
	for (size_t i = 0; i < told->count; i++) {
		if (!is_about(told->lines[i], device_id))
			continue;
		free(told->lines[i]);
		memmove(told->lines + i, told->lines + i + 1,
			(--told->count - i) * sizeof(told->lines[0]));
		break;
	}
	add_line(told, line);
	write_lines(told);
}
