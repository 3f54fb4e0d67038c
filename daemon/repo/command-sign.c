/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fwslot-repo sign: adds signatures to a document that waits for them. It needs no repository: the
 * holder of a key may have nothing but the file and his key.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "repo/command.h"
#include "repo/key-file.h"
#include "repo/signing.h"
#include "trust/limits.h"

#define PUBLIC_MODE 0644
#define KEYS_MAX 16
#define MERGED_MAX 16

struct sign_options {
	const char *keys[KEYS_MAX];
	size_t key_count;
	const char *merged[MERGED_MAX];
	size_t merged_count;
	struct signer *signers[KEYS_MAX];
};

/* A TUF document: {signatures, signed}. */
static int read_document(const char *path, json_t **ret, struct failure *failure)
{
	_cleanup_json_ json_t *document = NULL;
	_cleanup_free_ char *text = NULL;
	json_t *member;
	size_t size;
	int r = file_read(AT_FDCWD, path, TUF_TARGETS_BYTES_MAX, &text, &size);

	if (r < 0)
		return fail_errno(failure, r, "Cannot read %s", path);
	r = json_load_strict(text, size, path, &document, failure);
	if (r >= 0)
		r = json_member(document, "signed", JSON_OBJECT, JSON_REQUIRED, path, &member,
				failure);
	if (r >= 0)
		r = json_member(document, "signatures", JSON_ARRAY, JSON_REQUIRED, path, &member,
				failure);
	if (r >= 0)
		*ret = TAKE_PTR(document);
	return r;
}

/* What is signed, for the one who signs it. */
static void show(const char *path, const json_t *signed_part)
{
	const char *type = json_string_value(json_object_get(signed_part, "_type"));
	const char *expires = json_string_value(json_object_get(signed_part, "expires"));
	const char *name;
	json_t *target, *role;

	printf("%s: %s, version %" JSON_INTEGER_FORMAT ", valid until %s\n", path, type ?: "?",
	       json_integer_value(json_object_get(signed_part, "version")), expires ?: "?");
	json_object_foreach(json_object_get(signed_part, "targets"), name, target)
		printf("  file %s, %" JSON_INTEGER_FORMAT " bytes, sha256 %.64s\n", name,
		       json_integer_value(json_object_get(target, "length")),
		       json_string_value(json_object_get(json_object_get(target, "hashes"), "sha256")) ?:
			       "-");
	json_object_foreach(json_object_get(signed_part, "roles"), name, role)
		printf("  role %s, %zu keys of which %" JSON_INTEGER_FORMAT " sign\n", name,
		       json_array_size(json_object_get(role, "keyids")),
		       json_integer_value(json_object_get(role, "threshold")));
}

static int merge(const struct sign_options *options, json_t *document, struct failure *failure)
{
	json_t *signatures = json_object_get(document, "signatures");

	for (size_t i = 0; i < options->merged_count; i++) {
		_cleanup_json_ json_t *other = NULL;
		int r = read_document(options->merged[i], &other, failure);

		if (r < 0)
			return r;
		if (!json_equal(json_object_get(other, "signed"),
				json_object_get(document, "signed")))
			return fail(failure, REASON_INVALID_ARGUMENT,
				    "%s is another document: its signatures are of no use here.",
				    options->merged[i]);
		r = signatures_merge(signatures, json_object_get(other, "signatures"), failure);
		if (r < 0)
			return r;
	}
	return 0;
}

static int write_document(const char *path, const json_t *document, struct failure *failure)
{
	_cleanup_free_ char *text = json_dumps(document, JSON_INDENT(1) | JSON_SORT_KEYS);
	const char *slash = strrchr(path, '/');
	_cleanup_free_ char *folder = slash ? strndup(path, (size_t)(slash - path) + 1) :
					      strdup(".");
	_cleanup_close_ int fd = -EBADF;
	int r;

	if (!text || !folder)
		return fail_memory(failure);
	r = fd = folder_open(&io_default, AT_FDCWD, folder, false, 0);
	if (r >= 0)
		r = file_write_atomic(&io_default, fd, slash ? slash + 1 : path, text, strlen(text),
				      PUBLIC_MODE);
	return r < 0 ? fail_errno(failure, r, "Cannot write %s", path) : 0;
}

static int sign(const struct sign_options *options, const char *path, struct failure *failure)
{
	_cleanup_json_ json_t *document = NULL, *made = NULL;
	json_t *signed_part, *signatures;
	int r = read_document(path, &document, failure);

	if (r < 0)
		return r;
	signed_part = json_object_get(document, "signed");
	show(path, signed_part);
	r = merge(options, document, failure);
	if (r >= 0)
		r = signer_sign_document(signed_part, options->signers, options->key_count, &made,
					 failure);
	if (r < 0)
		return r;
	/* Ours first: a signature of this key that was there may be a wrong one. */
	signatures = json_object_get(made, "signatures");
	r = signatures_merge(signatures, json_object_get(document, "signatures"), failure);
	if (r >= 0)
		r = write_document(path, made, failure);
	if (r >= 0)
		printf("  signatures: %zu\n", json_array_size(signatures));
	return r;
}

static int load_keys(struct sign_options *options, struct failure *failure)
{
	for (size_t i = 0; i < options->key_count; i++) {
		int r = key_file_read(options->keys[i], &options->signers[i], failure);

		if (r < 0)
			return r;
		if (!signer_can_sign(options->signers[i]))
			return fail(failure, REASON_INVALID_ARGUMENT,
				    "%s is a public key; the private one signs.", options->keys[i]);
	}
	return 0;
}

static int parse_options(int count, char **arguments, struct sign_options *options)
{
	static const struct option known[] = {
		{ "key", required_argument, NULL, 'k' },
		{ "merge", required_argument, NULL, 'm' },
		{ 0 },
	};
	int option;

	opterr = 0;
	while ((option = getopt_long(count, arguments, "", known, NULL)) >= 0) {
		if (option == 'k' && options->key_count < KEYS_MAX)
			options->keys[options->key_count++] = optarg;
		else if (option == 'm' && options->merged_count < MERGED_MAX)
			options->merged[options->merged_count++] = optarg;
		else
			return command_misused(
				&command_sign,
				"an option is not known, lacks its value, or is given more than %d times.",
				KEYS_MAX);
	}
	if (options->key_count + options->merged_count == 0)
		return command_misused(&command_sign, "--key or --merge is needed.");
	if (optind == count)
		return command_misused(&command_sign, "at least one document is needed.");
	if (options->merged_count > 0 && count - optind != 1)
		return command_misused(&command_sign, "--merge goes with one document.");
	return 0;
}

static int run(int count, char **arguments, struct failure *failure)
{
	struct sign_options options = { 0 };
	int r = parse_options(count, arguments, &options);

	if (r == 0)
		r = load_keys(&options, failure);
	for (int i = optind; r == 0 && i < count; i++)
		r = sign(&options, arguments[i], failure);
	for (size_t i = 0; i < options.key_count; i++)
		signer_free(options.signers[i]);
	return r;
}

const struct command command_sign = {
	.name = "sign",
	.synopsis = "[--key KEY]... [--merge FILE]... DOCUMENT...",
	.summary = "add signatures to documents that wait for them in work/signing/",
	.help = "For holders of keys who are elsewhere: DOCUMENT is all that they need. It is written\n"
		"back with their signatures; bring it back to work/signing/ and publish again.\n\n"
		"  --key KEY     sign with this: a file with a private key, or the PKCS #11 URI of\n"
		"                one on a token\n"
		"  --merge FILE  take over the signatures from this copy of the document\n",
	.run = run,
};
