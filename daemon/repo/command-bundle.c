/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* fwslot-repo bundle: one file to carry by hand. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>

#include "repo/bundle-make.h"
#include "repo/command.h"

#define CHOSEN_MAX 64

static int run(int count, char **arguments, struct failure *failure)
{
	static const struct option known[] = {
		{ "directory", required_argument, NULL, 'C' },
		{ "hardware-id", required_argument, NULL, 'h' },
		{ "all-releases", no_argument, NULL, 'a' },
		{ 0 },
	};
	_cleanup_site_ struct site site = SITE_CLOSED;
	const char *folder = ".", *chosen[CHOSEN_MAX];
	struct bundle_choice choice = { .hardware_ids = chosen };
	int option, r;

	opterr = 0;
	while ((option = getopt_long(count, arguments, "C:", known, NULL)) >= 0) {
		if (option == 'C')
			folder = optarg;
		else if (option == 'a')
			choice.all_releases = true;
		else if (option == 'h' && choice.hardware_id_count < CHOSEN_MAX)
			chosen[choice.hardware_id_count++] = optarg;
		else
			return command_misused(&command_bundle,
					       "an option is not known or lacks its value.");
	}
	if (count - optind != 1)
		return command_misused(&command_bundle, "exactly one file name is needed.");
	r = site_open(folder, &site, failure);
	if (r >= 0)
		r = bundle_make(&site, &choice, arguments[optind], failure);
	if (r >= 0)
		printf("Wrote %s.\n", arguments[optind]);
	return r;
}

const struct command command_bundle = {
	.name = "bundle",
	.synopsis = "[-C FOLDER] [--hardware-id ID]... [--all-releases] FILE.fwb",
	.summary = "pack what is published into one offline file",
	.help = "The same published files always give the same bytes.\n\n"
		"  -C, --directory FOLDER  the repository (the current folder)\n"
		"  --hardware-id ID        only for these devices (all)\n"
		"  --all-releases          every release, not only the newest of each hardware id\n",
	.run = run,
};
