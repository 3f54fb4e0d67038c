/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* fwslot-repo init: folders, keys, the first root. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/parse.h"
#include "repo/command.h"
#include "repo/document.h"
#include "repo/key-file.h"
#include "repo/role-config.h"
#include "repo/root.h"
#include "repo/site.h"

#define GIVEN_KEYS_MAX 64

struct init_options {
	const char *folder;
	enum signer_kind kind;
	const char *keys[GIVEN_KEYS_MAX]; /* "[ROLE=]KEY" */
	size_t key_count;
	struct repo_config config;
};

/* Splits "ROLE=NUMBER". */
static int parse_role_number(const char *text, uint64_t max, enum repo_role *ret_role, int64_t *ret)
{
	size_t length = strcspn(text, "=");
	uint64_t number;

	*ret_role = repo_role_from_word(text, length);
	if (*ret_role == _REPO_ROLE_INVALID || text[length] != '=' ||
	    parse_u64_range(text + length + 1, 1, max, &number) < 0)
		return -EINVAL;
	*ret = (int64_t)number;
	return 0;
}

static int parse_option(struct init_options *options, int option, const char *value)
{
	enum repo_role role;
	int64_t number;

	switch (option) {
	case 'k':
		if (options->key_count == GIVEN_KEYS_MAX)
			return command_misused(&command_init, "at most %d keys can be given.",
					       GIVEN_KEYS_MAX);
		options->keys[options->key_count++] = value;
		return 0;
	case 't':
		options->kind = signer_kind_from_word(value);
		if (options->kind == _SIGNER_KIND_INVALID)
			return command_misused(&command_init,
					       "--type is ed25519, ecdsa or rsa, not \"%s\".",
					       value);
		return 0;
	case 'e':
		if (parse_role_number(value, EXPIRES_DAYS_MAX, &role, &number) < 0)
			return command_misused(&command_init, "--expires is ROLE=DAYS, not \"%s\".",
					       value);
		options->config.roles[role].expires_days = number;
		return 0;
	case 'n':
		if (parse_role_number(value, ROLE_SIGNERS_MAX, &role, &number) < 0)
			return command_misused(&command_init,
					       "--threshold is ROLE=NUMBER, not \"%s\".", value);
		options->config.roles[role].threshold = number;
		return 0;
	default:
		return command_misused(&command_init, "an option is not known or lacks its value.");
	}
}

static int parse_options(int count, char **arguments, struct init_options *options)
{
	static const struct option known[] = {
		{ "key", required_argument, NULL, 'k' },
		{ "type", required_argument, NULL, 't' },
		{ "expires", required_argument, NULL, 'e' },
		{ "threshold", required_argument, NULL, 'n' },
		{ 0 },
	};
	int option, r;

	opterr = 0;
	while ((option = getopt_long(count, arguments, "", known, NULL)) >= 0) {
		r = parse_option(options, option, optarg);
		if (r != 0)
			return r;
	}
	if (count - optind > 1)
		return command_misused(&command_init, "one folder at most can be given.");
	options->folder = optind < count ? arguments[optind] : ".";
	return 0;
}

/* "ROLE=KEY" is a key of that role, "KEY" one of every role. A URI has "=" in it, too. */
static int add_given_key(const struct site *site, struct init_options *options, const char *text,
			 struct failure *failure)
{
	size_t length = strcspn(text, "=");
	enum repo_role only = text[length] ? repo_role_from_word(text, length) : _REPO_ROLE_INVALID;
	const char *file = only == _REPO_ROLE_INVALID ? text : text + length + 1;

	for (int i = 0; i < _REPO_ROLE_COUNT; i++) {
		struct signer *signer;
		int r;

		if (only != _REPO_ROLE_INVALID && i != (int)only)
			continue;
		r = key_file_read(file, &signer, failure);
		if (r >= 0)
			r = repo_config_add_key(site, &options->config, (enum repo_role)i, signer,
						failure);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Every role gets as many keys as its threshold needs. */
static int complete_keys(const struct site *site, struct init_options *options,
			 struct failure *failure)
{
	for (int i = 0; i < _REPO_ROLE_COUNT; i++) {
		struct role_config *role = &options->config.roles[i];

		while (role->signer_count < (size_t)role->threshold) {
			struct signer *signer;
			int r = signer_generate(options->kind, &signer, failure);

			if (r >= 0)
				r = repo_config_add_key(site, &options->config, (enum repo_role)i,
							signer, failure);
			if (r < 0)
				return r;
		}
	}
	return 0;
}

static int make_root(const struct site *site, const struct init_options *options, char **ret_lacks,
		     struct failure *failure)
{
	usec_t now;
	int r = document_now(&now, failure);

	return r < 0 ? r : root_publish(site, &options->config, now, false, ret_lacks, failure);
}

static void tell(const char *folder, const char *lacks)
{
	printf("Made the repository %s.\n"
	       "  %s/keys/ is secret: keep it offline, with a copy.\n"
	       "  %s/site/metadata/1.root.json is what devices must trust: install it as\n"
	       "    /etc/fwslot/remotes.d/NAME/root.json\n",
	       folder, folder, folder);
	if (lacks)
		printf("It is not there yet: %s.\n"
		       "  Their holders run \"fwslot-repo sign --key KEY FILE\".\n",
		       lacks);
	printf("Next: fwslot-repo add, then fwslot-repo publish.\n");
}

static int make(struct init_options *options, struct failure *failure)
{
	_cleanup_free_ char *lacks = NULL;
	_cleanup_site_ struct site site = SITE_CLOSED;
	int r = site_create(options->folder, &site, failure);

	if (r < 0)
		return r;
	if (faccessat(site.work_fd, "config.json", F_OK, 0) == 0)
		return fail(failure, REASON_INVALID_ARGUMENT,
			    "%s is a repository already; its keys are kept as they are.",
			    options->folder);
	for (size_t i = 0; r >= 0 && i < options->key_count; i++)
		r = add_given_key(&site, options, options->keys[i], failure);
	if (r >= 0)
		r = complete_keys(&site, options, failure);
	if (r >= 0)
		r = make_root(&site, options, &lacks, failure);
	/* Last: it makes the folder a repository. */
	if (r >= 0)
		r = repo_config_save(&site, &options->config, failure);
	if (r >= 0)
		tell(options->folder, lacks);
	return r;
}

static int run(int count, char **arguments, struct failure *failure)
{
	struct init_options options = { .kind = SIGNER_ED25519 };
	int r;

	repo_config_defaults(&options.config);
	r = parse_options(count, arguments, &options);
	if (r == 0)
		r = make(&options, failure);
	repo_config_clear(&options.config);
	return r;
}

const struct command command_init = {
	.name = "init",
	.synopsis =
		"[--type KIND] [--key [ROLE=]KEY]... [--expires ROLE=DAYS]... [--threshold ROLE=N]... [FOLDER]",
	.summary = "make a repository: folders, keys, and the root that devices trust",
	.help = "FOLDER is the current one if none is given. ROLE is root, targets, vendor, snapshot\n"
		"or timestamp.\n\n"
		"  --type KIND         keys to generate: ed25519 (default), ecdsa (P-256), rsa (3072 bits)\n"
		"  --key [ROLE=]KEY    use this key, for ROLE or for all roles; keys that are still\n"
		"                      missing are generated. KEY is a file with a private key (PEM,\n"
		"                      PKCS #8), the PKCS #11 URI of one on a token, or a file with\n"
		"                      the public key of somebody who signs elsewhere\n"
		"  --expires ROLE=DAYS how long what ROLE signs is valid (root 365, targets 365,\n"
		"                      vendor 180, snapshot 14, timestamp 7)\n"
		"  --threshold ROLE=N  how many keys of ROLE must sign (1)\n",
	.run = run,
};
