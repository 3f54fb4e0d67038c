/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* TUF documents as a vendor makes them. What they are for is publish.c's. */
#include "repo/document.h"

#include <errno.h>
#include <string.h>

#include "base/hex.h"
#include "base/json.h"
#include "base/parse.h"
#include "repo/signing.h"
#include "trust/limits.h"

#define SPECIFICATION "1.0.34"
#define PUBLIC_MODE 0644

int document_now(usec_t *ret, struct failure *failure)
{
	const char *fixed = getenv("SOURCE_DATE_EPOCH");
	uint64_t seconds;

	if (!fixed) {
		*ret = time_now_realtime();
		return 0;
	}
	if (parse_u64_range(fixed, 0, 253402300799, &seconds) < 0)
		return fail(failure, REASON_INVALID_ARGUMENT,
			    "SOURCE_DATE_EPOCH must be a number of seconds, found \"%.40s\".",
			    fixed);
	*ret = seconds * USEC_PER_SEC;
	return 0;
}

json_t *document_begin(const char *type, int64_t version, usec_t now, int64_t expires_days)
{
	char expires[TIME_TEXT_SIZE];

	time_format(now + (usec_t)expires_days * USEC_PER_DAY, expires);
	return json_pack("{s:s, s:s, s:I, s:s}", "_type", type, "spec_version", SPECIFICATION,
			 "version", (json_int_t)version, "expires", expires);
}

json_t *document_keys(const struct role_config *role)
{
	json_t *keys = json_object();

	for (size_t i = 0; keys && i < role->signer_count; i++)
		json_object_set(keys, signer_key_id(role->signers[i]),
				signer_public_key(role->signers[i]));
	return keys;
}

json_t *document_role(const struct role_config *role)
{
	json_t *ids = json_array();

	for (size_t i = 0; ids && i < role->signer_count; i++)
		json_array_append_new(ids, json_string(signer_key_id(role->signers[i])));
	return json_pack("{s:o, s:I}", "keyids", ids, "threshold", (json_int_t)role->threshold);
}

json_t *document_reference(int64_t version, const char *bytes, size_t size)
{
	uint8_t digest[SHA256_BYTES];
	char text[SHA256_TEXT_SIZE];

	if (hash_bytes(HASH_SHA256, bytes, size, digest) < 0)
		return NULL;
	return json_pack("{s:I, s:I, s:{s:s}}", "version", (json_int_t)version, "length",
			 (json_int_t)size, "hashes", "sha256",
			 hex_encode(digest, sizeof(digest), text));
}

enum document_age document_compare(const json_t *published, const json_t *wanted, usec_t now,
				   int64_t expires_days)
{
	_cleanup_json_ json_t *before = json_copy((json_t *)published),
			      *after = json_copy((json_t *)wanted);
	const char *expires = json_string_value(json_object_get(published, "expires"));
	usec_t until = 0;

	json_object_del(before, "version");
	json_object_del(before, "expires");
	json_object_del(after, "version");
	json_object_del(after, "expires");
	if (!json_equal(before, after))
		return DOCUMENT_DIFFERS;
	return expires && time_parse(expires, &until) >= 0 &&
			       until >= now + (usec_t)expires_days * USEC_PER_DAY / 2 ?
		       DOCUMENT_STAYS :
		       DOCUMENT_AGES;
}

int document_publish(const struct signing *signing, json_t *signed_part, json_t **ret_reference,
		     char **ret_lacks, struct failure *failure)
{
	int64_t version = json_integer_value(json_object_get(signed_part, "version"));
	_cleanup_free_ char *text = NULL;
	int r = signing_run(signing, signed_part, &text, ret_lacks, failure);

	if (r != 0)
		return r;
	r = site_write(signing->site, signing->site->metadata_fd, signing->file_name, text,
		       strlen(text), PUBLIC_MODE, failure);
	if (r < 0)
		return r;
	signing_done(signing);
	if (!ret_reference)
		return 0;
	*ret_reference = document_reference(version, text, strlen(text));
	return *ret_reference ? 0 : fail_memory(failure);
}

int document_read(const struct site *site, const char *file_name, json_t **ret,
		  struct failure *failure)
{
	_cleanup_json_ json_t *document = NULL;
	_cleanup_free_ char *text = NULL;
	json_t *signed_part;
	size_t size;
	int r;

	r = site_read(site->metadata_fd, file_name, TUF_TARGETS_BYTES_MAX, &text, &size, failure);
	if (r >= 0)
		r = json_load_strict(text, size, file_name, &document, failure);
	if (r >= 0)
		r = json_member(document, "signed", JSON_OBJECT, JSON_REQUIRED, file_name,
				&signed_part, failure);
	if (r >= 0)
		*ret = json_incref(signed_part);
	return r;
}
