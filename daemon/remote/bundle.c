/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A tar file as a repository. Trusts nothing: authentication is the TUF client's. */
#include "remote/bundle.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "remote/stage.h"
#include "remote/tar.h"
#include "trust/limits.h"
#include "trust/names.h"

#define METADATA_FOLDER "metadata/"
#define TARGETS_FOLDER "targets/"

/* A file of the bundle: metadata in memory, a target staged. */
struct item {
	char *name;
	char *bytes;
	struct fetched_file file;
};

/* Where the data of the present entry goes. */
enum destination {
	TO_NOWHERE,
	TO_MEMORY,
	TO_STAGE,
};

struct bundle {
	struct tar_sink sink;
	struct fetcher fetcher;
	struct bundle_options options;
	struct item *items;
	size_t count;
	size_t capacity;
	size_t metadata_bytes;
	size_t targets;
	/* while reading */
	enum destination destination;
	struct item *current;
	struct stage stage;
};

static struct bundle *from_sink(struct tar_sink *sink)
{
	return (struct bundle *)((char *)sink - offsetof(struct bundle, sink));
}

static struct bundle *from_fetcher(struct fetcher *fetcher)
{
	return (struct bundle *)((char *)fetcher - offsetof(struct bundle, fetcher));
}

static struct item *find_item(struct bundle *bundle, const char *name)
{
	for (size_t i = 0; i < bundle->count; i++)
		if (strcmp(bundle->items[i].name, name) == 0)
			return &bundle->items[i];
	return NULL;
}

/* A new, nameless place in the list. */
static struct item *add_item(struct bundle *bundle, const char *name)
{
	if (bundle->count == bundle->capacity) {
		size_t capacity = bundle->capacity * 2 + 32;
		struct item *larger = reallocarray(bundle->items, capacity, sizeof(*larger));

		if (!larger)
			return NULL;
		bundle->items = larger;
		bundle->capacity = capacity;
	}
	bundle->items[bundle->count] = (struct item){ .name = strdup(name), .file.fd = -EBADF };
	return bundle->items[bundle->count].name ? &bundle->items[bundle->count++] : NULL;
}

static bool is_wanted_target(const struct bundle *bundle, const char *path)
{
	for (size_t i = 0; i < bundle->options.hardware_id_count; i++) {
		const char *id = bundle->options.hardware_ids[i];

		if (strncmp(path, id, vendor_length(id) + 1) == 0)
			return true;
	}
	return false;
}

static int begin_metadata(struct bundle *bundle, const struct tar_entry *entry,
			  struct failure *failure)
{
	if (entry->size > TUF_TARGETS_BYTES_MAX ||
	    entry->size > BUNDLE_METADATA_BYTES_MAX - bundle->metadata_bytes)
		return fail(failure, REASON_TOO_LARGE,
			    "The metadata in the bundle is too large at %.200s.", entry->name);
	bundle->metadata_bytes += (size_t)entry->size;
	bundle->current->bytes = malloc((size_t)entry->size + 1);
	if (!bundle->current->bytes)
		return fail_memory(failure);
	bundle->destination = TO_MEMORY;
	return 0;
}

static int begin_target(struct bundle *bundle, struct failure *failure)
{
	if (++bundle->targets > BUNDLE_TARGETS_MAX)
		return fail(failure, REASON_TOO_LARGE,
			    "The bundle has more than %d images for this vendor.",
			    BUNDLE_TARGETS_MAX);
	bundle->destination = TO_STAGE;
	return stage_begin(bundle->options.io, bundle->options.stage_fd, &bundle->stage, failure);
}

/* What is neither metadata nor a wanted target is passed over (bundle.json is for user interfaces). */
static int sink_begin(struct tar_sink *sink, const struct tar_entry *entry, struct failure *failure)
{
	struct bundle *bundle = from_sink(sink);
	bool is_metadata = strncmp(entry->name, METADATA_FOLDER, strlen(METADATA_FOLDER)) == 0;
	bool is_target = strncmp(entry->name, TARGETS_FOLDER, strlen(TARGETS_FOLDER)) == 0;

	bundle->destination = TO_NOWHERE;
	if (entry->is_folder)
		return 0;
	if (find_item(bundle, entry->name))
		return fail(failure, REASON_MALFORMED, "The bundle has two entries named %.200s.",
			    entry->name);
	bundle->current = add_item(bundle, entry->name);
	if (!bundle->current)
		return fail_memory(failure);
	if (is_metadata)
		return begin_metadata(bundle, entry, failure);
	if (is_target && is_wanted_target(bundle, entry->name + strlen(TARGETS_FOLDER)))
		return begin_target(bundle, failure);
	return 0;
}

static int sink_data(struct tar_sink *sink, const void *bytes, size_t size, struct failure *failure)
{
	struct bundle *bundle = from_sink(sink);

	switch (bundle->destination) {
	case TO_MEMORY:
		memcpy(bundle->current->bytes + bundle->current->file.size, bytes, size);
		bundle->current->file.size += size;
		return 0;
	case TO_STAGE:
		return stage_write(&bundle->stage, bytes, size, failure);
	case TO_NOWHERE:
		break;
	}
	return 0;
}

static int sink_end(struct tar_sink *sink, struct failure *failure _unused_)
{
	struct bundle *bundle = from_sink(sink);

	if (bundle->destination == TO_STAGE)
		stage_end(&bundle->stage, &bundle->current->file);
	bundle->destination = TO_NOWHERE;
	return 0;
}

static void sink_progress(struct tar_sink *sink, uint64_t done, uint64_t total)
{
	struct bundle *bundle = from_sink(sink);

	if (bundle->options.progress)
		bundle->options.progress(bundle->options.userdata, done, total);
}

/* "FOLDERname", looked up; NULL: not there, or passed over. */
static struct item *find_in_folder(struct bundle *bundle, const char *folder, const char *name)
{
	_cleanup_free_ char *path = NULL;

	return asprintf(&path, "%s%s", folder, name) < 0 ? NULL : find_item(bundle, path);
}

static int fetch_metadata(struct fetcher *self, const char *file_name, size_t max_bytes, char **ret,
			  size_t *ret_size, struct failure *failure)
{
	const struct item *item = find_in_folder(from_fetcher(self), METADATA_FOLDER, file_name);

	if (!item)
		return -ENOENT;
	if (item->file.size > max_bytes)
		return -EFBIG;
	*ret = malloc((size_t)item->file.size + 1);
	if (!*ret)
		return fail_memory(failure);
	memcpy(*ret, item->bytes, (size_t)item->file.size);
	(*ret)[item->file.size] = 0;
	*ret_size = (size_t)item->file.size;
	return 0;
}

static int fetch_target(struct fetcher *self, const char *path, uint64_t max_bytes,
			struct fetched_file *ret, struct failure *failure)
{
	const struct item *item = find_in_folder(from_fetcher(self), TARGETS_FOLDER, path);
	int fd;

	if (!item || item->file.fd < 0)
		return -ENOENT;
	if (item->file.size > max_bytes)
		return -EFBIG;
	fd = fcntl(item->file.fd, F_DUPFD_CLOEXEC, 0);
	if (fd < 0)
		return fail_errno(failure, errno, "Cannot use a staged file again");
	*ret = item->file;
	ret->fd = fd;
	return 0;
}

int bundle_open(int fd, const struct bundle_options *options, struct bundle **ret,
		struct failure *failure)
{
	_cleanup_bundle_ struct bundle *bundle = calloc(1, sizeof(*bundle));
	int r;

	if (!bundle)
		return fail_memory(failure);
	bundle->sink = (struct tar_sink){ sink_begin, sink_data, sink_end, sink_progress };
	bundle->fetcher = (struct fetcher){ fetch_metadata, fetch_target };
	bundle->options = *options;
	bundle->stage.fd = -EBADF;
	r = tar_read(fd, options->max_bytes, &bundle->sink, failure);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(bundle);
	return 0;
}

void bundle_free(struct bundle *bundle)
{
	if (!bundle)
		return;
	for (size_t i = 0; i < bundle->count; i++) {
		free(bundle->items[i].name);
		free(bundle->items[i].bytes);
		close_fd(bundle->items[i].file.fd);
	}
	free(bundle->items);
	stage_drop(&bundle->stage);
	free(bundle);
}

struct fetcher *bundle_fetcher(struct bundle *bundle)
{
	return &bundle->fetcher;
}
