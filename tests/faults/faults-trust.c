/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * timeout: 900
 *
 * The TUF client and the vendor's keys, each call failing once: what is trusted stays trusted, a
 * target is given out only whole and true, a document that is signed is signed by every key.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "faults.h"
#include "tap.h"
#include "trust/client.h"
#include "trust/key.h"
#include "unit/tuf-author.h"

#define REPOSITORY "repository"
#define TARGET "acme/dock/firmware.bin"
#define BYTES "firmware"

static char folder[] = "/dev/shm/fwslot-test-faults-XXXXXX";
static struct author *author; /* of the story that is told */
static struct author *authors[_SIGNER_KIND_COUNT];

/* The author's own calls are not ours. */
static int fetch_metadata(struct fetcher *self _unused_, const char *name, size_t max_bytes,
			  char **ret, size_t *ret_size, struct failure *failure)
{
	int r;

	faults_pause();
	r = author->fetcher.fetch_metadata(&author->fetcher, name, max_bytes, ret, ret_size,
					   failure);
	faults_resume();
	return r;
}

static int fetch_target(struct fetcher *self _unused_, const char *path, uint64_t max_bytes,
			struct fetched_file *ret, struct failure *failure)
{
	int r;

	faults_pause();
	r = author->fetcher.fetch_target(&author->fetcher, path, max_bytes, ret, failure);
	faults_resume();
	return r;
}

static struct fetcher fetcher = { fetch_metadata, fetch_target };

static int check_bytes(struct trust_client *client, struct failure *failure)
{
	struct fetched_file file = { .fd = -EBADF };
	char bytes[sizeof(BYTES)] = "";
	struct target target;
	int r = trust_client_find_target(client, TARGET, &target, failure);

	if (r >= 0)
		r = trust_client_fetch_target(client, &target, &file, failure);
	faults_pause();
	if (r >= 0 &&
	    (pread(file.fd, bytes, sizeof(bytes), 0) != strlen(BYTES) || strcmp(bytes, BYTES) != 0))
		r = -ERANGE;
	close_fd(file.fd);
	faults_resume();
	return r;
}

static int refresh(struct failure *failure)
{
	_cleanup_trust_store_ struct trust_store *store = NULL;
	_cleanup_trust_client_ struct trust_client *client = NULL;
	const struct author_file *root = author_find(author, "metadata/1.root.json");
	int parent, r;

	author_forget_requests(author);
	faults_pause();
	parent = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	faults_resume();
	r = trust_store_open(&io_default, parent, REPOSITORY, &store, failure);
	if (r >= 0)
		r = trust_client_new(store, &fetcher, CLIENT_FETCH, AUTHOR_NOW, root->bytes,
				     root->size, &client, failure);
	if (r >= 0)
		r = trust_client_refresh(client, failure);
	if (r >= 0)
		r = check_bytes(client, failure);
	close_fd(parent);
	return r;
}

/* Each file is there whole or not at all, and nothing else is. */
static const char *look_stored(int r)
{
	static const char *const roles[] = { "root", "timestamp", "snapshot", "targets" };

	if (r == -ERANGE)
		return "it gives out other bytes";
	for (size_t i = 0; i < ARRAY_SIZE(roles); i++) {
		_cleanup_json_ json_t *document = NULL;
		_cleanup_free_ char *text = NULL;
		char path[128], temporary[128];
		size_t size;
		int found;

		snprintf(path, sizeof(path), "%s/" REPOSITORY "/%s.json", folder, roles[i]);
		snprintf(temporary, sizeof(temporary), "%s/" REPOSITORY "/.%s.json.new", folder,
			 roles[i]);
		found = file_read(AT_FDCWD, path, 1 << 20, &text, &size);
		if (found < 0 && r >= 0)
			return "what it trusts is not stored";
		document = found >= 0 ? json_loadb(text, size, 0, NULL) : NULL;
		if (found >= 0 && !document)
			return "a file is stored in part";
		if (access(temporary, F_OK) == 0 && r >= 0)
			return "a temporary file is left";
	}
	return NULL;
}

static void begin_empty(enum signer_kind kind)
{
	author = authors[kind];
	faults_empty_folder(folder);
}

static void begin_ed25519(void)
{
	begin_empty(SIGNER_ED25519);
}

static void begin_ecdsa(void)
{
	begin_empty(SIGNER_ECDSA);
}

static void begin_rsa(void)
{
	begin_empty(SIGNER_RSA);
}

/* All of it is stored already. */
static void begin_known(void)
{
	_cleanup_failure_ struct failure failure = { 0 };

	begin_ed25519();
	if (refresh(&failure) < 0)
		tap_bail("%s", failure_message(&failure));
}

static enum signer_kind kind_to_make;
static bool has_lied;

static void begin_key(void)
{
	kind_to_make = SIGNER_ED25519;
}

static void begin_curve_key(void)
{
	kind_to_make = SIGNER_ECDSA;
}

/* 0: @document has a good signature by @signer. */
static int check_signature(const struct signer *signer, const json_t *document,
			   struct failure *failure)
{
	const json_t *signature = json_array_get(json_object_get(document, "signatures"), 0);
	_cleanup_free_ char *canonical = NULL;
	_cleanup_key_ struct key *key = NULL;
	size_t size;
	int r = key_parse(signer_key_id(signer), signer_public_key(signer), "the key", &key,
			  failure);

	if (r < 0)
		return r;
	if (json_canonical(json_object_get(document, "signed"), &canonical, &size) < 0)
		return fail_memory(failure);
	if (key_verify(key, canonical, size, json_string_value(json_object_get(signature, "sig"))))
		return 0;
	return fail(failure, REASON_BAD_SIGNATURE, "The signature is not valid.");
}

/* As fwslot-repo does it: a key is made, kept as a file, read again, and signs. */
static int make_and_sign(struct failure *failure)
{
	_cleanup_signer_ struct signer *made = NULL, *signer = NULL;
	_cleanup_json_ json_t *part = NULL, *document = NULL;
	_cleanup_free_ char *pem = NULL;
	size_t size;
	int r;

	has_lied = false;
	faults_pause();
	part = json_pack("{s:i}", "version", 1);
	faults_resume();
	r = signer_generate(kind_to_make, &made, failure);
	if (r >= 0)
		r = signer_export(made, &pem, &size, failure);
	if (r >= 0)
		r = signer_load(pem, size, "the file", &signer, failure);
	if (r >= 0)
		r = signer_sign_document(part, &signer, 1, &document, failure);
	if (r < 0)
		return r;
	has_lied = strcmp(signer_key_id(made), signer_key_id(signer)) != 0;
	return check_signature(signer, document, failure);
}

static const char *look_signed(int r _unused_)
{
	return has_lied ? "the key that was read is another one" : NULL;
}

static const struct fault_story stories[] = {
	{ "a repository is met", begin_ed25519, refresh, look_stored, false, true },
	{ "a known repository is asked again", begin_known, refresh, look_stored, false, true },
	{ "a repository with keys on a curve", begin_ecdsa, refresh, look_stored, false, true },
	{ "a repository with RSA keys", begin_rsa, refresh, look_stored, false, true },
	{ "a key signs", begin_key, make_and_sign, look_signed, false, true },
	{ "a key on a curve signs", begin_curve_key, make_and_sign, look_signed, false, true },
};

/* One delegation deep, so that the search is in the story. */
static struct author *make_author(enum signer_kind kind)
{
	static const char *const patterns[] = { "acme/*/*", NULL };
	struct author *made = author_new(kind);

	author_delegate(made, "targets", "acme", patterns, false);
	author_add_target(made, "acme", TARGET, BYTES, strlen(BYTES), NULL);
	author_publish(made);
	return made;
}

int main(void)
{
	if (!mkdtemp(folder))
		tap_bail("cannot begin");
	faults_watch_libraries();
	for (int i = 0; i < _SIGNER_KIND_COUNT; i++)
		authors[i] = make_author((enum signer_kind)i);
	for (size_t i = 0; i < ARRAY_SIZE(stories); i++)
		faults_try(&stories[i]);
	for (int i = 0; i < _SIGNER_KIND_COUNT; i++)
		author_free(authors[i]);
	faults_empty_folder(folder);
	rmdir(folder);
	return tap_done();
}
