/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* fwslot-repo publish: sign what has changed. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>

#include "repo/command.h"
#include "repo/publish.h"

static int publish(const char *folder, struct failure *failure)
{
	_cleanup_site_ struct site site = SITE_CLOSED;
	_cleanup_repo_config_ struct repo_config config = { 0 };
	int r = site_open(folder, &site, failure);

	if (r >= 0)
		r = repo_config_load(&site, &config, failure);
	if (r >= 0)
		r = publish_all(&site, &config, failure);
	if (r >= 0)
		printf("Published: copy %s/site/ to a web server, or run \"fwslot-repo bundle\".\n",
		       folder);
	return r;
}

static int run(int count, char **arguments, struct failure *failure)
{
	static const struct option known[] = { { "directory", required_argument, NULL, 'C' },
					       { 0 } };
	const char *folder = ".";
	int option;

	opterr = 0;
	while ((option = getopt_long(count, arguments, "C:", known, NULL)) >= 0) {
		if (option != 'C')
			return command_misused(&command_publish,
					       "an option is not known or lacks its value.");
		folder = optarg;
	}
	if (optind < count)
		return command_misused(&command_publish, "no argument is expected, found \"%s\".",
				       arguments[optind]);
	return publish(folder, failure);
}

const struct command command_publish = {
	.name = "publish",
	.synopsis = "[-C FOLDER]",
	.summary = "sign everything that has changed and put it into site/",
	.help = "Again before the timestamp expires (7 days, if init was not told otherwise), even if\n"
		"nothing is new.\n\n"
		"  -C, --directory FOLDER  the repository (the current folder)\n",
	.run = run,
};
