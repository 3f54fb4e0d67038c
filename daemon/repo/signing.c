/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Documents that wait for signatures. Which documents there are is publish.c's and root.c's. */
#include "repo/signing.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "repo/document.h"
#include "trust/limits.h"
#include "trust/signed.h"

#define PUBLIC_MODE 0644
#define FOLDER "signing/"

int signatures_merge(json_t *signatures, const json_t *more, struct failure *failure)
{
	json_t *candidate, *present;
	size_t i, j;

	json_array_foreach(more, i, candidate) {
		bool is_there = false;

		json_array_foreach(signatures, j, present)
			is_there |= json_equal(json_object_get(candidate, "keyid"),
					       json_object_get(present, "keyid"));
		if (!is_there && json_array_append(signatures, candidate) < 0)
			return fail_memory(failure);
	}
	return 0;
}

bool signing_suffices(const char *text, const json_t *keys, const json_t *role)
{
	_cleanup_signed_document_ struct signed_document *document = NULL;
	struct keyring keyring = { 0 };
	struct role parsed = { 0 };
	char *copy = strdup(text);
	bool does = copy && signed_document_parse(copy, strlen(copy), "", &document, NULL) >= 0 &&
		    keyring_parse(keys, "", &keyring, NULL) >= 0 &&
		    role_parse("role", role, &keyring, "", &parsed, NULL) >= 0 &&
		    signed_document_verify(document, &parsed, "", NULL) >= 0;

	role_clear(&parsed);
	keyring_clear(&keyring);
	return does;
}

/* The document that waits under this name, if it says the same; its date of expiry stays then. */
static int take_up(const struct signing *signing, const char *path, json_t *signed_part,
		   json_t **ret_signatures, struct failure *failure)
{
	_cleanup_json_ json_t *document = NULL, *wanted = NULL;
	_cleanup_free_ char *text = NULL;
	json_t *waiting, *expires;
	size_t size;
	int r = site_read(signing->site->work_fd, path, TUF_TARGETS_BYTES_MAX, &text, &size,
			  failure);

	if (r == -ENOENT)
		return 0;
	if (r >= 0)
		r = json_load_strict(text, size, path, &document, failure);
	if (r < 0)
		return r;
	waiting = json_object_get(document, "signed");
	expires = json_object_get(waiting, "expires");
	wanted = json_copy(signed_part);
	if (!json_is_string(expires) || json_object_set(wanted, "expires", expires) < 0 ||
	    !json_equal(wanted, waiting))
		return 0; /* of another time: what is published has changed since */
	json_object_set(signed_part, "expires", expires);
	*ret_signatures = json_incref(json_object_get(document, "signatures"));
	return 0;
}

/* Keys whose signature is not there, for the sentence. */
static char *describe_lack(const struct signing *signing, const char *path, const json_t *document)
{
	char *text = NULL, *longer;
	size_t i, found = 0;
	json_t *signature;

	for (size_t k = 0; k < signing->role->signer_count; k++) {
		const char *id = signer_key_id(signing->role->signers[k]);
		bool has_signed = false;

		json_array_foreach(json_object_get(document, "signatures"), i, signature)
			has_signed |= strcmp(json_string_value(json_object_get(signature, "keyid")),
					     id) == 0;
		found += has_signed;
		if (has_signed)
			continue;
		if (asprintf(&longer, "%s %.8s", text ?: "", id) < 0)
			longer = NULL;
		free(text);
		text = longer;
	}
	if (asprintf(&longer,
		     "work/%s needs %" JSON_INTEGER_FORMAT
		     " keys to sign it and has %zu%s; keys that have not:%s",
		     path, (json_int_t)signing->role->threshold, found,
		     signing->last_root ? ", and enough of the last root's" : "",
		     text ?: " none of this role's") < 0)
		longer = NULL;
	free(text);
	return longer;
}

static bool is_complete(const struct signing *signing, const char *text)
{
	_cleanup_json_ json_t *keys = document_keys(signing->role),
			      *role = document_role(signing->role);

	if (!signing_suffices(text, keys, role))
		return false;
	return !signing->last_root ||
	       signing_suffices(text, json_object_get(signing->last_root, "keys"),
				json_object_get(json_object_get(signing->last_root, "roles"),
						"root"));
}

static int sign(const struct signing *signing, json_t *signed_part, const json_t *elsewhere,
		json_t **ret, struct failure *failure)
{
	_cleanup_json_ json_t *document = NULL, *more = NULL;
	json_t *signatures;
	int r = signer_sign_document(signed_part, signing->role->signers,
				     signing->role->signer_count, &document, failure);

	if (r >= 0)
		r = signer_sign_document(signed_part, signing->more, signing->more_count, &more,
					 failure);
	if (r < 0)
		return r;
	signatures = json_object_get(document, "signatures");
	r = signatures_merge(signatures, json_object_get(more, "signatures"), failure);
	if (r >= 0)
		r = signatures_merge(signatures, elsewhere, failure);
	if (r >= 0)
		*ret = TAKE_PTR(document);
	return r;
}

int signing_run(const struct signing *signing, json_t *signed_part, char **ret, char **ret_lacks,
		struct failure *failure)
{
	_cleanup_json_ json_t *elsewhere = NULL, *document = NULL;
	_cleanup_free_ char *path = NULL, *text = NULL;
	int r;

	if (asprintf(&path, FOLDER "%s", signing->file_name) < 0)
		return fail_memory(failure);
	r = take_up(signing, path, signed_part, &elsewhere, failure);
	if (r >= 0)
		r = sign(signing, signed_part, elsewhere, &document, failure);
	if (r < 0)
		return r;
	text = json_dumps(document, JSON_INDENT(1) | JSON_SORT_KEYS);
	if (!text)
		return fail_memory(failure);
	*ret_lacks = NULL;
	if (!is_complete(signing, text))
		*ret_lacks = describe_lack(signing, path, document);
	else if (!signing->is_held) {
		*ret = TAKE_PTR(text);
		return 0;
	}
	r = site_write(signing->site, signing->site->work_fd, path, text, strlen(text), PUBLIC_MODE,
		       failure);
	return r < 0 ? r : SIGNING_WAITS;
}

void signing_done(const struct signing *signing)
{
	_cleanup_free_ char *path = NULL;

	if (asprintf(&path, FOLDER "%s", signing->file_name) >= 0)
		(void)unlinkat(signing->site->work_fd, path, 0);
}
