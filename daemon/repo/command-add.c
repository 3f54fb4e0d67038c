/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* fwslot-repo add: one image becomes (part of) a release. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/parse.h"
#include "repo/command.h"
#include "repo/document.h"
#include "repo/index-edit.h"
#include "repo/site.h"
#include "trust/index.h"
#include "trust/names.h"

#define PUBLIC_MODE 0644

struct add_options {
	const char *folder;
	const char *image;
	struct new_release release;
};

static int parse_counter(const char *name, const char *value, uint64_t min, int64_t *ret)
{
	uint64_t number;

	if (parse_u64_range(value, min, JSON_INTEGER_MAX, &number) < 0)
		return command_misused(&command_add,
				       "--%s must be a whole number from %" PRIu64
				       " on, not \"%s\".",
				       name, min, value);
	*ret = (int64_t)number;
	return 0;
}

static int parse_option(struct add_options *options, int option, const char *value)
{
	struct new_release *release = &options->release;
	usec_t day;

	switch (option) {
	case 'C':
		options->folder = value;
		return 0;
	case 'h':
		release->hardware_id = value;
		return 0;
	case 'v':
		release->version = value;
		return 0;
	case 's':
		release->slot = value;
		return 0;
	case 'u':
		release->urgency = value;
		return urgency_from_word(value) == _URGENCY_INVALID ?
			       command_misused(
				       &command_add,
				       "--urgency is low, medium, high or critical, not \"%s\".",
				       value) :
			       0;
	case 'c':
		return parse_counter("counter", value, 1, &release->counter);
	case 'f':
		return parse_counter("floor", value, 0, &release->floor);
	case 'm':
		return parse_counter("min-counter", value, 0, &release->min_counter);
	case 'e':
		release->support_ends = value;
		return time_parse_date(value, &day) < 0 ?
			       command_misused(&command_add,
					       "--support-ends is YYYY-MM-DD, not \"%s\".", value) :
			       0;
	case 'n':
		if (release->note_count == NOTES_MAX)
			return command_misused(&command_add, "at most %d notes can be given.",
					       NOTES_MAX);
		release->notes[release->note_count++] = value;
		return 0;
	default:
		return command_misused(&command_add, "an option is not known or lacks its value.");
	}
}

/* What must be there, and in the form that devices accept. */
static int check_options(const struct add_options *options)
{
	_cleanup_free_ char *path = NULL;

	if (!options->release.hardware_id || !options->release.version ||
	    options->release.counter == 0)
		return command_misused(&command_add,
				       "--hardware-id, --version and --counter are needed.");
	if (!hardware_id_is_valid(options->release.hardware_id))
		return command_misused(
			&command_add,
			"--hardware-id is vendor/model[/rev[/sku]] in lower-case letters, digits, '.', "
			"'_' and '-', not \"%s\".",
			options->release.hardware_id);
	path = new_release_path(&options->release);
	if (!path || !target_path_is_valid(path) || strchr(options->release.version, '/') ||
	    (options->release.slot && strchr(options->release.slot, '/')))
		return command_misused(
			&command_add,
			"--version and --slot may not contain spaces, '/', '\\', '?', '#' or '%%'.");
	return 0;
}

static int parse_options(int count, char **arguments, struct add_options *options)
{
	static const struct option known[] = {
		{ "directory", required_argument, NULL, 'C' },
		{ "hardware-id", required_argument, NULL, 'h' },
		{ "version", required_argument, NULL, 'v' },
		{ "counter", required_argument, NULL, 'c' },
		{ "slot", required_argument, NULL, 's' },
		{ "note", required_argument, NULL, 'n' },
		{ "floor", required_argument, NULL, 'f' },
		{ "min-counter", required_argument, NULL, 'm' },
		{ "urgency", required_argument, NULL, 'u' },
		{ "support-ends", required_argument, NULL, 'e' },
		{ 0 },
	};
	int option, r;

	opterr = 0;
	while ((option = getopt_long(count, arguments, "C:", known, NULL)) >= 0) {
		r = parse_option(options, option, optarg);
		if (r != 0)
			return r;
	}
	if (count - optind != 1)
		return command_misused(&command_add, "exactly one image is needed.");
	options->image = arguments[optind];
	return check_options(options);
}

/* An image of that path is there: the same again is fine, another one is not. */
static int check_present(const struct site *site, const char *path, const char *bytes, size_t size,
			 struct failure *failure)
{
	_cleanup_free_ char *present = NULL;
	size_t present_size;
	int r = site_read(site->work_targets_fd, path, SITE_IMAGE_BYTES_MAX, &present,
			  &present_size, failure);

	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return r;
	if (present_size != size || memcmp(present, bytes, size) != 0)
		return fail(
			failure, REASON_INVALID_ARGUMENT,
			"work/targets/%s is there with other content. A published image never changes: give the "
			"new one a new version and counter.",
			path);
	return 0;
}

static int add(struct add_options *options, struct failure *failure)
{
	_cleanup_site_ struct site site = SITE_CLOSED;
	_cleanup_free_ char *path = new_release_path(&options->release), *bytes = NULL;
	size_t size;
	int r;

	if (!path)
		return fail_memory(failure);
	r = document_now(&options->release.now, failure);
	if (r >= 0)
		r = site_open(options->folder, &site, failure);
	if (r < 0)
		return r;
	r = file_read(AT_FDCWD, options->image, SITE_IMAGE_BYTES_MAX, &bytes, &size);
	if (r < 0)
		return fail_errno(failure, r, "Cannot read the image %s", options->image);
	if (size == 0)
		return fail(failure, REASON_INVALID_ARGUMENT, "The image %s is empty.",
			    options->image);
	r = check_present(&site, path, bytes, size, failure);
	/* The image first: an index never names one that is not there. */
	if (r >= 0)
		r = site_write(&site, site.work_targets_fd, path, bytes, size, PUBLIC_MODE,
			       failure);
	if (r >= 0)
		r = index_add_release(&site, &options->release, path, failure);
	if (r >= 0)
		printf("Added %s %s (counter %" PRId64
		       ") as %s, %zu bytes.\nNext: fwslot-repo publish.\n",
		       options->release.hardware_id, options->release.version,
		       options->release.counter, path, size);
	return r;
}

static int run(int count, char **arguments, struct failure *failure)
{
	struct add_options options = { .folder = ".",
				       .release = { .min_counter = -1, .floor = -1 } };
	int r = parse_options(count, arguments, &options);

	return r != 0 ? r : add(&options, failure);
}

const struct command command_add = {
	.name = "add",
	.synopsis = "[-C FOLDER] --hardware-id ID --version VERSION --counter N [OPTION]... IMAGE",
	.summary = "add a firmware image as a release for a hardware id",
	.help = "  -C, --directory FOLDER  the repository (the current folder)\n"
		"  --hardware-id ID        vendor/model[/rev[/sku]]: the devices it is for\n"
		"  --version VERSION       as people and the device call it\n"
		"  --counter N             decides order: higher than that of all older releases\n"
		"  --slot LABEL            only for the slot with this label (any slot)\n"
		"  --note LANGUAGE=TEXT    what it fixes, in one language; again for more\n"
		"  --urgency WORD          low, medium (default), high, critical\n"
		"  --min-counter N         a release with counter N or newer must be installed before\n"
		"  --floor N               from now on no device may go below counter N\n"
		"  --support-ends DAY      YYYY-MM-DD: the last day on which you support this hardware\n",
	.run = run,
};
