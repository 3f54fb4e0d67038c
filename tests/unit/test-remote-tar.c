/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The strict tar reader: what other programs write (GNU tar, libarchive), every cut of
 * a good file, and tricks.
 */
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "remote/tar.h"
#include "repo/tar-write.h"
#include "tap.h"

#define MAX_BYTES (64 * 1024 * 1024)

/* Notes what it is given as "name:content;", folders as "name/;". */
struct notes {
	struct tar_sink sink;
	char text[8192];
	size_t length;
	uint64_t bytes;
	unsigned int entries;
	bool is_folder;
};

static void note(struct notes *notes, const void *bytes, size_t size)
{
	size_t left = sizeof(notes->text) - 1 - notes->length;

	size = size < left ? size : left;
	memcpy(notes->text + notes->length, bytes, size);
	notes->length += size;
}

static int notes_begin(struct tar_sink *self, const struct tar_entry *entry,
		       struct failure *failure _unused_)
{
	struct notes *notes = (struct notes *)self;

	notes->entries++;
	notes->is_folder = entry->is_folder;
	note(notes, entry->name, strlen(entry->name));
	note(notes, entry->is_folder ? "/" : ":", 1);
	return 0;
}

static int notes_data(struct tar_sink *self, const void *bytes, size_t size,
		      struct failure *failure _unused_)
{
	struct notes *notes = (struct notes *)self;

	notes->bytes += size;
	note(notes, bytes, size);
	return 0;
}

static int notes_end(struct tar_sink *self, struct failure *failure _unused_)
{
	note((struct notes *)self, ";", 1);
	return 0;
}

static struct notes new_notes(void)
{
	return (struct notes){ .sink = { notes_begin, notes_data, notes_end, NULL } };
}

static int memory_file(const void *bytes, size_t size)
{
	int fd = memfd_create("tar", MFD_CLOEXEC);

	if (fd < 0 || file_write_all(&io_default, fd, bytes, size) < 0)
		tap_bail("no memory file");
	return fd;
}

/* Reads @fd and closes it. */
static enum reason read_tar(int fd, struct notes *notes, struct failure *failure)
{
	int r = tar_read(fd, MAX_BYTES, &notes->sink, failure);

	close(fd);
	return r < 0 ? failure->reason : REASON_OK;
}

static void is_read(int fd, const char *expected, const char *what)
{
	struct notes notes = new_notes();
	struct failure failure = { 0 };

	tap_is_string(reason_word(read_tar(fd, &notes, &failure)), "ok", what);
	if (failure.reason != REASON_OK)
		printf("# %s\n", failure_message(&failure));
	tap_is_string(notes.text, expected, "its content");
	failure_clear(&failure);
}

static void is_refused(int fd, enum reason expected, const char *what)
{
	struct notes notes = new_notes();
	struct failure failure = { 0 };
	enum reason reason = read_tar(fd, &notes, &failure);

	tap_is_string(reason_word(reason), reason_word(expected), what);
	printf("# %s\n", failure_message(&failure));
	failure_clear(&failure);
}

static char folder[64] = "/tmp/fwslot-test-XXXXXX";

/* Runs a command in the folder, and opens what it made. */
_printf_(1, 2) static int made_by(const char *format, ...)
{
	char command[2048], path[128];
	va_list arguments;
	int fd, length = snprintf(command, sizeof(command), "cd %s && rm -f t.tar && ", folder);

	va_start(arguments, format);
	vsnprintf(command + length, sizeof(command) - (size_t)length, format, arguments);
	va_end(arguments);
	if (system(command) != 0)
		tap_bail("failed: %s", command);
	snprintf(path, sizeof(path), "%s/t.tar", folder);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		tap_bail("cannot open %s", path);
	return fd;
}

#define GNU_TAR                                                                                    \
	"tar --format=pax --pax-option=delete=atime,delete=ctime --sort=name --owner=0 --group=0 " \
	"--mtime=@0 -cf t.tar "

static void test_gnu_tar(void)
{
	char long_name[201], expected[256];

	memset(long_name, 'n', 200);
	long_name[200] = 0;
	snprintf(expected, sizeof(expected), "d/;d/%s:long;", long_name);
	is_read(made_by("mkdir -p d/e && printf one >d/a && printf two >d/e/b && : >d/empty && " GNU_TAR
			"d"),
		"d/;d/a:one;d/e/;d/e/b:two;d/empty:;", "a pax file by GNU tar");
	is_read(made_by("rm -rf d && mkdir d && printf long >d/%s && " GNU_TAR "d && mv d gone",
			long_name),
		expected, "a long name by a pax header");
	is_read(made_by("printf x >f && tar --format=ustar -cf t.tar f"), "f:x;",
		"a plain ustar file");
	is_refused(made_by("printf x >f && tar --format=gnu -cf t.tar f"), REASON_MALFORMED,
		   "GNU's own format");
	is_refused(made_by("ln -sf f l && tar --format=pax -cf t.tar l"), REASON_MALFORMED,
		   "a symbolic link");
	is_refused(made_by("ln -f f h && tar --format=pax -cf t.tar f h"), REASON_MALFORMED,
		   "a hard link");
	is_refused(made_by("mkfifo p && tar --format=pax -cf t.tar p"), REASON_MALFORMED, "a FIFO");
	is_refused(
		made_by("tar --format=pax --pax-option=comment=x -cf t.tar f && "
			"tar --format=posix --pax-option='globexthdr.name=g,comment=x' -cf t.tar f"),
		REASON_MALFORMED, "a global header");
	is_refused(made_by("truncate -s 1M s && printf x >>s && tar -S --format=pax -cf t.tar s"),
		   REASON_MALFORMED, "a sparse file");
	is_refused(made_by("tar --format=pax -P -cf t.tar %s/f 2>/dev/null", folder),
		   REASON_MALFORMED, "an absolute name");
	is_refused(made_by("tar --format=pax -P -cf t.tar d/../f 2>/dev/null || mkdir -p d && "
			   "tar --format=pax -P -cf t.tar d/../f"),
		   REASON_MALFORMED, "a name with ..");
	is_refused(made_by("tar --format=pax -cf t.tar ./f"), REASON_MALFORMED,
		   "a name with a dot");
	is_refused(made_by("tar --format=pax -czf t.tar f"), REASON_TRUNCATED, "a compressed file");
	is_refused(made_by("printf x >'a\tb' && tar --format=pax -cf t.tar 'a\tb'"),
		   REASON_MALFORMED, "a name with a control character");
}

/* What we write, read by libarchive. */
static void test_own_writer(void)
{
	struct tar_writer writer = { .io = &io_default,
				     .fd = memfd_create("t", MFD_CLOEXEC),
				     .what = "t" };
	char long_name[301] = "metadata/", listed[1024] = "";
	struct archive *reader = archive_read_new();
	struct archive_entry *entry;

	memset(long_name + 9, 'l', 291);
	tap_ok(tar_write_entry(&writer, "metadata/a", "one", 3, NULL) >= 0 &&
		       tar_write_entry(&writer, long_name, "two", 3, NULL) >= 0 &&
		       tar_write_entry(&writer, "z", "", 0, NULL) >= 0 &&
		       tar_write_end(&writer, NULL) >= 0,
	       "write");
	lseek(writer.fd, 0, SEEK_SET);
	archive_read_support_format_tar(reader);
	tap_is(archive_read_open_fd(reader, writer.fd, 10240), ARCHIVE_OK, "libarchive opens it");
	while (archive_read_next_header(reader, &entry) == ARCHIVE_OK) {
		char data[8] = "";

		strcat(strcat(listed, archive_entry_pathname(entry)), ":");
		if (archive_read_data(reader, data, 7) < 0)
			tap_bail("libarchive cannot read");
		strcat(strcat(listed, data), ";");
	}
	archive_read_free(reader);
	tap_ok(strncmp(listed, "metadata/a:one;", 15) == 0 && strstr(listed, ":two;z:;") &&
		       strstr(listed, long_name),
	       "and reads the same");
	is_read(writer.fd, listed, "and so do we");
}

/* A good file as bytes. */
static char *good_tar(size_t *ret_size)
{
	struct tar_writer writer = { .io = &io_default,
				     .fd = memfd_create("t", MFD_CLOEXEC),
				     .what = "t" };
	char content[700], *bytes;

	memset(content, 'c', sizeof(content));
	if (tar_write_entry(&writer, "first", content, sizeof(content), NULL) < 0 ||
	    tar_write_entry(&writer, "second", "2", 1, NULL) < 0 ||
	    tar_write_end(&writer, NULL) < 0)
		tap_bail("cannot write");
	lseek(writer.fd, 0, SEEK_SET);
	if (file_read_fd(writer.fd, 1 << 20, &bytes, ret_size) < 0)
		tap_bail("cannot read");
	close(writer.fd);
	return bytes;
}

/* Cut anywhere, a file is truncated (or, inside a header, damaged): never taken. */
static void test_every_cut(void)
{
	_cleanup_free_ char *bytes = NULL;
	size_t size, wrong = 0;

	bytes = good_tar(&size);
	for (size_t cut = 0; cut < size; cut++) {
		struct notes notes = new_notes();
		struct failure failure = { 0 };

		if (read_tar(memory_file(bytes, cut), &notes, &failure) != REASON_TRUNCATED) {
			printf("# cut at %zu: %s\n", cut, failure_message(&failure));
			wrong++;
		}
		failure_clear(&failure);
	}
	tap_is(wrong, 0, "cut at every byte it is truncated");
}

/* The checksum is made right again, so that the check under test is the one that speaks. */
static void fix_checksum(char *header)
{
	unsigned int sum = 0;

	memset(header + 148, ' ', 8);
	for (size_t i = 0; i < 512; i++)
		sum += (unsigned char)header[i];
	snprintf(header + 148, 8, "%06o", sum);
}

static void test_altered_headers(void)
{
	static const struct {
		size_t offset;
		const char *bytes;
		size_t size;
		bool is_fixed;
		const char *what;
	} cases[] = {
		{ 0, "x", 1, false, "a wrong checksum" },
		{ 257, "gnutar", 6, true, "another magic" },
		{ 124, "\x80\0\0\0\0\0\0\0\0\0\0\1", 12, true, "a size in base 256" },
		{ 124, "9", 1, true, "a size that is not octal" },
		{ 124, "-0000000001", 11, true, "a negative size" },
		{ 156, "1", 1, true, "a hard link" },
		{ 156, "2", 1, true, "a symbolic link" },
		{ 156, "3", 1, true, "a character device" },
		{ 156, "4", 1, true, "a block device" },
		{ 156, "6", 1, true, "a FIFO" },
		{ 156, "7", 1, true, "a contiguous file" },
		{ 156, "g", 1, true, "a global header" },
		{ 156, "L", 1, true, "a GNU long name" },
		{ 156, "K", 1, true, "a GNU long link" },
		{ 156, "S", 1, true, "a GNU sparse file" },
		{ 156, "\0", 1, true, "an old regular file" },
		{ 156, "5", 1, true, "a folder with content" },
		{ 0, "/", 1, true, "an absolute name" },
		{ 0, "..", 3, true, "a name that is .." },
		{ 0, "a//b", 5, true, "an empty segment" },
		{ 0, "a/../b", 7, true, "a segment .." },
		{ 0, "\0", 1, true, "no name" },
		{ 0, "a\\b", 4, true, "a backslash" },
		{ 345, "/etc", 5, true, "a prefix that is absolute" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_free_ char *bytes = NULL;
		size_t size;

		bytes = good_tar(&size);
		memcpy(bytes + cases[i].offset, cases[i].bytes, cases[i].size);
		if (cases[i].is_fixed)
			fix_checksum(bytes);
		is_refused(memory_file(bytes, size), REASON_MALFORMED, cases[i].what);
	}
}

/* A pax header with this body before an entry. */
static void test_pax(void)
{
	static const struct {
		const char *body;
		const char *expected; /* what is read, or NULL */
		const char *what;
	} cases[] = {
		{ "12 path=abc\n", "abc:x;", "a path" },
		{ "13 mtime=123\n12 path=abc\n", "abc:x;", "a path among others" },
		{ "13 mtime=123\n", "f:x;", "none" },
		{ "16 path=/etc/pw\n", NULL, "an absolute path" },
		{ "13 path=../a\n", NULL, "a path with .." },
		{ "12 path=abc", NULL, "no newline" },
		{ "99 path=abc\n", NULL, "a length beyond the header" },
		{ "4 a=\n", NULL, "a length that is too short" },
		{ "path=abc\n", NULL, "no length" },
		{ "9 path=\n", NULL, "an empty path" },
		{ "11 size=99\n", NULL, "a size" },
		{ "14 linkpath=a\n", NULL, "a link" },
		{ "22 GNU.sparse.major=1\n", NULL, "a sparse file" },
		{ "0 \n", NULL, "a length of zero" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct tar_writer writer = { .io = &io_default,
					     .fd = memfd_create("t", MFD_CLOEXEC),
					     .what = "t" };
		_cleanup_free_ char *bytes = NULL;
		size_t size;

		if (tar_write_entry(&writer, "pax", cases[i].body, strlen(cases[i].body), NULL) <
			    0 ||
		    tar_write_entry(&writer, "f", "x", 1, NULL) < 0 ||
		    tar_write_end(&writer, NULL) < 0)
			tap_bail("cannot write");
		lseek(writer.fd, 0, SEEK_SET);
		if (file_read_fd(writer.fd, 1 << 20, &bytes, &size) < 0)
			tap_bail("cannot read");
		close(writer.fd);
		bytes[156] = 'x';
		fix_checksum(bytes);
		if (cases[i].expected)
			is_read(memory_file(bytes, size), cases[i].expected, cases[i].what);
		else
			is_refused(memory_file(bytes, size), REASON_MALFORMED, cases[i].what);
	}
}

static void test_limits(void)
{
	_cleanup_free_ char *bytes = NULL, *large = NULL;
	struct tar_writer writer = { .io = &io_default,
				     .fd = memfd_create("t", MFD_CLOEXEC),
				     .what = "t" };
	struct notes notes = new_notes();
	struct failure failure = { 0 };
	size_t size;
	int fd, pipe_fds[2];

	for (int i = 0; i < TAR_ENTRIES_MAX + 1; i++) {
		char name[16];

		snprintf(name, sizeof(name), "%d", i);
		if (tar_write_entry(&writer, name, "", 0, NULL) < 0)
			tap_bail("cannot write");
	}
	(void)!tar_write_end(&writer, NULL);
	is_refused(writer.fd, REASON_TOO_LARGE, "more than 4096 entries");

	bytes = good_tar(&size);
	fd = memory_file(bytes, size);
	tap_ok(tar_read(fd, size - 1, &notes.sink, &failure) < 0 &&
		       failure.reason == REASON_TOO_LARGE,
	       "larger than allowed: %s", failure_message(&failure));
	failure_clear(&failure);
	close(fd);
	if (pipe(pipe_fds) < 0)
		tap_bail("no pipe");
	is_refused(pipe_fds[0], REASON_NOT_REGULAR_FILE, "a pipe");
	close(pipe_fds[1]);

	large = calloc(1, size + 4096);
	memcpy(large, bytes, size);
	fd = memory_file(large, size + 4096);
	lseek(fd, 700, SEEK_SET);
	tap_ok(tar_read(fd, MAX_BYTES, &notes.sink, &failure) >= 0,
	       "zeros after the end, and any file position");
	tap_is(lseek(fd, 0, SEEK_CUR), 700, "which stays as it is");
	close(fd);
	large[size + 600] = 1;
	is_refused(memory_file(large, size + 4096), REASON_MALFORMED, "more after the end marker");
}

/* Across the reader's buffer. */
static void test_large_entries(void)
{
	static const size_t sizes[] = { 1024 * 1024 - 512, 1024 * 1024 - 511, 1024 * 1024,
					1024 * 1024 + 1, 3000000 };

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct tar_writer writer = { .io = &io_default,
					     .fd = memfd_create("t", MFD_CLOEXEC),
					     .what = "t" };
		_cleanup_free_ char *content = calloc(1, sizes[i]);
		struct notes notes = new_notes();
		struct failure failure = { 0 };

		if (tar_write_entry(&writer, "large", content, sizes[i], NULL) < 0 ||
		    tar_write_entry(&writer, "after", "y", 1, NULL) < 0 ||
		    tar_write_end(&writer, NULL) < 0)
			tap_bail("cannot write");
		tap_is(read_tar(writer.fd, &notes, &failure), REASON_OK, "a large entry");
		tap_ok(notes.bytes == sizes[i] + 1 && notes.entries == 2,
		       "every byte of it, and what follows");
		failure_clear(&failure);
	}
}

int main(void)
{
	char command[128];

	if (!mkdtemp(folder))
		tap_bail("no folder");
	test_gnu_tar();
	test_own_writer();
	test_every_cut();
	test_altered_headers();
	test_pax();
	test_limits();
	test_large_entries();
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	tap_is(system(command), 0, "cleaned up");
	return tap_done();
}
