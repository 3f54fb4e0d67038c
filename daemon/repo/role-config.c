/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Roles and keys on disk. Signing is document.c's. */
#include "repo/role-config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"

#define CONFIG_FORMAT 1
#define CONFIG_BYTES_MAX 65536
#define KEY_FILE_BYTES_MAX 65536
#define KEY_FILE_MODE 0600
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

/* Loads keys/ROLE.1.pem, keys/ROLE.2.pem, ... up to the first that is missing. */
static int load_keys(const struct site *site, enum repo_role which, struct role_config *role,
		     struct failure *failure)
{
	while (role->signer_count < ROLE_SIGNERS_MAX) {
		_cleanup_free_ char *pem = NULL;
		char name[64];
		size_t size;
		int r;

		snprintf(name, sizeof(name), "%s.%zu.pem", roles[which].word,
			 role->signer_count + 1);
		r = site_read(site->keys_fd, name, KEY_FILE_BYTES_MAX, &pem, &size, failure);
		if (r == -ENOENT)
			return 0;
		if (r >= 0) {
			r = signer_load(pem, size, name, &role->signers[role->signer_count],
					failure);
			explicit_bzero(pem, size);
		}
		if (r < 0)
			return r;
		role->signer_count++;
	}
	return 0;
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
	for (int i = 0; r >= 0 && i < _REPO_ROLE_COUNT; i++)
		r = load_keys(site, (enum repo_role)i, &config->roles[i], failure);
	return r;
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
	_cleanup_free_ char *pem = NULL;
	char name[64];
	size_t size;
	int r;

	if (role->signer_count == ROLE_SIGNERS_MAX) {
		signer_free(signer);
		return fail(failure, REASON_LIMIT_REACHED, "Role %s can have %d keys.",
			    roles[which].word, ROLE_SIGNERS_MAX);
	}
	role->signers[role->signer_count++] = signer;
	r = signer_export(signer, &pem, &size, failure);
	if (r < 0)
		return r;
	snprintf(name, sizeof(name), "%s.%zu.pem", roles[which].word, role->signer_count);
	r = site_write(site, site->keys_fd, name, pem, size, KEY_FILE_MODE, failure);
	explicit_bzero(pem, size);
	return r;
}

void repo_config_clear(struct repo_config *config)
{
	for (int i = 0; i < _REPO_ROLE_COUNT; i++)
		for (size_t j = 0; j < config->roles[i].signer_count; j++)
			signer_free(config->roles[i].signers[j]);
	*config = (struct repo_config){ 0 };
}
