/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which files of site/ a bundle takes, in which order. The tar itself is tar-write.c's. */
#include "repo/bundle-make.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "repo/catalog.h"
#include "repo/document.h"
#include "repo/tar-write.h"
#include "trust/index.h"
#include "trust/limits.h"
#include "trust/names.h"

#define BUNDLE_MODE 0644

/* One run: the names to pack, as a set. */
struct packing {
	const struct site *site;
	const struct bundle_choice *choice;
	json_t *names; /* "metadata/..." and "targets/..." */
	json_t *wanted; /* hardware ids, for user interfaces */
};

static int add_name(struct packing *packing, const char *folder, const char *name,
		    struct failure *failure)
{
	_cleanup_free_ char *path = NULL;

	if (!name || asprintf(&path, "%s/%s", folder, name) < 0 ||
	    json_object_set_new(packing->names, path, json_true()) < 0)
		return fail_memory(failure);
	return 0;
}

static int add_metadata(struct packing *packing, const char *role, int64_t version,
			struct failure *failure)
{
	_cleanup_free_ char *name = metadata_file_name(role, version);

	return add_name(packing, "metadata", name, failure);
}

/* Every root: a device may know only the first. */
static int add_roots(struct packing *packing, struct failure *failure)
{
	for (int64_t version = 1;; version++) {
		_cleanup_free_ char *name = metadata_file_name("root", version);
		int r;

		if (!name)
			return fail_memory(failure);
		if (faccessat(packing->site->metadata_fd, name, R_OK, 0) < 0)
			return 0;
		r = add_name(packing, "metadata", name, failure);
		if (r < 0)
			return r;
	}
}

/* The metadata that timestamp.json leads to. */
static int add_chain(struct packing *packing, struct failure *failure)
{
	_cleanup_json_ json_t *timestamp = NULL, *snapshot = NULL;
	_cleanup_free_ char *name = NULL;
	const json_t *reference;
	const char *file;
	json_t *entry;
	int64_t version;
	int r = document_read(packing->site, "timestamp.json", &timestamp, failure);

	if (r == -ENOENT)
		return fail(failure, REASON_INVALID_ARGUMENT,
			    "Nothing is published yet: run \"fwslot-repo publish\" first.");
	if (r < 0)
		return r;
	reference = json_object_get(json_object_get(timestamp, "meta"), "snapshot.json");
	version = json_integer_value(json_object_get(reference, "version"));
	name = metadata_file_name("snapshot", version);
	r = name ? document_read(packing->site, name, &snapshot, failure) : fail_memory(failure);
	if (r >= 0)
		r = add_name(packing, "metadata", "timestamp.json", failure);
	if (r >= 0)
		r = add_metadata(packing, "snapshot", version, failure);
	json_object_foreach(json_object_get(snapshot, "meta"), file, entry) {
		_cleanup_free_ char *role = strndup(file, strlen(file) - strlen(".json"));

		if (r >= 0)
			r = role ? add_metadata(
					   packing, role,
					   json_integer_value(json_object_get(entry, "version")),
					   failure) :
				   fail_memory(failure);
	}
	return r;
}

static int add_target(struct packing *packing, const struct catalog_file *file,
		      struct failure *failure)
{
	_cleanup_free_ char *name = target_file_path(file->path, file->sha256);

	return add_name(packing, "targets", name, failure);
}

static bool is_chosen(const struct bundle_choice *choice, const char *hardware_id)
{
	for (size_t i = 0; i < choice->hardware_id_count; i++)
		if (strcmp(choice->hardware_ids[i], hardware_id) == 0)
			return true;
	return choice->hardware_id_count == 0;
}

/* An index and the images of its releases. */
static int add_index(struct packing *packing, const struct catalog *catalog,
		     const struct catalog_file *file, const char *hardware_id,
		     struct failure *failure)
{
	_cleanup_index_ struct release_index *index = NULL;
	_cleanup_free_ char *text = NULL;
	size_t size, count;
	int r = site_read(packing->site->work_targets_fd, file->path, INDEX_BYTES_MAX, &text, &size,
			  failure);

	if (r >= 0)
		r = index_parse(text, size, hardware_id, &index, failure);
	if (r >= 0)
		r = add_target(packing, file, failure);
	if (r < 0)
		return r;
	json_array_append_new(packing->wanted, json_string(hardware_id));
	count = packing->choice->all_releases || index->release_count == 0 ? index->release_count :
									     1;
	for (size_t i = 0; r >= 0 && i < count; i++)
		for (size_t j = 0; r >= 0 && j < index->releases[i].slot_count; j++) {
			const char *path = index->releases[i].slots[j].path;

			r = add_target(packing, catalog_find(catalog, path), failure);
		}
	return r;
}

static int add_targets(struct packing *packing, struct failure *failure)
{
	_cleanup_catalog_ struct catalog catalog = { 0 };
	int r = catalog_load(packing->site, &catalog, failure);

	for (size_t i = 0; r >= 0 && i < catalog.count; i++) {
		_cleanup_free_ char *hardware_id = NULL;

		if (catalog_is_index(&catalog.files[i], &hardware_id) &&
		    is_chosen(packing->choice, hardware_id))
			r = add_index(packing, &catalog, &catalog.files[i], hardware_id, failure);
	}
	if (r >= 0 && json_array_size(packing->wanted) < packing->choice->hardware_id_count)
		return fail(
			failure, REASON_INVALID_ARGUMENT,
			"There is no release for one of the hardware ids; add one with \"fwslot-repo add\".");
	return r;
}

static int write_file(const struct packing *packing, struct tar_writer *writer, const char *name,
		      struct failure *failure)
{
	bool is_metadata = strncmp(name, "metadata/", strlen("metadata/")) == 0;
	_cleanup_free_ char *bytes = NULL;
	size_t size;
	int r = site_read(is_metadata ? packing->site->metadata_fd : packing->site->targets_fd,
			  strchr(name, '/') + 1, SITE_IMAGE_BYTES_MAX, &bytes, &size, failure);

	if (r == -ENOENT)
		return fail(failure, REASON_INVALID_ARGUMENT,
			    "site/%s is not published yet: run \"fwslot-repo publish\" first.",
			    name);
	return r < 0 ? r : tar_write_entry(writer, name, bytes, size, failure);
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* By name: metadata/ comes before targets/. */
static int write_files(const struct packing *packing, struct tar_writer *writer,
		       struct failure *failure)
{
	size_t count = json_object_size(packing->names), i = 0;
	_cleanup_free_ const char **names = calloc(count + 1, sizeof(*names));
	const char *name;
	json_t *ignored;
	int r = 0;

	if (!names)
		return fail_memory(failure);
	json_object_foreach(packing->names, name, ignored)
		names[i++] = name;
	qsort(names, count, sizeof(*names), compare_names);
	for (i = 0; r >= 0 && i < count; i++)
		r = write_file(packing, writer, names[i], failure);
	return r;
}

/* What a user interface may show before anything is authenticated; never trusted. */
static int write_hint(const struct packing *packing, struct tar_writer *writer,
		      struct failure *failure)
{
	_cleanup_json_ json_t *hint = json_pack("{s:i, s:O}", "format", 1, "want", packing->wanted);
	_cleanup_free_ char *text = hint ? json_dumps(hint, JSON_INDENT(1)) : NULL;

	return text ? tar_write_entry(writer, "bundle.json", text, strlen(text), failure) :
		      fail_memory(failure);
}

/* Under a temporary name beside @file, renamed when complete. */
static int write_bundle(const struct packing *packing, const char *file, struct failure *failure)
{
	struct tar_writer writer = { .io = packing->site->io, .fd = -EBADF, .what = file };
	_cleanup_free_ char *temporary = NULL;
	int r;

	if (asprintf(&temporary, "%s.new", file) < 0)
		return fail_memory(failure);
	writer.fd = writer.io->open(writer.io, AT_FDCWD, temporary, O_WRONLY | O_CREAT | O_TRUNC,
				    BUNDLE_MODE);
	if (writer.fd < 0)
		return fail_errno(failure, writer.fd, "Cannot write %s", temporary);
	r = write_hint(packing, &writer, failure);
	if (r >= 0)
		r = write_files(packing, &writer, failure);
	if (r >= 0)
		r = tar_write_end(&writer, failure);
	if (r >= 0) {
		r = writer.io->fsync(writer.io, writer.fd);
		if (r >= 0)
			r = writer.io->rename(writer.io, AT_FDCWD, temporary, file);
		if (r < 0)
			r = fail_errno(failure, r, "Cannot write %s", file);
	}
	close_fd(writer.fd);
	if (r < 0)
		(void)writer.io->unlink(writer.io, AT_FDCWD, temporary);
	return r;
}

int bundle_make(const struct site *site, const struct bundle_choice *choice, const char *file,
		struct failure *failure)
{
	struct packing packing = { site, choice, json_object(), json_array() };
	int r = add_roots(&packing, failure);

	if (r >= 0)
		r = add_chain(&packing, failure);
	if (r >= 0)
		r = add_targets(&packing, failure);
	if (r >= 0)
		r = write_bundle(&packing, file, failure);
	json_decref(packing.names);
	json_decref(packing.wanted);
	return r;
}
