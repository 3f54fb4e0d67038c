/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The envelope of TUF documents and threshold counting, TUF 4.2.1 and 5.3.4. */
#include "trust/signed.h"

#include <errno.h>
#include <string.h>

#include "base/json.h"
#include "trust/limits.h"

static int compare_texts(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* A key id twice makes the file invalid even if the threshold is met otherwise. */
static int check_signatures(const json_t *signatures, const char *what, struct failure *failure)
{
	size_t count = json_array_size(signatures);
	_cleanup_free_ const char **ids = NULL;

	if (count > TUF_SIGNATURES_MAX)
		return fail(failure, REASON_MALFORMED, "%s: more than %d signatures.", what,
			    TUF_SIGNATURES_MAX);
	ids = calloc(count + 1, sizeof(*ids));
	if (!ids)
		return fail_memory(failure);
	for (size_t i = 0; i < count; i++) {
		const json_t *signature = json_array_get(signatures, i);
		const char *text;
		int r = json_member_string(signature, "keyid", JSON_REQUIRED, what, &ids[i],
					   failure);

		if (r >= 0)
			r = json_member_string(signature, "sig", JSON_REQUIRED, what, &text,
					       failure);
		if (r < 0)
			return r;
	}
	qsort(ids, count, sizeof(*ids), compare_texts);
	for (size_t i = 1; i < count; i++)
		if (strcmp(ids[i - 1], ids[i]) == 0)
			return fail(
				failure, REASON_MALFORMED,
				"%s: there is more than one signature for key id %.64s; each key may sign once.",
				what, ids[i]);
	return 0;
}

static int parse_envelope(struct signed_document *document, const char *what,
			  struct failure *failure)
{
	json_t *signed_part, *signatures;
	int r;

	r = json_load_strict(document->bytes, document->size, what, &document->document, failure);
	if (r >= 0)
		r = json_member(document->document, "signed", JSON_OBJECT, JSON_REQUIRED, what,
				&signed_part, failure);
	if (r >= 0)
		r = json_member(document->document, "signatures", JSON_ARRAY, JSON_REQUIRED, what,
				&signatures, failure);
	if (r >= 0)
		r = check_signatures(signatures, what, failure);
	if (r < 0)
		return r;
	document->signed_part = signed_part;
	document->signatures = signatures;
	r = json_canonical(signed_part, &document->canonical, &document->canonical_size);
	return r < 0 ? fail_memory(failure) : 0;
}

int signed_document_parse(char *bytes, size_t size, const char *what, struct signed_document **ret,
			  struct failure *failure)
{
	_cleanup_signed_document_ struct signed_document *document = calloc(1, sizeof(*document));
	int r;

	if (!document) {
		free(bytes);
		return fail_memory(failure);
	}
	document->bytes = bytes;
	document->size = size;
	r = parse_envelope(document, what, failure);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(document);
	return 0;
}

void signed_document_free(struct signed_document *document)
{
	if (!document)
		return;
	json_decref(document->document);
	free(document->canonical);
	free(document->bytes);
	free(document);
}

/* The signature under @key's id, or NULL. */
static const char *find_signature(const struct signed_document *document, const struct key *key)
{
	const json_t *signature;
	size_t i;

	json_array_foreach(document->signatures, i, signature)
		if (strcmp(json_string_value(json_object_get(signature, "keyid")), key_id(key)) ==
		    0)
			return json_string_value(json_object_get(signature, "sig"));
	return NULL;
}

/* Has a key with @key's fingerprint been counted already, under another key id? */
static bool is_counted(const struct key **counted, size_t count, const struct key *key)
{
	struct role so_far = { .keys = counted, .count = count };

	return role_has_key(&so_far, key);
}

static int report_too_few(const struct signed_document *document, const struct role *role,
			  size_t claimed, size_t valid, const char *what, struct failure *failure)
{
	if (json_array_size(document->signatures) == 0)
		return fail(failure, REASON_UNSIGNED, "%s carries no signature; role %s needs %u.",
			    what, role->name, role->threshold);
	if (claimed == 0)
		return fail(failure, REASON_UNKNOWN_SIGNER,
			    "%s is signed by none of the %zu keys that may sign for role %s.", what,
			    role->count, role->name);
	return fail(
		failure, REASON_BAD_SIGNATURE,
		"%s: %zu of %zu signatures by keys of role %s are valid, %u are needed. The file was "
		"altered or wrongly made; get it again from its vendor.",
		what, valid, claimed, role->name, role->threshold);
}

int signed_document_verify(const struct signed_document *document, const struct role *role,
			   const char *what, struct failure *failure)
{
	_cleanup_free_ const struct key **counted = calloc(role->count + 1, sizeof(*counted));
	size_t claimed = 0, valid = 0;

	if (!counted)
		return fail_memory(failure);
	for (size_t i = 0; i < role->count && valid < role->threshold; i++) {
		const char *signature = find_signature(document, role->keys[i]);

		if (!signature)
			continue;
		claimed++;
		if (key_is_usable(role->keys[i]) && !is_counted(counted, valid, role->keys[i]) &&
		    key_verify(role->keys[i], document->canonical, document->canonical_size,
			       signature))
			counted[valid++] = role->keys[i];
	}
	if (valid >= role->threshold)
		return 0;
	return report_too_few(document, role, claimed, valid, what, failure);
}
