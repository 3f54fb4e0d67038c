/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A strict tar reader in one pass: no seeking, no copy of the data. */
#include "remote/tar.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/parse.h"

#define BLOCK_BYTES 512
#define READ_BYTES (1024 * 1024) /* a multiple of BLOCK_BYTES: headers are never split */
#define END_BLOCKS 2

/* POSIX.1-1988 ustar. */
struct header {
	char name[100];
	char mode[8];
	char uid[8];
	char gid[8];
	char size[12];
	char mtime[12];
	char checksum[8];
	char type;
	char link_name[100];
	char magic[8];
	char user[32];
	char group[32];
	char device_major[8];
	char device_minor[8];
	char prefix[155];
	char padding[12];
};

_Static_assert(sizeof(struct header) == BLOCK_BYTES, "a tar header is one block");

enum state {
	STATE_HEADER,
	STATE_DATA,
	STATE_PAX,
	STATE_END, /* after the first block of zeros */
};

struct reader {
	struct tar_sink *sink;
	enum state state;
	uint64_t remaining; /* bytes of data, without padding */
	uint64_t padding; /* bytes after the data up to the next block */
	unsigned int entries;
	unsigned int end_blocks;
	char pax_name[TAR_NAME_MAX + 1]; /* of the next entry; "" if none */
	char pax[TAR_PAX_BYTES_MAX];
	size_t pax_size;
};

static bool is_zero(const char *bytes, size_t size)
{
	return size == 0 || (bytes[0] == 0 && memcmp(bytes, bytes + 1, size - 1) == 0);
}

/* Octal digits, then NUL or a space at most. */
static bool parse_octal(const char *field, size_t size, uint64_t *ret)
{
	uint64_t value = 0;
	size_t i;

	for (i = 0; i < size && field[i] >= '0' && field[i] <= '7'; i++)
		value = value << 3 | (uint64_t)(field[i] - '0');
	if (i == 0)
		return false;
	for (; i < size; i++)
		if (field[i] != 0 && field[i] != ' ')
			return false;
	*ret = value;
	return true;
}

/* The sum of the header's bytes, its own field counted as spaces. */
static bool has_right_checksum(const struct header *header)
{
	const unsigned char *bytes = (const unsigned char *)header;
	uint64_t expected, sum = 0;

	for (size_t i = 0; i < BLOCK_BYTES; i++) {
		bool is_own = i >= offsetof(struct header, checksum) &&
			      i < offsetof(struct header, type);

		sum += is_own ? ' ' : bytes[i];
	}
	return parse_octal(header->checksum, sizeof(header->checksum), &expected) &&
	       sum == expected;
}

/* Relative, printable, without empty, "." or ".." segments. */
static bool is_safe_name(const char *name)
{
	for (const char *segment = name;; segment++) {
		size_t length = strcspn(segment, "/");

		if (length == 0 || (length <= 2 && strspn(segment, ".") >= length))
			return false;
		for (size_t i = 0; i < length; i++)
			if (segment[i] < ' ' || segment[i] > '~' || segment[i] == '\\')
				return false;
		segment += length;
		if (*segment == 0)
			return true;
	}
}

/* The entry's whole name: pax's, or prefix and name of the header. */
static void compose_name(struct reader *reader, const struct header *header, char *name)
{
	size_t length;

	if (reader->pax_name[0])
		snprintf(name, TAR_NAME_MAX + 1, "%s", reader->pax_name);
	else if (header->prefix[0])
		snprintf(name, TAR_NAME_MAX + 1, "%.*s/%.*s", (int)sizeof(header->prefix),
			 header->prefix, (int)sizeof(header->name), header->name);
	else
		snprintf(name, TAR_NAME_MAX + 1, "%.*s", (int)sizeof(header->name), header->name);
	reader->pax_name[0] = 0;
	length = strlen(name);
	if (header->type == '5' && length > 1 && name[length - 1] == '/')
		name[length - 1] = 0;
}

static int begin_entry(struct reader *reader, const struct header *header, uint64_t size,
		       struct failure *failure)
{
	char name[TAR_NAME_MAX + 1];
	struct tar_entry entry = { name, size, header->type == '5' };

	compose_name(reader, header, name);
	if (!is_safe_name(name))
		return fail(
			failure, REASON_MALFORMED,
			"The tar file has an entry with a name that is not allowed: it must be relative, in "
			"printable ASCII, without \".\" and \"..\".");
	if (entry.is_folder && size > 0)
		return fail(failure, REASON_MALFORMED,
			    "The tar file has a folder with content: %.200s.", name);
	if (++reader->entries > TAR_ENTRIES_MAX)
		return fail(failure, REASON_TOO_LARGE, "The tar file has more than %d entries.",
			    TAR_ENTRIES_MAX);
	reader->state = STATE_DATA;
	return reader->sink->begin(reader->sink, &entry, failure);
}

static int begin_pax(struct reader *reader, uint64_t size, struct failure *failure)
{
	if (size > TAR_PAX_BYTES_MAX)
		return fail(failure, REASON_TOO_LARGE,
			    "The tar file has a pax header of more than %d bytes.",
			    TAR_PAX_BYTES_MAX);
	reader->state = STATE_PAX;
	reader->pax_size = 0;
	return 0;
}

static int read_header(struct reader *reader, const struct header *header, struct failure *failure)
{
	uint64_t size;

	if (is_zero((const char *)header, BLOCK_BYTES)) {
		reader->state = STATE_END;
		reader->end_blocks = 1;
		return 0;
	}
	if (memcmp(header->magic, "ustar\00000", sizeof(header->magic)) != 0 ||
	    !has_right_checksum(header))
		return fail(
			failure, REASON_MALFORMED,
			"This is not a POSIX tar file (make it with fwslot-repo bundle, or tar --format=pax).");
	if (!parse_octal(header->size, sizeof(header->size), &size))
		return fail(failure, REASON_MALFORMED,
			    "The tar file has an entry whose size is not octal.");
	reader->remaining = size;
	reader->padding = (BLOCK_BYTES - size % BLOCK_BYTES) % BLOCK_BYTES;
	switch (header->type) {
	case '0':
	case '5':
		return begin_entry(reader, header, size, failure);
	case 'x':
		return begin_pax(reader, size, failure);
	default:
		return fail(
			failure, REASON_MALFORMED,
			"The tar file has an entry of type 0x%02x; only regular files and folders are allowed.",
			(unsigned char)header->type);
	}
}

/* Keys that change what the following data means. All others are skipped. */
static bool is_refused_pax_key(const char *record)
{
	static const char *const refused[] = { "size=", "linkpath=", "hdrcharset=", "GNU.sparse." };

	for (size_t i = 0; i < ARRAY_SIZE(refused); i++)
		if (strncmp(record, refused[i], strlen(refused[i])) == 0)
			return true;
	return false;
}

/* One "LENGTH KEY=VALUE\n"; returns its length, 0 if it is none. */
static size_t read_pax_record(struct reader *reader, const char *record, size_t available)
{
	const char *space = memchr(record, ' ', available < 8 ? available : 8), *key;
	size_t length, value_length;
	char digits[8] = "";
	uint64_t number;

	if (!space)
		return 0;
	memcpy(digits, record, (size_t)(space - record));
	if (parse_u64(digits, &number) < 0 || number > available || number < 5)
		return 0;
	length = (size_t)number;
	key = space + 1;
	if (key >= record + length || record[length - 1] != '\n' || memchr(record, 0, length) ||
	    !memchr(key, '=', (size_t)(record + length - key)) || is_refused_pax_key(key))
		return 0;
	if (strncmp(key, "path=", 5) != 0)
		return length;
	value_length = (size_t)(record + length - 1 - (key + 5));
	if (value_length == 0 || value_length > TAR_NAME_MAX)
		return 0;
	memcpy(reader->pax_name, key + 5, value_length);
	reader->pax_name[value_length] = 0;
	return length;
}

static int end_pax(struct reader *reader, struct failure *failure)
{
	size_t position = 0;

	while (position < reader->pax_size) {
		size_t length = read_pax_record(reader, reader->pax + position,
						reader->pax_size - position);

		if (length == 0)
			return fail(
				failure, REASON_MALFORMED,
				"The tar file has a pax header that is damaged or asks for more than a path.");
		position += length;
	}
	reader->state = STATE_HEADER;
	return 0;
}

/* Data and padding of an entry or pax header; returns how many of the @size bytes were used. */
static int read_data(struct reader *reader, const char *bytes, size_t size, size_t *ret_used,
		     struct failure *failure)
{
	size_t data = reader->remaining < size ? (size_t)reader->remaining : size;
	size_t skipped = reader->padding < size - data ? (size_t)reader->padding : size - data;
	int r = 0;

	if (reader->state == STATE_PAX) {
		memcpy(reader->pax + reader->pax_size, bytes, data);
		reader->pax_size += data;
	} else if (data > 0) {
		r = reader->sink->data(reader->sink, bytes, data, failure);
	}
	reader->remaining -= data;
	reader->padding -= skipped;
	*ret_used = data + skipped;
	if (r < 0 || reader->remaining > 0 || reader->padding > 0)
		return r;
	if (reader->state == STATE_PAX)
		return end_pax(reader, failure);
	reader->state = STATE_HEADER;
	return reader->sink->end(reader->sink, failure);
}

/* After the end marker there may be zeros up to the end of the last record, nothing else. */
static int read_end(struct reader *reader, const char *bytes, size_t size, struct failure *failure)
{
	if (!is_zero(bytes, size))
		return fail(failure, REASON_MALFORMED,
			    "The tar file goes on after its end marker.");
	reader->end_blocks += (unsigned int)(size / BLOCK_BYTES);
	return 0;
}

/* Has the present entry all its bytes? True at once for an empty one. */
static bool is_complete(const struct reader *reader)
{
	return (reader->state == STATE_DATA || reader->state == STATE_PAX) &&
	       reader->remaining == 0 && reader->padding == 0;
}

/* @size is a multiple of BLOCK_BYTES. */
static int read_piece(struct reader *reader, const char *bytes, size_t size,
		      struct failure *failure)
{
	int r = 0;

	while (r >= 0 && (size > 0 || is_complete(reader))) {
		size_t used = BLOCK_BYTES;

		if (reader->state == STATE_HEADER) {
			r = read_header(reader, (const struct header *)bytes, failure);
		} else if (reader->state == STATE_END) {
			used = size;
			r = read_end(reader, bytes, size, failure);
		} else {
			r = read_data(reader, bytes, size, &used, failure);
		}
		bytes += used;
		size -= used;
	}
	return r;
}

/* Fills the buffer from @offset on as far as the file goes. */
static ssize_t read_full(int fd, char *buffer, size_t size, uint64_t offset)
{
	size_t filled = 0;

	while (filled < size) {
		ssize_t n = pread(fd, buffer + filled, size - filled, (off_t)(offset + filled));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		filled += (size_t)n;
	}
	return (ssize_t)filled;
}

static int check_file(int fd, uint64_t max_bytes, uint64_t *ret_total, struct failure *failure)
{
	struct stat status;

	if (fstat(fd, &status) < 0)
		return fail_errno(failure, errno, "Cannot look at the bundle");
	if (!S_ISREG(status.st_mode))
		return fail(failure, REASON_NOT_REGULAR_FILE, "A bundle must be a regular file.");
	if ((uint64_t)status.st_size > max_bytes)
		return fail(failure, REASON_TOO_LARGE,
			    "The bundle has %jd bytes; at most %" PRIu64
			    " are allowed (MaximumBundleBytes=).",
			    (intmax_t)status.st_size, max_bytes);
	*ret_total = (uint64_t)status.st_size;
	return 0;
}

static int read_all(struct reader *reader, int fd, uint64_t total, uint64_t max_bytes,
		    struct failure *failure)
{
	_cleanup_free_ char *buffer = aligned_alloc(4096, READ_BYTES);
	uint64_t offset = 0;

	if (!buffer)
		return fail_memory(failure);
	for (;;) {
		ssize_t n = read_full(fd, buffer, READ_BYTES, offset);
		int r;

		if (n < 0)
			return fail_errno(failure, (int)n, "Cannot read the bundle");
		/* The file may grow while it is read. */
		if (offset + (size_t)n > max_bytes)
			return fail(failure, REASON_TOO_LARGE,
				    "The bundle grew beyond %" PRIu64 " bytes.", max_bytes);
		r = read_piece(reader, buffer, (size_t)n - (size_t)n % BLOCK_BYTES, failure);
		if (r < 0)
			return r;
		offset += (size_t)n;
		if (reader->sink->progress)
			reader->sink->progress(reader->sink, offset < total ? offset : total,
					       total);
		if ((size_t)n % BLOCK_BYTES != 0 || (n == 0 && reader->end_blocks < END_BLOCKS))
			return fail(failure, REASON_TRUNCATED,
				    "The bundle ends after %" PRIu64
				    " bytes, before the end of the tar file. Get it "
				    "again.",
				    offset);
		if (n == 0)
			return 0;
	}
}

int tar_read(int fd, uint64_t max_bytes, struct tar_sink *sink, struct failure *failure)
{
	_cleanup_free_ struct reader *reader = calloc(1, sizeof(*reader));
	uint64_t total = 0;
	int r;

	if (!reader)
		return fail_memory(failure);
	reader->sink = sink;
	r = check_file(fd, max_bytes, &total, failure);
	return r < 0 ? r : read_all(reader, fd, total, max_bytes, failure);
}
