/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Collecting what is to be published. */
#include "repo/catalog.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/hex.h"
#include "trust/index.h"
#include "trust/limits.h"
#include "trust/names.h"

#define INDEX_SUFFIX "/index.json"

static int add_file(const struct site *site, struct catalog *catalog, const char *path,
		    struct failure *failure)
{
	struct catalog_file *larger =
		reallocarray(catalog->files, catalog->count + 1, sizeof(*catalog->files));
	_cleanup_close_ int fd = -EBADF;
	uint8_t digest[SHA256_BYTES];
	struct catalog_file *file;
	struct stat status;
	int r;

	if (!larger)
		return fail_memory(failure);
	catalog->files = larger;
	if (!target_path_is_valid(path))
		return fail(failure, REASON_INVALID_ARGUMENT,
			    "work/targets/%s cannot be the path of a target.", path);
	fd = openat(site->work_targets_fd, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0 || fstat(fd, &status) < 0)
		return fail_errno(failure, errno, "Cannot open work/targets/%s", path);
	r = hash_file(HASH_SHA256, fd, (uint64_t)status.st_size, digest);
	if (r < 0)
		return fail_errno(failure, r, "Cannot read work/targets/%s", path);
	file = &catalog->files[catalog->count];
	*file = (struct catalog_file){ .path = strdup(path), .size = (uint64_t)status.st_size };
	if (!file->path)
		return fail_memory(failure);
	hex_encode(digest, sizeof(digest), file->sha256);
	catalog->count++;
	return 0;
}

static int compare_entries(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

static int compare_files(const void *a, const void *b)
{
	return strcmp(((const struct catalog_file *)a)->path,
		      ((const struct catalog_file *)b)->path);
}

static int collect(const struct site *site, const char *folder, struct catalog *catalog,
		   struct failure *failure)
{
	char *const roots[] = { (char *)folder, NULL };
	FTS *walk = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, compare_entries);
	const FTSENT *entry;
	int r = 0;

	if (!walk)
		return fail_errno(failure, errno, "Cannot list work/targets");
	while (r >= 0 && (entry = fts_read(walk))) {
		const char *path = entry->fts_path + strlen(folder) + 1;

		/* ".NAME.new" is what a crash left of an atomic write */
		if (entry->fts_info == FTS_F && entry->fts_name[0] != '.')
			r = add_file(site, catalog, path, failure);
		else if (entry->fts_info == FTS_SL || entry->fts_info == FTS_DEFAULT)
			r = fail(failure, REASON_NOT_REGULAR_FILE,
				 "work/targets/%s is not a regular file.", path);
		else if (entry->fts_info == FTS_ERR || entry->fts_info == FTS_DNR ||
			 entry->fts_info == FTS_NS)
			r = fail_errno(failure, entry->fts_errno, "Cannot read work/targets/%s",
				       path);
	}
	fts_close(walk);
	qsort(catalog->files, catalog->count, sizeof(*catalog->files), compare_files);
	return r;
}

struct catalog_file *catalog_find(const struct catalog *catalog, const char *path)
{
	struct catalog_file key = { .path = (char *)path };

	return catalog->count == 0 ?
		       NULL :
		       bsearch(&key, catalog->files, catalog->count, sizeof(key), compare_files);
}

bool catalog_is_index(const struct catalog_file *file, char **ret)
{
	size_t length = strlen(file->path);

	if (length <= strlen(INDEX_SUFFIX) ||
	    strcmp(file->path + length - strlen(INDEX_SUFFIX), INDEX_SUFFIX) != 0)
		return false;
	*ret = strndup(file->path, length - strlen(INDEX_SUFFIX));
	return *ret && hardware_id_is_valid(*ret);
}

/* Notes at an image for which hardware and counter it is: the second lock. */
static int describe_image(struct catalog *catalog, const char *path, const char *hardware_id,
			  int64_t counter, struct failure *failure)
{
	struct catalog_file *file = catalog_find(catalog, path);

	if (!file)
		return fail(failure, REASON_INVALID_ARGUMENT,
			    "%s/index.json names the image %s, which is not in work/targets.",
			    hardware_id, path);
	if (!file->custom)
		file->custom = json_pack("{s:[], s:I}", "hardware-ids", "release-counter",
					 (json_int_t)counter);
	if (json_integer_value(json_object_get(file->custom, "release-counter")) != counter)
		return fail(failure, REASON_INVALID_ARGUMENT,
			    "The image %s is used by releases with two counters.", path);
	if (json_array_append_new(json_object_get(file->custom, "hardware-ids"),
				  json_string(hardware_id)) < 0)
		return fail_memory(failure);
	return 0;
}

/* They have no entry of their own to say for whom they are: what comes of them is what counts. */
static int check_deltas(const struct catalog *catalog, const struct index_slot *slot,
			const char *hardware_id, struct failure *failure)
{
	for (size_t i = 0; i < slot->delta_count; i++)
		if (!catalog_find(catalog, slot->deltas[i].path))
			return fail(
				failure, REASON_INVALID_ARGUMENT,
				"%s/index.json names the delta %s, which is not in work/targets.",
				hardware_id, slot->deltas[i].path);
	return 0;
}

static int describe_slot(struct catalog *catalog, const struct index_slot *slot,
			 const char *hardware_id, int64_t counter, struct failure *failure)
{
	int r = describe_image(catalog, slot->path, hardware_id, counter, failure);

	return r < 0 ? r : check_deltas(catalog, slot, hardware_id, failure);
}

static int describe_images_of(const struct site *site, struct catalog *catalog,
			      const char *index_path, const char *hardware_id,
			      struct failure *failure)
{
	_cleanup_index_ struct release_index *index = NULL;
	_cleanup_free_ char *text = NULL;
	size_t size;
	int r;

	r = site_read(site->work_targets_fd, index_path, INDEX_BYTES_MAX, &text, &size, failure);
	if (r >= 0)
		r = index_parse(text, size, hardware_id, &index, failure);
	for (size_t i = 0; r >= 0 && i < index->release_count; i++)
		for (size_t j = 0; r >= 0 && j < index->releases[i].slot_count; j++)
			r = describe_slot(catalog, &index->releases[i].slots[j], hardware_id,
					  index->releases[i].counter, failure);
	return r;
}

int catalog_load(const struct site *site, struct catalog *ret, struct failure *failure)
{
	char folder[64];
	int r;

	snprintf(folder, sizeof(folder), "/proc/self/fd/%d/.", site->work_targets_fd);
	r = collect(site, folder, ret, failure);
	for (size_t i = 0; r >= 0 && i < ret->count; i++) {
		_cleanup_free_ char *hardware_id = NULL;

		if (catalog_is_index(&ret->files[i], &hardware_id))
			r = describe_images_of(site, ret, ret->files[i].path, hardware_id, failure);
	}
	return r;
}

void catalog_clear(struct catalog *catalog)
{
	for (size_t i = 0; i < catalog->count; i++) {
		free(catalog->files[i].path);
		json_decref(catalog->files[i].custom);
	}
	free(catalog->files);
	*catalog = (struct catalog){ 0 };
}
