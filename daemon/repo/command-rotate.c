/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* fwslot-repo rotate: which keys a role has from the next publication on. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "base/parse.h"
#include "repo/command.h"
#include "repo/key-file.h"
#include "repo/role-config.h"
#include "repo/site.h"

#define ID_LENGTH_MIN 8

struct rotate_options {
	const char *folder;
	enum repo_role role;
	enum signer_kind kind;
	const char *added[ROLE_SIGNERS_MAX], *removed[ROLE_SIGNERS_MAX];
	size_t added_count, removed_count;
	uint64_t threshold; /* 0: as it is */
};

static int parse_option(struct rotate_options *options, int option, const char *value)
{
	if (option == 'C')
		options->folder = value;
	else if (option == 'a' && options->added_count < ROLE_SIGNERS_MAX)
		options->added[options->added_count++] = value;
	else if (option == 'r' && options->removed_count < ROLE_SIGNERS_MAX)
		options->removed[options->removed_count++] = value;
	else if (option == 't') {
		options->kind = signer_kind_from_word(value);
		if (options->kind == _SIGNER_KIND_INVALID)
			return command_misused(&command_rotate,
					       "--type is ed25519, ecdsa or rsa, not \"%s\".",
					       value);
	} else if (option == 'n') {
		if (parse_u64_range(value, 1, ROLE_SIGNERS_MAX, &options->threshold) < 0)
			return command_misused(&command_rotate,
					       "--threshold is a number from 1 to %d, not \"%s\".",
					       ROLE_SIGNERS_MAX, value);
	} else
		return command_misused(&command_rotate,
				       "an option is not known or lacks its value.");
	return 0;
}

static int parse_options(int count, char **arguments, struct rotate_options *options)
{
	static const struct option known[] = {
		{ "directory", required_argument, NULL, 'C' },
		{ "add", required_argument, NULL, 'a' },
		{ "remove", required_argument, NULL, 'r' },
		{ "threshold", required_argument, NULL, 'n' },
		{ "type", required_argument, NULL, 't' },
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
		return command_misused(&command_rotate, "exactly one role is needed.");
	options->role = repo_role_from_word(arguments[optind], strlen(arguments[optind]));
	if (options->role == _REPO_ROLE_INVALID)
		return command_misused(
			&command_rotate,
			"a role is root, targets, vendor, snapshot or timestamp, not \"%s\".",
			arguments[optind]);
	return 0;
}

static int add_keys(const struct rotate_options *options, const struct site *site,
		    struct repo_config *config, struct failure *failure)
{
	for (size_t i = 0; i < options->added_count; i++) {
		struct signer *signer;
		int r = key_file_read(options->added[i], &signer, failure);

		if (r >= 0)
			r = repo_config_add_key(site, config, options->role, signer, failure);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Which key of the role @id is the beginning of the name of; -1: none, or more than one. */
static int find_key(const struct role_config *role, const char *id)
{
	int found = -1;

	for (size_t i = 0; i < role->signer_count; i++)
		if (strncmp(signer_key_id(role->signers[i]), id, strlen(id)) == 0) {
			if (found >= 0)
				return -1;
			found = (int)i;
		}
	return found;
}

/* Before anything is changed: does all that is asked for make sense? */
static int check(const struct rotate_options *options, const struct role_config *role,
		 struct failure *failure)
{
	size_t left = role->signer_count + options->added_count - options->removed_count;
	int64_t threshold = options->threshold ? (int64_t)options->threshold : role->threshold;

	for (size_t i = 0; i < options->removed_count; i++)
		if (strlen(options->removed[i]) < ID_LENGTH_MIN ||
		    find_key(role, options->removed[i]) < 0)
			return fail(failure, REASON_INVALID_ARGUMENT,
				    "\"%s\" is not the id of one key of role %s, or its first %d "
				    "digits. \"fwslot-repo key --show\" prints a key's id.",
				    options->removed[i], repo_role_word(options->role),
				    ID_LENGTH_MIN);
	if ((options->added_count || options->removed_count || options->threshold) &&
	    (left < (size_t)threshold || options->removed_count > role->signer_count))
		return fail(failure, REASON_INVALID_ARGUMENT,
			    "Role %s would have fewer keys than the %d that must sign.",
			    repo_role_word(options->role), (int)threshold);
	return 0;
}

/* Nothing in particular is asked for: as many new keys as must sign in the place of all present ones. */
static int replace_all(const struct rotate_options *options, const struct site *site,
		       struct repo_config *config, struct failure *failure)
{
	struct role_config *role = &config->roles[options->role];
	size_t before = role->signer_count;
	int r = 0;

	for (int64_t i = 0; r >= 0 && i < role->threshold; i++) {
		struct signer *signer;

		r = signer_generate(options->kind, &signer, failure);
		if (r >= 0)
			r = repo_config_add_key(site, config, options->role, signer, failure);
	}
	for (size_t i = 0; r >= 0 && i < before; i++)
		r = repo_config_retire_key(site, config, options->role, 0, failure);
	return r;
}

static int change(const struct rotate_options *options, const struct site *site,
		  struct repo_config *config, struct failure *failure)
{
	struct role_config *role = &config->roles[options->role];
	int r = check(options, role, failure);

	if (r < 0)
		return r;
	if (!options->added_count && !options->removed_count && !options->threshold)
		return replace_all(options, site, config, failure);
	r = add_keys(options, site, config, failure);
	for (size_t i = 0; r >= 0 && i < options->removed_count; i++)
		r = repo_config_retire_key(site, config, options->role,
					   (size_t)find_key(role, options->removed[i]), failure);
	if (r < 0 || !options->threshold)
		return r;
	role->threshold = (int64_t)options->threshold;
	return repo_config_save(site, config, failure);
}

static int rotate(const struct rotate_options *options, struct failure *failure)
{
	_cleanup_site_ struct site site = SITE_CLOSED;
	_cleanup_repo_config_ struct repo_config config = { 0 };
	const struct role_config *role = &config.roles[options->role];
	int r = site_open(options->folder, &site, failure);

	if (r >= 0)
		r = repo_config_load(&site, &config, failure);
	if (r >= 0)
		r = change(options, &site, &config, failure);
	if (r < 0)
		return r;
	printf("Role %s has these keys now, of which %d must sign:\n",
	       repo_role_word(options->role), (int)role->threshold);
	for (size_t i = 0; i < role->signer_count; i++)
		printf("  %s %s%s\n", signer_key_id(role->signers[i]),
		       signer_kind_word(signer_kind(role->signers[i])),
		       signer_can_sign(role->signers[i]) ? "" : ", held elsewhere");
	printf("Next: fwslot-repo publish. Devices follow by themselves. After that the files\n"
	       "%s/keys/retired.* are of no more use.\n",
	       options->folder);
	return 0;
}

static int run(int count, char **arguments, struct failure *failure)
{
	struct rotate_options options = { .folder = ".", .kind = SIGNER_ED25519 };
	int r = parse_options(count, arguments, &options);

	return r == 0 ? rotate(&options, failure) : r;
}

const struct command command_rotate = {
	.name = "rotate",
	.synopsis =
		"[-C FOLDER] [--add KEY]... [--remove ID]... [--threshold N] [--type KIND] ROLE",
	.summary = "give a role other keys; the next publish makes the root that says so",
	.help = "ROLE is root, targets, vendor, snapshot or timestamp. Without --add, --remove and\n"
		"--threshold all its keys are replaced by generated ones. A new root is signed by\n"
		"enough of the last root's keys, too: keep them until it is published.\n\n"
		"  -C, --directory FOLDER  the repository (the current folder)\n"
		"  --add KEY               one more key: as \"init --key\" takes it\n"
		"  --remove ID             a key less: the first digits of its id, at least 8\n"
		"  --threshold N           how many keys must sign\n"
		"  --type KIND             keys to generate: ed25519 (default), ecdsa, rsa\n",
	.run = run,
};
