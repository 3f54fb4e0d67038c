/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Making roots. Rounds of signatures are signing.c's. */
#include "repo/root.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/json.h"
#include "repo/document.h"
#include "repo/signing.h"
#include "trust/names.h"

static json_t *make_root(const struct repo_config *config, int64_t version, usec_t now)
{
	static const enum repo_role listed[] = { REPO_ROOT, REPO_TARGETS, REPO_SNAPSHOT,
						 REPO_TIMESTAMP };
	json_t *root = document_begin("root", version, now, config->roles[REPO_ROOT].expires_days);
	json_t *keys = json_object(), *roles = json_object();

	for (size_t i = 0; i < ARRAY_SIZE(listed); i++) {
		const struct role_config *role = &config->roles[listed[i]];
		_cleanup_json_ json_t *role_keys = document_keys(role);

		json_object_update(keys, role_keys);
		json_object_set_new(roles, repo_role_word(listed[i]), document_role(role));
	}
	if (json_object_set_new(root, "consistent_snapshot", json_true()) < 0 ||
	    json_object_set_new(root, "keys", keys) < 0 ||
	    json_object_set_new(root, "roles", roles) < 0) {
		json_decref(root);
		return NULL;
	}
	return root;
}

/* The last root that is published; NULL and version 0: none. */
static int read_last(const struct site *site, json_t **ret, int64_t *ret_version,
		     struct failure *failure)
{
	json_t *last = NULL;
	int64_t version = 0;

	for (;;) {
		_cleanup_free_ char *name = metadata_file_name("root", version + 1);
		json_t *next;
		int r = name ? document_read(site, name, &next, failure) : fail_memory(failure);

		if (r == -ENOENT)
			break;
		if (r < 0) {
			json_decref(last);
			return r;
		}
		json_decref(last);
		last = next;
		version++;
	}
	*ret = last;
	*ret_version = version;
	return 0;
}

/* Keys of the last root that are none of the next one's. */
static size_t pick_retired(const struct repo_config *config, const json_t *last,
			   struct signer **picked)
{
	json_t *ids =
		json_object_get(json_object_get(json_object_get(last, "roles"), "root"), "keyids");
	size_t count = 0, j;
	json_t *id;

	for (size_t i = 0; i < config->retired_count; i++)
		json_array_foreach(ids, j, id)
			if (strcmp(json_string_value(id), signer_key_id(config->retired[i])) == 0) {
				picked[count++] = config->retired[i];
				break;
			}
	return count;
}

int root_publish(const struct site *site, const struct repo_config *config, usec_t now,
		 bool is_held, char **ret_lacks, struct failure *failure)
{
	const struct role_config *role = &config->roles[REPO_ROOT];
	struct signer *retired[ROLE_SIGNERS_MAX];
	_cleanup_json_ json_t *last = NULL, *root = NULL;
	_cleanup_free_ char *name = NULL;
	enum document_age age = DOCUMENT_DIFFERS;
	int64_t version;
	int r = read_last(site, &last, &version, failure);

	if (r < 0)
		return r;
	root = make_root(config, version + 1, now);
	name = metadata_file_name("root", version + 1);
	if (!root || !name)
		return fail_memory(failure);
	if (last)
		age = document_compare(last, root, now, role->expires_days);
	if (age == DOCUMENT_STAYS)
		return 0;
	r = document_publish(&(struct signing){ .site = site,
						.file_name = name,
						.role = role,
						.last_root = last,
						.more = retired,
						.is_held = is_held,
						.more_count = pick_retired(config, last, retired) },
			     root, NULL, ret_lacks, failure);
	if (r != SIGNING_WAITS || age != DOCUMENT_AGES)
		return r;
	free(*ret_lacks); /* the present one still serves */
	return 0;
}
