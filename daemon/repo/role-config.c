/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Roles and keys on disk: which role has which. The files of keys are key-file.c's. */
#include "repo/role-config.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/parse.h"
#include "repo/key-file.h"

#define CONFIG_FORMAT 1
#define CONFIG_BYTES_MAX 65536
#define RETIRED "retired."
#define CONFIG_MODE 0644

static const struct {
	const char *word;
	int64_t expires_days;
} roles[_REPO_ROLE_COUNT] = {
	[REPO_ROOT] = { "root", 365 },	       [REPO_TARGETS] = { "targets", 365 },
	[REPO_VENDOR] = { "vendor", 180 },     [REPO_SNAPSHOT] = { "snapshot", 14 },
	[REPO_TIMESTAMP] = { "timestamp", 7 },
};

const char *repo_role_word(enum repo_role role)
{
	return roles[role].word;
}

enum repo_role repo_role_from_word(const char *word, size_t length)
{
	for (int i = 0; i < _REPO_ROLE_COUNT; i++)
		if (strlen(roles[i].word) == length && strncmp(roles[i].word, word, length) == 0)
			return (enum repo_role)i;
	return _REPO_ROLE_INVALID;
}

void repo_config_defaults(struct repo_config *config)
{
	*config = (struct repo_config){ 0 };
	for (int i = 0; i < _REPO_ROLE_COUNT; i++) {
		config->roles[i].expires_days = roles[i].expires_days;
		config->roles[i].threshold = 1;
	}
}

static int load_roles(const json_t *document, struct repo_config *config, struct failure *failure)
{
	static const char what[] = "work/config.json";
	int64_t format;
	json_t *list, *object;
	int r;

	r = json_member_integer(document, "format", JSON_REQUIRED, CONFIG_FORMAT, CONFIG_FORMAT,
				what, &format, failure);
	if (r >= 0)
		r = json_member(document, "roles", JSON_OBJECT, JSON_REQUIRED, what, &list,
				failure);
	for (int i = 0; r >= 0 && i < _REPO_ROLE_COUNT; i++) {
		struct role_config *role = &config->roles[i];

		r = json_member(list, roles[i].word, JSON_OBJECT, JSON_REQUIRED, what, &object,
				failure);
		if (r >= 0)
			r = json_member_integer(object, "expires-days", JSON_REQUIRED, 1,
						EXPIRES_DAYS_MAX, what, &role->expires_days,
						failure);
		if (r >= 0)
			r = json_member_integer(object, "threshold", JSON_REQUIRED, 1,
						ROLE_SIGNERS_MAX, what, &role->threshold, failure);
	}
	return r;
}

/* "ROLE.N.pem" or "ROLE.N.json" gives N; 0: it is no such name. */
static uint64_t key_number(const char *name, enum repo_role which)
{
	size_t length = strlen(roles[which].word);
	uint64_t number;
	char digits[8];
	const char *end;

	if (strncmp(name, roles[which].word, length) != 0 || name[length] != '.')
		return 0;
	name += length + 1;
	end = strchr(name, '.');
	if (!end || (size_t)(end - name) >= sizeof(digits) ||
	    (strcmp(end, ".pem") != 0 && strcmp(end, ".json") != 0))
		return 0;
	*(char *)mempcpy(digits, name, (size_t)(end - name)) = '\0';
	return parse_u64_range(digits, 1, UINT32_MAX, &number) < 0 ? 0 : number;
}

static int load_key(const struct site *site, const char *name, struct repo_config *config,
		    struct failure *failure)
{
	for (int i = 0; i < _REPO_ROLE_COUNT; i++) {
		struct role_config *role = &config->roles[i];
		uint64_t number = key_number(name, (enum repo_role)i);

		if (number == 0)
			continue;
		if (role->signer_count == ROLE_SIGNERS_MAX)
			return fail(failure, REASON_LIMIT_REACHED,
				    "keys/ has more than %d keys of role %s.", ROLE_SIGNERS_MAX,
				    roles[i].word);
		for (size_t j = 0; j < role->signer_count; j++)
			if (role->numbers[j] == number)
				return fail(failure, REASON_INVALID_ARGUMENT,
					    "keys/ has two files of key %" PRIu64
					    " of role %s; remove keys/%s or the other one.",
					    number, roles[i].word, name);
		role->numbers[role->signer_count] = number;
		return key_file_load(site, name, &role->signers[role->signer_count++], failure);
	}
	if (strncmp(name, RETIRED "root.", strlen(RETIRED "root.")) != 0 ||
	    config->retired_count == ROLE_SIGNERS_MAX)
		return 0;
	return key_file_load(site, name, &config->retired[config->retired_count++], failure);
}

/* All of keys/, in the order of names. */
static int load_keys(const struct site *site, struct repo_config *config, struct failure *failure)
{
	struct dirent **entries;
	int count = scandirat(site->keys_fd, ".", &entries, NULL, versionsort), r = 0;

	if (count < 0)
		return fail_errno(failure, errno, "Cannot read keys/");
	for (int i = 0; i < count; i++) {
		if (r >= 0)
			r = load_key(site, entries[i]->d_name, config, failure);
		free(entries[i]);
	}
	free(entries);
	return r;
}

int repo_config_load(const struct site *site, struct repo_config *config, struct failure *failure)
{
	_cleanup_json_ json_t *document = NULL;
	_cleanup_free_ char *text = NULL;
	size_t size;
	int r;

	repo_config_defaults(config);
	r = site_read(site->work_fd, "config.json", CONFIG_BYTES_MAX, &text, &size, failure);
	if (r == -ENOENT)
		return fail(
			failure, REASON_INVALID_ARGUMENT,
			"work/config.json is missing: make the repository with \"fwslot-repo init\".");
	if (r >= 0)
		r = json_load_strict(text, size, "work/config.json", &document, failure);
	if (r >= 0)
		r = load_roles(document, config, failure);
	return r < 0 ? r : load_keys(site, config, failure);
}

int repo_config_save(const struct site *site, const struct repo_config *config,
		     struct failure *failure)
{
	_cleanup_json_ json_t *list = json_object(), *document = NULL;
	_cleanup_free_ char *text = NULL;

	for (int i = 0; i < _REPO_ROLE_COUNT; i++)
		if (json_object_set_new(list, roles[i].word,
					json_pack("{s:I, s:I}", "expires-days",
						  (json_int_t)config->roles[i].expires_days,
						  "threshold",
						  (json_int_t)config->roles[i].threshold)) < 0)
			return fail_memory(failure);
	document = json_pack("{s:i, s:O}", "format", CONFIG_FORMAT, "roles", list);
	text = document ? json_dumps(document, JSON_INDENT(1)) : NULL;
	if (!text)
		return fail_memory(failure);
	return site_write(site, site->work_fd, "config.json", text, strlen(text), CONFIG_MODE,
			  failure);
}

int repo_config_add_key(const struct site *site, struct repo_config *config, enum repo_role which,
			struct signer *signer, struct failure *failure)
{
	struct role_config *role = &config->roles[which];
	uint64_t number = 1;
	char stem[64];

	for (size_t i = 0; i < role->signer_count; i++) {
		if (strcmp(signer_key_id(role->signers[i]), signer_key_id(signer)) == 0) {
			signer_free(signer);
			return fail(failure, REASON_INVALID_ARGUMENT,
				    "Role %s has this key already: a key counts once.",
				    roles[which].word);
		}
		if (role->numbers[i] >= number)
			number = role->numbers[i] + 1;
	}
	if (role->signer_count == ROLE_SIGNERS_MAX) {
		signer_free(signer);
		return fail(failure, REASON_LIMIT_REACHED, "Role %s can have %d keys.",
			    roles[which].word, ROLE_SIGNERS_MAX);
	}
	role->numbers[role->signer_count] = number;
	role->signers[role->signer_count++] = signer;
	snprintf(stem, sizeof(stem), "%s.%" PRIu64, roles[which].word, number);
	return key_file_save(site, stem, signer, failure);
}

/* The name of the file with that key. */
static void key_name(enum repo_role which, const struct role_config *role, size_t index, char *name,
		     size_t size)
{
	const struct signer *signer = role->signers[index];

	snprintf(name, size, "%s.%" PRIu64 ".%s", roles[which].word, role->numbers[index],
		 signer_can_sign(signer) && !signer_uri(signer) ? "pem" : "json");
}

int repo_config_retire_key(const struct site *site, struct repo_config *config,
			   enum repo_role which, size_t index, struct failure *failure)
{
	struct role_config *role = &config->roles[which];
	char name[64], retired[192];
	int r;

	key_name(which, role, index, name, sizeof(name));
	snprintf(retired, sizeof(retired), RETIRED "%s.%s%s", roles[which].word,
		 signer_key_id(role->signers[index]), strrchr(name, '.'));
	r = site->io->rename(site->io, site->keys_fd, name, retired);
	if (r >= 0)
		r = site->io->fsync(site->io, site->keys_fd);
	if (r < 0)
		return fail_errno(failure, r, "Cannot rename keys/%s", name);
	signer_free(role->signers[index]);
	role->signer_count--;
	for (size_t i = index; i < role->signer_count; i++) {
		role->signers[i] = role->signers[i + 1];
		role->numbers[i] = role->numbers[i + 1];
	}
	return 0;
}

void repo_config_clear(struct repo_config *config)
{
	for (int i = 0; i < _REPO_ROLE_COUNT; i++)
		for (size_t j = 0; j < config->roles[i].signer_count; j++)
			signer_free(config->roles[i].signers[j]);
	for (size_t i = 0; i < config->retired_count; i++)
		signer_free(config->retired[i]);
	*config = (struct repo_config){ 0 };
}
