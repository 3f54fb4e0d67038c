/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fwslot-repo check: looks at what is published with the eyes of a client: is all of it there and signed, what will
 * expire soon, and what would a given device be offered, or why nothing?
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "base/parse.h"
#include "repo/command.h"
#include "repo/document.h"
#include "repo/site-fetcher.h"
#include "trust/limits.h"
#include "trust/offer.h"

#define DAYS_DEFAULT 2
#define DAYS_MAX 3650
#define LABELS_MAX 16
#define STORE_NAME "site"

struct check_options {
	const char *folder, *hardware_id;
	struct device_request device;
	const char *labels[LABELS_MAX];
	uint64_t days;
};

/* What one check works with. */
struct check {
	const struct check_options *options;
	usec_t now;
	struct site site;
	struct site_fetcher fetcher;
	char scratch[32]; /* a folder for the client's state, in which nothing is kept */
	char *root;
	struct trust_store *store;
	struct trust_client *client;
	unsigned int soon; /* roles that expire soon */
};

static void close_check(struct check *check)
{
	char path[sizeof(check->scratch) + sizeof("/" STORE_NAME)];

	trust_client_free(check->client);
	trust_store_close(check->store);
	free(check->root);
	site_close(&check->site);
	if (!check->scratch[0])
		return;
	snprintf(path, sizeof(path), "%s/" STORE_NAME, check->scratch);
	(void)rmdir(path);
	(void)rmdir(check->scratch);
}

/* A client that was given the first root and knows nothing else. */
static int open_check(struct check *check, struct failure *failure)
{
	_cleanup_close_ int scratch = -EBADF;
	size_t size = 0;
	int r = site_open(check->options->folder, &check->site, failure);

	if (r >= 0)
		r = document_now(&check->now, failure);
	if (r < 0)
		return r;
	if (faccessat(check->site.metadata_fd, "timestamp.json", F_OK, 0) < 0)
		return fail(failure, REASON_NOT_LISTED,
			    "Nothing is published yet; run \"fwslot-repo publish\" first.");
	r = file_read(check->site.metadata_fd, "1.root.json", TUF_ROOT_BYTES_MAX, &check->root,
		      &size);
	if (r < 0)
		return fail_errno(failure, r, "Cannot read site/metadata/1.root.json");
	strcpy(check->scratch, "/tmp/fwslot-repo-XXXXXX");
	if (!mkdtemp(check->scratch)) {
		check->scratch[0] = '\0';
		return fail_errno(failure, errno, "Cannot make a folder in /tmp");
	}
	scratch = open(check->scratch, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (scratch < 0)
		return fail_errno(failure, errno, "Cannot open %s", check->scratch);
	r = trust_store_open(&io_default, scratch, STORE_NAME, &check->store, failure);
	if (r < 0)
		return r;
	trust_store_hold(check->store);
	site_fetcher_init(&check->site, &check->fetcher);
	r = trust_client_new(check->store, &check->fetcher.fetcher, CLIENT_FETCH, check->now,
			     check->root, size, &check->client, failure);
	return r < 0 ? r : trust_client_refresh(check->client, failure);
}

static void tell_role(struct check *check, const char *name, const struct metadata *metadata)
{
	char expires[TIME_TEXT_SIZE];
	bool is_soon = metadata->expires < check->now + check->options->days * USEC_PER_DAY;

	printf("%-12s version %" PRId64 ", valid until %s%s\n", name, metadata->version,
	       time_format(metadata->expires, expires), is_soon ? "  <- soon" : "");
	check->soon += is_soon;
}

/* Every file that a role lists: there, of its length, with its digests. */
static int check_files(struct check *check, const struct role *role, const struct targets *targets,
		       struct failure *failure)
{
	const char *path;
	json_t *entry;
	int r = 0;

	json_object_foreach((json_t *)targets->targets, path, entry) {
		struct fetched_file file = { .fd = -EBADF };
		struct target target = { 0 };

		r = targets_find(targets, path, &target, failure);
		target.signer = role;
		if (r >= 0)
			r = trust_client_fetch_target(check->client, &target, &file, failure);
		close_fd(file.fd);
		if (r < 0)
			break;
	}
	return r;
}

static int check_delegated(struct check *check, struct failure *failure)
{
	const struct delegations *delegations = &check->client->targets.delegations;
	int r = 0;

	for (size_t i = 0; r >= 0 && i < delegations->count; i++) {
		const struct role *role = &delegations->list[i].role;
		struct targets targets = { 0 };

		r = client_load_targets(check->client, role, &targets, failure);
		if (r >= 0) {
			tell_role(check, role->name, &targets.common);
			r = check_files(check, role, &targets, failure);
		}
		targets_clear(&targets);
	}
	return r;
}

static int check_all(struct check *check, struct failure *failure)
{
	const struct trust_client *client = check->client;

	tell_role(check, "root", &client->root.common);
	tell_role(check, "timestamp", &client->timestamp.common);
	tell_role(check, "snapshot", &client->snapshot.common);
	tell_role(check, "targets", &client->targets.common);
	return check_delegated(check, failure);
}

/* That nothing is offered is an answer, not a failure. */
static void tell_offer(struct check *check)
{
	const struct check_options *options = check->options;
	_cleanup_failure_ struct failure why = { 0 };
	_cleanup_offer_ struct offer offer = { 0 };

	if (offer_find(check->client, &options->device, &offer, &why) < 0) {
		printf("%s is offered nothing: %s: %s\n", options->hardware_id,
		       reason_word(why.reason), failure_message(&why));
		return;
	}
	printf("%s is offered version %s (counter %" PRId64 "): %s, %" PRIu64
	       " bytes, signed by %s\n",
	       options->hardware_id, offer.selection.release->version,
	       offer.selection.release->counter, offer.image.path, offer.image.length,
	       offer.signer);
}

static int check_site(const struct check_options *options, struct failure *failure)
{
	_cleanup_(close_check) struct check check = { .options = options, .site = SITE_CLOSED };
	int r = open_check(&check, failure);

	if (r >= 0)
		r = check_all(&check, failure);
	if (r < 0)
		return r;
	if (options->hardware_id)
		tell_offer(&check);
	if (check.soon > 0)
		return fail(failure, REASON_EXPIRED,
			    "%u of the roles above expire within %" PRIu64
			    " days; run \"fwslot-repo publish\" and copy site/ again.",
			    check.soon, options->days);
	return 0;
}

enum option_name { HARDWARE_ID = 1, VERSION, COUNTER, FLOOR, SLOT, SLOT_SIZE, DAYS };

static int take_counter(const char *text, int64_t *ret)
{
	uint64_t number;
	int r = parse_u64_range(text, 0, JSON_INTEGER_MAX, &number);

	*ret = r < 0 ? 0 : (int64_t)number;
	return r;
}

/* 0; anything else: it is not understood */
static int take_option(struct check_options *options, int name, const char *value)
{
	struct device_request *device = &options->device;

	switch (name) {
	case 'C':
		options->folder = value;
		return 0;
	case HARDWARE_ID:
		options->hardware_id = value;
		return 0;
	case VERSION:
		device->installed_version = value;
		return 0;
	case COUNTER:
		return take_counter(value, &device->installed_counter);
	case FLOOR:
		return take_counter(value, &device->floor);
	case SLOT:
		if (device->slot_label_count == LABELS_MAX)
			return -E2BIG;
		options->labels[device->slot_label_count++] = value;
		return 0;
	case SLOT_SIZE:
		return parse_u64(value, &device->slot_size);
	case DAYS:
		return parse_u64_range(value, 0, DAYS_MAX, &options->days);
	default:
		return -EINVAL;
	}
}

static int run(int count, char **arguments, struct failure *failure)
{
	static const struct option known[] = {
		{ "directory", required_argument, NULL, 'C' },
		{ "hardware-id", required_argument, NULL, HARDWARE_ID },
		{ "version", required_argument, NULL, VERSION },
		{ "counter", required_argument, NULL, COUNTER },
		{ "floor", required_argument, NULL, FLOOR },
		{ "slot", required_argument, NULL, SLOT },
		{ "slot-size", required_argument, NULL, SLOT_SIZE },
		{ "days", required_argument, NULL, DAYS },
		{ 0 },
	};
	struct check_options options = { .folder = ".", .days = DAYS_DEFAULT };
	int option;

	opterr = 0;
	while ((option = getopt_long(count, arguments, "C:", known, NULL)) >= 0)
		if (take_option(&options, option, optarg) != 0)
			return command_misused(&command_check,
					       "an option is not known or its value is not valid.");
	if (optind < count)
		return command_misused(&command_check, "no argument is expected, found \"%s\".",
				       arguments[optind]);
	options.device.slot_labels = options.labels;
	if (options.hardware_id) {
		options.device.hardware_ids = &options.hardware_id;
		options.device.hardware_id_count = 1;
	}
	return check_site(&options, failure);
}

const struct command command_check = {
	.name = "check",
	.synopsis = "[-C FOLDER] [--days N] [--hardware-id ID [--version V] ...]",
	.summary = "look at what is published as a device does",
	.help = "All metadata and files of site/ are verified from the first root on. What expires soon\n"
		"is a failure, so that a timer can tell you.\n\n"
		"  -C, --directory FOLDER  the repository (the current folder)\n"
		"  --days N                how soon is soon (2)\n"
		"  --hardware-id ID        say what this device would be offered, or why nothing\n"
		"  --version V             it says that it runs this version\n"
		"  --counter N             the release counter of what it runs (from the index)\n"
		"  --floor N               the oldest counter it may run (0)\n"
		"  --slot LABEL            it has this slot; several in order of preference\n"
		"  --slot-size BYTES       what its slots hold (anything)\n",
	.run = run,
};
