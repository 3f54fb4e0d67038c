/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* fwslot-repo delta: who runs an older release fetches only what is new in a later one. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/hash.h"
#include "base/hex.h"
#include "delta/delta.h"
#include "repo/command.h"
#include "repo/index-edit.h"
#include "repo/site.h"
#include "trust/index.h"
#include "trust/limits.h"
#include "trust/names.h"

#define PUBLIC_MODE 0644

struct delta_options {
	const char *folder;
	const char *hardware_id, *version, *slot;
	const char *from; /* a release in the repository */
};

/* An image in memory. */
struct image {
	char *bytes;
	size_t size;
};

static void image_clear(struct image *image)
{
	free(image->bytes);
}
#define _cleanup_image_ _cleanup_(image_clear)

static int parse_options(int count, char **arguments, struct delta_options *options)
{
	static const struct option known[] = {
		{ "directory", required_argument, NULL, 'C' },
		{ "hardware-id", required_argument, NULL, 'h' },
		{ "version", required_argument, NULL, 'v' },
		{ "slot", required_argument, NULL, 's' },
		{ "from", required_argument, NULL, 'f' },
		{ 0 },
	};
	int option;

	opterr = 0;
	while ((option = getopt_long(count, arguments, "C:", known, NULL)) >= 0) {
		const char **value = option == 'C' ? &options->folder :
				     option == 'h' ? &options->hardware_id :
				     option == 'v' ? &options->version :
				     option == 's' ? &options->slot :
				     option == 'f' ? &options->from :
						     NULL;

		if (!value)
			return command_misused(&command_delta,
					       "an option is not known or lacks its value.");
		*value = optarg;
	}
	if (count != optind)
		return command_misused(&command_delta, "\"%s\" is too much.", arguments[optind]);
	if (!options->hardware_id || !options->version || !options->from)
		return command_misused(&command_delta,
				       "--hardware-id, --version and --from are needed.");
	if (!hardware_id_is_valid(options->hardware_id))
		return command_misused(&command_delta, "\"%s\" is no hardware id.",
				       options->hardware_id);
	return 0;
}

static const struct index_slot *find_slot(const struct release_index *index, const char *version,
					  const char *label)
{
	for (size_t i = 0; i < index->release_count; i++)
		for (size_t j = 0; j < index->releases[i].slot_count; j++) {
			const char *found = index->releases[i].slots[j].label;

			if (strcmp(index->releases[i].version, version) == 0 &&
			    (label ? found && strcmp(found, label) == 0 : !found))
				return &index->releases[i].slots[j];
		}
	return NULL;
}

static int read_image(const struct site *site, const struct release_index *index,
		      const struct delta_options *options, const char *version,
		      const char **ret_path, struct image *ret, struct failure *failure)
{
	const struct index_slot *slot = find_slot(index, version, options->slot);
	int r;

	if (!slot)
		return fail(
			failure, REASON_INVALID_ARGUMENT,
			"%s has no release %s with an image for %s%s; see \"fwslot-repo check\".",
			options->hardware_id, version, options->slot ? "slot " : "any slot",
			options->slot ? options->slot : "");
	r = site_read(site->work_targets_fd, slot->path, DELTA_IMAGE_BYTES_MAX, &ret->bytes,
		      &ret->size, failure);
	if (r == -ENOENT)
		return fail(failure, REASON_INVALID_ARGUMENT, "work/targets/%s is missing.",
			    slot->path);
	*ret_path = slot->path;
	return r;
}

static int read_index(const struct site *site, const char *hardware_id, struct release_index **ret,
		      struct failure *failure)
{
	_cleanup_free_ char *path = NULL, *text = NULL;
	size_t size;
	int r;

	if (asprintf(&path, "%s/index.json", hardware_id) < 0)
		return fail_memory(failure);
	r = site_read(site->work_targets_fd, path, INDEX_BYTES_MAX, &text, &size, failure);
	if (r == -ENOENT)
		return fail(failure, REASON_INVALID_ARGUMENT,
			    "There is no release for %s yet; begin with \"fwslot-repo add\".",
			    hardware_id);
	return r < 0 ? r : index_parse(text, size, hardware_id, ret, failure);
}

/* Beside the image: "acme/dock/2.1.0-main.from-2.0.3.zst". */
static char *delta_path(const char *image_path, const char *from)
{
	const char *end = strrchr(image_path, '.');
	int length = end && strcmp(end, ".bin") == 0 ? (int)(end - image_path) :
						       (int)strlen(image_path);
	char *path;

	return asprintf(&path, "%.*s.from-%s.zst", length, image_path, from) < 0 ? NULL : path;
}

static int keep(const struct site *site, const struct delta_options *options,
		const char *image_path, const struct image *base, const struct image *delta,
		struct failure *failure)
{
	_cleanup_free_ char *path = delta_path(image_path, options->from);
	struct new_delta described = { .hardware_id = options->hardware_id,
				       .image_path = image_path,
				       .path = path,
				       .base_length = base->size };
	uint8_t sha256[SHA256_BYTES];
	int r;

	if (!path || hash_bytes(HASH_SHA256, base->bytes, base->size, sha256) < 0)
		return fail_memory(failure);
	if (!target_path_is_valid(path))
		return fail(failure, REASON_INVALID_ARGUMENT, "%s cannot be the path of a target.",
			    path);
	hex_encode(sha256, SHA256_BYTES, described.base_sha256);
	r = site_write(site, site->work_targets_fd, path, delta->bytes, delta->size, PUBLIC_MODE,
		       failure);
	if (r >= 0)
		r = index_add_delta(site, &described, failure);
	if (r >= 0)
		printf("Added %s: %zu bytes for who runs %s.\nNext: fwslot-repo publish.\n", path,
		       delta->size, options->from);
	return r;
}

static int make(const struct delta_options *options, struct failure *failure)
{
	_cleanup_image_ struct image base = { 0 }, image = { 0 }, delta = { 0 };
	_cleanup_index_ struct release_index *index = NULL;
	_cleanup_site_ struct site site = SITE_CLOSED;
	const char *base_path, *image_path;
	int r = site_open(options->folder, &site, failure);

	if (r >= 0)
		r = read_index(&site, options->hardware_id, &index, failure);
	if (r >= 0)
		r = read_image(&site, index, options, options->from, &base_path, &base, failure);
	if (r >= 0)
		r = read_image(&site, index, options, options->version, &image_path, &image,
			       failure);
	if (r < 0)
		return r;
	if (strcmp(base_path, image_path) == 0)
		return fail(failure, REASON_INVALID_ARGUMENT,
			    "--from and --version name the same image.");
	r = delta_make(base.bytes, base.size, image.bytes, image.size, &delta.bytes, &delta.size,
		       failure);
	if (r < 0)
		return r;
	if (!delta_is_useful(delta.size, image.size, base.size))
		return fail(
			failure, REASON_TOO_LARGE,
			"The delta would have %zu bytes, more than %d %% of the image's %zu: devices would "
			"fetch all of it anyway. It was not added.",
			delta.size, DELTA_PERCENT_MAX, image.size);
	return keep(&site, options, image_path, &base, &delta, failure);
}

static int run(int count, char **arguments, struct failure *failure)
{
	struct delta_options options = { .folder = "." };
	int r = parse_options(count, arguments, &options);

	return r != 0 ? r : make(&options, failure);
}

const struct command command_delta = {
	.name = "delta",
	.synopsis = "[-C FOLDER] --hardware-id ID --version VERSION --from OLDER [--slot LABEL]",
	.summary = "let devices that run an older release fetch only what is new",
	.help = "  -C, --directory FOLDER  the repository (the current folder)\n"
		"  --hardware-id ID        the devices it is for\n"
		"  --version VERSION       the release to be installed\n"
		"  --from OLDER            the release that runs there, also in the repository\n"
		"  --slot LABEL            of images that are for one slot only: its label\n\n"
		"Images of up to 128 MiB. Devices check what comes of it as they check a whole image, and\n"
		"fetch that if anything is wrong.\n",
	.run = run,
};
