/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Publishing: versions, delegations, references. Documents themselves are document.c's. */
#include "repo/publish.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "repo/catalog.h"
#include "repo/document.h"
#include "repo/root.h"
#include "repo/signing.h"
#include "trust/limits.h"
#include "trust/names.h"

#define PUBLIC_MODE 0644

/* One run. */
struct publication {
	const struct site *site;
	const struct repo_config *config;
	usec_t now;
	struct catalog catalog;
	int64_t timestamp_version; /* published until now; 0: none */
	int64_t snapshot_version;
	json_t *meta; /* snapshot's "meta", growing: starts as what was published */
	char *lacks; /* what waits for signatures, a line each; NULL: nothing */
};

static void publication_clear(struct publication *publication)
{
	catalog_clear(&publication->catalog);
	json_decref(publication->meta);
	free(publication->lacks);
}

/* A document that is put aside: told of at the end. */
static int note_lack(struct publication *publication, char *lack, struct failure *failure)
{
	char *longer;

	if (!lack)
		return 0;
	if (asprintf(&longer, "%s\n  %s", publication->lacks ?: "", lack) < 0)
		longer = NULL;
	free(lack);
	free(publication->lacks);
	publication->lacks = longer;
	return longer ? 0 : fail_memory(failure);
}

static int publish_root(struct publication *publication, struct failure *failure)
{
	char *lack;
	int r = root_publish(publication->site, publication->config, publication->now,
			     publication->lacks, &lack, failure);

	return r == SIGNING_WAITS ? note_lack(publication, lack, failure) : r;
}

/* What is published until now: versions, and the snapshot's references. */
static int read_published(struct publication *publication, struct failure *failure)
{
	_cleanup_json_ json_t *timestamp = NULL, *snapshot = NULL;
	_cleanup_free_ char *name = NULL;
	const json_t *reference;
	int r = document_read(publication->site, "timestamp.json", &timestamp, failure);

	publication->meta = json_object();
	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return r;
	reference = json_object_get(json_object_get(timestamp, "meta"), "snapshot.json");
	publication->timestamp_version = json_integer_value(json_object_get(timestamp, "version"));
	publication->snapshot_version = json_integer_value(json_object_get(reference, "version"));
	name = metadata_file_name("snapshot", publication->snapshot_version);
	r = document_read(publication->site, name, &snapshot, failure);
	if (r == -ENOENT)
		return fail(failure, REASON_MALFORMED,
			    "site/metadata/%s is missing, but timestamp.json names it.", name);
	if (r < 0)
		return r;
	/* Names never leave a snapshot: clients take that for a rollback (TUF 5.5.5). */
	json_object_update(publication->meta, json_object_get(snapshot, "meta"));
	return 0;
}

static int copy_target(const struct publication *publication, const struct catalog_file *file,
		       struct failure *failure)
{
	_cleanup_free_ char *path = target_file_path(file->path, file->sha256), *bytes = NULL;
	size_t size;
	int r;

	if (!path)
		return fail_memory(failure);
	/* A file of this name has this content already. */
	if (faccessat(publication->site->targets_fd, path, R_OK, 0) == 0)
		return 0;
	r = site_read(publication->site->work_targets_fd, file->path, SITE_IMAGE_BYTES_MAX, &bytes,
		      &size, failure);
	if (r < 0)
		return r;
	return site_write(publication->site, publication->site->targets_fd, path, bytes, size,
			  PUBLIC_MODE, failure);
}

/* Is a published file signed as its role asks now? Keys may have been replaced since. */
static int is_signed(const struct publication *publication, const char *name,
		     const struct role_config *role, bool *ret, struct failure *failure)
{
	_cleanup_json_ json_t *keys = document_keys(role), *object = document_role(role);
	_cleanup_free_ char *text = NULL;
	size_t size;
	int r = site_read(publication->site->metadata_fd, name, TUF_TARGETS_BYTES_MAX, &text, &size,
			  failure);

	if (r >= 0)
		*ret = signing_suffices(text, keys, object);
	return r;
}

/* How the present version of a role's file stands to @signed_part. */
static int compare_published(const struct publication *publication, const char *name,
			     int64_t version, const json_t *signed_part,
			     const struct role_config *role, enum document_age *ret,
			     struct failure *failure)
{
	_cleanup_json_ json_t *published = NULL;
	_cleanup_free_ char *present = metadata_file_name(name, version);
	bool is_still_signed = false;
	int r;

	*ret = DOCUMENT_DIFFERS;
	if (!present)
		return fail_memory(failure);
	r = version > 0 ? document_read(publication->site, present, &published, failure) : -ENOENT;
	if (r == -ENOENT)
		return 0;
	if (r >= 0)
		r = is_signed(publication, present, role, &is_still_signed, failure);
	if (r >= 0 && is_still_signed)
		*ret = document_compare(published, signed_part, publication->now,
					role->expires_days);
	return r;
}

/*
 * Publishes @signed_part as the next version of @name, or keeps the present one. Its
 * reference goes to the snapshot's meta.
 */
static int publish_role(struct publication *publication, const char *name, json_t *signed_part,
			const struct role_config *role, struct failure *failure)
{
	_cleanup_free_ char *listed = NULL, *next = NULL;
	_cleanup_json_ json_t *reference = NULL;
	enum document_age age = DOCUMENT_DIFFERS;
	int64_t version;
	char *lack;
	int r;

	if (asprintf(&listed, "%s.json", name) < 0)
		return fail_memory(failure);
	version = json_integer_value(
		json_object_get(json_object_get(publication->meta, listed), "version"));
	next = metadata_file_name(name, version + 1);
	r = next ? compare_published(publication, name, version, signed_part, role, &age, failure) :
		   fail_memory(failure);
	if (r < 0 || age == DOCUMENT_STAYS)
		return r;
	json_object_set_new(signed_part, "version", json_integer(version + 1));
	r = document_publish(
		&(struct signing){ .site = publication->site, .file_name = next, .role = role },
		signed_part, &reference, &lack, failure);
	if (r == SIGNING_WAITS && age == DOCUMENT_AGES) {
		free(lack); /* the present one still serves */
		return 0;
	}
	if (r == SIGNING_WAITS)
		return note_lack(publication, lack, failure);
	if (r >= 0 && json_object_set(publication->meta, listed, reference) < 0)
		r = fail_memory(failure);
	return r;
}

static bool is_of_vendor(const struct catalog_file *file, const char *vendor)
{
	return vendor_length(file->path) == strlen(vendor) &&
	       strncmp(file->path, vendor, strlen(vendor)) == 0;
}

static json_t *describe_target(const struct catalog_file *file)
{
	json_t *target = json_pack("{s:I, s:{s:s}}", "length", (json_int_t)file->size, "hashes",
				   "sha256", file->sha256);

	if (target && file->custom)
		json_object_set(target, "custom", file->custom);
	return target;
}

static int publish_vendor(struct publication *publication, const char *vendor,
			  struct failure *failure)
{
	const struct role_config *role = &publication->config->roles[REPO_VENDOR];
	_cleanup_json_ json_t *signed_part =
		document_begin("targets", 1, publication->now, role->expires_days);
	_cleanup_json_ json_t *targets = json_object();

	for (size_t i = 0; i < publication->catalog.count; i++) {
		const struct catalog_file *file = &publication->catalog.files[i];

		if (is_of_vendor(file, vendor) &&
		    json_object_set_new(targets, file->path, describe_target(file)) < 0)
			return fail_memory(failure);
	}
	if (json_object_set(signed_part, "targets", targets) < 0)
		return fail_memory(failure);
	return publish_role(publication, vendor, signed_part, role, failure);
}

/* Everything below VENDOR/: a hardware id has up to four segments, its files one more. */
static json_t *make_delegation(const char *vendor, const struct role_config *role)
{
	json_t *delegation = document_role(role), *paths = json_array();
	_cleanup_free_ char *pattern = strdup(vendor);

	for (int depth = 0; depth < 4 && pattern; depth++) {
		char *deeper;

		if (asprintf(&deeper, "%s/*", pattern) < 0)
			deeper = NULL;
		free(pattern);
		pattern = deeper;
		if (pattern)
			json_array_append_new(paths, json_string(pattern));
	}
	json_object_set_new(delegation, "name", json_string(vendor));
	json_object_set_new(delegation, "terminating", json_true());
	json_object_set_new(delegation, "paths", paths);
	return delegation;
}

/* The names of the vendors in the catalog, once each. */
static json_t *list_vendors(const struct catalog *catalog)
{
	json_t *vendors = json_object(); /* a set, in order of appearance */

	for (size_t i = 0; vendors && i < catalog->count; i++) {
		_cleanup_free_ char *vendor =
			strndup(catalog->files[i].path, vendor_length(catalog->files[i].path));

		json_object_set_new(vendors, vendor, json_true());
	}
	return vendors;
}

static int publish_targets(struct publication *publication, const json_t *vendors,
			   struct failure *failure)
{
	const struct role_config *role = &publication->config->roles[REPO_TARGETS];
	const struct role_config *vendor_role = &publication->config->roles[REPO_VENDOR];
	_cleanup_json_ json_t *signed_part =
		document_begin("targets", 1, publication->now, role->expires_days);
	_cleanup_json_ json_t *list = json_array(), *delegations = NULL;
	const char *vendor;
	json_t *ignored;

	json_object_foreach((json_t *)vendors, vendor, ignored)
		json_array_append_new(list, make_delegation(vendor, vendor_role));
	delegations = json_pack("{s:o, s:O}", "keys", document_keys(vendor_role), "roles", list);
	if (json_object_set_new(signed_part, "targets", json_object()) < 0 ||
	    json_object_set(signed_part, "delegations", delegations) < 0)
		return fail_memory(failure);
	return publish_role(publication, "targets", signed_part, role, failure);
}

/* Always a new version: it is what the new timestamp points to. */
static int publish_snapshot(struct publication *publication, json_t **ret_reference,
			    struct failure *failure)
{
	const struct role_config *role = &publication->config->roles[REPO_SNAPSHOT];
	int64_t version = publication->snapshot_version + 1;
	_cleanup_json_ json_t *signed_part =
		document_begin("snapshot", version, publication->now, role->expires_days);
	_cleanup_free_ char *name = metadata_file_name("snapshot", version);
	char *lack;
	int r;

	if (!name || json_object_set(signed_part, "meta", publication->meta) < 0)
		return fail_memory(failure);
	r = document_publish(
		&(struct signing){ .site = publication->site, .file_name = name, .role = role },
		signed_part, ret_reference, &lack, failure);
	return r == SIGNING_WAITS ? note_lack(publication, lack, failure) : r;
}

static int publish_timestamp(struct publication *publication, json_t *snapshot,
			     struct failure *failure)
{
	const struct role_config *role = &publication->config->roles[REPO_TIMESTAMP];
	_cleanup_json_ json_t *signed_part = document_begin("timestamp",
							    publication->timestamp_version + 1,
							    publication->now, role->expires_days);
	char *lack;
	int r;

	if (json_object_set_new(signed_part, "meta",
				json_pack("{s:O}", "snapshot.json", snapshot)) < 0)
		return fail_memory(failure);
	r = document_publish(&(struct signing){ .site = publication->site,
						.file_name = "timestamp.json",
						.role = role },
			     signed_part, NULL, &lack, failure);
	return r == SIGNING_WAITS ? note_lack(publication, lack, failure) : r;
}

static int publish_vendors(struct publication *publication, const json_t *vendors,
			   struct failure *failure)
{
	const char *vendor;
	json_t *ignored;
	int r = 0;

	json_object_foreach((json_t *)vendors, vendor, ignored) {
		if (!delegated_role_is_valid(vendor))
			return fail(
				failure, REASON_INVALID_ARGUMENT,
				"A vendor cannot be called \"%s\": TUF has a role of that name.",
				vendor);
		r = publish_vendor(publication, vendor, failure);
		if (r < 0)
			return r;
	}
	return r;
}

int publish_all(const struct site *site, const struct repo_config *config, struct failure *failure)
{
	_cleanup_(publication_clear) struct publication publication = { .site = site,
									.config = config };
	_cleanup_json_ json_t *vendors = NULL, *snapshot = NULL;
	int r = document_now(&publication.now, failure);

	if (r >= 0)
		r = catalog_load(site, &publication.catalog, failure);
	if (r >= 0)
		r = read_published(&publication, failure);
	for (size_t i = 0; r >= 0 && i < publication.catalog.count; i++)
		r = copy_target(&publication, &publication.catalog.files[i], failure);
	if (r < 0)
		return r;
	vendors = list_vendors(&publication.catalog);
	/* All that may wait is made and put aside in one go; nobody sees it before the snapshot. */
	r = publish_vendors(&publication, vendors, failure);
	if (r >= 0)
		r = publish_targets(&publication, vendors, failure);
	if (r >= 0)
		r = publish_root(&publication, failure);
	if (r >= 0 && !publication.lacks)
		r = publish_snapshot(&publication, &snapshot, failure);
	if (r >= 0 && !publication.lacks)
		r = publish_timestamp(&publication, snapshot, failure);
	if (r < 0 || !publication.lacks)
		return r;
	return fail(failure, REASON_UNSIGNED,
		    "Signatures are missing, so nothing new is offered yet:%s\n"
		    "Their holders run \"fwslot-repo sign --key KEY FILE\"; then publish again.",
		    publication.lacks);
}
