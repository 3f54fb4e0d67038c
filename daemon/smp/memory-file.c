/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "smp/memory-file.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/hex.h"
#include "base/parse.h"
#include "smp/image.h"
#include "smp/view.h"

#define FIRST_LINE "fwslot-smp 1"
#define HASH_TEXT_SIZE (2 * SMP_HASH_MAX + 1)
#define WORDS_MAX 4

void smp_memory_name(const char *hardware_id, const char *serial,
		     char name[static SMP_MEMORY_NAME_SIZE])
{
	snprintf(name, SMP_MEMORY_NAME_SIZE, "%s@%s", hardware_id, serial);
	for (char *c = name; *c != '\0'; c++)
		if (!isalnum((unsigned char)*c) && !strchr("-._", *c))
			*c = '_';
	if (name[0] == '.')
		name[0] = '_';
}

static int read_hash(const char *text, struct smp_hash *ret)
{
	size_t length = strlen(text);

	if (length == 0 || length % 2 != 0 || length > 2 * SMP_HASH_MAX)
		return -EBADMSG;
	ret->size = length / 2;
	return hex_decode(text, ret->bytes, ret->size) < 0 ? -EBADMSG : 0;
}

static int read_file(char *const *words, struct smp_memory *memory)
{
	struct smp_file *file;
	int r;

	if (memory->file_count == SMP_MEMORY_FILES_MAX)
		return -EBADMSG;
	file = &memory->files[memory->file_count];
	r = read_hash(words[1], &file->hash);
	if (r < 0 || strlen(words[2]) != 2 * SMP_SHA256_SIZE ||
	    hex_decode(words[2], file->digest, sizeof(file->digest)) < 0 ||
	    parse_u64_range(words[3], 1, SMP_IMAGE_MAX_BYTES, &file->size_bytes) < 0)
		return -EBADMSG;
	memory->file_count++;
	return 0;
}

static int read_partial(char *const *words, struct smp_memory *memory)
{
	uint64_t slot;

	if (parse_u64_range(words[1], 0, SMP_VIEW_SLOTS_MAX - 1, &slot) < 0)
		return -EBADMSG;
	memory->partial_slot = (int)slot;
	return 0;
}

static int read_trial(char *const *words, struct smp_memory *memory)
{
	return read_hash(words[1], &memory->trial);
}

static int read_failed(char *const *words, struct smp_memory *memory)
{
	return read_hash(words[1], &memory->failed);
}

/* The first word of a line, how many there are, and who reads them. */
static const struct {
	const char *word;
	size_t count;
	int (*read)(char *const *words, struct smp_memory *memory);
} line_types[] = {
	{ "file", 4, read_file },
	{ "trial", 2, read_trial },
	{ "failed", 2, read_failed },
	{ "partial", 2, read_partial },
};

static int read_line(char *line, struct smp_memory *memory)
{
	char *words[WORDS_MAX + 1], *state = NULL;
	size_t count = 0;

	for (char *word = strtok_r(line, " ", &state); word && count <= WORDS_MAX;
	     word = strtok_r(NULL, " ", &state))
		words[count++] = word;
	for (size_t i = 0; count > 0 && i < ARRAY_SIZE(line_types); i++)
		if (strcmp(line_types[i].word, words[0]) == 0 && line_types[i].count == count)
			return line_types[i].read(words, memory);
	return -EBADMSG;
}

static int read_text(char *text, struct smp_memory *memory)
{
	char *state = NULL, *line = strtok_r(text, "\n", &state);

	if (!line || strcmp(line, FIRST_LINE) != 0)
		return -EBADMSG;
	while ((line = strtok_r(NULL, "\n", &state))) {
		int r = read_line(line, memory);

		if (r < 0)
			return r;
	}
	return 0;
}

int smp_memory_load(int dir_fd, const char *name, struct smp_memory *ret)
{
	_cleanup_free_ char *text = NULL;
	size_t size;
	int r;

	*ret = SMP_MEMORY_EMPTY;
	r = file_read(dir_fd, name, SMP_MEMORY_FILE_MAX_BYTES, &text, &size);
	if (r < 0)
		return r == -ENOENT ? r : -EBADMSG;
	r = strlen(text) == size ? read_text(text, ret) : -EBADMSG;
	if (r < 0)
		*ret = SMP_MEMORY_EMPTY;
	return r;
}

static void write_hash(FILE *stream, const char *word, const struct smp_hash *hash)
{
	char text[HASH_TEXT_SIZE];

	if (hash->size > 0)
		fprintf(stream, "%s %s\n", word, hex_encode(hash->bytes, hash->size, text));
}

int smp_memory_save(const struct io_operations *io, int dir_fd, const char *name,
		    const struct smp_memory *memory)
{
	char text[SMP_MEMORY_FILE_MAX_BYTES], hash[HASH_TEXT_SIZE];
	char digest[2 * SMP_SHA256_SIZE + 1];
	FILE *stream = fmemopen(text, sizeof(text), "w");
	long size;

	if (!stream)
		return -errno;
	fprintf(stream, FIRST_LINE "\n");
	for (size_t i = 0; i < memory->file_count; i++) {
		const struct smp_file *file = &memory->files[i];

		fprintf(stream, "file %s %s %" PRIu64 "\n",
			hex_encode(file->hash.bytes, file->hash.size, hash),
			hex_encode(file->digest, sizeof(file->digest), digest), file->size_bytes);
	}
	write_hash(stream, "trial", &memory->trial);
	write_hash(stream, "failed", &memory->failed);
	if (memory->partial_slot >= 0)
		fprintf(stream, "partial %d\n", memory->partial_slot);
	fflush(stream);
	size = ferror(stream) ? -1 : ftell(stream);
	fclose(stream);
	if (size < 0)
		return -ENOSPC;
	return file_write_atomic(io, dir_fd, name, text, (size_t)size, 0600);
}
