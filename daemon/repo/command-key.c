/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* fwslot-repo key: generate a key, or show the public half of one. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "repo/command.h"
#include "repo/key-file.h"
#include "trust/signer.h"

static void show_public(const struct signer *signer)
{
	char *text = json_dumps(signer_public_key(signer), JSON_INDENT(1));

	printf("%s\n", text ? text : "");
	free(text);
}

static void show(const struct signer *signer)
{
	printf("%s key, id %s\n", signer_kind_word(signer_kind(signer)), signer_key_id(signer));
	show_public(signer);
}

/* A key is never written over a file that is there. */
static int write_key(const char *file, const struct signer *signer, struct failure *failure)
{
	_cleanup_free_ char *pem = NULL;
	_cleanup_close_ int fd = -EBADF;
	size_t size;
	int r = signer_export(signer, &pem, &size, failure);

	if (r < 0)
		return r;
	fd = io_default.open(&io_default, AT_FDCWD, file, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW,
			     KEY_FILE_MODE);
	r = fd < 0 ? fd : file_write_all(&io_default, fd, pem, size);
	if (r >= 0)
		r = io_default.fsync(&io_default, fd);
	explicit_bzero(pem, size);
	return r < 0 ? fail_errno(failure, r, "Cannot write the key %s", file) : 0;
}

static int generate_key(const char *file, enum signer_kind kind, struct failure *failure)
{
	_cleanup_signer_ struct signer *signer = NULL;
	int r = signer_generate(kind, &signer, failure);

	if (r >= 0)
		r = write_key(file, signer, failure);
	if (r >= 0)
		show(signer);
	return r;
}

static int show_key(const char *reference, bool is_public_only, struct failure *failure)
{
	_cleanup_signer_ struct signer *signer = NULL;
	int r = key_file_read(reference, &signer, failure);

	if (r >= 0 && is_public_only)
		show_public(signer);
	else if (r >= 0)
		show(signer);
	return r;
}

static int run(int count, char **arguments, struct failure *failure)
{
	static const struct option known[] = {
		{ "type", required_argument, NULL, 't' },
		{ "show", no_argument, NULL, 's' },
		{ "public", no_argument, NULL, 'p' },
		{ 0 },
	};
	enum signer_kind kind = SIGNER_ED25519;
	bool is_show = false, is_public_only = false;
	int option;

	opterr = 0;
	while ((option = getopt_long(count, arguments, "", known, NULL)) >= 0) {
		if (option == 's')
			is_show = true;
		else if (option == 'p')
			is_show = is_public_only = true;
		else if (option == 't')
			kind = signer_kind_from_word(optarg);
		else
			return command_misused(&command_key,
					       "an option is not known or lacks its value.");
	}
	if (kind == _SIGNER_KIND_INVALID)
		return command_misused(&command_key, "--type is ed25519, ecdsa or rsa.");
	if (count - optind != 1)
		return command_misused(&command_key, "exactly one file is needed.");
	return is_show ? show_key(arguments[optind], is_public_only, failure) :
			 generate_key(arguments[optind], kind, failure);
}

const struct command command_key = {
	.name = "key",
	.synopsis = "[--type KIND] FILE | --show KEY | --public KEY",
	.summary = "generate a private key, or show the public half of one",
	.help = "The key is written as unencrypted PEM (PKCS #8), readable by its owner only; an\n"
		"existing file is never overwritten.\n\n"
		"  --type KIND   ed25519 (default), ecdsa (P-256), rsa (3072 bits)\n"
		"  --show        print kind, key id and public key of an existing one: a file, or\n"
		"                the PKCS #11 URI of a key on a token\n"
		"  --public      the same, the public key only: a file for those who are to trust it\n",
	.run = run,
};
