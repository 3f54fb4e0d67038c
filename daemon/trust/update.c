/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * TUF 5.3 to 5.6: root, timestamp, snapshot, targets. Each step leaves the store such
 * that the next run can succeed, whatever happens to this one.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "trust/client.h"
#include "trust/limits.h"
#include "trust/names.h"

/* Did @before's role @role have a key that @after's has not? */
static bool lost_key(const struct root *before, const struct root *after, enum top_level_role role)
{
	for (size_t i = 0; i < before->roles[role].count; i++)
		if (key_is_usable(before->roles[role].keys[i]) &&
		    !role_has_key(&after->roles[role], before->roles[role].keys[i]))
			return true;
	return false;
}

/*
 * TUF 5.3.11, fast-forward recovery: whoever had a lost key may have signed absurdly
 * high versions. Done before the new root is stored, so that a crash between the two
 * cannot skip it.
 */
static int forget_after_lost_keys(struct trust_client *client, const struct root *new_root,
				  struct failure *failure)
{
	int r;

	if (!lost_key(&client->root, new_root, ROLE_TIMESTAMP) &&
	    !lost_key(&client->root, new_root, ROLE_SNAPSHOT))
		return 0;
	r = trust_store_delete(client->store, "timestamp", failure);
	return r < 0 ? r : trust_store_delete(client->store, "snapshot", failure);
}

/* 5.3.4 to 5.3.8 for the root after the trusted one. */
static int accept_next_root(struct trust_client *client, char *bytes, size_t size, const char *what,
			    struct failure *failure)
{
	struct root next = { 0 };
	int r = root_parse(bytes, size, what, &next, failure);

	if (r < 0)
		return r;
	/* 5.3.4: by the keys of the trusted root and by its own */
	r = signed_document_verify(next.common.document, &client->root.roles[ROLE_ROOT], what,
				   failure);
	if (r >= 0)
		r = signed_document_verify(next.common.document, &next.roles[ROLE_ROOT], what,
					   failure);
	/* 5.3.5 */
	if (r >= 0 && next.common.version != client->root.common.version + 1)
		r = fail(failure, REASON_METADATA_ROLLBACK,
			 "%s has version %" PRId64 ", expected %" PRId64 ".", what,
			 next.common.version, client->root.common.version + 1);
	if (r >= 0)
		r = forget_after_lost_keys(client, &next, failure);
	/* 5.3.8 */
	if (r >= 0)
		r = client_save(client, "root", &next.common, failure);
	if (r < 0) {
		root_clear(&next);
		return r;
	}
	root_clear(&client->root);
	client->root = next;
	return 0;
}

int client_update_root(struct trust_client *client, struct failure *failure)
{
	if (client->has_root_chain || client->source == CLIENT_STORED)
		return 0;
	for (unsigned int i = 0; i < TUF_ROOT_ROTATIONS_MAX; i++) {
		_cleanup_free_ char *name =
			metadata_file_name("root", client->root.common.version + 1);
		char *bytes;
		size_t size;
		int r;

		if (!name)
			return fail_memory(failure);
		/* 5.3.3: root is always versioned; its absence ends the chain */
		r = client->fetcher->fetch_metadata(client->fetcher, name, TUF_ROOT_BYTES_MAX,
						    &bytes, &size, failure);
		if (r == -ENOENT) {
			client->has_root_chain = true;
			return 0;
		}
		if (r == -EFBIG)
			return fail(failure, REASON_TOO_LARGE,
				    "metadata/%s is larger than %d bytes.", name,
				    TUF_ROOT_BYTES_MAX);
		if (r < 0)
			return r;
		r = accept_next_root(client, bytes, size, name, failure);
		if (r < 0)
			return r;
	}
	client->has_root_chain = true;
	return 0;
}

/* A stored timestamp counts only if it verifies under the current root; else it is absent. */
static void load_stored_timestamp(struct trust_client *client)
{
	struct timestamp stored = { 0 };
	char *bytes;
	size_t size;

	if (trust_store_load(client->store, "timestamp", TUF_TIMESTAMP_BYTES_MAX, &bytes, &size) <
		    0 ||
	    timestamp_parse(bytes, size, "timestamp.json", &stored, NULL) < 0)
		return;
	if (signed_document_verify(stored.common.document, &client->root.roles[ROLE_TIMESTAMP],
				   "timestamp.json", NULL) < 0) {
		timestamp_clear(&stored);
		return;
	}
	client->timestamp = stored;
}

/* 5.4.1 and 5.4.2 */
static int fetch_timestamp(struct trust_client *client, struct timestamp *ret,
			   struct failure *failure)
{
	struct timestamp fetched = { 0 };
	char *bytes;
	size_t size;
	int r;

	r = client_fetch(client, "timestamp.json", TUF_TIMESTAMP_BYTES_MAX, &bytes, &size, failure);
	if (r >= 0)
		r = timestamp_parse(bytes, size, "timestamp.json", &fetched, failure);
	if (r < 0)
		return r;
	r = signed_document_verify(fetched.common.document, &client->root.roles[ROLE_TIMESTAMP],
				   "timestamp.json", failure);
	if (r < 0) {
		timestamp_clear(&fetched);
		return r;
	}
	*ret = fetched;
	return 0;
}

/* 5.4.3: neither the timestamp nor the snapshot it names may become older. */
static int check_timestamp_rollback(const struct timestamp *known, const struct timestamp *fetched,
				    struct failure *failure)
{
	if (fetched->common.version < known->common.version)
		return fail(failure, REASON_METADATA_ROLLBACK,
			    "timestamp.json has version %" PRId64 ", but version %" PRId64
			    " was seen before. Get a newer file.",
			    fetched->common.version, known->common.version);
	if (fetched->snapshot.version < known->snapshot.version)
		return fail(failure, REASON_METADATA_ROLLBACK,
			    "timestamp.json names version %" PRId64
			    " of the snapshot, but version %" PRId64
			    " was seen before. Get a newer file.",
			    fetched->snapshot.version, known->snapshot.version);
	return 0;
}

static int update_timestamp(struct trust_client *client, struct failure *failure)
{
	struct timestamp fetched = { 0 };
	int r;

	load_stored_timestamp(client);
	if (client->source == CLIENT_STORED) {
		if (!client->timestamp.common.document)
			return fail(failure, REASON_NOT_LISTED, "No timestamp.json is stored.");
		return client_check_expiry(client, &client->timestamp.common,
					   "the stored timestamp.json", failure);
	}
	r = fetch_timestamp(client, &fetched, failure);
	if (r >= 0 && client->timestamp.common.document)
		r = check_timestamp_rollback(&client->timestamp, &fetched, failure);
	if (r < 0) {
		timestamp_clear(&fetched);
		return r;
	}
	/* 5.4.3.1: the same version is the same file: the stored one stays */
	if (client->timestamp.common.document &&
	    fetched.common.version == client->timestamp.common.version) {
		timestamp_clear(&fetched);
		return client_check_expiry(client, &client->timestamp.common, "timestamp.json",
					   failure);
	}
	timestamp_clear(&client->timestamp);
	client->timestamp = fetched;
	/* 5.4.4, 5.4.5 */
	r = client_check_expiry(client, &client->timestamp.common, "timestamp.json", failure);
	return r < 0 ? r : client_save(client, "timestamp", &client->timestamp.common, failure);
}

/* 5.5.2, 5.6.2: bytes against length and digests, where the reference has them. */
static int check_reference(const struct metadata_reference *reference, const char *bytes,
			   size_t size, const char *what, struct failure *failure)
{
	if (reference->length >= 0 && size != (size_t)reference->length)
		return fail(failure, REASON_WRONG_DIGEST,
			    "%s has %zu bytes, the signed metadata lists %" PRId64 ".", what, size,
			    reference->length);
	return reference->has_digests ?
		       digests_check(&reference->digests, bytes, size, what, failure) :
		       0;
}

/* 5.5.4, 5.6.4 */
static int check_version(const struct metadata_reference *reference,
			 const struct metadata *metadata, const char *what, struct failure *failure)
{
	if (metadata->version == reference->version)
		return 0;
	return fail(failure,
		    metadata->version < reference->version ? REASON_METADATA_ROLLBACK :
							     REASON_WRONG_DIGEST,
		    "%s has version %" PRId64 ", the signed metadata lists version %" PRId64 ".",
		    what, metadata->version, reference->version);
}

/* Is a stored file just what the reference asks for, so that no request is needed? */
static bool is_referenced(const struct metadata_reference *reference, const struct metadata *stored)
{
	return stored->document && stored->version == reference->version &&
	       check_reference(reference, stored->document->bytes, stored->document->size, "",
			       NULL) >= 0;
}

/* Fetches the file a reference names and checks its bytes. */
static int fetch_referenced(struct trust_client *client, const char *role,
			    const struct metadata_reference *reference, size_t max_bytes,
			    char **ret, size_t *ret_size, struct failure *failure)
{
	_cleanup_free_ char *name = NULL, *bytes = NULL;
	int r;

	name = metadata_file_name(role,
				  client->root.is_consistent_snapshot ? reference->version : 0);
	if (!name)
		return fail_memory(failure);
	if (client->source == CLIENT_STORED)
		return fail(failure, REASON_NOT_LISTED,
			    "The stored copy of %s does not fit its neighbours.", name);
	if (reference->length >= 0 && (size_t)reference->length < max_bytes)
		max_bytes = (size_t)reference->length;
	r = client_fetch(client, name, max_bytes, &bytes, ret_size, failure);
	if (r >= 0)
		r = check_reference(reference, bytes, *ret_size, name, failure);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(bytes);
	return 0;
}

/*
 * The stored snapshot is the reference against rollback even where the timestamp asks
 * for another one: it is verified by signature, not by digest.
 */
static void load_stored_snapshot(struct trust_client *client, struct snapshot *ret)
{
	struct snapshot stored = { 0 };
	char *bytes;
	size_t size;

	if (trust_store_load(client->store, "snapshot", TUF_SNAPSHOT_BYTES_MAX, &bytes, &size) <
		    0 ||
	    snapshot_parse(bytes, size, "snapshot.json", &stored, NULL) < 0)
		return;
	if (signed_document_verify(stored.common.document, &client->root.roles[ROLE_SNAPSHOT],
				   "snapshot.json", NULL) < 0) {
		snapshot_clear(&stored);
		return;
	}
	*ret = stored;
}

/* 5.5.5: every name stays, and no version goes down. */
static int check_snapshot_rollback(const struct snapshot *known, const struct snapshot *fetched,
				   struct failure *failure)
{
	struct metadata_reference before, after;
	const char *name;
	json_t *object;
	int r;

	json_object_foreach((json_t *)known->meta, name, object) {
		r = snapshot_find(known, name, &before, failure);
		if (r < 0)
			return r;
		r = snapshot_find(fetched, name, &after, failure);
		if (r == -ENOENT)
			return fail(
				failure, REASON_METADATA_ROLLBACK,
				"snapshot.json no longer lists %.100s, which was listed before.",
				name);
		if (r < 0)
			return r;
		if (after.version < before.version)
			return fail(failure, REASON_METADATA_ROLLBACK,
				    "snapshot.json lists version %" PRId64
				    " of %.100s, but version %" PRId64 " was seen before.",
				    after.version, name, before.version);
	}
	return 0;
}

/* 5.5.1 to 5.5.6 */
static int fetch_snapshot(struct trust_client *client, const struct snapshot *known,
			  struct snapshot *ret, struct failure *failure)
{
	const struct metadata_reference *reference = &client->timestamp.snapshot;
	struct snapshot fetched = { 0 };
	char *bytes;
	size_t size;
	int r;

	r = fetch_referenced(client, "snapshot", reference, TUF_SNAPSHOT_BYTES_MAX, &bytes, &size,
			     failure);
	if (r >= 0)
		r = snapshot_parse(bytes, size, "snapshot.json", &fetched, failure);
	if (r < 0)
		return r;
	r = signed_document_verify(fetched.common.document, &client->root.roles[ROLE_SNAPSHOT],
				   "snapshot.json", failure);
	if (r >= 0)
		r = check_version(reference, &fetched.common, "snapshot.json", failure);
	if (r >= 0 && known->common.document)
		r = check_snapshot_rollback(known, &fetched, failure);
	if (r >= 0)
		r = client_check_expiry(client, &fetched.common, "snapshot.json", failure);
	if (r < 0) {
		snapshot_clear(&fetched);
		return r;
	}
	*ret = fetched;
	return 0;
}

static int update_snapshot(struct trust_client *client, struct failure *failure)
{
	struct snapshot stored = { 0 };
	int r;

	load_stored_snapshot(client, &stored);
	if (is_referenced(&client->timestamp.snapshot, &stored.common)) {
		client->snapshot = stored;
		return client_check_expiry(client, &client->snapshot.common, "snapshot.json",
					   failure);
	}
	r = fetch_snapshot(client, &stored, &client->snapshot, failure);
	snapshot_clear(&stored);
	/* 5.5.7 */
	return r < 0 ? r : client_save(client, "snapshot", &client->snapshot.common, failure);
}

/* Parses a targets file and verifies signature, version and expiry (5.6.3 to 5.6.5). */
static int accept_targets(const struct trust_client *client, const struct role *role,
			  const struct metadata_reference *reference, char *bytes, size_t size,
			  const char *what, struct targets *ret, struct failure *failure)
{
	struct targets targets = { 0 };
	int r = targets_parse(bytes, size, what, &targets, failure);

	if (r < 0)
		return r;
	r = signed_document_verify(targets.common.document, role, what, failure);
	if (r >= 0)
		r = check_version(reference, &targets.common, what, failure);
	if (r >= 0)
		r = client_check_expiry(client, &targets.common, what, failure);
	if (r < 0) {
		targets_clear(&targets);
		return r;
	}
	*ret = targets;
	return 0;
}

/* The stored copy, if it is just what is listed and verifies by @role. */
static bool load_stored_targets(struct trust_client *client, const struct role *role,
				const struct metadata_reference *reference, const char *what,
				struct targets *ret)
{
	_cleanup_free_ char *bytes = NULL;
	size_t size;

	return trust_store_load(client->store, role->name, TUF_TARGETS_BYTES_MAX, &bytes, &size) >=
		       0 &&
	       check_reference(reference, bytes, size, what, NULL) >= 0 &&
	       accept_targets(client, role, reference, TAKE_PTR(bytes), size, what, ret, NULL) >= 0;
}

int client_load_targets(struct trust_client *client, const struct role *role, struct targets *ret,
			struct failure *failure)
{
	_cleanup_free_ char *listed_name = NULL, *what = NULL;
	struct metadata_reference reference;
	char *bytes;
	size_t size;
	int r;

	/* In the snapshot a role's name is as it is; in file names it is encoded. */
	what = metadata_file_name(role->name, 0);
	if (!what || asprintf(&listed_name, "%s.json", role->name) < 0)
		return fail_memory(failure);
	r = snapshot_find(&client->snapshot, listed_name, &reference, failure);
	if (r == -ENOENT)
		return fail(failure, REASON_NOT_LISTED, "snapshot.json does not list %s.", what);
	if (r < 0)
		return r;
	if (load_stored_targets(client, role, &reference, what, ret))
		return 0;
	r = fetch_referenced(client, role->name, &reference, TUF_TARGETS_BYTES_MAX, &bytes, &size,
			     failure);
	if (r >= 0)
		r = accept_targets(client, role, &reference, bytes, size, what, ret, failure);
	/* 5.6.6 */
	return r < 0 ? r : client_save(client, role->name, &ret->common, failure);
}

int trust_client_recognize(struct trust_client *client, struct failure *failure)
{
	struct timestamp timestamp = { 0 };
	int r = client_update_root(client, failure);

	if (r >= 0)
		r = fetch_timestamp(client, &timestamp, failure);
	timestamp_clear(&timestamp);
	return r;
}

int trust_client_refresh(struct trust_client *client, struct failure *failure)
{
	int r = client_update_root(client, failure);

	/* 5.3.10: only of the last root, which is stored by now */
	if (r >= 0)
		r = client_check_expiry(client, &client->root.common, "root.json", failure);
	if (r >= 0)
		r = update_timestamp(client, failure);
	if (r >= 0)
		r = update_snapshot(client, failure);
	if (r >= 0)
		r = client_load_targets(client, &client->root.roles[ROLE_TARGETS], &client->targets,
					failure);
	return r;
}
